"""The study ``pairs``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from faintsky.core.catalogue import Catalogue
from faintsky.core.component import component, option, slot
from faintsky.core.cosmology import Cosmology
from faintsky.core.cutout import CutoutSource
from faintsky.core.decomposition import DecompositionRule
from faintsky.core.pair_statistic import PairStatistic
from faintsky.core.photo_z import PhotoZRule
from faintsky.core.registry import registry
from faintsky.core.sed_library import SedLibrary
from faintsky.core.segments import Segmentation
from faintsky.core.step import Pending, Workflow
from faintsky.core.study import CellResult, Figure, Headline, Study
from faintsky.estimators.companions.cuts import PairCuts
from faintsky.estimators.companions.detection_settings import DetectionSettings
from faintsky.estimators.nuclear.settings import NuclearSettings
from faintsky.estimators.seds.settings import SedFitSettings
from faintsky.studies.pairs import figures, tables
from faintsky.studies.pairs.assembling import Assembled, assemble
from faintsky.studies.pairs.choices import BroadeningChoice, DissectionChoice, FractionChoice, HostChoice, TrustChoice
from faintsky.studies.pairs.dissecting import dissect
from faintsky.studies.pairs.looking import load_targets, look
from faintsky.studies.pairs.redshifts import estimate_redshifts
from faintsky.studies.pairs.spectra import fit_spectra
from faintsky.studies.pairs.statistics import Summary, how_far, summarise, weigh

__all__ = ["Pairs"]


@component(references=["LiZhuang2025", "Duncan2019", "Gehrels1986", "Stemo2021"])
@frozen(kw_only=True)
class Pairs(Study):
    """AGN and their companions in images: detection, decomposition, nuclear spectra, redshifts, and the fraction of pairs.

    About each AGN sources are found and taken apart into galaxies and points, in all bands at once. The colours of their galaxies
    give redshifts and masses, those of their nuclei tell whether a companion holds an AGN of its own. Companions near enough and
    bright enough are projected pairs; redshifts and the density of field galaxies say how likely each is a real one. The headline
    is the fraction of AGN in pairs.
    """

    cutouts: CutoutSource = slot(axis="data", help="the AGN and images about them")
    cosmologies: Cosmology = slot(help="for separations and masses: there is no default")
    segmentations: Segmentation = slot("sep", help="how sources are found")
    detection: DetectionSettings = option(factory=DetectionSettings, help="bands and contrasts of the three runs")
    decompositions: DecompositionRule = slot("sersic-psf", help="how images are taken apart")
    dissection: DissectionChoice = option(factory=DissectionChoice, help="what is fitted together")
    nuclei: NuclearSettings = option(factory=NuclearSettings, help="photometry of nuclei")
    hosts: HostChoice = option(factory=HostChoice, help="photometry of hosts")
    photo_z: PhotoZRule = slot("templates", help="how redshifts are estimated")
    broadening: BroadeningChoice = option(factory=BroadeningChoice, help="how far redshifts scatter")
    sed_libraries: SedLibrary = slot(help="templates of the spectra of nuclei and hosts")
    spectra: SedFitSettings = option(factory=SedFitSettings, help="fits of spectra")
    cuts: PairCuts = option(factory=PairCuts, help="which companions make pairs")
    pair_statistics: PairStatistic = slot("posterior", help="how likely a projected pair is real")
    fractions: FractionChoice = option(factory=FractionChoice, help="fractions against redshift")
    trust: TrustChoice = option(factory=TrustChoice, help="how far sums of probabilities are from the truth")

    def check(self) -> Iterator[tuple[str, str]]:
        """Bins of redshift that do not increase."""
        if list(self.fractions.edges) != sorted(set(self.fractions.edges)) or len(self.fractions.edges) < 2:
            yield "fractions.edges", f"the edges of redshift bins must increase, got {list(self.fractions.edges)}"

    @property
    def title(self) -> str:
        """What weighs the pairs of this cell."""
        return registry.short_name(type(self.pair_statistics))

    def analyse(self, run: Workflow) -> Mapping[str, Pending[Any]]:
        """Look about every AGN, take everything apart, then put the sample together: one cell."""
        targets = run.do(load_targets, source=self.cutouts, title=registry.short_name(type(self.cutouts)))
        found: dict[str, Pending[Any]] = {"targets": targets}
        loaded: Catalogue = run.value(targets)
        names = [str(name) for name in loaded["name"]]
        looked = {
            name: run.do(
                look, source=self.cutouts, name=name, segmentation=self.segmentations, settings=self.detection, title=name
            )
            for name in names
        }
        dissected = {
            name: run.do(
                dissect,
                source=self.cutouts,
                looked=looked[name],
                rule=self.decompositions,
                choice=self.dissection,
                nuclear=self.nuclei,
                title=name,
            )
            for name in names
        }
        found |= {f"looked {name}": pending for name, pending in looked.items()}
        found |= {f"dissected {name}": pending for name, pending in dissected.items()}
        about, apart = tuple(looked.values()), tuple(dissected.values())
        found["redshifts"] = run.do(
            estimate_redshifts,
            targets=targets,
            looked=about,
            dissected=apart,
            rule=self.photo_z,
            hosts=self.hosts,
            broadening=self.broadening,
            reach=self.dissection.reach,
            faintest=self.cuts.max_difference,
            title=registry.short_name(type(self.photo_z)),
        )
        found["spectra"] = run.do(
            fit_spectra,
            targets=targets,
            dissected=apart,
            redshifts=found["redshifts"],
            library=self.sed_libraries,
            cosmology=self.cosmologies,
            settings=self.spectra,
            title=registry.short_name(type(self.sed_libraries)),
        )
        found["pairs"] = run.do(
            assemble,
            targets=targets,
            looked=about,
            dissected=apart,
            redshifts=found["redshifts"],
            spectra=found["spectra"],
            cuts=self.cuts,
            hosts=self.hosts,
            reach=self.dissection.reach,
            cosmology=self.cosmologies,
            title=registry.short_name(type(self.cutouts)),
        )
        found["probabilities"] = run.do(weigh, pairs=found["pairs"], statistic=self.pair_statistics, title=self.title)
        found["summary"] = run.do(
            summarise,
            pairs=found["pairs"],
            probabilities=found["probabilities"],
            cuts=self.cuts,
            choice=self.fractions,
            title=self.title,
        )
        if self.trust.realisations:
            found["trust"] = run.do(
                how_far, pairs=found["pairs"], statistic=self.pair_statistics, choice=self.trust, title=self.title
            )
        return found

    def headline(self, cell: CellResult) -> Headline | None:
        """The fraction of AGN in pairs."""
        summary: Summary | None = cell.results.get("summary")
        pairs: Assembled | None = cell.results.get("pairs")
        if summary is None or pairs is None:
            return None
        found = summary.fractions["pair"]
        value = float(found.fraction[-1])
        return Headline(
            quantity=f"fraction of {len(pairs.sample.agn)} AGN in pairs within {self.cuts.max_separation:g} kpc",
            value=value,
            low=value - float(found.binomial_low[-1]),
            high=float(found.binomial_high[-1]) - value,
            question="Which fraction of these AGN has a companion in a late merger?",
            truth=self._true_fraction(cell, pairs),
        )

    @staticmethod
    def _true_fraction(cell: CellResult, pairs: Assembled) -> float | None:
        """Of a simulation: AGN with a real companion among the pairs after all cuts."""
        real = pairs.sample.companions.columns.get("real")
        if real is None or not len(real) or np.isnan(real).all():
            return None
        owners = np.unique(pairs.sample.owner[pairs.final & (real == 1)])
        return float(owners.size / len(pairs.sample.agn))

    def tables(self, cells: Sequence[CellResult]) -> Mapping[str, Any]:
        """``pairs`` and ``statistics`` (tables 1 and 2 of the paper), and what they rest on."""
        return tables.all_tables(cells)

    def figures(self) -> Mapping[str, Figure]:
        """Pictures, fractions, redshifts, spectra, decompositions, separations."""
        return figures.all_figures()
