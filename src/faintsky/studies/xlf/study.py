"""The study ``xlf``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from faintsky.core.binned_luminosity_function import BinnedLuminosityFunctionEstimator
from faintsky.core.bolometric_correction import BolometricCorrection
from faintsky.core.catalogue import CatalogueSource
from faintsky.core.component import component, option, slot
from faintsky.core.cosmology import Cosmology
from faintsky.core.detection import Detection
from faintsky.core.hardness import CountsPair, HardnessEstimator
from faintsky.core.imaging_survey import ImagingSurveySource
from faintsky.core.likelihood import LikelihoodRule
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.matcher import Matcher
from faintsky.core.parameter import free_parameters
from faintsky.core.registry import registry
from faintsky.core.sampler import Sampler
from faintsky.core.selection import Selection
from faintsky.core.source_sample import SourceSampleSource
from faintsky.core.step import Pending, Workflow
from faintsky.core.study import CellResult, Figure, Headline, Study
from faintsky.core.survey_set import SurveySet
from faintsky.studies.xlf import figures, tables
from faintsky.studies.xlf.accretion import accrete
from faintsky.studies.xlf.binned import bin_samples, bin_variants
from faintsky.studies.xlf.choices import (
    AccretionChoice,
    BinChoice,
    ConversionChoice,
    CounterpartChoice,
    DensityChoice,
    FitChoice,
    ObscurationChoice,
    SensitivityChoice,
)
from faintsky.studies.xlf.compared import compare_models
from faintsky.studies.xlf.counterparts import match
from faintsky.studies.xlf.field import detect, load_galaxies, load_survey
from faintsky.studies.xlf.fit import density_between, derive, fit
from faintsky.studies.xlf.obscuration import correct
from faintsky.studies.xlf.sample import area, load_sample, sample, select

__all__ = ["Xlf"]


@component(references=["Miyaji2001", "Loredo2004", "BarlowHall2025", "KassRaftery1995"])
@frozen(kw_only=True)
class Xlf(Study):
    """The X-ray luminosity function of AGN: from images, or from samples with area curves, to the accretion density.

    Images are searched for sources, these are matched to galaxies, a selection makes the sample, and its threshold the area
    curve; or `samples` bring sources and area curves as tables. Densities are measured in bins, and by fits of luminosity
    functions to all sources with their redshift densities: the bins limit what is reported, never which sources are fitted. With
    images, hardness ratios correct for obscuration. Luminosities become bolometric, and a mass that black holes accrete. The
    headline is the density of sources of ``[density]``: that of the fit, or of the bins where nothing is fitted.
    """

    imaging: ImagingSurveySource | None = option(None, help="X-ray images of one field")
    galaxies: CatalogueSource | None = option(None, help="galaxies that its sources are matched to; default: the survey's own")
    samples: dict[str, SourceSampleSource] = slot(parts=True, axis="data", help="samples with area curves, instead of images")
    cosmology: Cosmology | None = option(None, help="of a survey of images; samples bring their own")
    detections: Detection = slot("blind", help="how sources are found")
    matchers: Matcher = slot("bayes", help="how counterparts are found")
    counterparts: CounterpartChoice = option(factory=CounterpartChoice, help="how sure counterparts must be")
    selections: Selection = slot("extracted", axis="data", help="which sources make the sample, in which band")
    sensitivity: SensitivityChoice = option(factory=SensitivityChoice, help="the area curve")
    conversion: ConversionChoice | None = option(None, help="from count rates to luminosities, for images")
    bins: BinChoice = option(factory=BinChoice, help="bins of redshift and luminosity")
    fiducial: LuminosityFunction = slot(help="how the density runs within a bin")
    compared: dict[str, LuminosityFunction] = slot(parts=True, axis="data", help="[compared.NAME]: models shown beside the data")
    binned_luminosity_functions: BinnedLuminosityFunctionEstimator = slot("nobs-nmdl", help="how densities in bins are measured")
    luminosity_functions: LuminosityFunction | None = option(None, help="what is fitted to all sources; default: nothing")
    likelihoods: LikelihoodRule[SurveySet, LuminosityFunction] = slot("pdf", help="how sources and luminosity function compare")
    samplers: Sampler = slot("dynesty", help="how the posterior is sampled; models are ranked by those that give an evidence")
    fit: FitChoice = option(factory=FitChoice, help="what fits report")
    hardness_ratios: HardnessEstimator[CountsPair] = slot("exact", help="how hardness ratios are estimated")
    obscuration: ObscurationChoice | None = option(None, help="correction for obscuration, for images")
    bolometric_corrections: BolometricCorrection | None = option(None, help="from X-ray to bolometric luminosities")
    accretion: AccretionChoice = option(factory=AccretionChoice, help="what is integrated")
    density: DensityChoice = option(factory=DensityChoice, help="the headline")
    truth: LuminosityFunction | None = option(None, help="what the data were simulated with; default: what the simulation says")

    def check(self) -> Iterator[tuple[str, str]]:
        """Neither images nor samples or both, what images need, and fits without a free parameter."""
        if (self.imaging is None) is not bool(self.samples):
            yield (
                "imaging",
                "a luminosity function starts from images or from samples: give [imaging] or [samples.NAME], not both",
            )
        if self.imaging is not None:
            for key in ("conversion", "cosmology"):
                if getattr(self, key) is None:
                    yield key, f"sources of images need [{key}]: rates say nothing of luminosities without it"
        elif self.obscuration is not None:
            yield "obscuration", "hardness ratios need images in two bands: leave [obscuration] out, or start from [imaging]"
        if self.luminosity_functions is not None and not free_parameters(self.luminosity_functions):
            yield "luminosity_functions", "no parameter is free: there is nothing to fit"
        if self.luminosity_functions is not None:
            for name, ends in (("log_l_range", "log_l"), ("z_range", "z")):
                known = np.all(np.isfinite(getattr(self.luminosity_functions.validity, ends)))
                if not known and getattr(self.likelihoods, name, "") is None:
                    yield (
                        f"likelihoods.{name}",
                        f"a luminosity function without a published set has no ends: give {name} = [low, high]",
                    )
        for name, other in self._functions().items():
            if other.band != self.fiducial.band:
                yield name, f"{other.name} is of {other.band} luminosities, the fiducial one of {self.fiducial.band}"

    def _functions(self) -> dict[str, LuminosityFunction]:
        """Every luminosity function of the study beside the fiducial one, by its key."""
        found = {f"compared.{name}": model for name, model in self.compared.items()}
        found |= {} if self.luminosity_functions is None else {"luminosity_functions": self.luminosity_functions}
        return found | ({} if self.obscuration is None else {"obscuration.fiducial": self.obscuration.fiducial})

    def analyse(self, run: Workflow) -> Mapping[str, Pending[Any]]:
        """Sample, bins, fit, obscuration, accretion: one cell."""
        found: dict[str, Pending[Any]] = {}
        samples = self._samples(run, found)
        found |= {f"sample {name}": pending for name, pending in samples.items()}
        estimator = registry.short_name(type(self.binned_luminosity_functions))
        given = {"samples": samples, "bins": self.bins}
        found["binned"] = run.do(
            bin_samples, estimator=self.binned_luminosity_functions, model=self.fiducial, title=estimator, **given
        )
        found["variants"] = run.do(bin_variants, model=self.fiducial, title="", **given)
        found["compared"] = run.do(compare_models, models=self.compared, bins=self.bins, choice=self.fit, headline=self.density)
        posterior = None
        if self.luminosity_functions is not None:
            title = " / ".join(
                registry.short_name(type(part)) for part in (self.luminosity_functions, self.likelihoods, self.samplers)
            )
            asked = {"samples": samples, "model": self.luminosity_functions}
            fitted = asked | {"likelihood": self.likelihoods, "sampler": self.samplers}
            posterior = run.do(fit, **fitted, widened=1.0, title=title)
            found["fit"] = posterior
            for width in self.fit.prior_widths:
                found[f"fit x {width:g}"] = run.do(fit, **fitted, widened=width, title=f"{title}, priors x {width:g}")
            found["densities"] = run.do(
                derive, **asked, posterior=posterior, bins=self.bins, choice=self.fit, headline=self.density, title=title
            )
        if self.obscuration is not None and self.conversion is not None:
            found["obscuration"] = run.do(
                correct,
                detected=found["detected"],
                estimator=self.hardness_ratios,
                conversion=self.conversion,
                choice=self.obscuration,
                title=registry.short_name(type(self.hardness_ratios)),
                **given,
            )
        if self.bolometric_corrections is not None:
            found["accretion"] = run.do(
                accrete,
                binned=found["binned"],
                obscuration=found.get("obscuration"),
                choice_of_classes=self.obscuration,
                model=self.luminosity_functions,
                posterior=posterior,
                compared=self.compared,
                correction=self.bolometric_corrections,
                choice=self.accretion,
                fit=self.fit,
                bins=self.bins,
                title=registry.short_name(type(self.bolometric_corrections)),
            )
        return found

    def _samples(self, run: Workflow, found: dict[str, Pending[Any]]) -> dict[str, Pending[Any]]:
        """The samples of all fields; what led to that of a field of images is put into `found`."""
        if self.imaging is None or self.conversion is None or self.cosmology is None:
            return {name: run.do(load_sample, source=source, title=name) for name, source in self.samples.items()}
        survey = run.do(load_survey, source=self.imaging)
        detected = run.do(detect, survey=survey, detection=self.detections, title=registry.short_name(type(self.detections)))
        galaxies = run.do(load_galaxies, detected=detected, source=self.galaxies)
        matched = {"detected": detected, "galaxies": galaxies}
        title = registry.short_name(type(self.matchers))
        counterparts = run.do(match, **matched, matcher=self.matchers, choice=self.counterparts, title=title)
        band = self.selections.band
        selected = run.do(select, **matched, counterparts=counterparts, selection=self.selections, title=band)
        curve = run.do(area, detected=detected, selected=selected, choice=self.sensitivity, title=band)
        found |= {"detected": detected, "counterparts": counterparts, "selected": selected}
        made = run.do(
            sample,
            **matched,
            selected=selected,
            area=curve,
            conversion=self.conversion,
            cosmology=self.cosmology,
            lost=self.counterparts.lost,
            title=band,
        )
        return {band: made}

    def headline(self, cell: CellResult) -> Headline | None:
        """log10 of the density of sources between two luminosities at a redshift, of the fit or of the bins."""
        low, high = self.density.log_l
        said = f"log density of AGN with log L = {low:g}-{high:g} at z = {self.density.z:g}"
        question = f"How many AGN with log L_X = {low:g} to {high:g} does a cubic megaparsec hold at z = {self.density.z:g}?"
        densities = cell.results.get("densities")
        ends = tables.binned_density(cell, self.density) if densities is None else densities.headline
        if ends is None:
            return None
        return Headline(
            quantity=said,
            value=float(ends[1]),
            low=float(ends[1] - ends[0]),
            high=float(ends[2] - ends[1]),
            unit="dex(1 / Mpc3)",
            question=question,
            truth=self._true_density(),
        )

    def _true_density(self) -> float | None:
        """What a simulation without absorption was made with; absorbed AGN are not in what is observed."""
        if self.true_function is None or getattr(self.imaging, "nh_classes", None):
            return None
        return float(np.log10(density_between(self.true_function, self.density.log_l, self.density.z)[0]))

    @property
    def true_function(self) -> LuminosityFunction | None:
        """The luminosity function that the data were simulated with, of all AGN."""
        if self.truth is not None:
            return self.truth
        sources = list(self.samples.values()) if self.imaging is None else [self.imaging]
        known = [getattr(source, "population", None) for source in sources]
        return known[0] if known[0] is not None and all(k == known[0] for k in known) else None

    def tables(self, cells: Sequence[CellResult]) -> Mapping[str, Any]:
        """``binned``, ``fits``, ``evidences``, ``predicted``, ``samples`` and, as asked for, of obscuration and accretion."""
        return tables.all_tables(self, cells)

    def figures(self) -> Mapping[str, Figure]:
        """Luminosity function, area curves, counterparts, obscuration, fits, bolometric function, accretion."""
        return figures.all_figures(self)
