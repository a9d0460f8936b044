"""The sample as a whole: false positives and candidates, tests against single sources, limits on the fraction of pairs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.step import step
from faintsky.core.units import ARCMIN
from faintsky.estimators.dual_fraction.aggregate import AggregateTest, PaperDistribution, calibrated, paper_distribution
from faintsky.estimators.dual_fraction.dual_population import DualPopulation
from faintsky.estimators.dual_fraction.false_positives import FalsePositives
from faintsky.estimators.dual_fraction.fraction_limit import ComparedPrediction, FractionLimit, compared, fraction_limit
from faintsky.estimators.dual_fraction.fraction_posterior import FractionPosterior, fraction_posterior
from faintsky.estimators.dual_fraction.sensitivity import Sensitivity
from faintsky.studies.dual_agn.campaign import Simulated
from faintsky.studies.dual_agn.choices import CampaignChoice, PopulationChoice
from faintsky.studies.dual_agn.weighing import Weighed

__all__ = ["Population", "SampleLimit", "SampleTest", "populate", "rate_of"]

Array = NDArray[np.float64]

#: Tests of a sample against simulated single sources.
_TESTS = ("ks", "ad")


@frozen(kw_only=True, eq=False)
class SampleLimit:
    """A limit on the fraction of pairs of a part of the sample.

    Attributes
    ----------
    sample : str
    sources : int
    corrected : bool
        For pairs that would have been missed, of the population that is assumed.
    limit : FractionLimit
    """

    sample: str
    sources: int
    corrected: bool
    limit: FractionLimit


@frozen(kw_only=True, eq=False)
class SampleTest:
    """One statistic of the sample: as the paper has it, and as a p-value."""

    paper: PaperDistribution
    calibrated: AggregateTest


@frozen(kw_only=True, eq=False)
class Population:
    """What is said of the sample.

    Attributes
    ----------
    false_positives : mapping of str to FalsePositives
        By source, where there was a campaign.
    candidates : tuple of str
        Sources that meet both conditions.
    limits : tuple of SampleLimit
    tests : mapping of str to SampleTest
        Of the sources near the optical axis; empty where fewer than two of them have simulations.
    tested : int
        Number of those sources.
    posterior : FractionPosterior
        Of the fraction, from all Bayes factors, which takes the PSF at its word.
    predictions : tuple of ComparedPrediction
        Of cosmological simulations, against the exact binomial limit of all sources.
    assumed : str
        The population that corrected limits are of; empty without.
    """

    false_positives: Mapping[str, FalsePositives]
    candidates: tuple[str, ...]
    limits: tuple[SampleLimit, ...]
    tests: Mapping[str, SampleTest]
    tested: int
    posterior: FractionPosterior
    predictions: tuple[ComparedPrediction, ...] = ()
    assumed: str = ""


def rate_of(weighed: Weighed, simulated: Simulated) -> FalsePositives:
    """The measured Bayes factor among those of the simulated single sources."""
    return FalsePositives(measured=weighed.factor.ln, simulated=simulated.ln, reliable=simulated.reliable, name=weighed.name)


@step(title="population")
def populate(
    *,
    weighed: tuple[Weighed, ...],
    simulated: tuple[Simulated, ...],
    sensitivity: Sensitivity | None,
    campaign: CampaignChoice,
    choice: PopulationChoice,
    redshift: tuple[float, float] | None,
    title: str,
    ctx: Context,
) -> Population:
    """False positives, candidates, tests, limits and what they say of predictions."""
    rates = {w.name: rate_of(w, s) for w, s in zip(weighed, simulated, strict=False)}
    candidates = tuple(
        w.name for w in weighed if w.name in rates and rates[w.name].candidate(w.factor, campaign.threshold, campaign.sigma)
    )
    if not rates:
        ctx.warn("without a campaign no source can be a candidate: the rate at which single sources look dual is not known")
    parts = {"all": weighed}
    near = tuple(w for w in weighed if w.off_axis < choice.off_axis)
    if 0 < len(near) < len(weighed):
        parts[f"off-axis angle < {choice.off_axis / ARCMIN:g} arcmin"] = near
    population = DualPopulation.log_uniform(choice.separations, choice.ratios)
    limits = [
        limit
        for name, some in parts.items()
        for limit in _limits(name, some, sum(w.name in candidates for w in some), sensitivity, population, choice)
    ]
    return Population(
        false_positives=rates,
        candidates=candidates,
        limits=tuple(limits),
        tests=_tests(near, rates, choice, ctx),
        tested=len(near),
        posterior=fraction_posterior([w.factor.ln for w in weighed]),
        predictions=_predictions(choice.predictions, limits[0].limit, redshift),
        assumed=population.name if sensitivity is not None else "",
    )


def _limits(
    name: str,
    some: tuple[Weighed, ...],
    found: int,
    sensitivity: Sensitivity | None,
    population: DualPopulation,
    choice: PopulationChoice,
) -> list[SampleLimit]:
    """By every method, as if every pair were seen; and corrected where it is known which are."""
    whole = np.ones(len(some))
    limits = [
        SampleLimit(sample=name, sources=len(some), corrected=False, limit=fraction_limit(found, whole, choice.level, method))
        for method in ("binomial", "poisson", "gehrels")
    ]
    if sensitivity is not None:
        counts = np.maximum([w.counts for w in some], sensitivity.counts[0])
        seen = sensitivity.completeness(counts, [w.off_axis for w in some], population).value
        if seen.sum() > 0:
            limit = fraction_limit(found, seen, choice.level)
            limits.append(SampleLimit(sample=name, sources=len(some), corrected=True, limit=limit))
    return limits


def _tests(
    near: tuple[Weighed, ...], rates: Mapping[str, FalsePositives], choice: PopulationChoice, ctx: Context
) -> dict[str, SampleTest]:
    some = [w for w in near if w.name in rates]
    if len(some) < 2:
        return {}
    measured = np.array([w.factor.ln for w in some])
    simulated = [rates[w.name].simulated for w in some]
    simulated = [values[np.isfinite(values)] for values in simulated]
    if not all(values.size for values in simulated):
        return {}
    return {
        test: SampleTest(
            paper=paper_distribution(measured, simulated, test, draws=choice.draws, rng=ctx.rng(f"paper {test}")),
            calibrated=calibrated(measured, simulated, test, draws=choice.draws, rng=ctx.rng(f"calibrated {test}")),
        )
        for test in _TESTS
    }


def _predictions(path: Path | None, limit: FractionLimit, redshift: tuple[float, float] | None) -> tuple[ComparedPrediction, ...]:
    if path is None:
        return ()
    from astropy.table import Table

    if not path.exists():
        raise DataError(f"there is no table of predictions {path}")
    table = Table.read(path)
    return compared(limit, {name: np.asarray(table[name]) for name in table.colnames}, redshift)
