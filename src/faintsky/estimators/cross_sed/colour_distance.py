"""The distance of models from a measurement on a plane of hardness ratios, with the correlation of neighbouring ratios."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["colour_covariance", "colour_distance"]

Array = NDArray[np.float64]


def colour_covariance(value: Array, error: Array) -> Array:
    """Covariance of the hardness ratios of neighbouring bands, to first order, shape (b - 1, b - 1).

    dHR/dsoft = -2 hard / (soft + hard)^2 and dHR/dhard = 2 soft / (soft + hard)^2; ratios that share a band are correlated.
    """
    number = len(value)
    slope = np.zeros((number - 1, number))
    for i in range(number - 1):
        total = value[i] + value[i + 1]
        slope[i, i], slope[i, i + 1] = -2 * value[i + 1] / total**2, 2 * value[i] / total**2
    return np.asarray(slope @ np.diag(error**2) @ slope.T)


def colour_distance(model: Array, measured: Array, covariance: Array) -> Array:
    """chi^2 of models (n, k) from measured ratios (k,), shape (n,)."""
    step = model - measured
    return np.asarray(np.einsum("ni,ij,nj->n", step, np.linalg.inv(covariance), step))
