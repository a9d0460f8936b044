"""The sample as a whole: probabilities of its pairs, fractions, tests, and how far the statistics are to be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs
import numpy as np
from attrs import frozen

from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.pair_statistic import PairProbabilities, PairStatistic
from faintsky.core.registry import make
from faintsky.core.step import step
from faintsky.estimators.companions.cuts import PairCuts
from faintsky.estimators.pairs.compared_fractions import OtherFraction, given_fractions, simulated_fractions
from faintsky.estimators.pairs.fractions import CLASSES, PairFractions, pair_fractions
from faintsky.estimators.pairs.rank_correlation import RankCorrelation
from faintsky.estimators.pairs.recipe_bias import RecipeBias, recipe_bias
from faintsky.estimators.pairs.separations import SeparationDistribution, separation_correlations, separation_distribution
from faintsky.studies.pairs.assembling import Assembled
from faintsky.studies.pairs.choices import FractionChoice, TrustChoice

__all__ = ["Summary", "how_far", "summarise", "weigh"]


@frozen(kw_only=True, eq=False)
class Summary:
    """What is said of the sample after all cuts.

    Attributes
    ----------
    fractions : mapping of str to PairFractions
        Of all pairs, dual and offset ones.
    separations : SeparationDistribution
    correlations : mapping of str to RankCorrelation
        Luminosity and absorption against separation.
    chance : float
        Chance alignments expected among the pairs before the cut in mass, by random placement; NaN without field galaxies.
    others : tuple of OtherFraction
    """

    fractions: Mapping[str, PairFractions]
    separations: SeparationDistribution
    correlations: Mapping[str, RankCorrelation]
    chance: float
    others: tuple[OtherFraction, ...] = ()


@step(title="probabilities")
def weigh(*, pairs: Assembled, statistic: PairStatistic, title: str, ctx: Context) -> PairProbabilities:
    """How likely each projected pair is real."""
    return statistic.weigh(pairs.sample, ctx)


@step(title="fractions")
def summarise(
    *,
    pairs: Assembled,
    probabilities: PairProbabilities,
    cuts: PairCuts,
    choice: FractionChoice,
    title: str,
    ctx: Context,
) -> Summary:
    """Fractions, separations and tests of the pairs after all cuts."""
    sample, weighed = pairs.sample.select(pairs.final), probabilities.select(pairs.final)
    edges = np.clip(choice.edges, weighed.z[0], weighed.z[-1])
    fractions = {kind: pair_fractions(sample, weighed, edges, kind=kind, membership=choice.membership) for kind in CLASSES}
    others: tuple[OtherFraction, ...] = ()
    if choice.predictions is not None:
        others += given_fractions(_table(choice.predictions))
    for name, folder in choice.simulations.items():
        others += simulated_fractions(
            name, _table(folder.agn), _table(folder.pairs), cuts, edges, fractions["pair"].log_lbol_limit[:-1], folder.fainter
        )
    return Summary(
        fractions=fractions,
        separations=separation_distribution(sample, weighed, np.linspace(0, cuts.max_separation, 9)),
        correlations=separation_correlations(sample, weighed),
        chance=_chance(pairs, ctx),
        others=others,
    )


def _chance(pairs: Assembled, ctx: Context) -> float:
    """Projected pairs less those that random placement leaves."""
    if pairs.sample.interlopers is None or not len(pairs.sample):
        return float("nan")
    found = make("pair_statistics", "random-placement").weigh(pairs.sample, ctx)
    return float(len(pairs.sample) - found.number.sum())


def _table(path: Path) -> Catalogue:
    from astropy.table import Table

    if not path.exists():
        raise DataError(f"there is no table {path}")
    table = Table.read(path)
    return Catalogue.from_table(table, {name: name for name in table.colnames}, name=path.name)


@step(title="how far to trust")
def how_far(*, pairs: Assembled, statistic: PairStatistic, choice: TrustChoice, title: str, ctx: Context) -> RecipeBias | None:
    """Sums of the statistic of this cell and of the published one over the truth, as the share of interlopers varies."""
    sample = pairs.sample
    if not choice.realisations or not len(sample) or sample.interlopers is None:
        return None
    if not np.any(sample.interlopers.magnitude <= sample.faintest.max()):
        return None
    statistics = {title: statistic, "effective-count": make("pair_statistics", "effective-count")}
    without_stars = attrs.evolve(pairs, sample=sample.select(np.asarray(sample.companions["star"] != 1)))
    if not len(without_stars.sample):
        return None
    return recipe_bias(without_stars.sample, statistics, choice.shares, ctx=ctx, realisations=choice.realisations)
