"""The tail of importance weights: is their mean to be trusted?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["khat_limit", "pareto_khat", "pareto_shape", "tail_length"]

Array = NDArray[np.float64]


def pareto_shape(excess: Array) -> float:
    """Shape k of the generalised Pareto distribution of values above a threshold, by the estimate of Zhang & Stephens (2009).

    The distribution function is 1 - (1 + k x / sigma)^(-1/k), so k > 0 is a power-law tail, k = 0 an exponential and k = -1 a
    flat one. The likelihood, profiled in theta = -k / sigma, is averaged over a grid of theta under their weak prior.

    Parameters
    ----------
    excess : ndarray, shape (n,)
        What the values exceed the threshold by, positive; at least five of them.

    References
    ----------
    Zhang & Stephens 2009, Technometrics 51, 316, equations 6 and 7 (their k has the other sign).
    """
    x = np.sort(excess)
    n, points = len(x), 30 + int(np.sqrt(len(x)))
    j = np.arange(1, points + 1)
    quartile = x[int(n / 4 + 0.5) - 1]
    theta = 1 / x[-1] + (1 - np.sqrt(points / (j - 0.5))) / (3 * quartile)
    shape = np.mean(np.log1p(-theta[:, None] * x), axis=1)
    profile = n * (np.log(-theta / shape) - shape - 1)
    weight = np.exp(profile - profile.max())
    best = float(theta @ weight / weight.sum())
    return float(np.mean(np.log1p(-best * x)))


def tail_length(number: int) -> int:
    """How many of so many weights are the tail: min(n / 5, 3 sqrt(n))."""
    return int(np.ceil(min(0.2 * number, 3 * np.sqrt(number))))


def pareto_khat(log_weights: Array) -> float:
    """Shape k of the upper tail of importance weights, as in Pareto-smoothed importance sampling.

    Below 0.5 the weights have a variance; above 0.7 their mean is not to be trusted, whatever its quoted error. The largest
    min(n / 5, 3 sqrt(n)) of the n weights above zero are the tail; as much as ten weights of k = 0.5 steadies the fit.

    Parameters
    ----------
    log_weights : ndarray, shape (n,)
        Natural logarithms, any normalisation; -inf for weights of zero.

    Returns
    -------
    float
        infinity with fewer than 25 weights above zero; -1, as of a flat tail, where the tail is all of one value.

    References
    ----------
    Vehtari et al. 2024, section 3 and appendix C.
    """
    found = np.sort(log_weights[np.isfinite(log_weights)])
    n = len(found)
    tail = tail_length(n)
    if tail < 5:
        return float("inf")
    weights = np.exp(found[-tail - 1 :] - found[-1])
    # Where the smallest excess is 0 to rounding, a quarter of the tail may be: those say nothing of its shape.
    excess = weights[1:] - weights[0]
    excess = excess[excess > 1e-12]
    if len(excess) < 5 or np.ptp(excess) == 0:
        return -1.0
    return float((len(excess) * pareto_shape(excess) + 10 * 0.5) / (len(excess) + 10))


def khat_limit(number: int) -> float:
    """Largest k at which so many weights tell their mean: min(1 - 1 / log10(n), 0.7) (Vehtari et al. 2024, equation 13)."""
    return float(min(1 - 1 / np.log10(max(number, 11)), 0.7))
