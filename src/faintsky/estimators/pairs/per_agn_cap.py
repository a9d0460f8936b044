"""No AGN counts for more than one pair."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["per_agn_cap"]

Array = NDArray[np.float64]


def per_agn_cap(number: ArrayLike, owner: NDArray[np.integer], agn: int) -> Array:
    """Factors that bring the sum of each AGN's pairs down to 1, min(1, sum) / sum; shape (n,).

    A triple counts as one pair. With factors rather than sums, the parts (dual and offset pairs, bins of redshift) still add up
    to the whole.

    Parameters
    ----------
    number : array_like, shape (n,)
        Effective number of each pair.
    owner : ndarray of int, shape (n,)
        Row of its AGN.
    agn : int
        Number of AGN.

    References
    ----------
    Li, Zhuang et al., section 3.5.

    Examples
    --------
    >>> per_agn_cap([0.75, 0.75, 0.2], np.array([0, 0, 1]), 2).round(3).tolist()
    [0.667, 0.667, 1.0]
    """
    values = np.asarray(number, dtype=float)
    total = np.bincount(owner, values, agn)[owner]
    return np.asarray(1 / np.maximum(total, 1.0))
