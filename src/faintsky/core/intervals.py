"""Confidence intervals of counts and of fractions, once for all; every result names its method."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, gammaincinv

from faintsky.core.errors import DataError, nearest

__all__ = ["Interval", "binomial_interval", "poisson_interval"]

Array = NDArray[np.float64]

#: Two-sided probability within 1 sigma of a Gaussian.
ONE_SIGMA = 0.6826894921370859

_ASTROPY_POISSON = ("root-n", "root-n-0", "pearson", "sherpagehrels", "frequentist-confidence", "kraft-burrows-nousek")
_ASTROPY_BINOMIAL = ("wilson", "jeffreys", "flat", "wald")


@frozen(kw_only=True, eq=False)
class Interval:
    """A confidence interval: lower and upper ends (of the shape of the input), two-sided level, method."""

    low: Array
    high: Array
    level: float
    method: str


def _level(level: float) -> None:
    if not 0 < level < 1:
        raise DataError(f"a confidence level lies between 0 and 1, got {level:g}")


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
    n = np.asarray(counts, dtype=float)
    if not np.all(n >= 0):
        raise DataError("counts are not negative")
    if method not in (known := ("garwood", *_ASTROPY_POISSON)):
        raise DataError(f"no interval {method!r}. {nearest(method, known)} Methods: {', '.join(known)}")
    if (background is not None) is not (method == "kraft-burrows-nousek") or not (background is None or background > 0):
        raise DataError(f"a background above 0 belongs to kraft-burrows-nousek and to it alone; got {background} for {method}")
    if method == "garwood":
        tail = 0.5 * (1 - level)
        low = np.where(n > 0, gammaincinv(np.where(n > 0, n, 1.0), tail), 0.0)
        high = np.asarray(gammaincinv(n + 1, 1 - tail), dtype=float)
        return Interval(low=low, high=high, level=level, method=method)
    from astropy.stats import poisson_conf_interval
    from scipy.special import ndtri

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
    k, n = np.broadcast_arrays(np.asarray(successes, dtype=float), np.asarray(trials, dtype=float))
    if not np.all((k >= 0) & (k <= n) & (n > 0)):
        raise DataError("a fraction needs 0 <= successes <= trials, and at least one trial")
    if method == "clopper-pearson":
        tail = 0.5 * (1 - level)
        low = np.where(k > 0, betaincinv(np.maximum(k, 1e-9), n - k + 1, tail), 0.0)
        high = np.where(k < n, betaincinv(k + 1, np.maximum(n - k, 1e-9), 1 - tail), 1.0)
        return Interval(low=low, high=high, level=level, method=method)
    if method not in _ASTROPY_BINOMIAL:
        known = ("clopper-pearson", *_ASTROPY_BINOMIAL)
        raise DataError(f"no interval {method!r}. {nearest(method, known)} Methods: {', '.join(known)}")
    from astropy.stats import binom_conf_interval

    low, high = binom_conf_interval(k.astype(int), n.astype(int), confidence_level=level, interval=method)
    return Interval(low=np.asarray(low), high=np.asarray(high), level=level, method=method)
