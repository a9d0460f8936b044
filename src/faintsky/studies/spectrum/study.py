"""The study ``spectrum``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from faintsky.core.component import component, option, slot
from faintsky.core.likelihood import LikelihoodRule
from faintsky.core.observed_spectrum import ObservedSpectrum, SpectrumSource
from faintsky.core.parameter import free_parameters
from faintsky.core.registry import registry
from faintsky.core.sampler import Sampler
from faintsky.core.spectrum import Spectrum
from faintsky.core.step import Pending, Workflow
from faintsky.core.study import CellResult, Figure, Headline, Study
from faintsky.models.conversions.unabsorbed import named
from faintsky.studies.spectrum import figures, tables
from faintsky.studies.spectrum.choices import FluxChoice, LuminosityChoice, PredictionChoice
from faintsky.studies.spectrum.derived import derive
from faintsky.studies.spectrum.prediction import predict
from faintsky.studies.spectrum.steps import fit_spectrum, load_spectrum

__all__ = ["SpectrumStudy"]


@component(references=["Cash1979", "Wachter1979", "KassRaftery1995"])
@frozen(kw_only=True)
class SpectrumStudy(Study):
    """X-ray counts spectra: fits of one or more models, Bayes factors, fluxes, luminosities, predicted counts.

    Spectra under `spectra` are fitted together by one model. Several models are compared by their evidences where the sampler
    gives them. The headline is the observed flux in the first band of ``[fluxes]``; its spread over the models is shown.
    """

    spectra: dict[str, SpectrumSource] = slot(parts=True, axis="data", help="counts spectra that one model describes together")
    models: Spectrum = slot("powerlaw", help="the model, such as use = 'formula', formula = 'wabs * powerlaw'")
    likelihoods: LikelihoodRule[ObservedSpectrum, Spectrum] = slot("w-stat", help="how counts and model are compared")
    samplers: Sampler = slot("dynesty", help="how the posterior is sampled; Bayes factors need one that gives an evidence")
    fluxes: FluxChoice = option(factory=FluxChoice, help="energy fluxes of the model")
    luminosity: LuminosityChoice | None = option(None, help="luminosities of the model")
    prediction: PredictionChoice = option(factory=PredictionChoice, help="counts that the fit predicts")
    truth: float | None = option(None, help="true value of the headline, where the data are simulated")

    def check(self) -> Iterator[tuple[str, str]]:
        """A study without spectra, without photons, without free parameters, or a luminosity without a redshift."""
        if not self.spectra:
            yield "spectra", "name at least one counts spectrum, such as [spectra.source]"
        if not self.models.additive:
            yield "models", f"{self.models} is a factor and gives no photons: multiply it with a model such as powerlaw"
        elif not free_parameters(self.models):
            yield "models", "no parameter is free: there is nothing to fit"
        if self.luminosity is not None and self.luminosity.redshift is None and not named(self.models, "redshift"):
            yield (
                "luminosity.redshift",
                "the model has no parameter called redshift: give it here, or take a model such as zpowerlaw",
            )

    def analyse(self, run: Workflow) -> Mapping[str, Pending[Any]]:
        """Load, fit, and what follows: one cell."""
        observed = {name: run.do(load_spectrum, source=source, title=name) for name, source in self.spectra.items()}
        title = f"{registry.short_name(type(self.models))}, {registry.short_name(type(self.samplers))}"
        given = {"model": self.models, "title": title}
        fit = run.do(fit_spectrum, observed=observed, likelihood=self.likelihoods, sampler=self.samplers, **given)
        found: dict[str, Pending[Any]] = {f"spectrum {name}": data for name, data in observed.items()}
        found["fit"] = fit
        found["derived"] = run.do(derive, posterior=fit, fluxes=self.fluxes, luminosities=self.luminosity, **given)
        found["prediction"] = run.do(
            predict, observed=observed, likelihood=self.likelihoods, posterior=fit, choice=self.prediction, **given
        )
        return found

    def headline(self, cell: CellResult) -> Headline | None:
        """The observed flux in the first band."""
        derived = cell.results.get("derived", ())
        flux = next((d for d in derived if d.quantity == "flux"), None)
        if flux is None:
            return None
        source = " and ".join(self.spectra)
        return Headline(
            quantity=f"{flux.band} flux",
            value=flux.value,
            low=flux.low,
            high=flux.high,
            unit=flux.unit,
            question=f"How bright is {source} at {flux.band}?",
            truth=self.truth,
        )

    def tables(self, cells: Sequence[CellResult]) -> Mapping[str, Any]:
        """``parameters``, ``fluxes``, ``evidences``, ``goodness``, ``fits``, ``spectra``."""
        return tables.all_tables(cells)

    def figures(self) -> Mapping[str, Figure]:
        """Counts and predictions, models, posteriors."""
        return figures.all_figures(list(self.spectra))
