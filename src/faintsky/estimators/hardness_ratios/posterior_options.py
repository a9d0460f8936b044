"""What the estimators that give a posterior share: its priors, its interval, its result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import option
from faintsky.core.errors import DataError
from faintsky.core.hardness import BandPair, CountsPair, HardnessRatios
from faintsky.core.intervals import ONE_SIGMA
from faintsky.estimators.hardness_ratios.gamma_mixture import GammaMixture, rate_posterior
from faintsky.estimators.hardness_ratios.shortest_interval import shortest_interval

__all__ = ["PosteriorOptions", "Summary", "counts_of", "returns_prior"]

Array = NDArray[np.float64]

#: Probability that no count of either band is the source's, above which the posterior is the prior but for a hundredth.
_ALL_PRIOR = 0.99


class Summary(NamedTuple):
    """One source: median, ends of the interval, mean, and whether they come from draws."""

    value: float
    low: float
    high: float
    mean: float
    drawn: bool = False


def counts_of(pair: BandPair, name: str) -> CountsPair:
    """`pair`, where it is of counts.

    Raises
    ------
    DataError
        Where it is not; the message names the component.
    """
    if not isinstance(pair, CountsPair):
        raise DataError(f"{name} takes counts (CountsPair), got a {type(pair).__name__}: use monte-carlo or linear for powers")
    return pair


def returns_prior(soft: GammaMixture, hard: GammaMixture) -> bool:
    """Whether the posterior is the prior: without counts, or where all of them are background."""
    return soft.none * hard.none > _ALL_PRIOR


@frozen(kw_only=True)
class PosteriorOptions:
    """The options of an estimator whose result is a posterior."""

    prior_index: float = option(0.5, gt=0, help="psi of the prior lambda^(psi - 1) of the source's rate; 1 is flat, 0.5 BEHR's")
    background_prior_index: float = option(1.0, gt=0, help="the same of the background's rate")
    level: float = option(ONE_SIGMA, gt=0, lt=1, help="probability inside the interval; the default, 0.6827, is that of 1 sigma")
    interval: str = option("equal", choices=("equal", "hpd"), help="equal tails, or the shortest interval (highest density)")

    def mixtures(self, pair: CountsPair) -> Iterator[tuple[GammaMixture, GammaMixture]]:
        """Posteriors of the soft and of the hard rate of each source."""
        priors = (self.prior_index, self.background_prior_index)
        soft = zip(pair.soft, pair.soft_background, pair.soft_ratio, pair.soft_exposure, strict=True)
        hard = zip(pair.hard, pair.hard_background, pair.hard_ratio, pair.hard_exposure, strict=True)
        for one, two in zip(soft, hard, strict=True):
            yield rate_posterior(*one, *priors), rate_posterior(*two, *priors)

    @property
    def tails(self) -> Array:
        """Cumulative probabilities of the median and of the ends of an equal-tailed interval, shape (3,)."""
        return np.array([0.5, 0.5 * (1 - self.level), 0.5 * (1 + self.level)])

    def of_table(self, t: Array, cdf: Array, mean: float, *, drawn: bool = False) -> Summary:
        """The summary of a tabulated distribution, arrays of shape (m,)."""
        value, low, high = (float(x) for x in np.interp(self.tails, cdf, t))
        if self.interval == "hpd":
            low, high = shortest_interval(t, cdf, self.level)
        return Summary(value, low, high, mean, drawn)

    def of_draws(self, t: Array, mean: float) -> Summary:
        """The summary of draws, shape (m,)."""
        return self.of_table(np.sort(t), (np.arange(t.size) + 0.5) / t.size, mean, drawn=True)

    def result(self, name: str, rows: Sequence[Summary], *, ill_defined: ArrayLike, uninformative: ArrayLike) -> HardnessRatios:
        """The result of all sources, by the component called `name`."""
        value, low, high, mean, drawn = np.array(rows, dtype=float).reshape(-1, 5).T
        return HardnessRatios(
            value=value,
            low=low,
            high=high,
            mean=mean,
            error=0.5 * (high - low),
            ill_defined=ill_defined,
            uninformative=uninformative,
            drawn=drawn,
            level=self.level,
            interval=self.interval,
            estimator=name,
        )
