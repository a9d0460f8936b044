"""The study ``dual-agn``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import attrs
import numpy as np
from attrs import frozen
from scipy.special import betaincinv

from faintsky.core.component import component, option, slot
from faintsky.core.intervals import ONE_SIGMA
from faintsky.core.likelihood import LikelihoodRule
from faintsky.core.one_sigma import QUANTILES
from faintsky.core.photon_sample import PhotonSample, PhotonSampleSource
from faintsky.core.photon_set import PhotonSet
from faintsky.core.point_sources import PointSources
from faintsky.core.psf import PSF
from faintsky.core.registry import make, registry
from faintsky.core.sampler import Sampler
from faintsky.core.source_cuts import SourceCuts
from faintsky.core.step import Pending, Workflow
from faintsky.core.study import CellResult, Figure, Headline, Study
from faintsky.core.units import ARCMIN
from faintsky.estimators.dual_fraction.forecast import Forecast
from faintsky.estimators.dual_fraction.sensitivity import Sensitivity
from faintsky.studies.dual_agn import figures, tables
from faintsky.studies.dual_agn.campaign import Simulated, gather, simulate_singles
from faintsky.studies.dual_agn.choices import (
    CampaignChoice,
    ForecastChoice,
    InjectionChoice,
    PopulationChoice,
    SensitivityChoice,
)
from faintsky.studies.dual_agn.population import Population, populate, rate_of
from faintsky.studies.dual_agn.sample import load_photons
from faintsky.studies.dual_agn.sensitivity import foresee, inject, put_together, weigh_drawn, weigh_systems
from faintsky.studies.dual_agn.weighing import Analysis, Weighed, weigh

__all__ = ["DualAgn"]


@component(references=["Sandoval2024", "Foord2019", "Foord2020", "Foord2021", "KassRaftery1995", "Gehrels1986"])
@frozen(kw_only=True)
class DualAgn(Study):
    """One X-ray point source or two, by Bayes factor: photons, evidences, false positives, and the fraction of pairs.

    The photons of each source, in one or several observations, are weighed under the hypotheses of one, two (and three) point
    sources above a background. Simulated single sources in its place tell how often one looks like two: a candidate needs both a
    Bayes factor above 1 by three of its errors and a false-positive rate below a tenth. The sample as a whole is compared with
    single sources, and limits the fraction of pairs. The headline is that fraction; for one source, its ln Bayes factor.
    """

    photons: PhotonSampleSource = slot(axis="data", help="the sources and their photons")
    selection: SourceCuts = option(factory=SourceCuts, help="which sources and observations are analysed")
    psfs: PSF = slot("two-king", help="the PSF of the analysis")
    simulation_psfs: PSF | None = option(None, help="the PSF of simulations; default: that of the analysis")
    numbers: tuple[int, ...] = option((1, 2), ge=1, le=3, help="point sources of the hypotheses, such as [1, 2, 3]")
    likelihoods: LikelihoodRule[PhotonSet, PointSources] = slot("photon-mixture", help="how photons and hypotheses compare")
    samplers: Sampler = slot("factorised", help="how evidences are computed")
    campaign: CampaignChoice = option(factory=CampaignChoice, help="simulated single sources")
    injection: InjectionChoice | None = option(None, help="pairs in the place of every source; default: none")
    sensitivity: SensitivityChoice | None = option(None, help="detected fraction over a grid of pairs; default: not measured")
    systems: PhotonSampleSource | None = option(None, help="simulated systems whose pairs would be looked for; default: none")
    population: PopulationChoice = option(factory=PopulationChoice, help="the sample as a whole")
    forecast: ForecastChoice | None = option(None, help="a survey to come; default: none")

    def check(self) -> Iterator[tuple[str, str]]:
        """Hypotheses without the single source, or without another one."""
        if tuple(sorted(set(self.numbers))) != self.numbers or self.numbers[0] != 1 or len(self.numbers) < 2:
            yield "numbers", f"Bayes factors are over one source: give 1 and then 2, or 2 and 3; got {list(self.numbers)}"

    @property
    def analysis(self) -> Analysis:
        """How photons are weighed."""
        return Analysis(numbers=self.numbers, psf=self.psfs, likelihood=self.likelihoods, sampler=self.samplers)

    @property
    def simulation_psf(self) -> PSF:
        """The PSF of simulations."""
        return self.psfs if self.simulation_psfs is None else self.simulation_psfs

    @property
    def title(self) -> str:
        """PSF and sampler of this cell."""
        return f"{registry.short_name(type(self.psfs))}, {registry.short_name(type(self.samplers))}"

    def analyse(self, run: Workflow) -> Mapping[str, Pending[Any]]:
        """Load, weigh every source, simulate in its place, put the sample together: one cell."""
        loaded = run.do(load_photons, source=self.photons, cuts=self.selection, title=registry.short_name(type(self.photons)))
        found: dict[str, Pending[Any]] = {"photons": loaded}
        sample: PhotonSample = run.value(loaded)
        sources = {photons.name: photons for photons in sample.sources}
        weighed = {
            name: run.do(weigh, photons=photons, analysis=self.analysis, title=f"{name}, {self.title}")
            for name, photons in sources.items()
        }
        found |= {f"weighed {name}": pending for name, pending in weighed.items()}
        simulated = self._campaign(run, sources, weighed) if self.campaign.simulations else {}
        found |= {f"simulated {name}": pending for name, pending in simulated.items()}
        more = self._extras(run, sources, weighed)
        found |= more
        found["population"] = run.do(
            populate,
            weighed=tuple(weighed.values()),
            simulated=tuple(simulated.values()),
            sensitivity=more.get("sensitivity"),
            campaign=self.campaign,
            choice=self.population,
            redshift=self.selection.redshift,
            title=self.title,
        )
        return found

    def _campaign(
        self, run: Workflow, sources: Mapping[str, PhotonSet], weighed: Mapping[str, Pending[Any]]
    ) -> dict[str, Pending[Simulated]]:
        """All batches of all sources at once; or round by round, where a campaign ends as soon as it is decided."""
        choice = self.campaign
        firsts = range(0, choice.simulations, choice.batch)
        parts: dict[str, list[Pending[Simulated]]] = {name: [] for name in sources}
        open_ = list(sources)
        for first in firsts:
            for name in open_:
                number = min(choice.batch, choice.simulations - first)
                parts[name].append(
                    run.do(
                        simulate_singles,
                        photons=sources[name],
                        weighed=weighed[name],
                        psf=self.simulation_psf,
                        analysis=self.analysis,
                        first=first,
                        number=number,
                        title=f"{name}, {first + 1} to {first + number} of {choice.simulations}",
                    )
                )
            if choice.stop:
                # One gathering needs all sources, so that a round runs in parallel.
                run.value(
                    run.do(gather, parts=tuple(parts[name][-1] for name in open_), title=f"round {first // choice.batch + 1}")
                )
                open_ = [name for name in open_ if not self._decided(run, weighed[name], parts[name])]
        return {name: run.do(gather, parts=tuple(some), title=name) for name, some in parts.items()}

    def _decided(self, run: Workflow, weighed: Pending[Weighed], parts: Sequence[Pending[Simulated]]) -> bool:
        simulated = Simulated.joined(tuple(run.value(part) for part in parts))
        found = rate_of(run.value(weighed), simulated)
        return found.decided(self.campaign.threshold, 1 - self.campaign.level)

    def _extras(
        self, run: Workflow, sources: Mapping[str, PhotonSet], weighed: Mapping[str, Pending[Weighed]]
    ) -> dict[str, Pending[Any]]:
        """What is asked for beside: pairs in the place of sources, a grid of pairs, systems, a survey to come."""
        found: dict[str, Pending[Any]] = {}
        if self.injection is not None:
            pairs = product(self.injection.separations, self.injection.ratios)
            for (name, photons), pair in product(sources.items(), pairs):
                found[f"injected {pair[0]:g} {pair[1]:g} {name}"] = run.do(
                    inject,
                    photons=photons,
                    weighed=weighed[name],
                    psf=self.simulation_psf,
                    analysis=self.analysis,
                    pair=pair,
                    number=self.injection.simulations,
                    title=f"{name}, {pair[0]:g} arcsec, ratio {pair[1]:g}",
                )
        if self.sensitivity is not None:
            found["sensitivity"] = self._grid(run, self.sensitivity)
        if self.systems is not None:
            found["systems"] = run.do(
                weigh_systems, source=self.systems, cuts=self._any, analysis=self.analysis, title=self.title
            )
        if self.forecast is not None:
            found["forecast"] = self._forecast(run, self.forecast)
        return found

    @property
    def _any(self) -> SourceCuts:
        """No cut but the band, for simulations."""
        return SourceCuts(band=self.selection.band)

    def _drawn(self, run: Workflow, psf: PSF, analysis: Analysis, title: str, **options: Any) -> Pending[Simulated]:
        source = make("photon_samples", "simulated", psf=psf, sky=title, **options)
        return run.do(weigh_drawn, source=source, cuts=self._any, analysis=analysis, title=title)

    def _grid(self, run: Workflow, choice: SensitivityChoice) -> Pending[Sensitivity]:
        singles, duals = [], []
        for counts, angle in product(choice.counts, choice.off_axis):
            said = f"{counts} counts, {angle / ARCMIN:g} arcmin"
            at = {"counts": float(counts), "off_axis": (angle,), "exposures": (choice.exposure,)}
            number = 5 * choice.simulations
            singles.append(self._drawn(run, self.simulation_psf, self.analysis, f"singles, {said}", number=number, **at))
        cells = product(choice.separations, choice.ratios, choice.counts, choice.off_axis)
        for separation, ratio, counts, angle in cells:
            said = f"{separation:g} arcsec, ratio {ratio:g}, {counts} counts, {angle / ARCMIN:g} arcmin"
            at = {"counts": float(counts), "off_axis": (angle,), "exposures": (choice.exposure,)}
            at |= {"dual_fraction": 1.0, "separation": (separation,), "ratio": (ratio,), "number": choice.simulations}
            duals.append(self._drawn(run, self.simulation_psf, self.analysis, said, **at))
        return run.do(
            put_together, singles=tuple(singles), duals=tuple(duals), choice=choice, campaign=self.campaign, title=self.title
        )

    def _forecast(self, run: Workflow, choice: ForecastChoice) -> Pending[Forecast]:
        analysis = attrs.evolve(self.analysis, psf=choice.psf)
        singles, duals = None, list[Pending[Simulated]]()
        at = {"counts": float(choice.counts), "exposures": (choice.exposure,)}
        if choice.completeness is None:
            said = f"{choice.name}, singles"
            singles = self._drawn(run, choice.psf, analysis, said, number=5 * choice.simulations, **at)
            for separation, ratio in product(choice.separations, choice.ratios):
                pair = {"dual_fraction": 1.0, "separation": (separation,), "ratio": (ratio,), "number": choice.simulations}
                said = f"{choice.name}, {separation:g} arcsec, ratio {ratio:g}"
                duals.append(self._drawn(run, choice.psf, analysis, said, **at, **pair))
        return run.do(
            foresee,
            singles=singles,
            duals=tuple(duals),
            choice=choice,
            campaign=self.campaign,
            level=ONE_SIGMA,
            title=choice.name,
        )

    def headline(self, cell: CellResult) -> Headline | None:
        """The fraction of pairs; of one source, its ln Bayes factor."""
        weighed = [w for _, w in cell.named("weighed")]
        population: Population | None = cell.results.get("population")
        if population is None or not weighed:
            return None
        if len(weighed) == 1:
            factor = weighed[0].factor
            return Headline(
                quantity=f"ln Bayes factor of {weighed[0].name}, two sources over one",
                value=factor.ln,
                low=factor.error,
                high=factor.error,
                question=f"Is {weighed[0].name} one X-ray source or two?",
            )
        k, n = len(population.candidates), len(weighed)
        low, value, high = (float(x) for x in betaincinv(k + 1, n - k + 1, QUANTILES))
        return Headline(
            quantity=f"fraction of pairs, {k} found among {n}",
            value=value,
            low=value - low,
            high=high - value,
            question="Which fraction of these X-ray sources is dual?",
            truth=self._true_fraction(cell),
        )

    @staticmethod
    def _true_fraction(cell: CellResult) -> float | None:
        sample = cell.results.get("photons")
        return None if sample is None or sample.truth is None else float(np.mean(sample.truth["number"] > 1))

    def tables(self, cells: Sequence[CellResult]) -> Mapping[str, Any]:
        """``sources``, ``evidences``, ``positions``, ``selection``, ``limits``, ``tests`` and what was asked for beside."""
        return tables.all_tables(self, cells)

    def figures(self) -> Mapping[str, Figure]:
        """Photons with positions, Bayes factors against off-axis angle, tests, fractions, detected pairs."""
        return figures.all_figures(self)
