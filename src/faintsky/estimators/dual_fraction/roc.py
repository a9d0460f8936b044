"""Receiver operating characteristic: duals found against single sources mistaken for duals, as the threshold falls."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import trapezoid

from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats

__all__ = ["Roc", "detection_threshold", "roc"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class Roc:
    """Shares of single and dual sources with at least a ln Bayes factor.

    Attributes
    ----------
    threshold : ndarray, shape (t,)
        Falling, from infinity.
    false_positive, true_positive : ndarray, shape (t,)
        Shares of the singles and of the duals.
    area : float
        Under the curve: probability that a dual has the greater value, equal ones counted half.
    """

    threshold: Array = field(converter=owned_floats, repr=False)
    false_positive: Array = field(converter=owned_floats, repr=False)
    true_positive: Array = field(converter=owned_floats, repr=False)
    area: float


def _finite(values: ArrayLike, what: str) -> Array:
    array = np.asarray(values, dtype=float).ravel()
    array = array[~np.isnan(array)]
    if array.size == 0:
        raise DataError(f"no simulated {what} has a ln Bayes factor: simulate some, or leave the cell out")
    return np.sort(array)


def roc(singles: ArrayLike, duals: ArrayLike) -> Roc:
    """The curve of simulated single and dual sources.

    Parameters
    ----------
    singles, duals : array_like
        ln Bayes factors; NaN is left out.

    Raises
    ------
    DataError
        Where there are none.

    Examples
    --------
    >>> found = roc([-1, 0, 1], [0, 2, 3])
    >>> round(found.area, 4)
    0.8333
    """
    single, dual = _finite(singles, "single source"), _finite(duals, "dual")
    t = np.unique(np.concatenate([single, dual]))[::-1]
    shares = [np.append(0.0, 1 - np.searchsorted(a, t, side="left") / a.size) for a in (single, dual)]
    # In steps of the curve: the trapezoid counts equal values half.
    area = float(trapezoid(shares[1], shares[0]))
    return Roc(threshold=np.append(np.inf, t), false_positive=shares[0], true_positive=shares[1], area=area)


def detection_threshold(singles: ArrayLike, rate: float = 0.1) -> float:
    """ln Bayes factor above which a source has a false-positive rate (k + 1) / (n + 1) of no more than `rate`.

    It is infinite where the single sources are too few for such a rate: 9 of them for 10 %.

    Parameters
    ----------
    singles : array_like
        ln Bayes factors of simulated single sources; NaN is left out.
    rate : float

    Raises
    ------
    DataError
        Where there is none, or the rate does not lie between 0 and 1.

    Examples
    --------
    >>> detection_threshold(range(1, 20), rate=0.1)
    18.0
    """
    if not 0 < rate < 1:
        raise DataError(f"a false-positive rate lies between 0 and 1, got {rate:g}")
    falling = _finite(singles, "single source")[::-1]
    # So many may be as high; the next one must be lower.
    allowed = int(np.floor(rate * (falling.size + 1) * (1 + 1e-12))) - 1
    return float(falling[allowed]) if allowed >= 0 else float("inf")
