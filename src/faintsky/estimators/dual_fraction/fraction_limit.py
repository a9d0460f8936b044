"""Limits of the dual fraction of sources around each of which a dual would be found with its own probability."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammainc, gammaincc

from faintsky.core.errors import DataError, nearest
from faintsky.core.intervals import poisson_limit
from faintsky.core.owned_array import owned_floats

__all__ = ["ComparedPrediction", "FractionLimit", "compared", "fraction_limit"]

Array = NDArray[np.float64]

#: Method, and that of `poisson_limit`.
_POISSON = {"poisson": "exact", "gehrels": "gehrels"}
METHODS = ("binomial", *_POISSON)


@frozen(kw_only=True, eq=False)
class FractionLimit:
    """One-sided limits of the share of sources that are dual.

    Detections are taken to be real: false positives among them make the upper limit too high, and the lower one, too.

    Attributes
    ----------
    k : float
        Number of duals found.
    completeness : ndarray, shape (n,)
        Probability that a dual would have been found, for each source.
    lower, upper : float
        Each at the level on its own. No fraction is above 1: an upper limit of 1 says that nothing is known.
    level : float
        One-sided confidence level.
    method : str
        ``binomial``: the number found is a sum of n trials with probabilities F c_i; ``poisson``: a Poisson number with the mean
        F sum c_i; ``gehrels``: the same with Gehrels' approximation.
    """

    k: float
    completeness: Array = field(converter=owned_floats, repr=False)
    lower: float
    upper: float
    level: float
    method: str

    @property
    def effective(self) -> float:
        """Number of sources around which a dual would surely be found that count as much: the sum of the completeness."""
        return float(self.completeness.sum())

    @property
    def estimate(self) -> float:
        """k over the sum of the completeness."""
        return self.k / self.effective

    def at_most(self, fraction: float) -> float:
        """Probability to find no more duals than were found, if the fraction were this one."""
        return _at_most(self.k, self.completeness, fraction, self.method)

    def at_least(self, fraction: float) -> float:
        """Probability to find no fewer duals than were found, if the fraction were this one."""
        return _at_least(self.k, self.completeness, fraction, self.method)

    def row(self) -> dict[str, float | int | str]:
        """A line of a table."""
        return {
            "found": self.k, "sources": self.completeness.size, "effective": self.effective, "lower": self.lower,
            "upper": self.upper, "level": self.level, "method": self.method,
        }  # fmt: skip


def fraction_limit(k: float, completeness: ArrayLike, level: float = 0.95, method: str = "binomial") -> FractionLimit:
    """Limits of the dual fraction where k duals were found.

    The upper limit is the fraction F for which no more than k are found with the probability 1 - level; the lower one is that for
    which no fewer are. Sources around which a dual would surely be found give the limits of `binomial_limit` and, with
    ``poisson`` and ``gehrels``, those of `poisson_limit` over n.

    Parameters
    ----------
    k : float
        Number of duals found; whole for ``binomial``.
    completeness : array_like, shape (n,)
        Probability that a dual would have been found around each source, between 0 and 1: 1 as in the paper, or that of
        `Sensitivity.completeness`. It holds for the separations and flux ratios of its population, and so does the limit.
    level : float
        One-sided confidence level.
    method : str
        ``binomial``, ``poisson`` or ``gehrels``, see `FractionLimit`.

    Raises
    ------
    DataError
        Where the completeness is no probability or 0 for all sources, more duals than sources are found, or the method is
        unknown.

    Examples
    --------
    >>> import numpy as np
    >>> round(fraction_limit(0, np.ones(62)).upper, 5)
    0.04717
    >>> round(fraction_limit(0, np.full(62, 0.5), method="poisson").upper, 5)
    0.09664
    """
    if not 0 < level < 1:
        raise DataError(f"a confidence level lies between 0 and 1, got {level:g}")
    if method not in METHODS:
        raise DataError(f"no method {method!r}. {nearest(method, METHODS)} Methods: {', '.join(METHODS)}")
    c = np.atleast_1d(np.asarray(completeness, dtype=float))
    if c.ndim != 1 or not np.all((c >= 0) & (c <= 1)):
        raise DataError("the completeness of each source is a probability between 0 and 1, shape (n,)")
    able = int(np.sum(c > 0))
    if able == 0:
        raise DataError(
            f"the completeness of all {c.size} sources is 0: no dual could have been found, and nothing is known of their "
            "fraction. Simulate wider separations or brighter seconds, or choose a population that can be seen"
        )
    if not 0 <= k <= able:
        raise DataError(f"{k:g} duals were found around {able} sources where one could be")
    if method == "binomial" and k != int(k):
        raise DataError(f"{k:g} duals: method = 'binomial' needs a whole number, 'poisson' takes any")
    if method in _POISSON:
        found = poisson_limit(k, level, _POISSON[method])
        lower, upper = float(found.lower / c.sum()), float(found.upper / c.sum())
    else:
        upper = _solved(lambda f: _at_most(k, c, f, method) - (1 - level)) if k < able else 1.0
        lower = _solved(lambda f: (1 - level) - _at_least(k, c, f, method)) if k > 0 else 0.0
    return FractionLimit(k=float(k), completeness=c, lower=min(lower, 1.0), upper=min(upper, 1.0), level=level, method=method)


def _solved(falling: Callable[[float], float]) -> float:
    """Where a falling function is 0, between 0 and 1; 1 where it is nowhere."""
    from scipy.optimize import brentq

    return 1.0 if falling(1.0) >= 0 else float(brentq(falling, 0.0, 1.0, xtol=1e-14, rtol=1e-13))


def _at_most(k: float, completeness: Array, fraction: float, method: str) -> float:
    if method in _POISSON:
        return float(gammaincc(k + 1, fraction * completeness.sum()))
    return float(_number_found(int(k), completeness, fraction).sum())


def _at_least(k: float, completeness: Array, fraction: float, method: str) -> float:
    if k == 0:
        return 1.0
    if method in _POISSON:
        return float(gammainc(k, fraction * completeness.sum()))
    return float(1 - _number_found(int(k) - 1, completeness, fraction).sum())


def _number_found(most: int, completeness: Array, fraction: float) -> Array:
    """Probabilities of 0 to `most` duals found: the Poisson-binomial distribution, source by source. Shape (most + 1,)."""
    if most == 0:
        return np.array([np.prod(1 - fraction * completeness)])
    probability = np.zeros(most + 1)
    probability[0] = 1
    for p in fraction * completeness:
        probability[1:] += p * (probability[:-1] - probability[1:])
        probability[0] *= 1 - p
    return probability


@frozen(kw_only=True)
class ComparedPrediction:
    """A predicted dual fraction against a measured limit.

    Attributes
    ----------
    name : str
    z, fraction, low, high : float
        As predicted.
    level_too_high : float
        Level at which even the low end is excluded, as more duals would have been found.
    level_too_low : float
        Level at which even the high end is excluded, as fewer duals would have been found.
    verdict : str
        ``too high``, ``too low`` or ``allowed`` at the level of the limit.
    """

    name: str
    z: float
    fraction: float
    low: float
    high: float
    level_too_high: float
    level_too_low: float
    verdict: str


def compared(
    limit: FractionLimit, predictions: Mapping[str, ArrayLike], z: tuple[float, float] | None = None
) -> tuple[ComparedPrediction, ...]:
    """Which predictions a limit excludes, and at which level each would be.

    Parameters
    ----------
    limit : FractionLimit
    predictions : mapping
        Columns ``name``, ``z``, ``fraction`` and, where there are any, ``low`` and ``high``, such as those of cosmological
        simulations. NaN stands for an end that is not known. They must be of the pairs that the completeness is about.
    z : (float, float), optional
        Only predictions of these redshifts.

    Raises
    ------
    DataError
        Where a column is missing or has another length, or a fraction does not lie between 0 and 1.
    """
    missing = [name for name in ("name", "z", "fraction") if name not in predictions]
    if missing:
        raise DataError(f"the predictions have no column {', '.join(missing)}; they have {', '.join(predictions)}")
    names = [str(name) for name in np.asarray(predictions["name"]).tolist()]
    fraction = np.asarray(predictions["fraction"], dtype=float)
    ends = [np.asarray(predictions.get(end, np.full(fraction.shape, np.nan)), dtype=float) for end in ("low", "high")]
    redshift = np.asarray(predictions["z"], dtype=float)
    if any(column.shape != (len(names),) for column in (fraction, redshift, *ends)):
        raise DataError(f"the columns of the predictions are not all of the length {len(names)} of the names")
    low, high = (np.where(np.isnan(end), fraction, end) for end in ends)
    if not np.all((low >= 0) & (low <= fraction) & (fraction <= high) & (high <= 1)):
        raise DataError("predictions need 0 <= low <= fraction <= high <= 1: fractions, not percent")
    found = []
    for i, name in enumerate(names):
        if z is not None and not z[0] <= redshift[i] <= z[1]:
            continue
        too_high, too_low = 1 - limit.at_most(float(low[i])), 1 - limit.at_least(float(high[i]))
        verdict = "too high" if too_high > limit.level else "too low" if too_low > limit.level else "allowed"
        row = ComparedPrediction(
            name=name, z=float(redshift[i]), fraction=float(fraction[i]), low=float(low[i]), high=float(high[i]),
            level_too_high=too_high, level_too_low=too_low, verdict=verdict,
        )  # fmt: skip
        found.append(row)
    return tuple(found)
