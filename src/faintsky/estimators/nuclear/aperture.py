"""Circular apertures with the exact share of every pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["circle_share"]

Array = NDArray[np.float64]


def circle_share(x: float, y: float, radius: float, shape: tuple[int, int]) -> Array:
    """Part of each pixel that lies inside a circle.

    Parameters
    ----------
    x, y : float
        Centre [pixel, 0-based]
    radius : float
        [pixel]
    shape : tuple of int
        (ny, nx)

    Returns
    -------
    ndarray, shape (ny, nx)
        Between 0 and 1; they sum to pi radius^2 where the whole circle lies inside.

    Examples
    --------
    >>> round(float(circle_share(5.2, 4.9, 3.0, (11, 11)).sum() / np.pi), 9)
    9.0
    """
    right, top = ((np.arange(size + 1.0) - 0.5 - centre) / radius for size, centre in zip(shape[::-1], (x, y), strict=True))
    corner = _quadrant(np.asarray(right)[None, :], np.asarray(top)[:, None])
    share = corner[1:, 1:] - corner[1:, :-1] - corner[:-1, 1:] + corner[:-1, :-1]
    return np.asarray(np.clip(radius**2 * share, 0.0, 1.0))


def _quadrant(x: Array, y: Array) -> Array:
    """Area of the unit disc to the left of x and below y: a column at X reaches from -s to min(y, s), s = sqrt(1 - X^2)."""
    x, y = np.clip(x, -1.0, 1.0), np.clip(y, -1.0, 1.0)
    half = np.sqrt(1 - y**2)
    inner = np.clip(x, -half, half)
    # Columns that the line y cuts hold y + s; those beyond lie below it (2 s) or above it (nothing).
    cut = y * (inner + half) + _under(inner) - _under(-half)
    whole = 2 * (_under(np.minimum(x, -half)) - _under(-1.0) + _under(np.maximum(x, half)) - _under(half))
    return np.asarray(cut + np.where(y > 0, whole, 0.0))


def _under(x: Array | float) -> Array:
    """Primitive of sqrt(1 - x^2)."""
    return np.asarray(0.5 * (x * np.sqrt(np.maximum(1 - np.asarray(x) ** 2, 0.0)) + np.arcsin(x)))
