"""Distances on the sky between places of a cutout."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.grid import Grid
from faintsky.core.units import ARCSEC

__all__ = ["separations"]


def separations(grid: Grid, x: ArrayLike, y: ArrayLike, x0: float, y0: float) -> NDArray[np.float64]:
    """Distances of places `x`, `y` from one at `x0`, `y0` [all pixel] in arcsec, on a flat sky."""
    dy, dx = (side / ARCSEC for side in grid.scale)
    return np.hypot(dx * (np.asarray(x, dtype=float) - x0), dy * (np.asarray(y, dtype=float) - y0))
