"""The study ``coherence``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from attrs import frozen

from faintsky.core.component import component, option, slot
from faintsky.core.errors import nearest
from faintsky.core.likelihood import LikelihoodRule
from faintsky.core.map import MapSource
from faintsky.core.mask import MaskRule
from faintsky.core.power_model import PowerModel
from faintsky.core.power_spectrum import PowerSpectrum, PowerSpectrumEstimator
from faintsky.core.registry import registry
from faintsky.core.sampler import Sampler
from faintsky.core.step import Pending, Workflow
from faintsky.core.study import CellResult, Figure, Headline, Study
from faintsky.studies.coherence import figures, tables
from faintsky.studies.coherence.choices import BinChoice, FitChoice, GridChoice
from faintsky.studies.coherence.spectra import cross_name
from faintsky.studies.coherence.steps import common_mask, fit, load_map, measure, study_grid

__all__ = ["Coherence"]


@component(references=["Kashlinsky2012", "Cappelluti2013", "Li2018"])
@frozen(kw_only=True)
class Coherence(Study):
    """Auto- and cross-power of maps, with noise and null spectra, and a fit of shot noise plus clustering.

    Maps are made on one grid, masked by the union of the named masks, and every pair is measured by each estimator.
    A map with splits gives its noise, P((A - B)/2), its noise-free power, A x B, and null tests, (other map) x
    (A - B)/2. The chosen spectra are fitted with a model through the window of their estimator, so no mask is
    corrected twice. The headline is the clustered part of the first fitted spectrum at the model's pivot scale.
    """

    maps: dict[str, MapSource] = slot(parts=True, axis="data", help="the maps that are analysed together")
    masks: dict[str, MaskRule] = slot(parts=True, axis="data", help="named masks; their union is left out")
    grid: GridChoice = option(factory=GridChoice, help="where every map is made")
    bins: BinChoice = option(factory=BinChoice, help="rings of wavenumber")
    fit: FitChoice = option(factory=FitChoice, help="which spectra are fitted")
    power_spectra: PowerSpectrumEstimator = slot("decoupled", help="how spectra are estimated")
    power_models: PowerModel = slot("shot-plus-power-law", help="the model of a spectrum")
    likelihoods: LikelihoodRule[PowerSpectrum, PowerModel] = slot("gaussian-model-sigma", help="how they are compared")
    samplers: Sampler = slot("emcee", help="how the posterior is sampled")

    @property
    def fitted(self) -> tuple[str, ...]:
        """Names of the spectra that are fitted."""
        if self.fit.spectra:
            return self.fit.spectra
        names = list(self.maps)
        return (cross_name(names[0], names[1]),) if len(names) > 1 else (names[0],)

    def check(self) -> Iterator[tuple[str, str]]:
        """Names that the tables of the file use for each other."""
        if not self.maps:
            yield "maps", "name at least one map, such as [maps.ir]"
            return
        like = self.grid.like.removeprefix("maps.")
        if like and like not in self.maps:
            yield "grid.like", f"there is no map {like!r}. {nearest(like, self.maps)} Maps: {', '.join(self.maps)}"
        known = [*self.maps, *(cross_name(a, b) for a, b in combinations(self.maps, 2))]
        known += [f"{name} signal (A x B)" for name in self.maps]
        for name in self.fit.spectra:
            if name not in known:
                yield (
                    "fit.spectra",
                    f"there is no spectrum {name!r}. {nearest(name, known)} Spectra: {', '.join(known)}",
                )

    def analyse(self, run: Workflow) -> Mapping[str, Pending[Any]]:
        """Grid, maps, mask, spectra, fits: one cell."""
        grid = run.do(study_grid, sources=self.maps, choice=self.grid)
        maps = {name: run.do(load_map, source=source, grid=grid, title=name) for name, source in self.maps.items()}
        mask = run.do(common_mask, maps=maps, rules=self.masks)
        method = registry.short_name(type(self.power_spectra))
        spectra = run.do(measure, maps=maps, mask=mask, estimator=self.power_spectra, bins=self.bins, title=method)
        engine = registry.short_name(type(self.samplers))
        fits = {
            f"fit {pair}": run.do(
                fit,
                spectra=spectra,
                pair=pair,
                model=self.power_models,
                likelihood=self.likelihoods,
                sampler=self.samplers,
                title=f"{pair}, {method}, {engine}",
            )
            for pair in self.fitted
        }
        return {f"map {name}": m for name, m in maps.items()} | {"mask": mask, "spectra": spectra} | fits

    def headline(self, cell: CellResult) -> Headline | None:
        """The amplitude of the clustered power of the first fitted spectrum."""
        posterior = cell.results.get(f"fit {self.fitted[0]}")
        if posterior is None:
            return None
        name = "amplitude" if "amplitude" in posterior.names else posterior.names[0]
        value, low, high = posterior.summary(name)
        unit = posterior.units[posterior.names.index(name)] if posterior.units else ""
        return Headline(
            quantity=f"{name} of {self.fitted[0]}",
            value=value,
            low=low,
            high=high,
            unit=unit,
            question=f"How strong is the clustered power of {self.fitted[0]}?",
            truth=self._truth() if name == "amplitude" else None,
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
        """``maps``, ``spectra``, ``nulls``, ``fits``."""
        return tables.all_tables(cells)

    def figures(self) -> Mapping[str, Figure]:
        """Maps and mask, spectra, null tests, posteriors."""
        return figures.all_figures(self)
