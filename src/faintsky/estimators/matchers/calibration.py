"""What a cut in p_any keeps and what it lets in: completeness, false positives, purity, and the cut itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.context import Context
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError, nearest
from faintsky.core.matcher import Matcher, Matches, SkyPositions
from faintsky.core.owned_array import owned_floats
from faintsky.estimators.matchers.bayes import Bayes
from faintsky.estimators.matchers.shifted import Footprint, shifted
from faintsky.estimators.matchers.simulated import simulated

__all__ = ["MatchCalibration", "calibrate"]

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]


@frozen(kw_only=True, eq=False)
class MatchCalibration:
    """p_any of real sources, of shifted ones that have no counterpart, and of simulated ones whose counterpart is known.

    Attributes
    ----------
    matches : Matches
        Of the n real sources.
    shifted : ndarray, shape (m,)
        p_any of the shifted sources.
    simulated : ndarray, shape (k,)
        p_any of the simulated sources.
    right : ndarray of bool, shape (k,)
        The best counterpart of a simulated source is the true one.
    subsets : mapping of str to (ndarray of bool, ndarray of bool), shapes (n,) and (m,)
        Whether the counterparts of the real and of the shifted sources belong to a subset of the others.
    """

    matches: Matches
    shifted: Array = field(converter=owned_floats, repr=False)
    simulated: Array = field(converter=owned_floats, repr=False)
    right: Bools = field(repr=False)
    subsets: Mapping[str, tuple[Bools, Bools]] = field(factory=dict, repr=False)

    @property
    def matched_share(self) -> float:
        """Share of the real sources that have a counterpart among the others.

        The real p_any are a mixture of the simulated and the shifted ones; the share is the one that gives their mean.
        """
        real, chance, true = (float(np.mean(p)) for p in (self.matches.p_any, self.shifted, self.simulated))
        return float(np.clip((real - chance) / (true - chance), 0, 1)) if true > chance else float("nan")

    def completeness(self, threshold: ArrayLike, subset: str = "") -> Array:
        """N(p_any > threshold) / N of the real sources, right or wrong (Barlow-Hall & Aird, eq 4).

        Wrong matches count as well: `true_completeness` is the share that is found and right.
        """
        kept = self._members(subset, 0, self.matches.p_any)
        return _share(self.matches.p_any, kept, threshold)

    def false_fraction(self, threshold: ArrayLike, subset: str = "") -> Array:
        """Share of shifted sources with p_any > threshold (and a counterpart of the subset): the false-positive fraction.

        It is a fraction of the sources, not of the matches.
        """
        return _share(self.shifted, self._members(subset, 1, self.shifted), threshold)

    def true_completeness(self, threshold: ArrayLike) -> Array:
        """Share of simulated sources with p_any > threshold that got their true counterpart."""
        return _share(self.simulated, self.right, threshold)

    def purity(self, threshold: ArrayLike) -> Array:
        """Share of the matches with p_any > threshold that are right; NaN where there are none.

        Right ones are f `true_completeness`, all are f P(p_any > t | counterpart) + (1 - f) `false_fraction`, with f the
        `matched_share`.
        """
        f, everything = self.matched_share, np.ones(self.simulated.shape, dtype=bool)
        kept = f * _share(self.simulated, everything, threshold) + (1 - f) * self.false_fraction(threshold)
        right = f * self.true_completeness(threshold)
        return np.asarray(np.divide(right, kept, out=np.full(np.shape(kept), np.nan), where=kept > 0))

    def cut(self, false_fraction: float = 0.10) -> float:
        """The least threshold of p_any that no more than this share of the shifted sources exceeds.

        Raises
        ------
        DataError
            Where the fraction is none.
        """
        if not 0 <= false_fraction <= 1:
            raise DataError(f"a false-positive fraction lies between 0 and 1, got {false_fraction:g}")
        falling = np.append(np.sort(self.shifted)[::-1], 0.0)
        return float(falling[int(np.floor(false_fraction * self.shifted.size + 1e-9))])

    def to_table(self, thresholds: ArrayLike | None = None) -> Any:
        """An astropy QTable, a row for each threshold (0, 0.01, ... 1), with a false-positive fraction for each subset."""
        from astropy.table import QTable

        t = np.linspace(0, 1, 101) if thresholds is None else np.asarray(thresholds, dtype=float)
        rows = {
            "threshold": t,
            "completeness": self.completeness(t),
            "false_fraction": self.false_fraction(t),
            "true_completeness": self.true_completeness(t),
            "purity": self.purity(t),
        }
        rows |= {f"false_fraction {name}": self.false_fraction(t, name) for name in self.subsets}
        numbers = {"sources": len(self.matches), "shifted": self.shifted.size, "simulated": self.simulated.size}
        return QTable(rows, meta={"matcher": self.matches.matcher, "matched_share": self.matched_share, **numbers})

    def subset_table(self, threshold: float) -> Any:
        """An astropy QTable, a row for each subset and one for all: matches above the threshold, and how many are false."""
        from astropy.table import QTable

        names = ["", *self.subsets]
        matched = [round(float(self.completeness(threshold, name)) * len(self.matches)) for name in names]
        false = np.array([float(self.false_fraction(threshold, name)) for name in names])
        rows = {"subset": ["all", *self.subsets], "matched": matched, "false": false * len(self.matches), "false_fraction": false}
        return QTable(rows, meta={"threshold": threshold, "shifted": self.shifted.size})

    @property
    def digest(self) -> str:
        """Identity of the calibration."""
        members = [[name, [array_digest(kept) for kept in pair]] for name, pair in sorted(self.subsets.items())]
        return json_digest([self.matches.digest, [array_digest(a) for a in (self.shifted, self.simulated, self.right)], members])

    def _members(self, subset: str, which: int, of: Array) -> Bools:
        if not subset:
            return np.ones(of.shape, dtype=bool)
        if subset not in self.subsets:
            raise DataError(f"no subset {subset!r}. {nearest(subset, self.subsets)} Subsets: {', '.join(self.subsets) or 'none'}")
        return self.subsets[subset][which]


def _share(p_any: Array, counted: Bools, threshold: ArrayLike) -> Array:
    """Number that is counted and has p_any > threshold, over the number of all."""
    ordered = np.sort(p_any[counted])
    return np.asarray((ordered.size - np.searchsorted(ordered, threshold, side="right")) / p_any.size)


def calibrate(
    matcher: Matcher,
    sources: SkyPositions,
    others: SkyPositions,
    ctx: Context,
    *,
    unmasked: SkyPositions | None = None,
    inside: Footprint | None = None,
    copies: int = 1,
    subsets: Mapping[str, Bools] | None = None,
    columns: Sequence[str] | None = None,
) -> MatchCalibration:
    """Match the sources, and calibrate their p_any with shifted and simulated sources, under the priors of the real match.

    Parameters
    ----------
    matcher : Matcher
    sources, others : SkyPositions
        After all masks.
    unmasked : SkyPositions, optional
        The sources before their masks, which are shifted; `sources` where there are none.
    inside : callable, optional
        The masks and the footprint of the sources; without it shifted sources may fall off the field, and the false-positive
        fraction comes out too low.
    copies : int
        Shifted and simulated sources for each source: with one, a false-positive fraction below 1 / n cannot be seen.
    subsets : mapping of str to ndarray of bool, shape (number of others,)
        Such as those of a redshift above 4.
    columns : sequence of str, optional
        Magnitudes and colours in which simulated counterparts are like the real ones; the matcher's own priors where it has any.
        Their distribution is learnt by `bayes`, from positions alone.

    Raises
    ------
    DataError
        Where no source has a candidate, a subset has another length, or no shifted source is left.
    """
    wanted = {name: np.asarray(member, dtype=bool) for name, member in (subsets or {}).items()}
    for name, member in wanted.items():
        if member.shape != (len(others),):
            raise DataError(
                f"the subset {name!r} has the shape {member.shape}, it needs {len(others)} booleans: one for each other"
            )
    matches = matcher.match(sources, others, ctx)
    moved = shifted(sources if unmasked is None else unmasked, ctx, inside=inside, copies=copies)
    weight = _likeness(matcher, sources, others, getattr(matcher, "priors", ()) if columns is None else columns, ctx)
    made = simulated(sources, others, ctx, weight=weight, copies=copies)
    # In one call: the matcher learns its priors once.
    ra, dec, error = (np.concatenate([getattr(p, name) for p in (moved, made.positions)]) for name in ("ra", "dec", "error"))
    both = attrs.evolve(moved, ra=ra, dec=dec, error=error, columns={})
    found = matcher.matched_shifted(sources, others, both, ctx)
    m = len(moved)
    return MatchCalibration(
        matches=matches,
        shifted=found.p_any[:m],
        simulated=found.p_any[m:],
        right=found.counterpart[m:] == made.counterpart,
        subsets={name: (_in(member, matches.counterpart), _in(member, found.counterpart[:m])) for name, member in wanted.items()},
    )


def _in(member: Bools, counterpart: NDArray[np.int64]) -> Bools:
    return np.asarray(np.append(member, False)[counterpart])


def _likeness(matcher: Matcher, sources: SkyPositions, others: SkyPositions, columns: Sequence[str], ctx: Context) -> Array:
    """How much more often counterparts have the magnitudes and colours of each of the others than the field, shape (m,)."""
    if not columns:
        return np.ones(len(others))
    learner = matcher if isinstance(matcher, Bayes) and matcher.priors == tuple(columns) else Bayes(priors=tuple(columns))
    log = np.zeros(len(others))
    for prior in learner.learnt(sources, others, ctx):
        log = log + prior.log_factor(others.column(prior.name))
    return np.asarray(np.exp(log))
