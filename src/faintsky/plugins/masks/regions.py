"""A mask from DS9 regions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError, nearest
from faintsky.core.map import Map
from faintsky.core.mask import MaskRule
from faintsky.core.paths import as_path
from faintsky.plugins.masks.region_file import read_regions
from faintsky.plugins.masks.region_shape import Physical, inside

__all__ = ["Regions"]

Array = NDArray[np.float64]


@component()
@frozen(kw_only=True)
class Regions(MaskRule):
    """Regions of a DS9 file: circle, ellipse, box, annulus, polygon and the panda shapes, in image, physical or sky frames.

    Regions count one after the other: one with a minus sign takes its part out of what stands above it. A line that cannot
    be understood is an error, never skipped. A pixel lies inside where its centre does. Sky shapes are drawn to first order
    around their centre, as DS9 does, with angles from the west (the right of a map with north up) through north.
    """

    path: Path = option(help="DS9 region file", converter=as_path)
    inside: bool = option(True, help="leave out what lies inside the regions; false: what lies outside")
    physical: str = option("", help="the map whose physical frame is meant; default: the only one that there is")

    def masked(self, maps: Mapping[str, Map], ctx: Context) -> NDArray[np.bool_]:
        """Pixels whose centre lies inside the union of the regions.

        Raises
        ------
        DataError
            Where a region has an unknown shape or frame (file:line), or needs a WCS or a physical frame that the maps lack.
        """
        grid = next(iter(maps.values())).geometry
        regions = read_regions(self.path)
        frame = self._physical(maps) if any(r.frame == "physical" for r in regions) else None
        out = np.zeros(grid.shape, dtype=bool)
        for region in regions:
            part, found = inside(region, grid, frame)
            if region.include:
                out[part] |= found
            else:
                out[part] &= ~found
        if not out.any():
            ctx.warn(f"the regions of {self.path.name} cover no pixel of the maps: is it the file of this field?")
        return out if self.inside else ~out

    def _physical(self, maps: Mapping[str, Map]) -> Physical | None:
        """The physical frame of the chosen map, or of those that know one, where they agree."""
        if self.physical and self.physical not in maps:
            raise DataError(f"there is no map {self.physical!r}. {nearest(self.physical, maps)} Maps: {', '.join(maps)}")
        chosen = {self.physical: maps[self.physical]} if self.physical else maps
        found = {
            name: key
            for name, m in chosen.items()
            if (key := (m.meta.get("physical_header") or tuple(m.meta.get("physical") or ())))
        }
        if len(set(found.values())) > 1:
            raise DataError(
                f"the maps {', '.join(found)} have different physical frames: say whose the regions of {self.path.name} are "
                f"in (physical = {next(iter(found))!r})"
            )
        if not found:
            return None
        key = next(iter(found.values()))
        return _by_header(key, maps[next(iter(found))]) if isinstance(key, str) else _by_cards(key)


def _by_cards(cards: tuple[float, ...]) -> Physical:
    """LTM and LTV: 1-based pixel = LTM x physical + LTV."""
    mx, vx, my, vy = cards
    return Physical(lambda x, y: (mx * x + vx - 1, my * y + vy - 1))


def _by_header(header: str, data: Map) -> Physical:
    """The sky WCS of an event file, whose sky pixels are the physical frame."""
    from astropy.io import fits
    from astropy.wcs import WCS

    sky, wcs = WCS(fits.Header.fromstring(header)), data.geometry.wcs

    def locate(x: Array, y: Array) -> tuple[Array, Array]:
        found = wcs.all_world2pix(*sky.wcs_pix2world(x, y, 1), 0, quiet=True)
        return np.asarray(found[0], dtype=float), np.asarray(found[1], dtype=float)

    return Physical(locate)
