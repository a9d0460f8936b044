"""Whether the Bayes factors of a sample are those of single sources: the published procedure, and a valid p-value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError
from faintsky.core.intervals import Interval, binomial_interval
from faintsky.core.owned_array import owned_floats
from faintsky.estimators.dual_fraction.two_sample import OrderedPool, check_statistic, critical_values, two_sample

__all__ = ["AggregateTest", "PaperDistribution", "calibrated", "paper_distribution"]

Array = NDArray[np.float64]

#: What the published procedure is not.
CAVEAT = (
    "The measured sample is one and the same in all draws: the share below a critical value is no probability. It is high for "
    "most samples of single sources, and it varies from one sample to the next; `calibrated` gives a p-value."
)


@frozen(kw_only=True, eq=False)
class PaperDistribution:
    """Two-sample statistics of the measured ln Bayes factors against many samples of simulated single sources.

    Attributes
    ----------
    statistic : str
        ``ks`` or ``ad``.
    values : ndarray, shape (draws,)
    critical : mapping of float to float
        Level and critical value.
    sources : int
        Number of values in either sample.
    caveat : str
    """

    statistic: str
    values: Array = field(converter=owned_floats, repr=False)
    critical: dict[float, float]
    sources: int
    caveat: str = CAVEAT

    def share_below(self, level: float = 0.05) -> float:
        """Share of the draws with a statistic below the critical value of the level.

        Raises
        ------
        DataError
            Where no critical value is known of the level.
        """
        if level not in self.critical:
            known = ", ".join(f"{one:g}" for one in self.critical)
            raise DataError(f"no critical value of the level {level:g}. Levels: {known}")
        return float(np.mean(self.values < self.critical[level]))


@frozen(kw_only=True, eq=False)
class AggregateTest:
    """A Monte-Carlo test of the hypothesis that all sources are single.

    Attributes
    ----------
    statistic : str
    measured : float
        Statistic of the measured ln Bayes factors.
    drawn : ndarray, shape (draws,)
        That of samples with one value of each source.
    method : str
    """

    statistic: str
    measured: float
    drawn: Array = field(converter=owned_floats, repr=False)
    method: str = "exact Monte-Carlo: one of the measured and simulated values of each source, against all others"

    @property
    def exceeding(self) -> int:
        """Number of draws whose statistic is at least the measured one."""
        # Equal splits of one pool may differ in the last digit.
        return int(np.sum(self.drawn >= self.measured - 1e-12 * max(1.0, abs(self.measured))))

    @property
    def p(self) -> float:
        """(k + 1) / (draws + 1): uniform, or above it, where all sources are single and well modelled."""
        return (self.exceeding + 1) / (self.drawn.size + 1)

    def interval(self, level: float = 0.95) -> Interval:
        """Clopper-Pearson interval of the p-value that more draws would lead to."""
        return binomial_interval(self.exceeding, self.drawn.size, level)


def paper_distribution(
    measured: ArrayLike,
    simulated: Sequence[ArrayLike] | Array,
    statistic: str = "ks",
    *,
    draws: int = 10_000,
    rng: np.random.Generator,
) -> PaperDistribution:
    """Compare the measured ln Bayes factors to draws of one simulated value of each source, as the paper does.

    Parameters
    ----------
    measured : array_like, shape (n,)
        ln Bayes factors of n sources.
    simulated : sequence of n array_like
        ln Bayes factors of simulations of each source as a single one; their numbers may differ.
    statistic : str
        ``ks`` or ``ad``, see `two_sample`.
    draws : int
    rng : Generator

    Raises
    ------
    DataError
        Where numbers do not fit, a value is not finite, or the statistic is unknown.

    References
    ----------
    Sandoval et al., section 5.1: 21 sources, 10,000 draws.
    """
    check_statistic(statistic)
    observed, table, numbers = _checked(measured, simulated, draws)
    n = observed.size
    chosen = table[np.arange(n), rng.integers(0, numbers, (draws, n))]
    values = two_sample(statistic, observed, chosen)
    return PaperDistribution(statistic=statistic, values=values, critical=critical_values(statistic, n, n), sources=n)


def calibrated(
    measured: ArrayLike,
    simulated: Sequence[ArrayLike] | Array,
    statistic: str = "ks",
    *,
    draws: int = 10_000,
    rng: np.random.Generator,
) -> AggregateTest:
    """Exact p-value of the measured ln Bayes factors, where all sources are single.

    If a source is single and its simulations are right, its measured value is one of 1 + m values that are all alike. So the
    measured sample is compared to samples with a value picked at random from those of each source, the measured one among them:
    T is the two-sample statistic of a picked sample against all values that were not picked. For the measured sample these are
    the pooled simulations.

    Parameters
    ----------
    measured, simulated, statistic, draws, rng
        As of `paper_distribution`.

    Raises
    ------
    DataError
        As `paper_distribution`.

    References
    ----------
    Phipson & Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9, 39, on (k + 1) / (draws + 1).
    """
    check_statistic(statistic)
    observed, table, numbers = _checked(measured, simulated, draws)
    n = observed.size
    pool = np.concatenate([observed, *(row[:size] for row, size in zip(table, numbers, strict=True))])
    order = np.argsort(pool, kind="stable")
    place = np.empty(pool.size, dtype=np.intp)
    place[order] = np.arange(pool.size)
    # Index 0 of a source is its measured value, the others follow in the order of the sources.
    starts = n + np.concatenate([[0], np.cumsum(numbers)[:-1]])
    picked = rng.integers(0, numbers + 1, (draws + 1, n))
    picked[0] = 0
    index = np.where(picked == 0, np.arange(n), starts + picked - 1)
    ordered = OrderedPool.of(pool[order])
    values = np.empty(draws + 1)
    for start in range(0, draws + 1, 1000):
        rows = slice(start, start + 1000)
        chosen = np.zeros((index[rows].shape[0], pool.size), dtype=bool)
        np.put_along_axis(chosen, place[index[rows]], True, axis=1)
        values[rows] = ordered.statistic(statistic, chosen)
    return AggregateTest(statistic=statistic, measured=float(values[0]), drawn=values[1:])


def _checked(measured: ArrayLike, simulated: Sequence[ArrayLike] | Array, draws: int) -> tuple[Array, Array, NDArray[np.intp]]:
    """Measured values, a table of simulated ones filled up with NaN, and their numbers."""
    observed = np.asarray(measured, dtype=float)
    rows = [np.asarray(row, dtype=float).ravel() for row in simulated]
    if observed.ndim != 1 or observed.size < 2 or len(rows) != observed.size:
        raise DataError(
            f"measured ln Bayes factors of at least two sources, and simulations of each: got the shape {observed.shape} and "
            f"simulations of {len(rows)}"
        )
    if draws < 1:
        raise DataError(f"draws = {draws}: there is no test without a draw")
    numbers = np.array([row.size for row in rows], dtype=np.intp)
    for i, row in enumerate(rows):
        if row.size == 0 or not np.all(np.isfinite(row)) or not np.isfinite(observed[i]):
            raise DataError(
                f"source {i}, counted from 0, has no simulation or a ln Bayes factor that is not finite: leave the source out, "
                "or run what failed again, and say so"
            )
    table = np.full((observed.size, int(numbers.max())), np.nan)
    for filled, row in zip(table, rows, strict=True):
        filled[: row.size] = row
    return observed, table, numbers
