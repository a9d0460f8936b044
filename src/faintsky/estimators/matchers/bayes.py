"""Counterparts by Bayes factors of positions, times what magnitudes and colours say."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.matcher import Matcher, Matches, SkyPositions
from faintsky.estimators.matchers.magnitude_prior import MagnitudePrior
from faintsky.estimators.matchers.pairs import Pairs, pairs_within
from faintsky.estimators.matchers.posterior import Posterior, log_bayes_factor, log_prior

__all__ = ["Bayes"]

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: NWAY refuses to learn a prior from fewer counterparts.
_FEW = 100
#: Position errors within which candidates teach the priors: 86 % of the counterparts are.
_NEAR = 2.0
#: A candidate less probable than this is counted as field.
_UNRELATED = 0.01


@component(references=["Budavari2008", "Salvato2018"])
@frozen(kw_only=True)
class Bayes(Matcher):
    """Bayesian counterparts from positions, source densities, and priors of magnitudes and colours learnt from the data.

    A candidate weighs P_i = c A / (N + 1) / (4 pi) x B_i x prod_m f_m, in units of what weighs "no counterpart": B_i is the Bayes
    factor of its position (`log_bayes_factor`), N + 1 others lie on the area A, c is `prior_completeness`, and f_m is how much
    more often counterparts have its magnitude or colour m than the field (1 where it has none). Then p_any = sum P_i /
    (1 + sum P_i) and p_i = P_i / sum P_i.

    The factors are learnt from the sources that are matched: from all candidates within twice the position error of the pair (or
    `include_radius`), less what chance puts among them, against the others that are no candidates. Where `secure` is given they
    come instead from candidates whose probability by position alone is above it, as NWAY's ``auto`` does; in dense fields those
    are few. Several factors are multiplied as if they were independent.

    p_any says whether there is a counterpart at all, p_i which one it is: the best one is right with p_any p_i. In a dense field
    random places have large p_any, too, above all without priors: calibrate it (`calibrate`).

    References
    ----------
    Budavari & Szalay 2008, ApJ 679, 301; Salvato et al. 2018, MNRAS 473, 4937 (NWAY).
    """

    radius: float = option("10 arcsec", unit="arcsec", gt=0, help="candidates lie within; at least 3 times the largest error")
    prior_completeness: float = option(1.0, gt=0, le=1, help="share of the sources expected to have a counterpart")
    priors: tuple[str, ...] = option((), help="columns that weigh candidates: magnitudes, or colours such as ch1-ch2")
    include_radius: float | None = option(
        None, unit="arcsec", gt=0, help="learn the priors from candidates within; default: within twice the position errors"
    )
    secure: float | None = option(
        None, gt=0.5, lt=1, help="learn the priors from candidates of more than this probability by position, as NWAY does"
    )
    bins: int = option(15, ge=1, help="bins of a prior, at most")

    def match(self, sources: SkyPositions, others: SkyPositions, ctx: Context) -> Matches:
        """The best counterpart of each source.

        Raises
        ------
        DataError
            Where a column that a prior is built of is missing.
        """
        pairs = pairs_within(sources, others, self.radius)
        wide = int(np.sum(3 * sources.error > self.radius))
        if wide:
            ctx.warn(
                f"3 position errors of {wide} of {len(sources)} sources are larger than the radius of {self.radius:g} arcsec: "
                "more than 1 % of their counterparts lie beyond it"
            )
        return self._matches(sources, others, pairs, self._learnt(sources, others, pairs, ctx))

    def matched_shifted(self, sources: SkyPositions, others: SkyPositions, shifted: SkyPositions, ctx: Context) -> Matches:
        """The best counterpart of each of the `shifted` sources, with the priors that `sources` give."""
        priors = self.learnt(sources, others, ctx)
        return self._matches(shifted, others, pairs_within(shifted, others, self.radius), priors)

    def learnt(self, sources: SkyPositions, others: SkyPositions, ctx: Context) -> tuple[MagnitudePrior, ...]:
        """The priors that a match of `sources` uses, in the order of the option.

        Raises
        ------
        DataError
            Where a column is missing.
        """
        if not self.priors:
            return ()
        return self._learnt(sources, others, pairs_within(sources, others, self.radius), ctx)

    def _learnt(self, sources: SkyPositions, others: SkyPositions, pairs: Pairs, ctx: Context) -> tuple[MagnitudePrior, ...]:
        if not self.priors:
            return ()
        probable = Posterior.of(pairs, self._log_weight(sources, others, pairs)).p_pair
        chosen, chance = self._teachers(sources, others, pairs, probable)
        rows = np.unique(pairs.other[chosen])
        field = np.ones(len(others), dtype=bool)
        field[pairs.other[chosen | (probable > _UNRELATED)]] = False
        learnt = []
        for name in self.priors:
            column = others.column(name)
            found = MagnitudePrior.learnt(name, column[rows], column[field], chance=chance, bins=self.bins)
            if found.counterparts < _FEW:
                ctx.warn(f"the prior of {name} is learnt from {found.counterparts:.0f} counterparts only; it says little")
            learnt.append(found)
        return tuple(learnt)

    def _teachers(self, sources: SkyPositions, others: SkyPositions, pairs: Pairs, probable: Array) -> tuple[Bools, float]:
        """Which pairs the priors are learnt from, and how many of them chance is expected to put there."""
        if self.secure is not None:
            chosen = probable > self.secure
            return chosen, float(np.sum(1 - probable[chosen]))

        def reach2(error2: Array) -> Array:
            asked = _NEAR**2 * error2 if self.include_radius is None else np.full(error2.shape, self.include_radius**2)
            return np.asarray(np.minimum(asked, self.radius**2))

        chosen = pairs.separation**2 <= reach2(sources.error[pairs.source] ** 2 + others.error[pairs.other] ** 2)
        discs = np.pi * float(np.sum(reach2(sources.error**2 + np.mean(others.error**2)))) / 3600**2
        return chosen, discs * len(others) / others.area

    def _log_weight(self, sources: SkyPositions, others: SkyPositions, pairs: Pairs) -> Array:
        bayes = log_bayes_factor(pairs.separation, sources.error[pairs.source], others.error[pairs.other])
        return np.asarray(bayes + log_prior(others, self.prior_completeness))

    def _matches(self, sources: SkyPositions, others: SkyPositions, pairs: Pairs, priors: tuple[MagnitudePrior, ...]) -> Matches:
        by_position = self._log_weight(sources, others, pairs)
        factors = [prior.log_factor(others.column(prior.name)[pairs.other]) for prior in priors]
        found = Posterior.of(pairs, sum(factors, by_position))
        n, rows = len(sources), found.sources
        counterpart, candidates = np.full(n, -1), np.zeros(n, dtype=np.int64)
        p_any, p_i, log_bayes, apart = np.zeros(n), np.zeros(n), np.full(n, np.nan), np.full(n, np.nan)
        counterpart[rows], candidates[rows] = pairs.other[found.best], found.number
        p_any[rows], p_i[rows] = found.p_any, found.p_i
        log_bayes[rows] = by_position[found.best] - log_prior(others, self.prior_completeness)
        apart[rows] = pairs.separation[found.best]
        return Matches(
            counterpart=counterpart,
            p_any=p_any,
            p_i=p_i,
            log_bayes=log_bayes,
            separation=apart,
            candidates=candidates,
            matcher="bayes",
            meta={"radius": self.radius, "learnt_from": {prior.name: prior.counterparts for prior in priors}},
        )
