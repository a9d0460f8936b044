"""A map from FITS images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.map import Map, MapSource
from faintsky.core.paths import as_path, as_paths
from faintsky.core.units import same_dimension
from faintsky.plugins.maps.exposure import read_exposure
from faintsky.plugins.maps.image_file import ImageFile, read_image
from faintsky.plugins.maps.rate import rate_map, warn_about_obsids

__all__ = ["FitsImage"]


@component()
@frozen(kw_only=True)
class FitsImage(MapSource):
    """One or several FITS images on one grid, as they are or as counts over exposure.

    Without exposure maps the image is taken as it is, in the unit that BUNIT or `unit` states. With exposure maps the
    images are counts, one map an observation; the result is the summed counts over the summed exposure, with the photon
    noise known. `groups` makes splits of observations.
    """

    path: tuple[Path, ...] = option(help="image file, or a list of them", converter=as_paths)
    exposure: tuple[Path, ...] = option((), help="exposure maps of counts images, one for each", converter=as_paths)
    exposure_unit: str = option("", help='unit of the exposure maps where BUNIT does not say it: "cm2 s" or "s"')
    mask: Path | None = option(None, help="image that is 0 (or NaN) where the map is masked", converter=as_path)
    noise: Path | None = option(None, help="image of the standard deviation of each pixel, in the map's unit", converter=as_path)
    hdu: str = option("", help="name or number of the HDU; default: the first image")
    unit: str = option("", help="unit of the image where BUNIT does not say it")
    pixel: float | None = option(None, unit="rad", gt=0, help="pixel size of a file without WCS")
    nan: str = option("mask", choices=("mask", "error"), help="pixels that are not finite: masked, or refused")
    min_exposure: float = option(0.1, ge=0, lt=1, help="leave out pixels below this fraction of the largest exposure")
    groups: tuple[int, ...] = option((), help="split that each observation belongs to, such as [0, 1, 1]")

    def __attrs_post_init__(self) -> None:
        if self.exposure and len(self.exposure) != len(self.path):
            raise DataError(f"{len(self.path)} images but {len(self.exposure)} exposure maps: give one for each")
        if len(self.path) > 1 and not self.exposure:
            raise DataError("several images can only be put together as counts with exposure maps")
        if self.groups and (len(self.groups) != len(self.path) or sorted(set(self.groups)) != list(range(max(self.groups) + 1))):
            raise DataError(f"groups must name a split 0, 1, ... for each of the {len(self.path)} images, got {self.groups}")

    def grid(self) -> Grid:
        """The grid of the first image."""
        return self._read(self.path[0]).grid

    def _read(self, path: Path) -> ImageFile:
        return read_image(path, self.hdu, self.pixel)

    def load(self, grid: Grid | None, ctx: Context) -> Map:
        """Read the map.

        Raises
        ------
        DataError
            Where a file lies on another grid than asked for (images are never resampled), or has no unit.
        """
        images = [self._read(path) for path in self.path]
        grid = grid or images[0].grid
        for path, image in zip(self.path, images, strict=True):
            image.grid.check_same(grid, (path.name, "the grid of the study"))
        finite = np.logical_and.reduce([np.isfinite(image.values) for image in images])
        if self.nan == "error" and not finite.all():
            y, x = np.argwhere(~finite)[0]
            raise DataError(f"{int((~finite).sum())} pixels are not finite, the first at (y, x) = ({y}, {x})")
        keep = finite & self._unmasked(grid)
        physical = images[0].physical
        if self.exposure:
            return self._rate(images, grid, keep, ctx)
        unit = self.unit or images[0].unit
        if not unit:
            raise DataError(f'{self.path[0].name} does not say its unit (BUNIT): give unit = "..."')
        variance = None if self.noise is None else self._same_grid(self.noise, grid) ** 2
        counts = None
        if any(same_dimension(unit, photons) for photons in ("ct", "ph")):
            counts = _photons(images[0].values, keep, self.path[0].name)
            variance = counts if variance is None else variance
        meta = {"source": "fits", "files": tuple(p.name for p in self.path), "physical": physical}
        return Map(
            values=np.where(keep, images[0].values, images[0].values.dtype.type(0)),
            weight=keep.astype(np.float32),
            grid=grid,
            unit=unit,
            footprint=finite,
            variance=variance,
            counts=counts,
            meta=meta,
        )

    def _rate(self, images: list[ImageFile], grid: Grid, keep: NDArray[np.bool_], ctx: Context) -> Map:
        exposures = [read_exposure(path, grid, self.exposure_unit)[0] for path in self.exposure]
        if len(set(self.groups)) > 1:
            warn_about_obsids(ctx)
        return rate_map(
            counts=[_photons(image.values, keep, path.name) for path, image in zip(self.path, images, strict=True)],
            exposures=exposures,
            groups=self.groups or (0,) * len(images),
            grid=grid,
            keep=keep,
            min_exposure=self.min_exposure,
            meta={"source": "fits", "files": tuple(p.name for p in self.path), "physical": images[0].physical},
        )

    def _unmasked(self, grid: Grid) -> NDArray[np.bool_]:
        if self.mask is None:
            return np.ones(grid.shape, dtype=bool)
        values = self._same_grid(self.mask, grid)
        return np.asarray(np.isfinite(values) & (values != 0))

    def _same_grid(self, path: Path, grid: Grid) -> NDArray[np.floating[Any]]:
        image = read_image(path, "", self.pixel)
        image.grid.check_same(grid, (path.name, "the grid of the map"))
        return image.values


def _photons(values: NDArray[np.floating[Any]], keep: NDArray[np.bool_], name: str) -> NDArray[np.float64]:
    """Counts in the kept pixels, 0 elsewhere; refused where they cannot be photons."""
    counts = np.where(keep, values, 0.0).astype(np.float64)
    wrong = (counts < 0) | (counts != np.rint(counts))
    if wrong.any():
        y, x = np.argwhere(wrong)[0]
        raise DataError(
            f"{name} is taken as counts, but {int(wrong.sum())} pixels are negative or no whole number, the first "
            f"{counts[y, x]:.4g} at (y, x) = ({y}, {x}): the photon noise of such an image is not known. Give the counts "
            "themselves, neither smoothed nor background-subtracted"
        )
    return counts
