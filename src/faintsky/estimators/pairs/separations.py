"""How projected separations are distributed, and whether luminosity or absorption goes with them."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.intervals import poisson_interval
from faintsky.core.owned_array import owned_floats
from faintsky.core.pair_sample import PairSample
from faintsky.core.pair_statistic import PairProbabilities
from faintsky.estimators.pairs.rank_correlation import RankCorrelation, rank_correlation

__all__ = ["SeparationDistribution", "separation_correlations", "separation_distribution"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class SeparationDistribution:
    """Pairs in bins of projected separation.

    Attributes
    ----------
    edges : ndarray, shape (k + 1,)
        [kpc]
    threshold : float
        Pairs with a larger effective number count as likely ones.
    likely, likely_dual : ndarray, shape (k,)
        Numbers of these, and of those with a second AGN.
    weighted, low, high : ndarray, shape (k,)
        Sum of the effective numbers of all pairs, and its 68 % interval for Poisson counts.
    flat : ndarray, shape (k,)
        What the weighted sums would be with as many pairs in each kpc.
    """

    edges: Array = field(converter=owned_floats)
    threshold: float
    likely: Array = field(converter=owned_floats)
    likely_dual: Array = field(converter=owned_floats)
    weighted: Array = field(converter=owned_floats)
    low: Array = field(converter=owned_floats)
    high: Array = field(converter=owned_floats)
    flat: Array = field(converter=owned_floats)

    @property
    def columns(self) -> dict[str, Array]:
        """All numbers, by name."""
        names = ("likely", "likely_dual", "weighted", "low", "high", "flat")
        return {"r_low": self.edges[:-1], "r_high": self.edges[1:], **{name: getattr(self, name) for name in names}}

    def to_table(self) -> Any:
        """A row for each bin, as an astropy QTable."""
        from astropy.table import QTable

        table = QTable(self.columns)
        table.meta["threshold"] = self.threshold
        return table

    @property
    def digest(self) -> str:
        """Identity of the result."""
        return json_digest([self.threshold, *(array_digest(each) for each in self.columns.values())])


def separation_distribution(
    pairs: PairSample, weighed: PairProbabilities, edges: ArrayLike, threshold: float = 0.3
) -> SeparationDistribution:
    """Count pairs by separation.

    Parameters
    ----------
    pairs : PairSample
    weighed : PairProbabilities
        Of these pairs.
    edges : array_like, shape (k + 1,)
        [kpc]
    threshold : float

    Raises
    ------
    DataError
        Where edges do not rise, or the numbers of pairs differ.
    """
    bins = np.asarray(edges, dtype=float)
    if bins.ndim != 1 or bins.size < 2 or not np.all(np.diff(bins) > 0):
        raise DataError("edges of separation bins must rise")
    number, r = _numbers(pairs, weighed), _column(pairs, "separation")
    likely, dual = number > threshold, _column(pairs, "dual") == 1
    weighted = np.histogram(r, bins, weights=number)[0]
    interval = poisson_interval(weighted)
    return SeparationDistribution(
        edges=bins,
        threshold=threshold,
        likely=np.histogram(r[likely], bins)[0],
        likely_dual=np.histogram(r[likely & dual], bins)[0],
        weighted=weighted,
        low=interval.low,
        high=interval.high,
        flat=weighted.sum() * np.diff(bins) / (bins[-1] - bins[0]),
    )


def separation_correlations(pairs: PairSample, weighed: PairProbabilities, threshold: float = 0.3) -> dict[str, RankCorrelation]:
    """Spearman tests of the AGN's ``log_lbol`` and ``log_nh`` against separation.

    Keys are the column, for pairs above the threshold as published, and the column with `` weighted`` for all pairs with their
    effective numbers as weights. Two pairs of one AGN share its luminosity, which the p-values do not know.

    Raises
    ------
    DataError
        Where the numbers of pairs differ.

    References
    ----------
    Li, Zhuang et al., section 4.1: rho = -0.19 (p = 0.19) and -0.13 (p = 0.41).
    """
    number, r = _numbers(pairs, weighed), _column(pairs, "separation")
    likely, found = number > threshold, {}
    for name in ("log_lbol", "log_nh"):
        if name not in pairs.agn.columns:
            continue
        of_agn = np.asarray(pairs.agn[name], dtype=float)[pairs.owner]
        found[name] = rank_correlation(r[likely], of_agn[likely])
        found[f"{name} weighted"] = rank_correlation(r, of_agn, number)
    return found


def _numbers(pairs: PairSample, weighed: PairProbabilities) -> Array:
    if len(weighed.cells) != len(pairs):
        raise DataError(f"{len(weighed.cells)} weighed pairs do not fit {len(pairs)} pairs: select both by the same flags")
    return weighed.number


def _column(pairs: PairSample, name: str) -> Array:
    return np.asarray(pairs.companions[name], dtype=float) if len(pairs) else np.zeros(0)
