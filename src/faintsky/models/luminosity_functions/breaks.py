"""Breaks of luminosity functions that are made of others: spread over the batch of the whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["spread_log_l_breaks", "spread_z_breaks"]

Array = NDArray[np.float64]


def spread_log_l_breaks(breaks: Array, lead: tuple[int, ...]) -> Array:
    """Breaks in luminosity of shape (k,) as (*lead, k)."""
    return np.broadcast_to(breaks, (*np.broadcast_shapes(lead, breaks.shape[:-1]), breaks.shape[-1]))


def spread_z_breaks(breaks: Array, shape: tuple[int, ...]) -> Array:
    """Breaks in redshift of shape (k, m) as (k, *shape), with `shape` such as (n, m)."""
    whole = np.broadcast_shapes(shape, breaks.shape[1:])
    missing = (1,) * (len(whole) + 1 - breaks.ndim)
    return np.broadcast_to(breaks.reshape(breaks.shape[0], *missing, *breaks.shape[1:]), (breaks.shape[0], *whole))
