"""Fractions of AGN in pairs, in bins of redshift."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from faintsky.core.catalogue import Catalogue
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError, nearest
from faintsky.core.intervals import binomial_interval, poisson_limit
from faintsky.core.owned_array import owned_floats
from faintsky.core.pair_sample import PairSample
from faintsky.core.pair_statistic import PairProbabilities
from faintsky.estimators.pairs.per_agn_cap import per_agn_cap

__all__ = ["CLASSES", "PairFractions", "pair_fractions"]

Array = NDArray[np.float64]

#: Whether the companion holds an AGN of its own: either, yes, no.
CLASSES = ("pair", "dual", "offset")


@frozen(kw_only=True, eq=False)
class PairFractions:
    """Fractions of AGN with a companion of a class; the last entry of each array is the whole range.

    Attributes
    ----------
    kind : str
        One of `CLASSES`.
    edges : ndarray, shape (k + 1,)
        Of the bins in redshift.
    pairs, parents, fraction : ndarray, shape (k + 1,)
        Effective numbers of pairs and AGN, and their ratio; NaN where there is no AGN.
    membership : ndarray, shape (k + 1,)
        1 sigma of the number of pairs that comes from probabilities which are neither 0 nor 1: sqrt(sum p (1 - p)).
    poisson_low, poisson_high : ndarray, shape (k + 1,)
        68 % interval of the fraction for Poisson counts (Garwood's exact one, continued to real numbers).
    gehrels_low, gehrels_high : ndarray, shape (k + 1,)
        The same by the approximation of Gehrels, which the paper quotes.
    binomial_low, binomial_high : ndarray, shape (k + 1,)
        That of Clopper and Pearson, continued to real numbers; never above 1.
    log_lbol_limit, log_lbol_median : ndarray, shape (k + 1,)
        Of the AGN whose best redshift lies in the bin; NaN where no luminosity is known.
    quoted : str
        What the intervals hold: ``counts``, or ``counts and membership`` in quadrature.
    unknown : int
        Pairs of neither class, as nobody knows whether they hold a second AGN.
    """

    kind: str
    edges: Array = field(converter=owned_floats)
    pairs: Array = field(converter=owned_floats)
    parents: Array = field(converter=owned_floats)
    fraction: Array = field(converter=owned_floats)
    membership: Array = field(converter=owned_floats)
    poisson_low: Array = field(converter=owned_floats)
    poisson_high: Array = field(converter=owned_floats)
    gehrels_low: Array = field(converter=owned_floats)
    gehrels_high: Array = field(converter=owned_floats)
    binomial_low: Array = field(converter=owned_floats)
    binomial_high: Array = field(converter=owned_floats)
    log_lbol_limit: Array = field(converter=owned_floats)
    log_lbol_median: Array = field(converter=owned_floats)
    quoted: str = "counts"
    unknown: int = 0

    @property
    def columns(self) -> dict[str, Array]:
        """All numbers, by name; the redshifts of the last row are those of the whole range."""
        whole = np.append(self.edges[:-1], self.edges[0]), np.append(self.edges[1:], self.edges[-1])
        names = (
            "pairs", "parents", "fraction", "membership", "poisson_low", "poisson_high", "gehrels_low", "gehrels_high",
            "binomial_low", "binomial_high", "log_lbol_limit", "log_lbol_median",
        )  # fmt: skip
        return {"z_low": whole[0], "z_high": whole[1], **{name: getattr(self, name) for name in names}}

    def to_table(self) -> Any:
        """A row for each bin, and one for all, as an astropy QTable."""
        from astropy.table import QTable

        table = QTable(self.columns)
        table.meta |= {"class": self.kind, "intervals": self.quoted, "unknown": self.unknown}
        return table

    @property
    def digest(self) -> str:
        """Identity of the result."""
        return json_digest([self.kind, self.quoted, self.unknown, *(array_digest(each) for each in self.columns.values())])


def pair_fractions(
    pairs: PairSample, weighed: PairProbabilities, edges: ArrayLike, *, kind: str = "pair", membership: bool = False
) -> PairFractions:
    """f(bin) = sum over pairs of int_bin P dz, at most 1 for each AGN, over the sum over AGN of int_bin Pa dz.

    Parameters
    ----------
    pairs : PairSample
        After all cuts.
    weighed : PairProbabilities
        Of these pairs, in their order.
    edges : array_like, shape (k + 1,)
        Of redshift bins; a cell that an edge cuts is shared by its width.
    kind : str
        One of `CLASSES`. The cap is that of all pairs of an AGN, so that dual and offset pairs add up.
    membership : bool
        Whether the intervals hold the uncertainty of who is real, too; without it they are those of counts alone, as published
        ones are.

    Raises
    ------
    DataError
        Where edges do not rise, leave the grid, or the numbers of pairs differ.

    References
    ----------
    Li, Zhuang et al., section 4.2; Gehrels 1986, ApJ 303, 336.
    """
    bins, rows = np.asarray(edges, dtype=float), len(pairs)
    if kind not in CLASSES:
        raise DataError(f"no class {kind!r}. {nearest(kind, CLASSES)} Classes: {', '.join(CLASSES)}")
    if weighed.cells.shape[0] != rows or weighed.parents.shape[0] != len(pairs.agn):
        raise DataError(f"{len(weighed.cells)} weighed pairs do not fit {rows} pairs: select both by the same flags")
    if bins.ndim != 1 or bins.size < 2 or not np.all(np.diff(bins) > 0):
        raise DataError("edges of redshift bins must rise")
    if bins[0] < weighed.z[0] or bins[-1] > weighed.z[-1]:
        raise DataError(
            f"redshift bins from {bins[0]:g} to {bins[-1]:g} leave the grid of the distributions, {weighed.z[0]:g} to "
            f"{weighed.z[-1]:g}: nothing is known there"
        )
    dual = np.asarray(pairs.companions.columns.get("dual", np.full(rows, np.nan)), dtype=float)
    chosen = {"pair": np.ones(rows, dtype=bool), "dual": dual == 1, "offset": dual == 0}[kind]
    factor = per_agn_cap(weighed.number, pairs.owner, len(pairs.agn))
    of_pairs = _in_bins(weighed.z, (factor[:, None] * weighed.cells)[chosen], bins)
    number, parents = of_pairs.sum(axis=0), _in_bins(weighed.z, weighed.parents, bins).sum(axis=0)
    sigma = np.sqrt(np.sum(of_pairs * np.clip(1 - of_pairs, 0, 1), axis=0))
    limit, median = _luminosities(pairs.agn, bins)
    return PairFractions(
        kind=kind, edges=bins, pairs=number, parents=parents, fraction=_ratio(number, parents), membership=sigma,
        **_intervals(number, parents, sigma if membership else np.zeros_like(sigma)), log_lbol_limit=limit,
        log_lbol_median=median, quoted="counts and membership" if membership else "counts",
        unknown=int(np.sum(~np.isin(dual, (0, 1)))),
    )  # fmt: skip


def _in_bins(z: Array, cells: Array, bins: Array) -> Array:
    """Probabilities (n, m) of cells in bins and in their whole range, shape (n, k + 1)."""
    inside = np.clip(bins[None, 1:], z[:-1, None], z[1:, None]) - np.clip(bins[None, :-1], z[:-1, None], z[1:, None])
    found = cells @ (inside / np.diff(z)[:, None])
    return np.concatenate([found, found.sum(axis=1, keepdims=True)], axis=1)


def _ratio(number: Array, parents: Array) -> Array:
    return np.where(parents > 0, number / np.where(parents > 0, parents, 1.0), np.nan)


def _intervals(number: Array, parents: Array, sigma: Array) -> dict[str, Array]:
    """Ends of all intervals, each at its distance from the fraction and that of the membership in quadrature."""
    one, trials = float(ndtr(1.0)), np.where(parents > 0, np.maximum(parents, number), 1.0)
    exact, gehrels = (poisson_limit(number, one, method) for method in ("exact", "gehrels"))
    binomial = binomial_interval(number * (parents > 0), trials)
    ends = {
        "poisson": (exact.lower, exact.upper), "gehrels": (gehrels.lower, gehrels.upper),
        "binomial": (binomial.low * trials, binomial.high * trials),
    }  # fmt: skip
    found = {}
    for name, (low, high) in ends.items():
        found[f"{name}_low"] = _ratio(np.maximum(number - np.hypot(number - low, sigma), 0.0), parents)
        found[f"{name}_high"] = _ratio(number + np.hypot(high - number, sigma), parents)
    found["binomial_high"] = np.minimum(found["binomial_high"], 1.0)
    return found


def _luminosities(agn: Catalogue, bins: Array) -> tuple[Array, Array]:
    """Faintest and median log L_bol of the AGN in each bin, and in all."""
    if "log_lbol" not in agn.columns:
        return np.full(bins.size, np.nan), np.full(bins.size, np.nan)
    z, log_l = np.asarray(agn["z"], dtype=float), np.asarray(agn["log_lbol"], dtype=float)
    ranges = [*pairwise(bins), (bins[0], bins[-1])]
    parts = [log_l[(z >= low) & (z < high) & np.isfinite(log_l)] for low, high in ranges]
    limit, median = (np.array([pick(part) if part.size else np.nan for part in parts]) for pick in (np.min, np.median))
    return limit, median
