"""Pairs that are simulated: in the place of a source, on a grid, as systems of a user's list, with a telescope to come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.photon_sample import PhotonSampleSource
from faintsky.core.photon_set import PhotonSet
from faintsky.core.psf import PSF
from faintsky.core.source_cuts import SourceCuts
from faintsky.core.step import step
from faintsky.estimators.dual_fraction.forecast import Forecast, forecast
from faintsky.estimators.dual_fraction.sensitivity import Sensitivity
from faintsky.studies.dual_agn.campaign import Simulated, weigh_all
from faintsky.studies.dual_agn.choices import CampaignChoice, ForecastChoice, SensitivityChoice
from faintsky.studies.dual_agn.simulating import pair_like
from faintsky.studies.dual_agn.weighing import Analysis, Weighed

__all__ = ["SystemFactors", "foresee", "inject", "put_together", "weigh_drawn", "weigh_systems"]

Array = NDArray[np.float64]


@step(title="inject")
def inject(
    *,
    photons: PhotonSet,
    weighed: Weighed,
    psf: PSF,
    analysis: Analysis,
    pair: tuple[float, float],
    number: int,
    title: str,
    ctx: Context,
) -> Simulated:
    """ln Bayes factors of pairs of one separation [arcsec] and ratio of counts, in the place of one source."""
    posterior = weighed.posterior(1)
    if posterior is None:
        raise DataError(f"{photons.name} was not weighed as a single source: let the numbers of the study begin with 1")
    rows = posterior.drawn(number, ctx.rng("rows"))
    return weigh_all(number, lambda i, rng: pair_like(photons, posterior.names, rows[i], pair, psf, rng), analysis, ctx)


@step(title="simulate")
def weigh_drawn(*, source: PhotonSampleSource, cuts: SourceCuts, analysis: Analysis, title: str, ctx: Context) -> Simulated:
    """ln Bayes factors of all sources of a simulated sample."""
    sources = source.load(cuts, ctx).sources
    return weigh_all(len(sources), lambda i, rng: sources[i], analysis, ctx)


@frozen(kw_only=True, eq=False)
class SystemFactors:
    """ln Bayes factors of realisations of each system of a list.

    Attributes
    ----------
    factors : mapping of str to Simulated
        By the name of the system.
    counts : mapping of str to float
        Mean number of photons in the box.
    """

    factors: Mapping[str, Simulated]
    counts: Mapping[str, float]


@step(title="systems")
def weigh_systems(*, source: PhotonSampleSource, cuts: SourceCuts, analysis: Analysis, title: str, ctx: Context) -> SystemFactors:
    """ln Bayes factors of systems, each simulated several times (names ``SYSTEM-1``, ``SYSTEM-2``, ...)."""
    groups: dict[str, list[PhotonSet]] = {}
    for photons in source.load(cuts, ctx).sources:
        stem, _, number = photons.name.rpartition("-")
        groups.setdefault(stem if number.isdigit() and stem else photons.name, []).append(photons)
    found = {}
    for name, several in groups.items():
        found[name] = weigh_all(len(several), lambda i, rng, several=several: several[i], analysis, ctx)  # type: ignore[misc]
    return SystemFactors(
        factors=found, counts={name: float(np.mean([len(p) for p in several])) for name, several in groups.items()}
    )


@step(title="sensitivity")
def put_together(
    *,
    singles: tuple[Simulated, ...],
    duals: tuple[Simulated, ...],
    choice: SensitivityChoice,
    campaign: CampaignChoice,
    title: str,
    ctx: Context,
) -> Sensitivity:
    """Detected fraction of pairs on the grid of a study; the cells in the order of separation, ratio, counts and angle."""
    return _grid(singles, duals, choice, choice.counts, choice.off_axis, campaign)


def _grid(
    singles: tuple[Simulated, ...],
    duals: tuple[Simulated, ...],
    choice: SensitivityChoice | ForecastChoice,
    counts: Sequence[float],
    off_axis: Sequence[float],
    campaign: CampaignChoice,
) -> Sensitivity:
    pairs, places = (len(choice.separations), len(choice.ratios)), (len(counts), len(off_axis))
    number = choice.simulations
    return Sensitivity(
        separation=choice.separations,
        ratio=choice.ratios,
        counts=counts,
        off_axis=off_axis,
        duals=np.stack([_judged(d, number) for d in duals]).reshape(*pairs, *places, -1),
        singles=np.stack([_filled(s.ln, 5 * number) for s in singles]).reshape(*places, -1),
        errors=np.stack([_filled(d.error, number) for d in duals]).reshape(*pairs, *places, -1),
        false_positive_rate=campaign.threshold,
        sigma=campaign.sigma,
    )


def _judged(found: Simulated, number: int) -> Array:
    """ln Bayes factors; what failed its check is not found."""
    return _filled(np.where(found.reliable, found.ln, -np.inf), number)


def _filled(values: Array, number: int) -> Array:
    """As many as were wanted: a simulated source with too few photons is missing."""
    return np.concatenate([values, np.full(max(number - len(values), 0), np.nan)])[:number]


@step(title="forecast")
def foresee(
    *,
    singles: Simulated | None,
    duals: tuple[Simulated, ...],
    choice: ForecastChoice,
    campaign: CampaignChoice,
    level: float,
    title: str,
    ctx: Context,
) -> Forecast:
    """Interval of the pair fraction that a survey to come will find; pairs of all kinds of the list are equally frequent."""
    completeness = choice.completeness
    if completeness is None:
        if singles is None:
            raise DataError("a forecast without a completeness needs simulated single sources")
        found = _grid((singles,), duals, choice, (choice.counts,), (0.0,), campaign)
        completeness = float(np.mean(found.fraction))
    if not completeness > 0:
        raise DataError(f"{choice.name} finds none of the pairs: choose wider separations, more counts or a narrower PSF")
    return forecast(choice.sources, choice.fraction, completeness, level)
