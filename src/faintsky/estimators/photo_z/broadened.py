"""Redshift distributions convolved with a Gaussian in ln(1 + z)."""

from __future__ import annotations

from functools import lru_cache

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import ndtr

from faintsky.core.errors import DataError
from faintsky.core.redshift import Redshifts

__all__ = ["broadened", "on_log_grid"]

Array = NDArray[np.float64]

#: How much steps of a grid may differ and still count as equal [parts of a step].
_EQUAL = 1e-6
#: Most cells that a grid is given unless asked for.
_MOST = 20_000
#: Numbers that are convolved at once.
_AT_ONCE = 4_000_000
#: Widths [cells] from where cells add 1/6 to the variance, to 1e-8 of it; and that are as good as none.
_WIDE, _NONE = 1.2, 1e-4


def on_log_grid(redshifts: Redshifts, step: float | None = None) -> Redshifts:
    """The same distributions on a grid that is uniform in ln(1 + z), from the first to the last redshift.

    The cumulative distributions are interpolated, so that probabilities are kept, and not the values of densities.

    Parameters
    ----------
    redshifts : Redshifts
    step : float, optional
        Largest step in ln(1 + z); default: the smallest inside the grid, and the grid itself where its steps are equal.

    Raises
    ------
    DataError
        Where `step` is not positive, or a redshift is -1 or below.
    """
    if redshifts.z[0] <= -1:
        raise DataError(f"the redshift grid starts at {redshifts.z[0]:g}; ln(1 + z) needs more than -1")
    if step is not None and not step > 0:
        raise DataError(f"the step in ln(1 + z) must be positive, got {step:g}")
    x = np.log1p(redshifts.z.astype(float))
    steps = np.diff(x)
    if np.ptp(steps) <= _EQUAL * steps.mean() and (step is None or steps.mean() <= step * (1 + _EQUAL)):
        return redshifts
    inner = steps[1:-1] if steps.size > 2 else steps  # probabilities of cells come with half a step at the ends
    wanted = max(float(inner.min()), (x[-1] - x[0]) / _MOST) if step is None else step
    number = 1 + int(np.ceil((x[-1] - x[0]) / wanted - _EQUAL))
    fine = np.linspace(x[0], x[-1], max(number, 2))
    z = np.expm1(fine)
    z[0], z[-1] = redshifts.z[0], redshifts.z[-1]
    cdf = redshifts.cdf.astype(float, copy=False)
    place = np.clip(np.searchsorted(redshifts.z, z, side="right") - 1, 0, redshifts.z.size - 2)
    share = (z - redshifts.z[place]) / np.diff(redshifts.z)[place]
    found = cdf[:, place] + share * (cdf[:, place + 1] - cdf[:, place])
    return attrs.evolve(redshifts, z=z, cdf=found)


def broadened(redshifts: Redshifts, width: ArrayLike, step: float | None = None) -> tuple[Redshifts, Array]:
    """Distributions convolved with Gaussians of a width in dz / (1 + z).

    P(x) = p(x) (x) N(0, width^2) with x = ln(1 + z), on a uniform grid of x. Probabilities of cells are convolved with the exact
    probabilities to move from one cell, where they are spread evenly, to another. To spread them evenly again widens too, which
    the kernel lacks: so the variance in x grows by width^2 whatever the step. What leaves the grid is lost, at its first redshift
    (0, where the grid starts there) and at its last: the rest is normalised to what was inside before.

    Parameters
    ----------
    redshifts : Redshifts
        n distributions; spectroscopic ones are steps, spread over their cell.
    width : array_like, shape (n,) or ()
        Standard deviation of the kernel; 0 changes nothing.
    step : float, optional
        Largest step of the grid in ln(1 + z); see `on_log_grid`.

    Returns
    -------
    redshifts : Redshifts
        On a grid that is uniform in ln(1 + z).
    lost : ndarray, shape (n,)
        Share of the probability that left the grid, before the rest was normalised.

    Raises
    ------
    DataError
        Where a width is negative or no number, or there are not n of them.
    """
    widths = np.asarray(width, dtype=float)
    if widths.ndim and widths.shape != (len(redshifts),):
        raise DataError(f"{len(redshifts)} distributions need as many widths, or one; got the shape {widths.shape}")
    widths = np.broadcast_to(widths, (len(redshifts),))
    if not np.all(np.isfinite(widths) & (widths >= 0)):
        raise DataError("a width of a kernel is negative or no number; sources without magnitude need one all the same")
    even = on_log_grid(redshifts, step)
    cells = even.cells
    spacing = float(np.log1p(even.z[-1]) - np.log1p(even.z[0])) / (even.z.size - 1)
    kernels = _kernel_width(widths / spacing)
    rows = np.flatnonzero(kernels > 0)
    at_once = max(1, _AT_ONCE // (2 * even.z.size))
    for start in range(0, rows.size, at_once):
        some = rows[start : start + at_once]
        cells[some] = _convolved(cells[some], kernels[some])
    inside, left = even.cells.sum(axis=1), cells.sum(axis=1)
    kept = np.divide(left, inside, out=np.ones_like(left), where=inside > 0)
    kept[kernels == 0] = 1.0
    if np.any(kept <= 0):
        row = int(np.argmin(kept))
        raise DataError(f"all probability of row {row} leaves the grid with a kernel of the width {widths[row]:g}: narrow it")
    cdf = even.cdf.astype(float)
    summed = np.cumsum(cells[rows], axis=1) / kept[rows, None]
    cdf[rows, 1:] = cdf[rows, :1] + summed
    return attrs.evolve(even, cdf=cdf), np.clip(1 - kept, 0, 1)


def _convolved(cells: Array, width: Array) -> Array:
    """Probabilities of cells of size 1, spread evenly in them, after a Gaussian of each row's width."""
    number = cells.shape[1]
    length = next_fast_len(2 * number, real=True)
    widths, which = np.unique(width, return_inverse=True)  # many sources of a bin of magnitude have one width
    kernel = _kernel(widths, number)
    ring = np.zeros((len(widths), length))
    ring[:, :number] = kernel
    ring[:, length - number + 1 :] = kernel[:, :0:-1]
    found = irfft(rfft(cells, length, axis=1) * rfft(ring, axis=1)[which], length, axis=1)[:, :number]
    return np.asarray(np.clip(found, 0, None))


def _kernel(width: Array, number: int) -> Array:
    """Probability to move from one cell of size 1 to those 0, 1, ... `number` - 1 beside it, for each width."""
    # The second difference of G(t), the integral of the Gaussian's cumulative distribution; G(t) = tail(|t|), and t more above 0.
    t = np.arange(number + 1) / width[:, None]
    tail = width[:, None] * (np.exp(-0.5 * t**2) / np.sqrt(2 * np.pi) - t * ndtr(-t))
    kernel = np.empty((len(width), number))
    kernel[:, 1:] = tail[:, 2:] - 2 * tail[:, 1:-1] + tail[:, :-2]
    kernel[:, 0] = 1 + 2 * (tail[:, 1] - tail[:, 0])
    return kernel


def _kernel_width(width: Array) -> Array:
    """Widths of Gaussians that widen cells of size 1 by `width` in quadrature; less than 1e-4 counts as none."""
    wide, narrow = np.sqrt(np.clip(width**2 - 1 / 6, 0, None)), np.interp(width, *_narrow())
    return np.where(width > _WIDE, wide, np.where(width < _NONE, 0.0, narrow))


@lru_cache(maxsize=1)
def _narrow() -> tuple[Array, Array]:
    """How much narrow Gaussians widen cells, and their widths."""
    width = np.linspace(0, _WIDE, 2001)
    away = np.arange(16)
    grown = np.sqrt(2 * _kernel(width[1:], away.size) @ away**2)
    return np.concatenate([[0.0], grown]), width
