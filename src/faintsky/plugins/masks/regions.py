"""A mask from DS9 regions."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.map import Map
from faintsky.core.mask import MaskRule

__all__ = ["Regions"]

_SKY = ("fk5", "fk4", "icrs", "galactic", "ecliptic", "j2000", "b1950")
_FRAMES = (*_SKY, "image", "physical")
_SHAPES = ("circle", "ellipse", "box", "rotbox", "annulus", "polygon", "point", "line", "text", "vector", "ruler")
_SHAPE = re.compile(r"^\s*(?P<sign>[+-]?)\s*(?P<name>[a-z]+)\s*\((?P<values>[^)]*)\)(?P<rest>.*)$", re.IGNORECASE)
_IGNORED = ("global", "#")


@component()
@frozen(kw_only=True)
class Regions(MaskRule):
    """Regions of a DS9 file: circle, ellipse, box, annulus, polygon, in image, physical or sky frames.

    A region with a minus sign takes its part out of the union again. A region that cannot be understood is an error, never
    skipped: the panda shapes, for instance.
    """

    path: Path = option(help="DS9 region file")
    inside: bool = option(True, help="leave out what lies inside the regions; false: what lies outside")

    def masked(self, maps: Mapping[str, Map], ctx: Context) -> NDArray[np.bool_]:
        """Pixels whose centre lies inside the union of the regions.

        Raises
        ------
        DataError
            Where a region has an unknown shape or frame (file:line), or needs a WCS or a physical frame that the maps lack.
        """
        first = next(iter(maps.values()))
        frames = next((m for m in maps.values() if "physical" in m.meta or "physical_header" in m.meta), first)
        out = np.zeros(first.geometry.shape, dtype=bool)
        for include, text in self._plain(frames, first.geometry):
            inside = self._inside(text, first.geometry)
            out = out | inside if include else out & ~inside
        return out if self.inside else ~out

    def _plain(self, frames: Map, grid: Grid) -> list[tuple[bool, str]]:
        """Every region as (include, DS9 text in the image or a sky frame)."""
        frame, found = "physical", []
        for number, line in enumerate(self.path.read_text(encoding="utf-8").splitlines(), start=1):
            for part in line.split(";"):
                text = part.strip()
                if not text or text.lower().startswith(_IGNORED):
                    continue
                if text.lower() in _FRAMES:
                    frame = text.lower()
                    continue
                shape = _SHAPE.match(text)
                where = f"{self.path.name}:{number}"
                if shape is None or shape["name"].lower() not in _SHAPES:
                    name = shape["name"] if shape else text.split("(")[0]
                    raise DataError(
                        f"{where}: the region {name!r} is not understood, and would be skipped silently by others; use "
                        "circle, ellipse, box, annulus or polygon"
                    )
                body = f"{shape['name'].lower()}({shape['values']})"
                if frame == "physical":
                    body = _from_physical(shape["name"].lower(), shape["values"], frames, grid, where)
                found.append((shape["sign"] != "-", f"{'image' if frame == 'physical' else frame}; {body}"))
        return found

    def _inside(self, text: str, grid: Grid) -> NDArray[np.bool_]:
        import regions

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                parsed: Any = regions.Regions.parse(text, format="ds9")
            except Exception as error:
                raise DataError(f"{self.path.name}: {text!r} cannot be read: {error}") from None
        if len(parsed) != 1:
            raise DataError(f"{self.path.name}: {text!r} holds {len(parsed)} regions where one was expected")
        region = parsed[0]
        if hasattr(region, "to_pixel"):
            if grid.wcs is None:
                raise DataError(f"{self.path.name}: {text!r} lies on the sky, but the maps have no WCS")
            region = region.to_pixel(grid.wcs)
        image = region.to_mask(mode="center").to_image(grid.shape)
        return np.zeros(grid.shape, dtype=bool) if image is None else np.asarray(image > 0)


def _numbers(values: str, where: str) -> list[float]:
    try:
        return [float(item) for item in re.split(r"[,\s]+", values.strip())]
    except ValueError:
        raise DataError(f"{where}: a region of the physical frame is given in plain numbers, not {values!r}") from None


def _from_physical(name: str, values: str, frames: Map, grid: Grid, where: str) -> str:
    """A region of the physical frame in 1-based pixels of the grid."""
    numbers = _numbers(values, where)
    if "physical" in frames.meta:
        mx, vx, my, vy = frames.meta["physical"]

        def move(x: float, y: float) -> tuple[float, float]:
            return mx * x + vx, my * y + vy

        scale = abs(mx)
    elif "physical_header" in frames.meta and grid.wcs is not None:
        from astropy.io import fits
        from astropy.wcs import WCS

        sky = WCS(fits.Header.fromstring(frames.meta["physical_header"]))

        def move(x: float, y: float) -> tuple[float, float]:
            px, py = grid.wcs.all_world2pix(*sky.wcs_pix2world([x], [y], 1), 1)
            return float(px[0]), float(py[0])

        scale = float(np.deg2rad(abs(sky.wcs.cdelt[1])) / grid.scale[0])
    else:
        raise DataError(
            f"{where}: the region lies in the physical frame, but no map of the study knows it (LTV and LTM cards of an "
            "image, or an event file): give regions in fk5"
        )
    if name == "polygon":
        moved = [c for i in range(0, len(numbers), 2) for c in move(numbers[i], numbers[i + 1])]
        return f"polygon({','.join(f'{c:.6f}' for c in moved)})"
    sizes = numbers[2:]
    lengths = sizes[: 2 if name in ("ellipse", "box", "rotbox", "annulus") else 1]
    centre = move(numbers[0], numbers[1])
    rest = [*(size * scale for size in lengths), *sizes[len(lengths) :]]
    return f"{name}({','.join(f'{c:.6f}' for c in (*centre, *rest))})"
