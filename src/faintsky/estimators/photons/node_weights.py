"""Weights of the nodes of a lattice under priors that end somewhere between two of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from faintsky.core.prior import Prior

__all__ = ["node_weights"]

Array = NDArray[np.float64]


def node_weights(values: Sequence[Array], priors: Sequence[Prior], step: float) -> Array:
    """Density of priors at the nodes of a lattice along one axis, so that sums over nodes are integrals within the supports.

    The sum of g(x) times these weights times `step` is the integral of g p_1 p_2 ... over the interval where all of them are
    above 0, for a g that the lattice samples well: each node counts with the integral over that interval of the interpolating
    kernel of Keys (1981) around it, which is 1 inside, 0 outside, and in between within two steps of an end.

    Parameters
    ----------
    values : sequence of ndarray of one shape
        The argument of each prior at the nodes; all increase together along the lattice.
    priors : sequence of Prior
    step : float
        Of the lattice.
    """
    weights: Array = np.ones(np.shape(values[0]))
    above, below = np.full(weights.shape, np.inf), np.full(weights.shape, np.inf)
    for value, prior in zip(values, priors, strict=True):
        low, high = prior.support
        weights = weights * np.exp(prior.logpdf(np.clip(value, low, high)))
        above, below = np.minimum(above, value - low), np.minimum(below, high - value)
    if min(above.min(initial=np.inf), below.min(initial=np.inf)) >= 2 * step:
        return weights
    return np.asarray(weights * (_within(above / step) + _within(below / step) - 1))


def _within(distance: Array) -> Array:
    """Integral of the cubic kernel of Keys up to `distance` [steps]: 0 from -2 on downwards, 1 from 2 on upwards."""
    t = np.minimum(np.abs(distance), 2.0)
    near = t * (1 + t * t * (-5 / 6 + 3 / 8 * t))
    far = t * (2 + t * (-2 + t * (5 / 6 - t / 8))) - 1 / 6
    return np.asarray(0.5 + np.sign(distance) * np.where(t <= 1, near, far))
