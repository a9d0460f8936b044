"""Statistics of two samples, many pairs of samples at once: Kolmogorov-Smirnov and Anderson-Darling."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError, nearest

__all__ = ["STATISTICS", "OrderedPool", "critical_values", "two_sample"]

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]

STATISTICS = ("ks", "ad")

#: Levels and critical values of the standardised statistic for two samples (Scholz & Stephens 1987, table 2, m = 1).
_AD = {0.25: 0.325, 0.1: 1.226, 0.05: 1.961, 0.025: 2.718, 0.01: 3.752, 0.005: 4.592, 0.001: 6.546}

#: Elements of one block of work.
_BLOCK = 1 << 21


def check_statistic(statistic: str) -> None:
    """Refuse a statistic that is none."""
    if statistic not in STATISTICS:
        raise DataError(
            f"no statistic {statistic!r}. {nearest(statistic, STATISTICS)} Statistics: ks (Kolmogorov-Smirnov), ad "
            "(Anderson-Darling)"
        )


@frozen(kw_only=True, eq=False)
class OrderedPool:
    """Values of both samples in rising order, by the places that equal values share.

    Attributes
    ----------
    left, right : ndarray, shape (..., N)
        Number of values below each value, and not above it.
    """

    left: Indices
    right: Indices

    @classmethod
    def of(cls, ordered: Array) -> OrderedPool:
        """From values in rising order, shape (..., N)."""
        n = ordered.shape[-1]
        new = np.ones(ordered.shape, dtype=bool)
        new[..., 1:] = ordered[..., 1:] > ordered[..., :-1]
        last = np.ones(ordered.shape, dtype=bool)
        last[..., :-1] = new[..., 1:]
        place = np.arange(n)
        left = np.maximum.accumulate(np.where(new, place, 0), axis=-1)
        right = np.minimum.accumulate(np.where(last, place + 1, n)[..., ::-1], axis=-1)[..., ::-1]
        return cls(left=left, right=right)

    def statistic(self, name: str, in_first: Bools) -> Array:
        """The statistic of the values marked against all others.

        Parameters
        ----------
        name : str
            ``ks`` or ``ad``.
        in_first : ndarray of bool, shape (pairs, N)
            Which of the ordered values belong to the first sample; the same number for each pair.

        Returns
        -------
        ndarray, shape (pairs,)
        """
        pairs, total = in_first.shape
        left, right = (np.broadcast_to(side, in_first.shape) for side in (self.left, self.right))
        n = int(in_first[0].sum())
        found, block = np.empty(pairs), max(_BLOCK // total, 1)
        for start in range(0, pairs, block):
            rows = slice(start, start + block)
            seen = np.zeros((in_first[rows].shape[0], total + 1), dtype=np.int32)
            np.cumsum(in_first[rows], axis=1, out=seen[:, 1:])
            below, not_above = (np.take_along_axis(seen, side[rows], axis=1) for side in (left, right))
            if name == "ks":
                found[rows] = _kolmogorov_smirnov(not_above, right[rows], n, total)
            else:
                found[rows] = _anderson_darling(below, not_above, left[rows], right[rows], n, total)
        return found


def _kolmogorov_smirnov(first: NDArray[np.int32], both: Indices, n: int, total: int) -> Array:
    """D = max |F_n - G_m|."""
    return np.asarray(np.abs(first / n - (both - first) / (total - n)).max(axis=1))


def _anderson_darling(
    below: NDArray[np.int32], not_above: NDArray[np.int32], left: Indices, right: Indices, n: int, total: int
) -> Array:
    """Standardised A^2_akN (Scholz & Stephens 1987, eqs 7 and 4), one term for each value instead of each distinct one."""
    m, ties = total - n, right - left
    before = 0.5 * (left + right)
    of_first = 0.5 * (below + not_above)
    # N M_1j - n B_j of the first sample; that of the second one is its negative.
    excess = total * of_first - n * before
    spread = before * (total - before) - 0.25 * total * ties
    # No spread is left where all values are equal: then the samples do not differ.
    terms = np.divide(excess**2, spread, out=np.zeros_like(spread), where=spread > 0)
    squared = terms.sum(axis=1) * (total - 1) / total**2 * (1 / n + 1 / m)
    return np.asarray((squared - 1) / _anderson_darling_sigma(n, m))


def _anderson_darling_sigma(n: int, m: int) -> float:
    """Standard deviation of A^2_akN of two samples without ties (Scholz & Stephens 1987, eq 4)."""
    total, k = n + m, 2
    i = np.arange(1, total)
    h_total, h_samples = float(np.sum(1 / i)), 1 / n + 1 / m
    # g = sum_i<j 1 / ((N - i) j), j up to N - 1.
    g = float(np.sum(np.cumsum(1 / i[:0:-1]) / i[1:])) if total > 2 else 0.0
    a = (4 * g - 6) * (k - 1) + (10 - 6 * g) * h_samples
    b = (2 * g - 4) * k**2 + 8 * h_total * k + (2 * g - 14 * h_total - 4) * h_samples - 8 * h_total + 4 * g - 6
    c = (6 * h_total + 2 * g - 2) * k**2 + (4 * h_total - 4 * g + 6) * k + (2 * h_total - 6) * h_samples + 4 * h_total
    d = (2 * h_total + 6) * k**2 - 4 * h_total * k
    return float(np.sqrt((a * total**3 + b * total**2 + c * total + d) / ((total - 1) * (total - 2) * (total - 3))))


def two_sample(statistic: str, first: ArrayLike, second: ArrayLike) -> Array:
    """The statistic of pairs of samples.

    Parameters
    ----------
    statistic : str
        ``ks``: D = max |F - G|; ``ad``: the standardised rank statistic for two samples, with mid-ranks for equal values, that is
        the default of `scipy.stats.anderson_ksamp`.
    first, second : array_like, shapes (..., n) and (..., m)
        Broadcast over all axes but the last one.

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    DataError
        Where the statistic is unknown, a value is NaN, a sample is empty, or both together have less than 4 values.

    References
    ----------
    Massey 1951, J. Am. Stat. Assoc. 46, 68; Scholz & Stephens 1987, J. Am. Stat. Assoc. 82, 918.

    Examples
    --------
    >>> two_sample("ks", [0.1, 0.4, 0.7], [0.5, 0.8, 0.9]).item()
    0.6666666666666667
    """
    check_statistic(statistic)
    x, y = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if np.isnan(x).any() or np.isnan(y).any():
        raise DataError("a sample holds NaN: leave out what has no value, and say so")
    if x.ndim == 0 or y.ndim == 0 or min(x.shape[-1], y.shape[-1]) < 1 or x.shape[-1] + y.shape[-1] < 4:
        raise DataError(f"two samples need a value each, and four together; got the shapes {x.shape} and {y.shape}")
    shape = np.broadcast_shapes(x.shape[:-1], y.shape[:-1])
    pooled = np.concatenate([np.broadcast_to(a, (*shape, a.shape[-1])) for a in (x, y)], axis=-1)
    pooled = pooled.reshape(-1, pooled.shape[-1])
    order = np.argsort(pooled, axis=1)
    pool = OrderedPool.of(np.take_along_axis(pooled, order, axis=1))
    return np.asarray(pool.statistic(statistic, order < x.shape[-1]).reshape(shape))


def critical_values(statistic: str, n: int, m: int) -> dict[float, float]:
    """Level and critical value of samples of n and m: asymptotic for ``ks``, by table for ``ad``.

    Raises
    ------
    DataError
        Where the statistic is unknown.

    Examples
    --------
    >>> found = critical_values("ks", 21, 21)
    >>> round(found[0.05], 3), round(found[0.01], 3)
    (0.419, 0.502)
    """
    check_statistic(statistic)
    if statistic == "ad":
        return dict(_AD)
    return {level: float(np.sqrt(-0.5 * np.log(level / 2) * (n + m) / (n * m))) for level in _AD}
