"""Discs at random places."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.map import Map
from faintsky.core.mask import MaskRule

__all__ = ["RandomDiscs"]


@component()
@frozen(kw_only=True)
class RandomDiscs(MaskRule):
    """Discs at random places until a fraction of the field is masked: the holes of a simulated source mask."""

    radius: float = option("7 arcsec", unit="rad", gt=0, help="radius of a disc")
    fraction: float = option(0.35, gt=0, lt=1, help="fraction of the pixels to mask")

    def masked(self, maps: Mapping[str, Map], ctx: Context) -> NDArray[np.bool_]:
        """Discs drawn one by one, so that the fraction is met to within one disc; shape (ny, nx)."""
        grid = next(iter(maps.values())).geometry
        rng = ctx.rng("random-discs")
        ny, nx = grid.shape
        dy, dx = grid.scale
        half_y, half_x = int(self.radius / dy) + 1, int(self.radius / dx) + 1
        stamp_y, stamp_x = np.mgrid[-half_y : half_y + 1, -half_x : half_x + 1]
        out = np.zeros(grid.shape, dtype=bool)
        goal, count = self.fraction * grid.size, 0
        while count < goal:
            y, x = rng.uniform(0, ny), rng.uniform(0, nx)
            iy, ix = int(y), int(x)
            inside = np.hypot((stamp_y + iy + 0.5 - y) * dy, (stamp_x + ix + 0.5 - x) * dx) <= self.radius
            y0, y1, x0, x1 = (
                max(iy - half_y, 0),
                min(iy + half_y + 1, ny),
                max(ix - half_x, 0),
                min(ix + half_x + 1, nx),
            )
            part = inside[y0 - iy + half_y : y1 - iy + half_y, x0 - ix + half_x : x1 - ix + half_x]
            count += int(np.count_nonzero(part & ~out[y0:y1, x0:x1]))
            out[y0:y1, x0:x1] |= part
        return out
