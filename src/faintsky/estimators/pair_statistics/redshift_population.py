"""The redshift distribution of a population whose members are known by distributions only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["redshift_population"]

Array = NDArray[np.float64]

#: Part of the population that is spread evenly, so that nothing is impossible.
_FLOOR = 1e-3


def redshift_population(cells: NDArray[np.floating], prior: Array, iterations: int) -> Array:
    """Probabilities of cells of a population by expectation and maximisation: n <- mean of n L / sum(n L), L = cells / prior.

    It begins with the prior that the distributions were made with, so that the first step is their stack, which is broader than
    the population by the errors of its members; each further step takes away some of that. A few do; many would follow the noise.

    Parameters
    ----------
    cells : ndarray, shape (n, m)
        Probabilities of cells of each member.
    prior : ndarray, shape (m,)
        Probabilities of cells that its distributions were made with, such as the widths of the cells for a flat prior.
    iterations : int

    Returns
    -------
    ndarray, shape (m,)
        Their sum is 1.

    References
    ----------
    Malz & Hogg 2022, ApJ 928, 127 (why a stack is biased); Lucy 1974, AJ 79, 745 (the iteration).
    """
    flat = prior / prior.sum()
    likelihood = np.asarray(cells, dtype=float) / flat
    found = flat
    for _ in range(iterations):
        evidence = likelihood @ found
        seen = evidence > 0
        found = found * ((1 / evidence[seen]) @ likelihood[seen]) / max(int(seen.sum()), 1)
    total = found.sum()
    return np.asarray((1 - _FLOOR) * found / total + _FLOOR * flat if total > 0 else flat)
