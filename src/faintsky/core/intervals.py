"""Confidence intervals and limits of counts and of fractions, once for all; every result names its method."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, gammaincinv, ndtri

from faintsky.core.errors import DataError, nearest

__all__ = ["Interval", "Limit", "binomial_interval", "binomial_limit", "poisson_interval", "poisson_limit"]

Array = NDArray[np.float64]

#: Two-sided probability within 1 sigma of a Gaussian.
ONE_SIGMA = 0.6826894921370859

_ASTROPY_POISSON = ("root-n", "root-n-0", "pearson", "sherpagehrels", "frequentist-confidence", "kraft-burrows-nousek")
_ASTROPY_BINOMIAL = ("wilson", "jeffreys", "flat", "wald")
_LIMITS = ("exact", "gehrels")


@frozen(kw_only=True, eq=False)
class Interval:
    """A confidence interval: lower and upper ends (of the shape of the input), two-sided level, method."""

    low: Array
    high: Array
    level: float
    method: str


@frozen(kw_only=True, eq=False)
class Limit:
    """One-sided confidence limits.

    Attributes
    ----------
    lower, upper : ndarray
        Of the shape of the input. Each holds at the level on its own: the two together are an interval of 2 level - 1.
    level : float
        One-sided confidence level.
    method : str
    """

    lower: Array
    upper: Array
    level: float
    method: str


def _level(level: float) -> None:
    if not 0 < level < 1:
        raise DataError(f"a confidence level lies between 0 and 1, got {level:g}")


def _limit_method(method: str) -> None:
    if method not in _LIMITS:
        raise DataError(f"no limit {method!r}. {nearest(method, _LIMITS)} Methods: {', '.join(_LIMITS)}")


def _counts(counts: ArrayLike) -> Array:
    n = np.asarray(counts, dtype=float)
    if not np.all(n >= 0):
        raise DataError("counts are not negative")
    return n


def _fraction(successes: ArrayLike, trials: ArrayLike) -> tuple[Array, Array]:
    k, n = np.broadcast_arrays(np.asarray(successes, dtype=float), np.asarray(trials, dtype=float))
    if not np.all((k >= 0) & (k <= n) & (n > 0)):
        raise DataError("a fraction needs 0 <= successes <= trials, and at least one trial")
    return k, n


def _garwood(n: Array, tail: float) -> tuple[Array, Array]:
    """The means for which P(N >= n), and P(N <= n), are `tail`."""
    low = np.where(n > 0, gammaincinv(np.maximum(n, 1e-9), tail), 0.0)
    return low, np.asarray(gammaincinv(n + 1, 1 - tail), dtype=float)


def _clopper_pearson(k: Array, n: Array, tail: float) -> tuple[Array, Array]:
    """The fractions for which P(K >= k), and P(K <= k), are `tail`."""
    low = np.where(k > 0, betaincinv(np.maximum(k, 1e-9), n - k + 1, tail), 0.0)
    return low, np.where(k < n, betaincinv(k + 1, np.maximum(n - k, 1e-9), 1 - tail), 1.0)


def poisson_interval(
    counts: ArrayLike, level: float = ONE_SIGMA, method: str = "garwood", background: float | None = None
) -> Interval:
    """Confidence interval of the mean of Poisson counts.

    Parameters
    ----------
    counts : array_like
        Observed counts, whole numbers or not (an expectation).
    level : float
        Two-sided confidence level.
    method : str
        ``garwood`` (exact, central; Gehrels 1986 tabulates it), or one of astropy's `poisson_conf_interval`.
    background : float, optional
        Known mean of the background in the counts, above 0; ``kraft-burrows-nousek`` needs it, and gives the interval of the
        source alone. The other methods know none.

    Raises
    ------
    DataError
        Where counts are negative, the method is unknown, or a background is given or missing against the method.

    References
    ----------
    Garwood 1936, Biometrika 28, 437.

    Examples
    --------
    >>> found = poisson_interval(0)
    >>> found.low.item(), round(found.high.item(), 4)
    (0.0, 1.841)
    """
    _level(level)
    n = _counts(counts)
    if method not in (known := ("garwood", *_ASTROPY_POISSON)):
        raise DataError(f"no interval {method!r}. {nearest(method, known)} Methods: {', '.join(known)}")
    if (background is not None) is not (method == "kraft-burrows-nousek") or not (background is None or background > 0):
        raise DataError(f"a background above 0 belongs to kraft-burrows-nousek and to it alone; got {background} for {method}")
    if method == "garwood":
        low, high = _garwood(n, 0.5 * (1 - level))
        return Interval(low=low, high=high, level=level, method=method)
    from astropy.stats import poisson_conf_interval

    more = {"confidence_level": level, "background": background} if background is not None else {}
    if method in ("pearson", "sherpagehrels", "frequentist-confidence"):
        more = {"sigma": float(ndtri(0.5 * (1 + level)))}
    elif method in ("root-n", "root-n-0") and abs(level - ONE_SIGMA) > 1e-6:
        raise DataError(f"{method} is defined for 1 sigma only")
    whole = n.astype(int) if method == "kraft-burrows-nousek" else n  # which knows whole numbers only
    low, high = poisson_conf_interval(whole, interval=method, **more)
    return Interval(low=np.asarray(low), high=np.asarray(high), level=level, method=method)


def binomial_interval(
    successes: ArrayLike, trials: ArrayLike, level: float = ONE_SIGMA, method: str = "clopper-pearson"
) -> Interval:
    """Confidence interval of a fraction.

    Parameters
    ----------
    successes, trials : array_like
        Whole numbers, 0 <= successes <= trials.
    level : float
        Two-sided confidence level.
    method : str
        ``clopper-pearson`` (exact, central), or one of astropy's `binom_conf_interval`.

    Raises
    ------
    DataError
        Where the numbers make no fraction, or the method is unknown.

    References
    ----------
    Clopper & Pearson 1934, Biometrika 26, 404.

    Examples
    --------
    >>> found = binomial_interval(0, 10, level=0.95)
    >>> found.low.item(), round(found.high.item(), 4)
    (0.0, 0.3085)
    """
    _level(level)
    k, n = _fraction(successes, trials)
    if method == "clopper-pearson":
        low, high = _clopper_pearson(k, n, 0.5 * (1 - level))
        return Interval(low=low, high=high, level=level, method=method)
    if method not in _ASTROPY_BINOMIAL:
        known = ("clopper-pearson", *_ASTROPY_BINOMIAL)
        raise DataError(f"no interval {method!r}. {nearest(method, known)} Methods: {', '.join(known)}")
    from astropy.stats import binom_conf_interval

    low, high = binom_conf_interval(k.astype(int), n.astype(int), confidence_level=level, interval=method)
    return Interval(low=np.asarray(low), high=np.asarray(high), level=level, method=method)


def poisson_limit(counts: ArrayLike, level: float = 0.95, method: str = "exact") -> Limit:
    """Lower and upper limits of the mean of Poisson counts, each one-sided.

    Parameters
    ----------
    counts : array_like
        Observed counts, whole numbers or not: the limits of a sum of probabilities follow by continuation (the incomplete gamma
        function in place of the sum).
    level : float
        One-sided confidence level.
    method : str
        ``exact``, or ``gehrels``: with S the quantile of a Gaussian, (n + 1) [1 - 1/(9 (n + 1)) + S/(3 sqrt(n + 1))]^3 above and
        n [1 - 1/(9 n) - S/(3 sqrt(n))]^3 below. The upper limit is 1 % low at 95 % for n = 0, and better for more. The lower one
        lacks the term that Gehrels tabulates by level: for n = 1 it is 23 % low at 95 %, and 85 % low at 99 %.

    Raises
    ------
    DataError
        Where counts are negative, or the method is unknown.

    References
    ----------
    Garwood 1936, Biometrika 28, 437; Gehrels 1986, ApJ 303, 336.

    Examples
    --------
    >>> round(poisson_limit(0).upper.item(), 4), round(poisson_limit(0, method="gehrels").upper.item(), 4)
    (2.9957, 2.9684)
    """
    _level(level)
    _limit_method(method)
    n = _counts(counts)
    if method == "exact":
        lower, upper = _garwood(n, 1 - level)
        return Limit(lower=lower, upper=upper, level=level, method=method)
    s, some = float(ndtri(level)), np.where(n > 0, n, 1.0)
    lower = np.where(n > 0, some * np.maximum(1 - 1 / (9 * some) - s / (3 * np.sqrt(some)), 0) ** 3, 0.0)
    upper = (n + 1) * np.maximum(1 - 1 / (9 * (n + 1)) + s / (3 * np.sqrt(n + 1)), 0) ** 3
    return Limit(lower=lower, upper=np.asarray(upper), level=level, method=method)


def binomial_limit(successes: ArrayLike, trials: ArrayLike, level: float = 0.95, method: str = "exact") -> Limit:
    """Lower and upper limits of a fraction, each one-sided.

    Parameters
    ----------
    successes, trials : array_like
        0 <= successes <= trials, whole numbers or not (the incomplete beta function in place of the sum).
    level : float
        One-sided confidence level.
    method : str
        ``exact`` (Clopper and Pearson), or ``gehrels``: the inverse of the beta distribution by way of a Gaussian (Abramowitz &
        Stegun 26.5.22), good to 3 % from one success on, with 1 - (1 - level)^(1/n) for none.

    Raises
    ------
    DataError
        Where the numbers make no fraction, the method is unknown, or a part of a single success or failure is too little for
        the approximation.

    References
    ----------
    Clopper & Pearson 1934, Biometrika 26, 404; Gehrels 1986, ApJ 303, 336.

    Examples
    --------
    >>> round(binomial_limit(0, 62).upper.item(), 5)
    0.04717
    """
    _level(level)
    _limit_method(method)
    k, n = _fraction(successes, trials)
    if method == "exact":
        lower, upper = _clopper_pearson(k, n, 1 - level)
        return Limit(lower=lower, upper=upper, level=level, method=method)
    if np.any((k > 0) & (k < 1)) or np.any((n - k > 0) & (n - k < 1)):
        raise DataError("Gehrels' approximation needs none or at least one success, and failure; method = 'exact' takes any")
    upper = _gehrels_fraction(k, n - k, level)
    return Limit(lower=1 - _gehrels_fraction(n - k, k, level), upper=upper, level=level, method=method)


def _gehrels_fraction(successes: Array, failures: Array, level: float) -> Array:
    s = float(ndtri(level))
    below = np.where(failures > 0, failures, 1.0)
    of_failures, of_successes = 1 / (2 * below - 1), 1 / (2 * successes + 1)
    h, curvature = 2 / (of_failures + of_successes), (s * s - 3) / 6
    # Levels close to 50 % of next to no trials make the sum negative, where the formula ends.
    w = s * np.sqrt(np.maximum(h + curvature, 0)) / h + (of_failures - of_successes) * (curvature + 5 / 6 - 2 / (3 * h))
    odds = (successes + 1) / below * np.exp(2 * w)
    none = 1 - (1 - level) ** (1 / below)
    return np.where(failures > 0, np.where(successes > 0, odds / (1 + odds), none), 1.0)
