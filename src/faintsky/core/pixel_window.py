"""The window of square pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["pixel_window"]


def pixel_window(q: ArrayLike, pixel: float, angles: int = 64) -> NDArray[np.float64]:
    """Power that square pixels leave of a smooth field: the mean over directions of sinc^2(q_x p / 2) sinc^2(q_y p / 2).

    Sources put into the pixel they fall in keep a white shot noise, for aliasing refills it; so this belongs on the clustered
    part of a model, never under a measured power.

    Parameters
    ----------
    q : array_like, shape (m,)
        [rad^-1]
    pixel : float
        [rad]
    angles : int
        Directions of the mean, over an octant.

    Returns
    -------
    ndarray, shape (m,)
        1 at q = 0.

    Examples
    --------
    >>> round(float(pixel_window(0.0, 1.0)), 6)
    1.0
    """
    phi = (np.arange(angles) + 0.5) * np.pi / (4 * angles)
    half = np.asarray(q, dtype=float)[..., None] * (pixel / (2 * np.pi))
    return np.asarray(np.mean((np.sinc(half * np.cos(phi)) * np.sinc(half * np.sin(phi))) ** 2, axis=-1))
