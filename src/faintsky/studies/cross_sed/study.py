"""The study ``cross-sed``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from faintsky.core.band import Band
from faintsky.core.band_sed import BandSed
from faintsky.core.component import component, option, slot
from faintsky.core.cross_section import CrossSection
from faintsky.core.errors import DataError, nearest
from faintsky.core.hardness import HardnessEstimator, PowerPair
from faintsky.core.likelihood import LikelihoodRule
from faintsky.core.parameter import free_parameters, with_values
from faintsky.core.registry import registry
from faintsky.core.response import ResponseSource
from faintsky.core.sampler import Sampler
from faintsky.core.spectrum import Spectrum
from faintsky.core.step import Pending, Workflow
from faintsky.core.study import CellResult, Figure, Headline, Study
from faintsky.studies.cross_sed import figures, tables
from faintsky.studies.cross_sed.choices import FamilyChoice, SedChoice
from faintsky.studies.cross_sed.families import exclude, fold_family
from faintsky.studies.cross_sed.fit import fit_shape
from faintsky.studies.cross_sed.measured import hardness, load_response, load_sed

__all__ = ["CrossSed"]


@component(references=["Li2019", "Brunner2008"])
@frozen(kw_only=True)
class CrossSed(Study):
    """The X-ray spectrum of what infrared and X-ray backgrounds share: cross-powers in bands against models.

    Models are folded through the response of the maps, and compared in two ways: their shape with the amplitude at its best value
    (and, beside it, scaled in one band as Li et al. 2019 do), and their place on the plane of the first two hardness ratios. The
    headline is the first free parameter of `fitted`, such as the photon index, for the first cross-power.
    """

    sed: Mapping[str, SedChoice] = option(factory=dict, help="[sed.NAME]: measured cross-powers in bands")
    bands: tuple[Band, ...] = option(
        converter=Band.several, help="X-ray bands from soft to hard, such as ['0.5-1 keV', '1-2 keV']"
    )
    reference: Band = option(
        "1-2 keV", converter=Band.of, help="band in which models are scaled for figures and the paper's test"
    )
    limit_below: float = option(1.0, ge=0, help="a value of fewer sigma is shown as a 2 sigma upper limit")
    models: Mapping[str, FamilyChoice] = option(factory=dict, help="[models.NAME]: points, tracks and grids of models")
    fitted: Spectrum = slot("powerlaw", help="the model whose shape is fitted to the spectrum")
    weight: Spectrum | None = option(
        None, help="spectrum that the exposure maps were made with, for maps in photons cm^-2 s^-1; default: maps of counts"
    )
    responses: ResponseSource = slot(help="the response of the X-ray maps, of a stated epoch")
    absorption: CrossSection | None = option(
        None, help="cross-section that all absorbers are put on, with their columns as they are; default: that of each model"
    )
    hardness_ratios: HardnessEstimator[PowerPair] = slot("linear", help="how hardness ratios are estimated")
    likelihoods: LikelihoodRule[BandSed, Spectrum] = slot(
        "gaussian-sed", help="how the spectrum and the fitted model are compared"
    )
    samplers: Sampler = slot("quadrature", help="how the posterior of the fitted model is sampled")

    def check(self) -> Iterator[tuple[str, str]]:
        """Names and bands that the tables of the file use for each other, and files that do not hold what they are asked for."""
        if not self.sed:
            yield "sed", "name at least one spectrum, such as [sed.ir36]"
        if len(self.bands) < 2:
            yield "bands", "a spectrum needs two bands or more"
        if self.reference not in self.bands:
            names = [str(band) for band in self.bands]
            yield (
                "reference",
                f"{self.reference} is none of the bands. {nearest(str(self.reference), names)} Bands: {', '.join(names)}",
            )
        for key, choice in self.sed.items():
            try:
                choice.read(self.bands, key)
            except DataError as error:
                yield f"sed.{key}", str(error)
        for key, family in self.models.items():
            if not family.model.additive:
                yield f"models.{key}.model", f"{family.model} is a factor and gives no photons"
            try:
                with_values(family.model, {name: values[0] for name, values in family.vary.items()})
            except DataError as error:
                yield f"models.{key}.vary", str(error)
        if not free_parameters(self.fitted):
            yield "fitted", "no parameter is free: there is nothing to fit"

    def analyse(self, run: Workflow) -> Mapping[str, Pending[Any]]:
        """Read, fold, compare, fit: one cell."""
        response = run.do(load_response, source=self.responses)
        given = {"bands": self.bands, "response": response, "weight": self.weight}
        seds = {name: run.do(load_sed, choice=choice, title=name, **given) for name, choice in self.sed.items()}
        first = next(iter(seds.values()))
        families = {
            name: run.do(fold_family, model=f.model, vary=f.vary, absorption=self.absorption, sed=first, title=name)
            for name, f in self.models.items()
        }
        title = registry.short_name(type(self.hardness_ratios))
        measured = run.do(hardness, seds=seds, estimator=self.hardness_ratios, title=title)
        found: dict[str, Pending[Any]] = {f"sed {name}": sed for name, sed in seds.items()}
        found |= {f"family {name}": family for name, family in families.items()}
        found["hardness"] = measured
        found["exclusion"] = run.do(
            exclude, seds=seds, families=families, measured=measured, reference=self.bands.index(self.reference)
        )
        for name, sed in seds.items():
            found[f"fit {name}"] = run.do(
                fit_shape,
                sed=sed,
                model=self.fitted,
                absorption=self.absorption,
                likelihood=self.likelihoods,
                sampler=self.samplers,
                title=name,
            )
        return found

    def headline(self, cell: CellResult) -> Headline | None:
        """The first free parameter of the fitted model, for the first spectrum."""
        name = next(iter(self.sed))
        posterior = cell.results.get(f"fit {name}")
        if posterior is None:
            return None
        first = posterior.names[0]
        value, low, high = posterior.summary(first)
        said = first.rpartition(".")[2].replace("_", " ")
        label = self.sed[name].label or name
        return Headline(
            quantity=f"{said} of {label}",
            value=value,
            low=low,
            high=high,
            unit=posterior.units[0] if posterior.units else "",
            question=f"What is the {said} of the X-rays that share their sky with {label}?",
        )

    def tables(self, cells: Sequence[CellResult]) -> Mapping[str, Any]:
        """``families``, ``fits``, ``hardness``, ``missing``, ``exclusion``, ``sed``."""
        return tables.all_tables(self, cells)

    def figures(self) -> Mapping[str, Figure]:
        """Planes of hardness ratios with the models, the spectra with models scaled to them, posteriors."""
        return figures.all_figures(self)
