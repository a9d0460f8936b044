"""X-ray images of a field from FITS files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.band import Band
from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.eef_radius import EefRadius
from faintsky.core.errors import DataError, nearest
from faintsky.core.grid import Grid
from faintsky.core.imaging_survey import ImagingSurvey, ImagingSurveySource
from faintsky.core.paths import as_path, as_paths
from faintsky.core.psf import PSF
from faintsky.core.units import same_dimension, unit_factor
from faintsky.core.xray_image import EefMap, XrayImage
from faintsky.plugins.maps.exposure import read_exposure
from faintsky.plugins.maps.image_file import ImageFile, read_image

__all__ = ["Images"]

Real = NDArray[np.floating[Any]]


def _by_name(value: Any) -> Any:
    return {name: as_path(path) for name, path in value.items()} if isinstance(value, Mapping) else value


def _bands(value: Any) -> Any:
    return {name: Band.of(band) for name, band in value.items()} if isinstance(value, Mapping) else value


@component()
@frozen(kw_only=True)
class Images(ImagingSurveySource):
    """Counts images and exposure maps by band, with PSF radii, masks and background maps, all on the grid of the first image.

    Exposure is in cm^2 s, with the effective area: for a map of time alone, `effective_area` has to be given by band. The
    footprint is where the exposure is above a part of its largest value, in all bands, and no mask is. Pixels that are not finite
    belong to no footprint. The catalogue of galaxies is the study's own.
    """

    counts: Mapping[str, Path] = option(help="counts images: band = file", converter=_by_name)
    exposure: Mapping[str, Path] = option(help="exposure maps: band = file", converter=_by_name)
    exposure_unit: str = option("", help='unit of the exposure maps where BUNIT does not say it: "cm2 s" or "s"')
    effective_area: Mapping[str, float] = option(factory=dict, help="effective area [cm2] by band, for exposure maps in s")
    bands: Mapping[str, Band] = option(
        factory=lambda: {"full": "0.5-7 keV", "soft": "0.5-2 keV", "hard": "2-7 keV", "ultrahard": "4-7 keV"},
        converter=_bands,
        help="energies of the bands",
    )
    psf_radii: Mapping[str, Path] = option(
        factory=dict, help="maps of the PSF radius: enclosed fraction = file, such as { '0.7' = 'r70.fits' }", converter=_by_name
    )
    psf_unit: str = option("", help='unit of these radii where BUNIT does not say it: "arcsec" or "pixel"')
    psf: PSF | None = option(None, help="one PSF for the whole field, where there are no maps of its radius")
    eef: tuple[float, ...] = option((0.7, 0.9, 0.95), gt=0, lt=1, help="enclosed fractions that are taken of `psf`")
    background: Mapping[str, Path] = option(
        factory=dict, help="maps of the expected background counts per pixel: band = file", converter=_by_name
    )
    mask: tuple[Path, ...] = option((), help="images that are 0 (or NaN) outside of the survey", converter=as_paths)
    star_mask: tuple[Path, ...] = option((), help="images that are not 0 behind stars and other defects", converter=as_paths)
    min_exposure: float = option(
        0.1, ge=0, lt=1, help="the footprint ends where an exposure falls below this part of its largest"
    )
    name: str = option("", help="name of the field")

    def __attrs_post_init__(self) -> None:
        if not self.counts:
            raise DataError("give counts images by band, such as counts = { full = 'full.fits' }")
        if missing := [band for band in self.counts if band not in self.exposure]:
            raise DataError(f"no exposure map is given for {', '.join(missing)}")
        for what, given in (
            ("exposure", self.exposure),
            ("background", self.background),
            ("effective_area", self.effective_area),
        ):
            for band in given:
                if band not in self.counts:
                    raise DataError(
                        f"{what} is given for {band!r}, which has no counts image. {nearest(band, self.counts)}".rstrip()
                    )
        if unknown := [band for band in self.counts if band not in self.bands]:
            raise DataError(f"the energies of {', '.join(unknown)} are not known: give bands = {{ {unknown[0]} = '... keV' }}")
        if bool(self.psf_radii) is (self.psf is not None):
            raise DataError("give the PSF once: as psf_radii, maps by enclosed fraction, or as psf, one for the whole field")
        for fraction in self.psf_radii:
            _fraction(fraction)

    def load(self, ctx: Context) -> ImagingSurvey:
        """Read the images.

        Raises
        ------
        DataError
            Where images lie on different grids, hold no counts, an exposure is in s and its effective area is not given, or radii
            or backgrounds are not positive inside the footprint.
        """
        counts = {band: read_image(path) for band, path in self.counts.items()}
        grid = next(iter(counts.values())).grid
        exposures = {band: self._exposure(band, grid) for band in self.counts}
        footprint = self._unmasked(grid)
        for band, image in counts.items():
            self._check(image, self.counts[band], grid)
            footprint &= np.isfinite(image.values) & (exposures[band] > self.min_exposure * exposures[band].max())
        if not footprint.any():
            raise DataError("the masks and exposure maps leave no pixel of the survey: is a mask 1 where it should be 0?")
        psf = self._psf(grid, footprint)
        images = {
            band: XrayImage(
                counts=np.where(np.isfinite(image.values), image.values, 0.0),
                exposure=exposures[band],
                footprint=footprint,
                grid=grid,
                band=self.bands[band],
                psf=psf,
                background=self._background(band, grid, footprint),
                name=band,
            )
            for band, image in counts.items()
        }
        return ImagingSurvey(images=images, name=self.name)

    def _read(self, path: Path, grid: Grid) -> ImageFile:
        image = read_image(path)
        self._check(image, path, grid)
        return image

    def _check(self, image: ImageFile, path: Path, grid: Grid) -> None:
        image.grid.check_same(grid, (path.name, next(iter(self.counts.values())).name))

    def _exposure(self, band: str, grid: Grid) -> Real:
        path = self.exposure[band]
        found, _ = read_exposure(path, grid, self.exposure_unit)
        if not found.values.any():
            raise DataError(f"the exposure map {path.name} is 0 everywhere")
        if found.unit == "cm2 s":
            if band in self.effective_area:
                raise DataError(
                    f"{path.name} is in cm2 s and holds the effective area already: leave out effective_area of {band}"
                )
            return found.values.astype(np.float32)
        if band not in self.effective_area:
            raise DataError(
                f"{path.name} is in s, a time alone: rates need cm2 s. Give effective_area = {{ {band} = ... }} [cm2] for the "
                "spectrum that rates are converted with, or a map that holds it"
            )
        return (found.values * self.effective_area[band]).astype(np.float32)

    def _unmasked(self, grid: Grid) -> NDArray[np.bool_]:
        kept = np.ones(grid.shape, dtype=bool)
        for path in self.mask:
            values = self._read(path, grid).values
            kept &= np.isfinite(values) & (values != 0)
        for path in self.star_mask:
            kept &= self._read(path, grid).values == 0
        return kept

    def _psf(self, grid: Grid, footprint: NDArray[np.bool_]) -> EefMap:
        if self.psf is not None:
            return EefMap(
                radii=dict(zip(self.eef, EefRadius(psf=self.psf).at(self.eef), strict=True)), name=type(self.psf).__name__
            )
        return EefMap(
            radii={_fraction(eef): self._radii(path, grid, footprint) for eef, path in self.psf_radii.items()},
            name="maps of radii",
        )

    def _radii(self, path: Path, grid: Grid, footprint: NDArray[np.bool_]) -> Real:
        image = self._read(path, grid)
        unit = self.psf_unit or image.unit
        if not unit:
            raise DataError(f'{path.name} does not say its unit (BUNIT): give psf_unit = "arcsec" or "pixel"')
        if same_dimension(unit, "pixel"):
            factor = float(np.sqrt(grid.pixel_area)) * unit_factor(unit, "pixel")
        else:
            factor = unit_factor(unit, "rad")
        radii = (image.values * factor).astype(np.float32)
        bad = footprint & ~(np.isfinite(radii) & (radii > 0))
        if bad.any():
            y, x = np.argwhere(bad)[0]
            raise DataError(
                f"{int(bad.sum())} radii of {path.name} inside the footprint are not positive, the first at (y, x) = ({y}, {x})"
            )
        # Outside the footprint any radius will do, as long as there is one.
        return np.where(np.isfinite(radii) & (radii > 0), radii, radii[footprint].max())

    def _background(self, band: str, grid: Grid, footprint: NDArray[np.bool_]) -> Real | None:
        if band not in self.background:
            return None
        path = self.background[band]
        values = self._read(path, grid).values
        bad = footprint & ~(np.isfinite(values) & (values > 0))
        if bad.any():
            y, x = np.argwhere(bad)[0]
            raise DataError(
                f"{int(bad.sum())} pixels of {path.name} inside the footprint are 0, negative or not finite, the first at "
                f"(y, x) = ({y}, {x}): an expected background is above 0"
            )
        return np.asarray(np.nan_to_num(values), dtype=np.float32)


def _fraction(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not 0 < value < 1:
        raise DataError(f"PSF radii are named by the enclosed fraction, such as '0.7', not {text!r}")
    return value
