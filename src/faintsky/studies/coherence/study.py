"""The study ``coherence``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from faintsky.core.catalogue import CatalogueSource
from faintsky.core.component import component, option, slot
from faintsky.core.likelihood import LikelihoodRule
from faintsky.core.map import MapSource
from faintsky.core.mask import MaskRule
from faintsky.core.painted_source import PaintedSource
from faintsky.core.power_model import PowerModel
from faintsky.core.power_spectrum import PowerSpectrum, PowerSpectrumEstimator
from faintsky.core.registry import registry
from faintsky.core.sampler import Sampler
from faintsky.core.step import Pending, Workflow
from faintsky.core.study import CellResult, Figure, Headline, Study
from faintsky.estimators.bandpowers.stack import STACKINGS
from faintsky.models.power_models.limber import Limber
from faintsky.studies.coherence import figures, tables
from faintsky.studies.coherence.bias import describe_bias
from faintsky.studies.coherence.check import wrong_names
from faintsky.studies.coherence.choices import BinChoice, FitChoice, GridChoice
from faintsky.studies.coherence.field import FieldChoice
from faintsky.studies.coherence.measurement import BeamChoice, MeasureChoice, NullChoice
from faintsky.studies.coherence.measuring import measure
from faintsky.studies.coherence.published import PublishedChoice
from faintsky.studies.coherence.shown import BroadbandChoice, CoherenceChoice, HardnessChoice, PanelChoice, coherences
from faintsky.studies.coherence.spectra import Spectra, cross_name
from faintsky.studies.coherence.steps import common_mask, fit, load_map, paint_map, stack, study_grid
from faintsky.studies.coherence.xray import XrayChoice, xray_background

__all__ = ["Coherence"]


@component(references=["Kashlinsky2012", "Cappelluti2013", "Li2018", "Kaminsky2025", "Li2019"])
@frozen(kw_only=True)
class Coherence(Study):
    """Fluctuations of backgrounds: from maps or a catalogue to auto- and cross-power, coherence, bias, X-ray flux and mass.

    Maps are made on one grid, masked by the union of the named masks, and every pair is measured by each estimator. A map with
    splits gives its noise, P((A - B)/2), its noise-free power, and null tests; maps are also turned, and catalogues shuffled, to
    see that nothing is left. Several `fields` are stacked bin by bin. The chosen spectra are fitted through the window of their
    estimator, so no mask or beam is corrected twice. The headline is the first fitted parameter of the first fitted spectrum.
    """

    maps: dict[str, MapSource] = slot(parts=True, axis="data", help="the maps that are analysed together")
    masks: dict[str, MaskRule] = slot(parts=True, axis="data", help="named masks; their union is left out")
    catalogues: dict[str, CatalogueSource] = slot(parts=True, axis="data", help="catalogues that several maps are painted from")
    fields: Mapping[str, FieldChoice] = option(factory=dict, help="[fields.NAME.maps.MAP]: several fields instead of `maps`")
    grid: GridChoice = option(factory=GridChoice, help="where every map is made")
    bins: BinChoice = option(factory=BinChoice, help="rings of wavenumber")
    spectra: MeasureChoice = option(factory=MeasureChoice, help="which spectra are measured")
    beams: BeamChoice = option(factory=BeamChoice, help="what is done about beams")
    nulls: NullChoice = option(factory=NullChoice, help="spectra that must vanish")
    stacking: str = option("uniform", choices=STACKINGS, help="how fields are averaged; the plain mean by default")
    broadband: Mapping[str, BroadbandChoice] = option(factory=dict, help="[broadband.NAME]: tables of mean powers")
    hardness: HardnessChoice | None = option(None, help="hardness ratios of mean cross-powers")
    coherence: CoherenceChoice = option(factory=CoherenceChoice, help="coherence of the pairs")
    fit: FitChoice = option(factory=FitChoice, help="which spectra are fitted")
    xray: XrayChoice | None = option(None, help="coherent X-ray flux, and what follows from it")
    published: Mapping[str, PublishedChoice] = option(factory=dict, help="[published.NAME]: spectra to compare with")
    panels: Mapping[str, PanelChoice] = option(factory=dict, help="[panels.NAME]: spectra that share a figure")
    truth: float | None = option(None, help="true value of the headline, where the data are simulated")
    power_spectra: PowerSpectrumEstimator = slot("decoupled", help="how spectra are estimated")
    power_models: PowerModel = slot("shot-plus-power-law", help="the model of a spectrum")
    likelihoods: LikelihoodRule[PowerSpectrum, PowerModel] = slot("gaussian-model-sigma", help="how they are compared")
    samplers: Sampler = slot("emcee", help="how the posterior is sampled")

    @property
    def names(self) -> list[str]:
        """The names of the maps; of several fields, those of the first."""
        first = next(iter(self.fields.values()), None)
        return list(self.maps if first is None else first.maps)

    @property
    def fitted(self) -> tuple[str, ...]:
        """Names of the spectra that are fitted."""
        if self.fit.spectra:
            return self.fit.spectra
        names = self.names
        return (cross_name(names[0], names[1]),) if len(names) > 1 else (names[0],)

    def check(self) -> Iterator[tuple[str, str]]:
        """Names that the tables of the file use for each other."""
        return wrong_names(self)

    def analyse(self, run: Workflow) -> Mapping[str, Pending[Any]]:
        """Grid, maps, mask, spectra, fits: one cell."""
        found: dict[str, Pending[Any]] = {}
        spectra = self._spectra(run, found)
        found["spectra"] = spectra
        if len(self.names) > 1:
            found["coherence"] = run.do(coherences, spectra=spectra, choice=self.coherence, title=self._method)
        biases: dict[str, Pending[Any]] = {}
        for pair in self.fitted:
            title = f"{pair}, {self._method}, {registry.short_name(type(self.samplers))}"
            given = {"spectra": spectra, "pair": pair, "model": self.power_models, "likelihood": self.likelihoods}
            posterior = run.do(fit, **given, sampler=self.samplers, widened=1.0, title=title)
            found[f"fit {pair}"] = posterior
            if self.fit.wider_priors > 1:
                wider = run.do(fit, **given, sampler=self.samplers, widened=self.fit.wider_priors, title=f"{title}, wider priors")
                found[f"wider {pair}"] = wider
            if isinstance(self.power_models, Limber):
                biases[pair] = run.do(describe_bias, **given, posterior=posterior, title=title)
                found[f"bias {pair}"] = biases[pair]
        if self.xray is not None:
            fitted = {name: biases[name] for name in self.xray.infrared if name in biases}
            found["xray"] = run.do(xray_background, spectra=spectra, biases=fitted, choice=self.xray, title=self._method)
        return found

    @property
    def _method(self) -> str:
        return registry.short_name(type(self.power_spectra))

    def _spectra(self, run: Workflow, found: dict[str, Pending[Any]]) -> Pending[Spectra]:
        """The spectra of the one field, or of the stack of several; maps and masks are put into `found`."""
        if not self.fields:
            return self._field(run, found, FieldChoice(maps=self.maps, masks=self.masks, grid=self.grid), "")
        each = {name: self._field(run, found, field, name) for name, field in self.fields.items()}
        found.update({f"spectra {name}": spectra for name, spectra in each.items()})
        return run.do(stack, fields=each, bins=self.bins, weights=self.stacking, title=self._method)

    def _field(self, run: Workflow, found: dict[str, Pending[Any]], field: FieldChoice, name: str) -> Pending[Spectra]:
        prefix = f"{name}/" if name else ""
        grid = run.do(study_grid, sources=field.maps, choice=field.grid)
        maps: dict[str, Pending[Any]] = {}
        for key, source in field.maps.items():
            if isinstance(source, PaintedSource) and source.catalogue:
                catalogue = self.catalogues[source.catalogue]
                maps[key] = run.do(paint_map, source=source, catalogue=catalogue, grid=grid, title=prefix + key)
            else:
                maps[key] = run.do(load_map, source=source, grid=grid, title=prefix + key)
        mask = run.do(common_mask, maps=maps, rules=field.masks)
        found.update({f"map {prefix}{key}": m for key, m in maps.items()})
        found[f"mask {name}" if name else "mask"] = mask
        return run.do(
            measure,
            maps=maps,
            mask=mask,
            estimator=self.power_spectra,
            bins=self.bins,
            choice=self.spectra,
            beams=self.beams,
            nulls=self.nulls,
            checked=self.fitted,
            title=f"{prefix}{self._method}",
        )

    def headline(self, cell: CellResult) -> Headline | None:
        """The amplitude of the clustered power, or the bias, of the first fitted spectrum."""
        posterior = cell.results.get(f"fit {self.fitted[0]}")
        if posterior is None:
            return None
        name = next((n for n in ("amplitude", "bias.bias") if n in posterior.names), posterior.names[0])
        value, low, high = posterior.summary(name)
        unit = posterior.units[posterior.names.index(name)] if posterior.units else ""
        question = {
            "amplitude": f"How strong is the clustered power of {self.fitted[0]}?",
            "bias.bias": f"How strongly do the sources of {self.fitted[0]} cluster, compared with matter?",
        }.get(name, f"What is {name} of {self.fitted[0]}?")
        truth = self._truth() if name == "amplitude" and self.truth is None else self.truth
        said = {"bias.bias": "bias"}.get(name, name)
        return Headline(
            quantity=f"{said} of {self.fitted[0]}", value=value, low=low, high=high, unit=unit, question=question, truth=truth
        )

    def _truth(self) -> float | None:
        """The input amplitude, where the maps of a fitted cross-spectrum are simulated and know it."""
        sources = [self.maps.get(name) for name in self.fitted[0].split(" x ")]
        known = getattr(sources[0], "true_cross", None)
        theta0 = getattr(self.power_models, "theta0", None)
        if len(sources) != 2 or known is None or theta0 is None or not hasattr(sources[1], "true_cross"):
            return None
        return float(known(sources[1], np.array(2 * np.pi / theta0)))

    def tables(self, cells: Sequence[CellResult]) -> Mapping[str, Any]:
        """``maps``, ``spectra``, ``nulls``, ``fits``, and as asked for ``broadband-*``, ``coherence``, ``biases``, ``xray-*``."""
        return tables.all_tables(self, cells)

    def figures(self) -> Mapping[str, Figure]:
        """Maps and mask, spectra, null tests, posteriors; panels, dF/dz, biases and fluxes where there are some."""
        return figures.all_figures(self)
