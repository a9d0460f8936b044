"""Fourier modes of a grid in rings: exact counts, mean wavenumbers, sums over rings.

A ring cuts each row of the half plane (the layout of `scipy.fft.rfft2`) in at most one run of columns, so that a set of
bins is a small table of column bounds, a row each: no map of bin indices is needed, and a sum over rings is one
`numpy.add.reduceat`. For square pixels the bounds follow from integers kx^2 + ky^2 alone: the edges are compared once in
floating point, and the counts are the same on every machine.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.bins import Bins
from faintsky.core.grid import Grid

__all__ = ["Rings", "fourier_rings", "mean_wavenumbers", "mode_counts", "mode_sums", "rings", "row_blocks"]

Array = NDArray[np.float64]

#: An edge this close (relatively, in q^2) to a mode is meant to be that mode.
_SNAP = 1e-12


def row_blocks(rows: int, columns: int, elements: int = 1 << 18) -> list[slice]:
    """Slices of rows that hold about `elements` values each, so that temporaries stay in the cache."""
    step = max(1, elements // max(columns, 1))
    return [slice(i, min(i + step, rows)) for i in range(0, rows, step)]


@frozen(eq=False)
class Rings:
    """Rings on a lattice whose squared radius is the sum of a term of the row and a rising term of the column.

    Attributes
    ----------
    bounds : ndarray of int, shape (nrow, nbin + 1)
        Ring i holds the columns ``bounds[:, i]`` (inclusive) to ``bounds[:, i + 1]`` (exclusive) of each row.
    columns : int
    """

    bounds: NDArray[np.int64]
    columns: int

    @property
    def number(self) -> int:
        """Number of rings."""
        return int(self.bounds.shape[1] - 1)

    def sums(self, values: NDArray[Any], rows: slice) -> Array:
        """Sums over the rings of the `rows` of a lattice, `values` of shape (len(rows), columns); (nbin,)."""
        bounds = self.bounds[rows] + self.columns * np.arange(rows.stop - rows.start)[:, None]
        starts, stops = bounds[:, :-1].ravel(), bounds[:, 1:].ravel()
        filled = np.flatnonzero(stops > starts)
        if not filled.size:
            return np.zeros(self.number)
        cuts = np.stack([starts[filled], stops[filled]], axis=1).ravel()
        cuts = cuts[:-1] if cuts[-1] == values.size else cuts
        parts = np.add.reduceat(values.ravel(), cuts)[::2]
        return np.asarray(np.bincount(filled % self.number, parts, minlength=self.number), dtype=float)

    def index(self, rows: slice) -> NDArray[np.int16]:
        """Number of the ring of each point of the `rows`, -1 outside, shape (len(rows), columns)."""
        bounds = self.bounds[rows]
        full = np.full((bounds.shape[0], self.number + 3), 0, dtype=np.int64)
        full[:, 1:-1], full[:, -1] = bounds, self.columns
        labels = np.array([-1, *range(self.number), -1], dtype=np.int16)
        return np.repeat(np.tile(labels, len(bounds)), np.diff(full).ravel()).reshape(len(bounds), self.columns)


def rings(
    shape: tuple[int, int], steps: tuple[float, float], signed_rows: bool, edges: Array, periods: tuple[int, int]
) -> tuple[Rings, Array, Array]:
    """Rings between the radii `edges` on the lattice (row i, column j) -> (i steps[0], j steps[1]).

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    steps : tuple of float
        Lattice constants; equal ones, and those of a Fourier plane of square pixels, are compared in integers.
    signed_rows : bool
        Rows in FFT order, so that the upper half stands for negative numbers.
    edges : ndarray, shape (nbin + 1,)
    periods : tuple of int
        ``steps[i] * periods[i]`` is the same for both axes where the lattice comes from square pixels; (1, 1) where the
        steps themselves are to be compared.

    Returns
    -------
    Rings
        The origin is in none.
    rows2, columns2 : ndarray
        The two terms of the squared radius.
    """
    ny, nx = shape
    i = np.arange(ny, dtype=np.int64)
    i = np.minimum(i, ny - i) if signed_rows else i
    j = np.arange(nx, dtype=np.int64)
    if abs(steps[0] * periods[0] / (steps[1] * periods[1]) - 1) < 1e-9:
        common = gcd(*periods)
        rows, columns = (i * (periods[1] // common)) ** 2, (j * (periods[0] // common)) ** 2
        unit = steps[1] / (periods[0] // common)
        wanted = np.minimum((edges / unit) ** 2, 4e18)
        nearest = np.rint(wanted)
        snapped = np.abs(wanted - nearest) <= _SNAP * nearest
        whole = np.maximum(np.where(snapped, nearest, np.ceil(wanted)).astype(np.int64), 1)
        bounds = np.searchsorted(columns, whole[None, :] - rows[:, None])
        return Rings(bounds, nx), np.asarray(rows * unit**2, dtype=float), np.asarray(columns * unit**2, dtype=float)
    rows2, columns2 = np.square(i * steps[0]), np.square(j * steps[1])
    limits = np.maximum(edges**2 * (1 - _SNAP), 0.25 * min(steps) ** 2)
    return Rings(np.searchsorted(columns2, limits[None, :] - rows2[:, None]), nx), rows2, columns2


@lru_cache(maxsize=16)
def _fourier(shape: tuple[int, int], scale: tuple[float, float], edges: bytes) -> tuple[Rings, Array, Array]:
    ny, nx = shape
    steps = (2 * np.pi / (ny * scale[0]), 2 * np.pi / (nx * scale[1]))
    return rings((ny, nx // 2 + 1), steps, True, np.frombuffer(edges), (ny, nx))


def fourier_rings(grid: Grid, bins: Bins) -> Rings:
    """The bins as rings of the half plane of `grid`, rows in FFT order, columns 0 ... nx // 2."""
    return _fourier(grid.shape, grid.scale, bins.edges.tobytes())[0]


def mode_counts(grid: Grid, bins: Bins) -> NDArray[np.int64]:
    """Exact number of Fourier modes of the full plane in each bin, shape (nbin,).

    q and -q both count; a self-conjugate mode counts once; q = 0 never counts. Half of it are independent.
    """
    found, nx = fourier_rings(grid, bins), grid.shape[1]
    start, stop = found.bounds[:, :-1], found.bounds[:, 1:]
    full = 2 * (stop - start) - ((start <= 0) & (stop > 0))
    if nx % 2 == 0:
        full = full - ((start <= nx // 2) & (stop > nx // 2))
    return np.asarray(np.sum(full, axis=0), dtype=np.int64)


def mode_sums(values: NDArray[Any], grid: Grid, bins: Bins, rows: slice) -> Array:
    """Sums over the full plane of what is given on `rows` of the half plane; `values` is overwritten."""
    # Columns 0 and nx/2 hold their own mirror modes; halving and doubling is exact.
    values[:, 0] *= 0.5
    if grid.shape[1] % 2 == 0:
        values[:, -1] *= 0.5
    return 2 * fourier_rings(grid, bins).sums(values, rows)


def mean_wavenumbers(grid: Grid, bins: Bins) -> Array:
    """Mean q of the modes in each bin [rad^-1], shape (nbin,); the geometric centre where there is none."""
    counts = mode_counts(grid, bins)
    sums = _wavenumber_sums(grid.shape, grid.scale, bins.edges.tobytes())
    return np.where(counts > 0, sums / np.maximum(counts, 1), bins.q)


@lru_cache(maxsize=64)
def _wavenumber_sums(shape: tuple[int, int], scale: tuple[float, float], edges: bytes) -> Array:
    grid, bins = Grid(shape, scale), Bins(np.frombuffer(edges))
    found, rows2, columns2 = _fourier(shape, scale, edges)
    total = np.zeros(found.number)
    for rows in row_blocks(shape[0], found.columns):
        total += mode_sums(np.sqrt(rows2[rows, None] + columns2), grid, bins, rows)
    total.flags.writeable = False
    return total
