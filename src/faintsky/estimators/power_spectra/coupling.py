r"""Mode coupling by a mask: M[b, b'] = 1/N_b sum_x C(x) R_b(x) R_b'(x).

C is the correlation of the two weights and R_b the transform of the indicator of ring b; both are summed over the lattice of
lags, which costs one transform per ring instead of a sum over all pairs of modes. R_b is even in both axes, so a quarter of the
plane and a DCT-I hold it. The same arrays give the window: how much of a spectrum at any q a ring is expected to show,

.. math:: w_b(q) = \frac{\Omega}{N N_b} \sum_d C(d) R_b(d) J_0(q |d|)

with the lags d not wrapped around, so that leakage through the edge of the field is contained (Hivon et al. 2002 for the
principle; exact to the pixel Nyquist wavenumber here, since nothing is assumed to be band limited).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.fft
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.annuli import Annuli
from faintsky.core.bins import Bins
from faintsky.core.grid import Grid
from faintsky.core.lags import RadialCells, lag_correlation, radial_cells
from faintsky.core.map import Map
from faintsky.core.modes import fourier_rings, mode_counts, row_blocks
from faintsky.core.outer_rings import with_outer_rings

__all__ = ["Coupling", "coupling"]

Array = NDArray[np.float64]
Real = NDArray[np.floating[Any]]

#: Grids up to this number of pixels are coupled in float64 unless asked otherwise.
_SMALL = 2048**2
_CACHED = 16


@frozen(kw_only=True, eq=False)
class Coupling:
    """What two masks do to bandpowers.

    Attributes
    ----------
    bins : Bins
        The asked bins with the outer rings that only serve the decoupling.
    kept : slice
        The asked ones among them.
    modes : ndarray of int, shape (n,)
    matrix : ndarray, shape (n, n)
        Expected pseudo spectrum of a field with unit power in one ring; periodic convention.
    same, crossed : ndarray, shape (n, n)
        The same for the weight pairs (w1^2, w2^2) and (w1 w2, w1 w2), which the covariance of a cross spectrum needs.
    norm : float
        Mean of w1 w2 over the grid.
    annuli : Annuli
    window : ndarray, shape (n, m)
        Expected pseudo spectrum for unit power in each fine annulus, with aperiodic leakage and the subtraction of the mean.
    """

    bins: Bins
    kept: slice
    modes: NDArray[np.int64]
    matrix: Array
    same: Array
    crossed: Array
    norm: float
    annuli: Annuli
    window: Array


def _ring_transforms(grid: Grid, bins: Bins, dtype: Any) -> Real:
    """R_b on the quarter of lags 0 ... n // 2 of both axes, shape (nbin, ny // 2 + 1, nx // 2 + 1)."""
    ny, nx = grid.shape
    found = fourier_rings(grid, bins)
    quarter = (ny // 2 + 1, nx // 2 + 1)
    result = np.empty((len(bins), *quarter), dtype=dtype)
    even = ny % 2 == 0 and nx % 2 == 0 and min(ny, nx) > 2
    index = found.index(slice(0, quarter[0] if even else ny))
    for b in range(len(bins)):
        ring = (index == b).astype(dtype)
        if even:
            result[b] = scipy.fft.dctn(ring, type=1, overwrite_x=True)
        else:
            full = scipy.fft.irfft2(ring.astype(np.complex64 if dtype == np.float32 else np.complex128), s=grid.shape)
            result[b] = full[: quarter[0], : quarter[1]] * (ny * nx)
    return result


def _images(n: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """For each lag 0 ... n - 1 of an axis, its place in the quarter: pairs (lags, places), once direct, once mirrored."""
    half = n // 2
    direct = np.arange(half + 1)
    mirrored = np.arange(half + 1, n)
    return [(direct, direct), (mirrored[::-1], n - mirrored[::-1])]


def _gram(transforms: Real, correlation: Real, shape: tuple[int, int]) -> Array:
    """sum_d C(d) R_b(d) R_b'(d) over all lags."""
    folded = correlation[: shape[0] // 2 + 1].astype(transforms.dtype, copy=True)
    for lags, places in _images(shape[0])[1:]:
        folded[places] += correlation[lags]
    small = folded[:, : shape[1] // 2 + 1].copy()
    for lags, places in _images(shape[1])[1:]:
        small[:, places] += folded[:, lags]
    total = np.zeros((len(transforms), len(transforms)))
    for rows in row_blocks(small.shape[0], small.shape[1]):
        part = transforms[:, rows].reshape(len(transforms), -1)
        total += (part * small[rows].ravel()) @ part.T
    return 0.5 * (total + total.T)


def _radial(transforms: Real, correlation: Real, cells: RadialCells) -> Array:
    """sum of C(d) R_b(d) over the lags of each radial cell, shape (nbin, nr)."""
    total = np.zeros((len(transforms), cells.r.size))
    for ylags, yplaces in _images(cells.shape[0]):
        for xlags, xplaces in _images(cells.shape[1]):
            if not (ylags.size and xlags.size):
                continue
            columns = slice(int(xplaces[0]), int(xplaces[-1]) + 1)
            for rows in row_blocks(len(ylags), len(xlags)):
                index = cells.index(ylags[rows], xlags).ravel()
                c = correlation[ylags[rows]][:, xlags]
                for b, ring in enumerate(transforms):
                    total[b] += np.bincount(index, (ring[yplaces[rows], columns] * c).ravel(), minlength=cells.r.size)
    return total


_cache: OrderedDict[tuple[Any, ...], Coupling] = OrderedDict()


def coupling(a: Map, b: Map, bins: Bins, precision: str = "auto") -> Coupling:
    """The coupling of the weights of two maps; cached by the digests of the masks.

    Parameters
    ----------
    a, b : Map
        On one grid.
    bins : Bins
        Each with at least one mode.
    precision : {"auto", "float32", "float64"}
        ``auto``: float64 up to 2048 x 2048 pixels. float32 differs by about 3e-6 and halves the memory.

    Raises
    ------
    DataError
        Where the maps lie on different grids, or a bin holds no mode.
    """
    a.grid_.check_same(b.grid_)
    bins.check(a.grid_)
    if precision == "auto":
        precision = "float64" if a.grid_.size <= _SMALL else "float32"
    masks = tuple(sorted((a.mask_digest, b.mask_digest)))
    key = (masks, a.grid_.shape, a.grid_.scale, bins.edges.tobytes(), precision)
    if key in _cache:
        _cache.move_to_end(key)
        return _cache[key]
    found = _coupling(a, b, bins, np.float32 if precision == "float32" else np.float64)
    _cache[key] = found
    while len(_cache) > _CACHED:
        _cache.popitem(last=False)
    return found


def _is_flat(w: Real) -> bool:
    """Whether a weight is 0 or 1, so that its square is itself."""
    return all(bool(np.all((part == 0) | (part == 1))) for part in w)


def _correlations(w1: Real, w2: Real, dtype: Any) -> Sequence[Real]:
    """Correlations of (w1, w2), (w1^2, w2^2), (w1 w2, w1 w2); one object where they are equal."""
    one = w2 is w1 or np.array_equal(w1, w2)
    x = w1.astype(dtype, copy=False)
    y = x if one else w2.astype(dtype, copy=False)
    plain = lag_correlation(x, y)
    flat = _is_flat(w1) and (one or _is_flat(w2))
    if one:
        same = plain if flat else lag_correlation(square := x * x, square)
        return plain, same, same
    product = x * y
    return plain, plain if flat else lag_correlation(x * x, y * y), lag_correlation(product, product)


def _coupling(a: Map, b: Map, bins: Bins, dtype: Any) -> Coupling:
    grid = a.grid_
    rings, kept = with_outer_rings(grid, bins)
    modes = mode_counts(grid, rings)
    correlations = _correlations(a.weight, b.weight, dtype)
    transforms = _ring_transforms(grid, rings, dtype)
    matrices: list[Array] = []
    for i, c in enumerate(correlations):
        earlier = next((k for k in range(i) if correlations[k] is c), None)
        matrices.append(
            matrices[earlier]
            if earlier is not None
            else _gram(transforms, c, grid.shape) / (modes[:, None] * float(grid.size) ** 2)
        )
    c = correlations[0]
    cells = radial_cells(grid)
    kernel = _radial(transforms, c, cells)
    pairs = cells.sums(c)
    # The weighted mean is subtracted from the map: that takes mean |W(k)|^2 / W(0)^2 times the power of the mean from ring b.
    kernel -= (kernel.sum(axis=1) / pairs.sum())[:, None] * pairs
    annuli = Annuli.of(grid, bins)
    scale = 1 / (grid.size * modes)
    below = (kernel @ annuli.correlation(cells.r).T) * (scale * grid.pixel_area)[:, None]
    window = annuli.closed(below, kernel[:, 0] * scale, rings)
    return Coupling(
        bins=rings,
        kept=kept,
        modes=modes,
        matrix=matrices[0],
        same=matrices[1],
        crossed=matrices[2],
        norm=float(np.sum(a.weight * b.weight, dtype=np.float64)) / grid.size,
        annuli=annuli,
        window=window,
    )
