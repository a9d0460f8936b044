"""The field of view of one observation: the hull of the photons of each chip, or an exposure map."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.event_list import EventList
from faintsky.plugins.maps.image_file import ImageFile, read_image

__all__ = ["FieldOfView"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class FieldOfView:
    """Which part of the sky the chips of an observation saw.

    Photons of all energies mark it, so it is the same in every band. Dither smears the edges of a chip over some 20 arcsec,
    and hulls know nothing of that: near an edge an exposure map is better.

    Attributes
    ----------
    hulls : mapping of int to ndarray, shape (f, 3)
        Of each chip: a point (x, y) of the sky pixels lies inside where ``a x + b y + c <= 0`` for all rows.
    wcs : WCS
        Of the sky pixels.
    exposure : ImageFile, optional
        Any map proportional to the exposure.
    """

    hulls: Mapping[int, Array] = field(repr=False)
    wcs: Any = field(repr=False)
    exposure: ImageFile | None = field(default=None, repr=False)

    @classmethod
    def of(cls, events: EventList, exposure: Path | None = None) -> Self:
        """Of the photons of all energies.

        Raises
        ------
        DataError
            Where no chip holds three photons that span an area, or the exposure map has no WCS or no exposure.
        """
        from scipy.spatial import ConvexHull, QhullError

        hulls = {}
        for chip in np.unique(events.ccd):
            mine = events.ccd == chip
            try:
                hulls[int(chip)] = np.asarray(ConvexHull(np.column_stack([events.x[mine], events.y[mine]])).equations)
            except (QhullError, ValueError):
                continue  # fewer than three photons, or all on one line
        if not hulls:
            raise DataError(f"the {len(events)} photons of observation {events.obs_id} span no area: its field is not known")
        image = None if exposure is None else read_image(exposure)
        if image is not None:
            if image.grid.wcs is None:
                raise DataError(f"the exposure map {image.obs_id or exposure} has no WCS, so it lies nowhere on the sky")
            if not np.any(np.nan_to_num(image.values) > 0):
                raise DataError(f"the exposure map {exposure} is nowhere above 0")
        return cls(hulls=hulls, wcs=events.wcs, exposure=image)

    def chips(self, ra: Array, dec: Array) -> NDArray[np.int64]:
        """The chip that each position [rad] lies on, deepest inside where dithered chips overlap; -1: none.

        With an exposure map a position without exposure lies on none.
        """
        x, y = self._pixels(ra, dec)
        names = np.array(list(self.hulls), dtype=np.int64)
        depth = np.stack([_depth(self.hulls[int(chip)], x, y) for chip in names])
        best = np.argmin(depth, axis=0)
        inside = np.min(depth, axis=0) <= 0
        if self.exposure is not None:
            inside &= self.weight(ra, dec) > 0
        return np.where(inside, names[best], -1)

    def weight(self, ra: Array, dec: Array) -> Array:
        """Relative exposure at positions [rad]: the nearest pixel of the map, or 1 inside a hull and 0 outside."""
        if self.exposure is None:
            x, y = self._pixels(ra, dec)
            inside = np.zeros(x.shape, dtype=bool)
            for hull in self.hulls.values():
                inside |= _depth(hull, x, y) <= 0
            return inside.astype(float)
        values = self.exposure.values
        sky = self.exposure.grid.wcs.all_world2pix(np.rad2deg(ra), np.rad2deg(dec), 0, quiet=True)
        x, y = (np.rint(np.nan_to_num(c, nan=-9.0)).astype(int) for c in sky)
        inside = (x >= 0) & (x < values.shape[1]) & (y >= 0) & (y < values.shape[0])
        found = np.zeros(x.shape)
        found[inside] = np.maximum(np.nan_to_num(values[y[inside], x[inside]]), 0.0)
        return found

    def _pixels(self, ra: Array, dec: Array) -> tuple[Array, Array]:
        x, y = self.wcs.wcs_world2pix(np.rad2deg(ra), np.rad2deg(dec), 1)
        return np.asarray(x, dtype=float), np.asarray(y, dtype=float)


def _depth(hull: Array, x: Array, y: Array) -> Array:
    """Signed distance to the nearest edge of the hull [pixel]; negative inside."""
    found = np.full(np.shape(x), -np.inf)
    for a, b, c in hull:
        np.maximum(found, a * x + b * y + c, out=found)
    return found
