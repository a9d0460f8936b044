"""Brings a swarm of points from the prior to the posterior, so that a chain starts where the mass is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faintsky.plugins.samplers.budget import Budget

__all__ = ["annealed"]

Array = NDArray[np.float64]

#: Sweeps of differential evolution at each temperature, and at the last one.
_SWEEPS, _LAST = 4, 16


def annealed(points: Array, log_posterior: Array, number: int, budget: Budget, rng: np.random.Generator) -> Array:
    """A swarm from the posterior, by sequential Monte Carlo over prior x L^beta (Del Moral et al. 2006).

    beta grows from 0 to 1 in steps that leave half of the swarm effective; after each, the points are drawn anew by their
    weights and moved by differential evolution (Ter Braak 2006), in long and short steps. All points move at once, so the
    result is where a chain may start, and no sample to publish.

    Parameters
    ----------
    points : ndarray, shape (m, d)
        Draws from the prior.
    log_posterior : ndarray, shape (m,)
        Their ln L + ln prior, finite.
    number : int
        Points of the swarm.
    budget : Budget
    rng : Generator

    Returns
    -------
    ndarray, shape (number, d)
        Some of them may be equal.
    """
    beta, prior = 0.0, budget.likelihood.log_prior(points)
    value = log_posterior - prior
    while beta < 1:
        step = _step(value, 1 - beta, 0.5 * min(number, len(value)))
        weights = np.exp(step * (value - value.max()))
        chosen = rng.choice(len(value), number, p=weights / weights.sum())
        points, prior, value = points[chosen], prior[chosen], value[chosen]
        beta += step
        for sweep in range(_SWEEPS if beta < 1 else _LAST):
            one, other = (points[rng.permutation(number)] for _ in range(2))
            size = 2.38 / np.sqrt(2 * points.shape[1]) * (1.0, 0.3, 1.0, 0.05)[sweep % 4]
            moved = points + size * (one - other) * (1 + 0.1 * rng.standard_normal((number, 1)))
            new_prior, new = budget.likelihood.log_prior(moved), budget.posterior(moved)
            possible = np.isfinite(new)
            new = np.where(possible, new, 0) - np.where(possible, new_prior, 0)
            odds = beta * (new - value) + np.where(possible, new_prior - prior, -np.inf)
            better = np.log(rng.random(number)) < odds
            points = np.where(better[:, None], moved, points)
            prior, value = np.where(better, new_prior, prior), np.where(better, new, value)
    return points


def _step(log_likelihood: Array, most: float, wanted: float) -> float:
    """The largest step of beta, at most `most`, that leaves an effective number of `wanted` points."""
    shifted = log_likelihood - log_likelihood.max()

    def effective(step: float) -> float:
        weights = np.exp(step * shifted)
        return float(weights.sum() ** 2 / np.sum(weights**2))

    if effective(most) >= wanted:
        return most
    low, high = 0.0, most
    for _ in range(60):
        middle = np.sqrt(low * high) if low > 0 else 1e-3 * high
        low, high = (middle, high) if effective(middle) >= wanted else (low, middle)
        if low > 0 and high / low < 1.05:
            break
    return max(low, 1e-12 * most)
