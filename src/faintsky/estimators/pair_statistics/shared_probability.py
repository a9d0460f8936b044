"""The probability that two redshift distributions share, cell by cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faintsky.core.errors import DataError

__all__ = ["effective_number", "shared_probability"]

Reals = NDArray[np.floating]

#: Numbers in one block: three of them stay in the cache of a core.
_BLOCK = 65_536


def shared_probability(agn: Reals, companion: Reals) -> Reals:
    """P = 2 Pa Pc / (Pa + Pc) of cells, and 0 where both are.

    The harmonic mean of the two. With the probabilities of cells in place of densities it does not change when the redshift is
    replaced by a function that rises with it. The identity N_z = sum P = 1 - 1/2 sum (Pa - Pc)^2 / (Pa + Pc) holds for
    distributions that both lie on the grid.

    Parameters
    ----------
    agn, companion : ndarray, shape (n, m)
        Probabilities of cells.

    References
    ----------
    Li, Zhuang et al., eq. 1; Topsoe 2000, IEEE Trans. Inf. Theory 46, 1602 (the triangular discrimination).

    Examples
    --------
    >>> shared_probability(np.array([[0.5, 0.5, 0.0]]), np.array([[0.0, 0.5, 0.5]])).tolist()
    [[0.0, 0.5, 0.0]]
    """
    total = agn + companion
    # The least normal number changes no sum of two that are not both 0.
    total += np.finfo(total.dtype).tiny
    product = agn * companion
    product *= 2
    product /= total
    return product


def effective_number(agn: Reals, companion: Reals, owner: NDArray[np.integer]) -> NDArray[np.float64]:
    """N_z of n pairs without keeping their cells: for samples of any size.

    Parameters
    ----------
    agn : ndarray, shape (N, m)
        Probabilities of cells; float32 halves the time, at a difference of less than 1e-6 in N_z.
    companion : ndarray, shape (n, m)
    owner : ndarray of int, shape (n,)
        Row of the AGN of each pair.

    Raises
    ------
    DataError
        Where the numbers of rows or cells do not fit.
    """
    n, m = companion.shape
    if agn.shape[1] != m or owner.shape != (n,):
        raise DataError(f"{n} companions on {m} cells do not fit {owner.shape[0]} owners among AGN on {agn.shape[1]} cells")
    found, rows = np.empty(n), max(1, _BLOCK // m)
    for start in range(0, n, rows):
        part = slice(start, start + rows)
        found[part] = shared_probability(agn[owner[part]], companion[part]).sum(axis=1)
    return found
