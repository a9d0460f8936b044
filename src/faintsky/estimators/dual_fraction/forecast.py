"""How well a future sample will tell the dual fraction."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError
from faintsky.core.intervals import ONE_SIGMA, Interval, binomial_interval
from faintsky.estimators.dual_fraction.dual_population import DualPopulation
from faintsky.estimators.dual_fraction.instrument import Instrument
from faintsky.estimators.dual_fraction.sensitivity import Completeness, Sensitivity

__all__ = ["Forecast", "FutureSample", "expected_completeness", "forecast", "required_sample"]

Array = NDArray[np.float64]

#: Largest sample that is searched for.
_LARGEST = 1e9


@frozen(kw_only=True)
class FutureSample:
    """Sources of a planned survey.

    Attributes
    ----------
    area : float
        [deg2]
    flux_limit : float
        [erg / s / cm2]
    density : float or callable
        Sources of the wanted redshifts above the flux limit [deg^-2], or a function of it that tells.
    """

    area: float
    flux_limit: float
    density: float | Callable[[float], float]

    @property
    def size(self) -> float:
        """Expected number of sources."""
        density = self.density(self.flux_limit) if callable(self.density) else self.density
        if not (self.area > 0 and self.flux_limit > 0 and density > 0):
            raise DataError(f"area, flux limit and density are positive, got {self.area:g}, {self.flux_limit:g} and {density:g}")
        return float(self.area * density)


@frozen(kw_only=True, eq=False)
class Forecast:
    """Expected interval of the dual fraction.

    Attributes
    ----------
    sample : float
        Number of sources.
    fraction : float
        Assumed dual fraction.
    completeness : float
        Mean over the sources.
    expected : float
        Expected number of duals found.
    asimov : Interval
        Interval of the fraction where just the expected number is found.
    low, high, width : ndarray, shape (3,)
        Ends and width of the intervals of many such surveys: their 16th, 50th and 84th percentile.
    level : float
        Two-sided level of the intervals.
    method : str
    """

    sample: float
    fraction: float
    completeness: float
    expected: float
    asimov: Interval
    low: Array
    high: Array
    width: Array
    level: float
    method: str = "clopper-pearson over the mean completeness"

    @property
    def asimov_width(self) -> float:
        """Width of the interval where just the expected number is found."""
        return float(self.asimov.high - self.asimov.low)

    def row(self) -> dict[str, float | str]:
        """A line of a table."""
        return {
            "sample": self.sample, "fraction": self.fraction, "completeness": self.completeness, "expected": self.expected,
            "low": float(self.low[1]), "high": float(self.high[1]), "width": float(self.width[1]),
            "asimov_width": self.asimov_width, "level": self.level, "method": self.method,
        }  # fmt: skip


def forecast(
    sample: float | FutureSample, fraction: float, completeness: ArrayLike | Completeness = 1.0, level: float = ONE_SIGMA
) -> Forecast:
    """Expected interval of the dual fraction of a future sample.

    The number found is binomial: each source, drawn at random, is a dual that is found with the probability F <c>. Its
    Clopper-Pearson interval over <c> is that of F; <c> is taken to be known.

    Parameters
    ----------
    sample : float or FutureSample
        Number of sources.
    fraction : float
        Assumed dual fraction F.
    completeness : float, array_like or Completeness
        Probability that a dual is found; of several the mean counts.
    level : float
        Two-sided level of the interval.

    Raises
    ------
    DataError
        Where numbers are not positive, or fraction or completeness no probabilities.

    References
    ----------
    Cowan et al. 2011, Eur. Phys. J. C 71, 1554, on the Asimov data set.

    Examples
    --------
    The AXIS figure of the paper: 1000 AGN and 3 % are 30 duals.

    >>> found = forecast(1000, 0.03)
    >>> found.expected, round(found.asimov_width, 4)
    (30.0, 0.0118)
    """
    size = sample.size if isinstance(sample, FutureSample) else float(sample)
    c = float(np.mean(completeness.value if isinstance(completeness, Completeness) else np.asarray(completeness, dtype=float)))
    _check(fraction, c)
    if not 1 <= size <= _LARGEST:
        raise DataError(f"a sample of {size:g} sources: from 1 to {_LARGEST:g} are expected")
    expected, whole = size * fraction * c, round(size)
    from scipy.stats import binom

    p = fraction * c
    k = np.arange(int(binom.ppf(1e-6, whole, p)), int(binom.ppf(1 - 1e-6, whole, p)) + 1)
    both, weight = _scaled(k, float(whole), c, level), binom.pmf(k, whole, p)
    low, high, width = (_percentiles(values, weight) for values in (both.low, both.high, both.high - both.low))
    return Forecast(
        sample=size, fraction=fraction, completeness=c, expected=expected, asimov=_scaled(expected, size, c, level), low=low,
        high=high, width=width, level=level,
    )  # fmt: skip


def required_sample(width: float, fraction: float, completeness: float = 1.0, level: float = ONE_SIGMA) -> float:
    """Number of sources with which the interval at the expected number found gets as narrow as `width`.

    Parameters
    ----------
    width : float
        From the lower to the upper end.
    fraction, completeness, level
        As of `forecast`.

    Raises
    ------
    DataError
        Where fraction or completeness are no probabilities, or the width asks for more than 1e9 sources.
    """
    _check(fraction, completeness)
    if not 0 < width < 1:
        raise DataError(f"the width of an interval of a fraction lies between 0 and 1, got {width:g}")
    from scipy.optimize import brentq

    def excess(log_n: float) -> float:
        n = float(np.exp(log_n))
        both = _scaled(n * fraction * completeness, n, completeness, level)
        return float(both.high - both.low) - width

    if excess(np.log(_LARGEST)) > 0:
        raise DataError(f"a width of {width:g} asks for more than {_LARGEST:g} sources")
    return float(np.exp(brentq(excess, 0.0, np.log(_LARGEST)))) if excess(0.0) > 0 else 1.0


def expected_completeness(
    sensitivity: Sensitivity,
    population: DualPopulation,
    counts: ArrayLike,
    off_axis: ArrayLike,
    *,
    instrument: Instrument,
    reference: Instrument,
    share: ArrayLike,
    exposure_ratio: float = 1.0,
) -> Completeness:
    """Completeness with another telescope, from simulations of a reference on its axis.

    Counts scale with area and exposure, and separations with the half-energy width of the PSF over that of the reference on axis.
    That holds as far as the two PSFs have one shape and the background within the PSF is small: a forecast, no calibration.

    Parameters
    ----------
    sensitivity : Sensitivity
        Of the reference; its smallest off-axis angle is used.
    population : DualPopulation
    counts : array_like, shape (n,)
        With the reference.
    off_axis : array_like, shape (n,)
        With the instrument [rad].
    instrument, reference : Instrument
    share, exposure_ratio
        As of `Instrument.counts_ratio`.

    Raises
    ------
    DataError
        As `Sensitivity.completeness` and `Instrument`.
    """
    n, theta = np.broadcast_arrays(np.atleast_1d(np.asarray(counts, float)), np.atleast_1d(np.asarray(off_axis, float)))
    more = instrument.counts_ratio(reference, share, exposure_ratio)
    at = float(sensitivity.off_axis[0])
    wider = instrument.width(theta) / float(reference.width(at))
    value, error = np.empty(n.shape), np.empty(n.shape)
    for ratio in np.unique(wider):
        same = wider == ratio
        found = sensitivity.completeness(more * n[same], at, population.seen_with(float(ratio)))
        value[same], error[same] = found.value, found.error
    return Completeness(value=value, error=error, population=population.name)


def _check(fraction: float, completeness: float) -> None:
    if not 0 < fraction <= 1 or not 0 < completeness <= 1:
        raise DataError(f"fraction and completeness lie above 0 and up to 1, got {fraction:g} and {completeness:g}")


def _scaled(k: ArrayLike, n: float, completeness: float, level: float) -> Interval:
    both = binomial_interval(k, n, level)
    low, high = (np.minimum(end / completeness, 1.0) for end in (both.low, both.high))
    return Interval(low=low, high=high, level=level, method=both.method)


def _percentiles(values: Array, weight: Array) -> Array:
    """The 16th, 50th and 84th percentile of values with weights."""
    order = np.argsort(values)
    reached = np.cumsum(weight[order]) / weight.sum()
    tails = [0.5 * (1 - ONE_SIGMA), 0.5, 0.5 * (1 + ONE_SIGMA)]
    return np.asarray(values[order][np.searchsorted(reached, tails)])
