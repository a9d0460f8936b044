"""Diagnostics of Markov chains and of nested sampling: autocorrelation time, split R-hat, insertion ranks."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.special import kolmogorov

__all__ = ["autocorrelation_time", "insertion_rank_p", "split_rhat"]


def autocorrelation_time(chains: NDArray[np.float64], window: float = 5.0) -> float:
    """Integrated autocorrelation time of one parameter, in steps.

    Parameters
    ----------
    chains : ndarray, shape (steps, chains)
    window : float
        The sum stops at the first lag above `window` times the time so far (Sokal's rule).

    Returns
    -------
    float
        NaN for a chain that never moves.

    References
    ----------
    Goodman & Weare 2010, section 4; the chains' autocorrelations are averaged before they are summed.
    """
    steps = chains.shape[0]
    centred = chains - chains.mean(axis=0)
    size = scipy.fft.next_fast_len(2 * steps)
    transform = np.asarray(scipy.fft.rfft(centred, size, axis=0))
    function = np.asarray(scipy.fft.irfft(np.abs(transform) ** 2, size, axis=0))[:steps].mean(axis=1)
    if not function[0] > 0:
        return float("nan")
    times = 2.0 * np.cumsum(function / function[0]) - 1.0
    stop = np.flatnonzero(np.arange(steps) >= window * times)
    return float(times[stop[0] if stop.size else -1])


def split_rhat(chains: NDArray[np.float64]) -> float:
    """Gelman-Rubin R-hat of the halves of the chains of one parameter.

    Parameters
    ----------
    chains : ndarray, shape (steps, chains)

    References
    ----------
    Gelman et al., Bayesian Data Analysis, 3rd edition, section 11.4.
    """
    half = chains.shape[0] // 2
    if half < 2:
        return float("nan")
    parts = np.concatenate([chains[:half], chains[half : 2 * half]], axis=1)
    within = float(parts.var(axis=0, ddof=1).mean())
    between = half * float(parts.mean(axis=0).var(ddof=1))
    if not within > 0:
        return float("nan")
    return float(np.sqrt(((half - 1) / half * within + between / half) / within))


def insertion_rank_p(ranks: NDArray[np.int64], live: int) -> float:
    """Probability of the ranks that new points of nested sampling took among the live ones.

    A fair draw from within the likelihood contour takes each of the `live` ranks equally often; points that crowd at the
    contour or at the peak tell that the evidence is wrong.

    Parameters
    ----------
    ranks : ndarray of int
        Number of other live points below each new one, 0 to `live` - 1.
    live : int
        Live points.

    Returns
    -------
    float
        Of the Kolmogorov-Smirnov test in the limit of many ranks; it is conservative for few live points. NaN below 50 ranks.

    References
    ----------
    Fowlie, Handley & Su 2020, MNRAS 497, 5256.
    """
    if ranks.size < 50:
        return float("nan")
    observed = np.cumsum(np.bincount(ranks, minlength=live)) / ranks.size
    distance = np.abs(observed - np.arange(1, live + 1) / live).max()
    return float(kolmogorov(np.sqrt(ranks.size) * distance))
