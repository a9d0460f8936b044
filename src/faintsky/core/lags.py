"""Correlations on the lattice of lags: exact, by zero-padded FFT, folded onto the quarter of non-negative lags."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import scipy.fft
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.grid import Grid
from faintsky.core.modes import row_blocks

__all__ = ["RadialCells", "lag_correlation", "radial_cells"]

Array = NDArray[np.float64]
Real = NDArray[np.floating[Any]]

#: Cells of lag radius per pixel. J0(q r) turns by less than 0.4 rad within a cell at the Nyquist wavenumber.
_PER_PIXEL = 8


def lag_correlation(f: Real, g: Real) -> Real:
    """Sum of f(x) g(x + d) over all pixels, for each lag d of the quarter plane.

    The two fields are zero outside; nothing is periodic. The values of the lags (dy, dx), (-dy, dx), (dy, -dx) and
    (-dy, -dx) are added, so that the sum over the quarter is sum(f) sum(g), each ordered pair of pixels once.

    Parameters
    ----------
    f, g : ndarray, shape (ny, nx)
        float32 is kept. Give one array twice for its autocorrelation.

    Returns
    -------
    ndarray, shape (ny, nx)
        Element (dy, dx) belongs to the lags of these absolute values.
    """
    ny, nx = f.shape
    py, px = scipy.fft.next_fast_len(2 * ny - 1), scipy.fft.next_fast_len(2 * nx - 1, real=True)
    first = scipy.fft.rfft(f, n=px, axis=1)
    second = first if g is f else scipy.fft.rfft(g, n=px, axis=1)
    step = max(1, (1 << 22) // py)
    for i in range(0, first.shape[1], step):
        part = slice(i, i + step)
        a = scipy.fft.fft(first[:, part], n=py, axis=0)
        b = a if g is f else scipy.fft.fft(second[:, part], n=py, axis=0)
        # The real part alone is the even part of the correlation: the mean of the lags d and -d.
        even = a.real * b.real + a.imag * b.imag
        first[:, part] = scipy.fft.ifft(even, axis=0)[:ny]
    full = scipy.fft.irfft(first, n=px, axis=1, overwrite_x=True)
    quarter = full[:, :nx].copy()
    quarter[:, 1:] += full[:, : px - nx : -1]
    quarter[1:] *= 2
    return np.asarray(quarter)


@frozen(eq=False)
class RadialCells:
    """Narrow cells of lag radius (1/8 pixel) of a grid, into which functions of the lag are summed.

    Attributes
    ----------
    shape, scale : as of the grid
    step : float
        Width of a cell [rad].
    r : ndarray, shape (nr,)
        Mean radius of the lags of each cell [rad]; 0 in the first, which holds the lag 0 alone.
    lags : ndarray, shape (nr,)
        Number of lags of the whole lattice in each cell.
    """

    shape: tuple[int, int]
    scale: tuple[float, float]
    step: float
    r: Array
    lags: Array

    def radius(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Array:
        """Radii of the lags [rad], shape (len(rows), len(columns))."""
        return np.asarray(np.hypot(rows[:, None] * self.scale[0], columns * self.scale[1]))

    def index(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Cells of the lags, shape (len(rows), len(columns))."""
        return (self.radius(rows, columns) / self.step + 1e-6).astype(np.int64)

    def sums(self, quarter: Real) -> Array:
        """Sums over the cells of what `lag_correlation` returns, shape (nr,)."""
        ny, nx = self.shape
        columns, total = np.arange(nx), np.zeros(self.r.size)
        for rows in row_blocks(ny, nx):
            cells = self.index(np.arange(rows.start, rows.stop), columns)
            total += np.bincount(cells.ravel(), quarter[rows].ravel(), minlength=total.size)
        return total


def radial_cells(grid: Grid) -> RadialCells:
    """The cells of lag radius of a grid."""
    return _cells(grid.shape, grid.scale)


@lru_cache(maxsize=8)
def _cells(shape: tuple[int, int], scale: tuple[float, float]) -> RadialCells:
    ny, nx = shape
    step = min(scale) / _PER_PIXEL
    number = int(np.hypot(ny * scale[0], nx * scale[1]) / step) + 2
    bare = RadialCells(shape, scale, step, np.zeros(number), np.zeros(number))
    columns, times = np.arange(nx), np.where(np.arange(nx) > 0, 2.0, 1.0)
    lags, radii = np.zeros(number), np.zeros(number)
    for part in row_blocks(ny, nx):
        rows = np.arange(part.start, part.stop)
        cells = bare.index(rows, columns).ravel()
        weight = (np.where(rows > 0, 2.0, 1.0)[:, None] * times).ravel()
        lags += np.bincount(cells, weight, minlength=number)
        radii += np.bincount(cells, weight * bare.radius(rows, columns).ravel(), minlength=number)
    r = np.where(lags > 0, radii / np.maximum(lags, 1), (np.arange(number) + 0.5) * step)
    return RadialCells(shape, scale, step, r, lags)
