"""Spearman's rank correlation, also of pairs that are real with a probability."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr

from faintsky.core.errors import DataError

__all__ = ["RankCorrelation", "rank_correlation"]

Array = NDArray[np.float64]

#: Fewer points have no p-value worth the name.
_FEWEST = 5


@frozen(kw_only=True)
class RankCorrelation:
    """Spearman's rho.

    Attributes
    ----------
    rho, p : float
        Coefficient and two-sided p-value; NaN where there are too few points, or one of the quantities is constant.
    n : int
        Points that have both quantities and a weight above 0.
    effective : float
        (sum w)^2 / sum w^2, which is n without weights.
    note : str
    """

    rho: float
    p: float
    n: int
    effective: float
    note: str = ""


def rank_correlation(x: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None) -> RankCorrelation:
    """Correlation of the ranks of x and y.

    Without weights it is `scipy.stats.spearmanr`. With weights the rank of a point is the weight of the points below it plus half
    of that of its equals, rho is the weighted correlation of these ranks, and p that of Student's t with effective - 2 degrees of
    freedom: an approximation, as the weights may go with the quantities.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        NaN where not known; such points are left out.
    weights : array_like, shape (n,), optional

    Raises
    ------
    DataError
        Where the lengths differ, or a weight is negative.
    """
    a, b = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    w = np.ones_like(a) if weights is None else np.asarray(weights, dtype=float)
    if not a.shape == b.shape == w.shape or a.ndim != 1:
        raise DataError(f"quantities of {a.size} and {b.size} points with {w.size} weights do not belong together")
    if np.any(w < 0):
        raise DataError("a weight is negative")
    kept = np.isfinite(a) & np.isfinite(b) & (w > 0)
    a, b, w = a[kept], b[kept], w[kept]
    n, effective = int(kept.sum()), float(w.sum() ** 2 / np.sum(w**2)) if kept.any() else 0.0
    if effective < _FEWEST or np.ptp(a) == 0 or np.ptp(b) == 0:
        why = f"{effective:.3g} points are too few" if effective < _FEWEST else "one of the quantities is constant"
        return RankCorrelation(rho=np.nan, p=np.nan, n=n, effective=effective, note=why)
    if weights is None:
        from scipy.stats import spearmanr

        found = spearmanr(a, b)
        return RankCorrelation(rho=float(found.statistic), p=float(found.pvalue), n=n, effective=effective)
    u, v = _ranks(a, w), _ranks(b, w)
    u, v = u - np.average(u, weights=w), v - np.average(v, weights=w)
    rho = float(np.sum(w * u * v) / np.sqrt(np.sum(w * u**2) * np.sum(w * v**2)))
    freedom = effective - 2
    t = abs(rho) * np.sqrt(freedom / max(1 - rho**2, 1e-300))
    note = "p of Student's t for the effective number of points"
    return RankCorrelation(rho=rho, p=float(2 * stdtr(freedom, -t)), n=n, effective=effective, note=note)


def _ranks(values: Array, weights: Array) -> Array:
    unique, place = np.unique(values, return_inverse=True)
    total = np.bincount(place, weights, unique.size)
    return np.asarray((np.cumsum(total) - 0.5 * total)[place])
