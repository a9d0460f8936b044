"""Stellar masses from all templates of a grid, not from the best alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from faintsky.core.one_sigma import QUANTILES

__all__ = ["mass_interval"]

Array = NDArray[np.float64]

#: Templates that are this much worse than the best (weight 1e-7) do not count.
_FAR = 32.0
#: The Gaussian of an amplitude as nine points of equal probability.
_NODES = ndtri((np.arange(9) + 0.5) / 9)


def mass_interval(chi2: Array, amplitude: Array, error: Array) -> tuple[Array, Array, Array]:
    """Median and 68 % interval of the amplitude, over templates of weight exp(-chi2 / 2).

    The amplitude of each template is a Gaussian about its best value. Weighing templates by exp(-chi2 / 2) alone is a prior that
    is flat in the grid and in the logarithm of the mass.

    Parameters
    ----------
    chi2, amplitude, error : ndarray, shape (n, t)
        Of n sources and t templates: smallest chi2, where it is, and the error of the amplitude there.

    Returns
    -------
    median, low, high : ndarray, shape (n,)
        NaN where no template has a positive amplitude.
    """
    found = np.full((3, len(chi2)), np.nan)
    for row, (misfit, best, sigma) in enumerate(zip(chi2, amplitude, error, strict=True)):
        near = np.flatnonzero((misfit < misfit.min() + _FAR) & (best > 0)) if np.all(np.isfinite(misfit)) else np.empty(0, int)
        if not near.size:
            continue
        values = (best[near, None] + sigma[near, None] * _NODES).ravel()
        weight = np.repeat(np.exp(-0.5 * (misfit[near] - misfit[near].min())), _NODES.size)
        values, weight = values[values > 0], weight[values > 0]
        order = np.argsort(values)
        reached = np.cumsum(weight[order]) - 0.5 * weight[order]
        found[:, row] = np.interp(QUANTILES, reached / weight.sum(), values[order])
    low, median, high = found
    return median, low, high
