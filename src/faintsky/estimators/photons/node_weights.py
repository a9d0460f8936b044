"""Weights of the nodes of a lattice under priors that end somewhere between two of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from faintsky.core.prior import Prior, Uniform

__all__ = ["node_weights"]

Array = NDArray[np.float64]


def node_weights(values: Sequence[Array], priors: Sequence[Prior], step: float, *, cells: bool = False) -> Array:
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
    cells : bool
        Nodes count with the share of their cells inside the interval instead: right where ends stand between cells, and for a g
        that rises so steeply outside that no node there may count.
    """
    weights: Array | float = 1.0
    above, below = [], []
    for value, prior in zip(values, priors, strict=True):
        low, high = prior.support
        inside = 0.5 * (low + high) if isinstance(prior, Uniform) else np.clip(value, low, high)
        weights = weights * np.exp(prior.logpdf(inside))
        above.append(value - low)
        below.append(high - value)
    ends = [_least(distances) for distances in (above, below)]
    shares = [np.clip(end / step + 0.5, 0.0, 1.0) if cells else _within(end, step) for end in ends]
    return np.asarray(np.broadcast_to(weights * (shares[0] + shares[1] - 1), values[0].shape))


def _least(distances: list[Array]) -> Array:
    return distances[0] if len(distances) == 1 else np.minimum.reduce(distances)


def _within(distance: Array, step: float) -> Array:
    """Integral of the cubic kernel of Keys up to `distance`: 0 from -2 steps on downwards, 1 from 2 steps on upwards.

    A single 1 where all are.
    """
    if distance.size and distance.min() >= 2 * step:  # most often so, and quicker to find out
        return np.ones(1)
    found = (distance > 0).astype(float)
    near = np.abs(distance) < 2 * step
    if near.any():
        t = np.abs(distance[near]) / step
        inner = t * (1 + t * t * (-5 / 6 + 3 / 8 * t))
        outer = t * (2 + t * (-2 + t * (5 / 6 - t / 8))) - 1 / 6
        found[near] = 0.5 + np.sign(distance[near]) * np.where(t <= 1, inner, outer)
    return found
