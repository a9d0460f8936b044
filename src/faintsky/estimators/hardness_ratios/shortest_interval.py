"""The shortest interval of a distribution: where it has one peak, the interval of highest density."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["shortest_interval"]

Array = NDArray[np.float64]

#: Lengths that differ by less than this are equal.
_SAME = 1e-6

#: Points to either side of the minimum that a curve is laid through, of 2000.
_NEAR = 60


def shortest_interval(t: Array, cdf: Array, level: float) -> tuple[float, float]:
    """The shortest interval that holds `level` of a tabulated distribution.

    Where several are equally short, as under a flat density or under one with equal poles at both ends, equal tails are
    returned: the answer must not hang on rounding, nor on which band is called soft.

    Parameters
    ----------
    t, cdf : ndarray, shape (m,)
        Increasing.
    level : float

    Examples
    --------
    >>> t = np.linspace(0, 10, 10_001)
    >>> [round(x, 3) for x in shortest_interval(t, 1 - np.exp(-t), 0.6)]
    [0.0, 0.916]
    """
    spare = 1 - level
    p = np.linspace(0, spare, 2001)
    length = np.interp(p + level, cdf, t) - np.interp(p, cdf, t)
    first = int(np.argmin(length))
    if np.ptp(p[length <= length.min() + _SAME]) > 0.9 * spare:
        best = 0.5 * spare
    elif first in (0, p.size - 1):
        best = p[first]
    else:
        # A minimum is flat: its place is that of a smooth curve through its neighbourhood, not of the smallest rounded number.
        near = slice(max(0, first - _NEAR), first + _NEAR + 1)
        smooth = np.polynomial.Polynomial.fit(p[near], length[near], 4)
        fine = np.linspace(p[near][0], p[near][-1], 20_001)
        best = fine[int(np.argmin(smooth(fine)))]
    return float(np.interp(best, cdf, t)), float(np.interp(best + level, cdf, t))
