"""The median of draws, and 1 sigma about it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["QUANTILES", "median_columns"]

#: Cumulative probability of a Gaussian at -1 sigma, at its median and at +1 sigma.
QUANTILES = (0.15865525393145705, 0.5, 0.8413447460685429)


def median_columns(name: str, draws: ArrayLike) -> dict[str, float]:
    """Columns of a table: the median of draws, and the distances to the 1-sigma quantiles below and above it.

    Parameters
    ----------
    name : str
        Of the column; those of the errors end in ``_low`` and ``_high``.
    draws : array_like, shape (n,)

    Examples
    --------
    >>> median_columns("x", range(101))["x"]
    50.0
    """
    low, middle, high = (float(x) for x in np.quantile(np.asarray(draws, dtype=float), QUANTILES))
    return {name: middle, f"{name}_low": middle - low, f"{name}_high": high - middle}
