"""Sacrificial rings around the bins of a decoupling estimator."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faintsky.core.bins import Bins
from faintsky.core.grid import Grid
from faintsky.core.modes import mode_counts

__all__ = ["with_outer_rings"]

Array = NDArray[np.float64]


def with_outer_rings(grid: Grid, bins: Bins) -> tuple[Bins, slice]:
    """The bins with sacrificial rings down to the fundamental mode and up to the corner of the Fourier plane.

    Power scattered in from there would otherwise be ascribed to the outermost bins (a top bin that ends at Nyquist reads 4 %
    high for a 35 % mask). Every added ring holds a mode.
    """
    edges = bins.edges
    corner = np.hypot(np.pi / grid.scale[0], np.pi / grid.scale[1]) * (1 + 1e-9)
    low: list[float] = []
    lowest = 0.5 * 2 * np.pi / max(n * d for n, d in zip(grid.shape, grid.scale, strict=True))
    if edges[0] > lowest:
        number = int(np.clip(np.round(np.log2(edges[0] / lowest)), 1, 4))
        low = _filled(grid, np.geomspace(lowest, edges[0], number + 1))[:-1]
    high: list[float] = []
    if edges[-1] < corner:
        number = int(np.clip(np.round(np.log(corner / edges[-1]) / 0.35), 1, 8))
        high = _filled(grid, np.geomspace(edges[-1], corner, number + 1))[1:]
    return Bins(np.array([*low, *edges, *high])), slice(len(low), len(low) + len(bins))


def _filled(grid: Grid, edges: Array) -> list[float]:
    """The edges of the rings that hold modes, the first and the last edge unmoved; only the first where none does."""
    modes = mode_counts(grid, Bins(edges))
    if not modes.any():
        return [float(edges[0])] if edges.size else []
    inner = [float(edges[i]) for i in range(1, len(modes)) if modes[i] > 0 and modes[:i].any()]
    return [float(edges[0]), *inner, float(edges[-1])]
