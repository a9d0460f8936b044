"""Delayed star formation: how much of each age a population holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError

__all__ = ["delayed_shares"]

Array = NDArray[np.float64]


def delayed_shares(ages: ArrayLike, since: ArrayLike, tau: ArrayLike) -> Array:
    """Mass formed near each of some ages, where the star formation rate is t exp(-t / tau) since it began.

    Parameters
    ----------
    ages : array_like, shape (a,)
        Of the simple populations, increasing [Gyr]; each stands for what was formed between the geometric means with its
        neighbours, the first for all that is younger.
    since, tau : array_like, shape (n,)
        Time since star formation began, and of its peak and decay [Gyr].

    Returns
    -------
    ndarray, shape (n, a)
        Rows sum to 1: the mass formed.

    Raises
    ------
    DataError
        Where star formation began before the oldest of the simple populations, or a time is not positive.
    """
    grid = np.asarray(ages, dtype=float)
    start, decay = (np.asarray(each, dtype=float)[:, None] for each in (since, tau))
    if not (np.all(start > 0) and np.all(decay > 0)):
        raise DataError("ages and e-folding times of star formation must be positive")
    if np.any(start > grid[-1] * (1 + 1e-9)):
        raise DataError(f"star formation began {start.max():g} Gyr ago, but the oldest simple population has {grid[-1]:g} Gyr")
    edges = np.concatenate([[0.0], np.sqrt(grid[1:] * grid[:-1]), [grid[-1]]])
    t = np.clip(start - edges, 0, None) / decay
    formed = -np.expm1(-t) - t * np.exp(-t)  # up to each time: the integral of t exp(-t)
    return np.asarray((formed[:, :-1] - formed[:, 1:]) / formed[:, :1])
