"""The figures of the study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from faintsky.core.cosmology import Cosmology
from faintsky.core.parameter import at
from faintsky.core.power_spectrum import PowerSpectrum
from faintsky.core.sampler import Posterior
from faintsky.core.study import CellResult, Figure
from faintsky.models.bias_models.halo_mass import halo_bias
from faintsky.models.power_models.limber import Limber
from faintsky.report.maps import draw_maps
from faintsky.report.posteriors import draw_corner
from faintsky.report.spectra import Curve, draw_nulls, draw_overlay, draw_panel
from faintsky.studies.coherence.paper_tables import measured_cells
from faintsky.studies.coherence.published import PublishedChoice
from faintsky.studies.coherence.redshift_figures import draw_bias, draw_flux, draw_productions
from faintsky.studies.coherence.shown import PanelChoice
from faintsky.studies.coherence.spectra import NullTest, Spectra, cross_name

if TYPE_CHECKING:
    from faintsky.studies.coherence.study import Coherence

__all__ = ["all_figures"]

#: Null spectra that one figure can hold.
_MANY = 12


def all_figures(study: Coherence) -> Mapping[str, Figure]:
    """Maps and mask, spectra of every estimator, noise, null tests, posteriors; panels, dF/dz, biases, fluxes where asked for."""
    names = study.names
    found = {
        "maps": Figure(
            title="Maps and mask",
            alt=f"Pictures of the maps {', '.join(names)} on one grid; masked pixels are grey.",
            draw=_maps,
            table="maps",
        )
    }
    for key, panel in study.panels.items():
        found[f"panel-{_slug(key)}"] = Figure(
            title=panel.title or key,
            alt=f"Power spectra {', '.join(panel.spectra)} against angular scale, by the first method; numbers in the table.",
            draw=partial(_panel, panel=panel, published=study.published),
            table="spectra",
        )
    # With panels the study says what it wants to see; then only fitted spectra get a figure of their own beside.
    every = [] if study.panels else [*names, *(cross_name(a, b) for a, b in study.spectra.pairs(names))]
    for pair in [*study.fitted, *(n for n in every if n not in study.fitted)]:
        found[f"spectrum-{_slug(pair)}"] = Figure(
            title=f"Spectrum {pair}",
            alt=f"Power spectrum {pair} of every estimator against angular scale, and the differences to the first "
            "in its sigma; the numbers stand in the table.",
            draw=partial(_spectrum, name=pair),
            table="spectra",
        )
    if study.catalogues:
        found["redshifts"] = Figure(
            title="Selection and flux production",
            alt="Selection function of the sources against magnitude, and dF/dz of every map that is painted from them.",
            draw=_redshifts,
        )
    if isinstance(study.power_models, Limber):
        found["bias"] = Figure(
            title="Bias against redshift",
            alt="Fitted biases at their effective redshifts, with the biases of haloes of 1e11, 1e12 and 1e13 Msun/h.",
            draw=partial(_bias, cosmology=study.power_models.cosmology),
            table="biases",
        )
    if study.xray is not None:
        found["xray-flux"] = Figure(
            title="Coherent X-ray flux",
            alt="Coherent X-ray flux of each redshift bin by the chosen form and as published, and the running sum.",
            draw=_flux,
            table="xray-flux",
        )
    found["nulls"] = Figure(
        title="Null tests",
        alt="Spectra that must vanish, in units of their errors; they should scatter around zero by one.",
        draw=_nulls,
        table="nulls",
    )
    for pair in study.fitted:
        found[f"posterior-{_slug(pair)}"] = Figure(
            title=f"Posterior of {pair}",
            alt=f"Corner plot of the parameters fitted to {pair}, every cell in its colour; contours hold 39 and 86 %.",
            draw=partial(_posterior, name=pair),
            table="fits",
        )
    return found


def _slug(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name).split())


def _maps(cells: Sequence[CellResult], figure: Any) -> None:
    results = cells[0].results
    maps = dict(cells[0].named("map"))
    fields = {name.partition("/")[0] for name in maps if "/" in name}
    if fields:
        # Fields have grids of their own: the first one is shown, the others stand in the table.
        first = next(iter(maps)).partition("/")[0]
        draw_maps(figure, {n: m for n, m in maps.items() if n.startswith(f"{first}/")}, results[f"mask {first}"].keep)
    else:
        draw_maps(figure, maps, results["mask"].keep)


def _by_method(cells: Sequence[CellResult]) -> dict[str, tuple[CellResult, Spectra]]:
    return {" / ".join(labels.values()) or "spectrum": (cell, spectra) for labels, cell, spectra in measured_cells(cells)}


def _spectrum(cells: Sequence[CellResult], figure: Any, name: str) -> None:
    found = {label: (cell, s.named()[name]) for label, (cell, s) in _by_method(cells).items()}
    named = {label + (" (recipe)" if cell.recipe else ""): spectrum for label, (cell, spectrum) in found.items()}
    cell, reference = next(iter(found.values()))
    curves = []
    posterior = cell.results.get(f"fit {name}")
    if isinstance(posterior, Posterior):
        q = np.geomspace(reference.edges[0], reference.edges[-1], 200)
        median = np.array([posterior.summary(parameter)[0] for parameter in posterior.names])
        model = cell.study.power_models.for_spectrum(reference, reference.modes > 0)
        curves.append(Curve(name=f"fit, {cell.name}", q=q, power=at(model, median).power(q)))
    draw_overlay(figure, named, name, curves)


def _nulls(cells: Sequence[CellResult], figure: Any) -> None:
    shown: dict[str, PowerSpectrum] = {}
    notes: dict[str, str] = {}
    for label, (_, spectra) in _by_method(cells).items():
        for name, spectrum in spectra.null.items():
            test = NullTest.of(name, spectrum)
            shown[f"{name}, {label}"] = spectrum
            notes[f"{name}, {label}"] = f"$\\chi^2$ = {test.chi2:.1f} / {test.dof}, PTE {test.pte:.2f}"
    if len(shown) > _MANY:
        # The table holds them all; a figure of dozens shows nothing.
        first = next(iter(_by_method(cells)))
        shown = {name: s for name, s in shown.items() if name.endswith(f", {first}")}
        shown = dict(list(shown.items())[:_MANY])
    if not shown:
        raise LookupError("there is nothing that must vanish: no map has splits, and no pair of maps is measured")
    draw_nulls(figure, shown, notes)


def _posterior(cells: Sequence[CellResult], figure: Any, name: str) -> None:
    found = {cell.name: cell.results[f"fit {name}"] for cell in cells if f"fit {name}" in cell.results}
    draw_corner(figure, found)


def _panel(cells: Sequence[CellResult], figure: Any, panel: PanelChoice, published: Mapping[str, PublishedChoice]) -> None:
    _, _, spectra = next(measured_cells(cells))
    named = spectra.named()
    curves = []
    for key, choice in published.items():
        if choice.spectrum in panel.spectra:
            read = choice.read()
            curves.append(Curve(name=choice.label or key, q=read.q, power=read.power))
    draw_panel(figure, {name: named[name] for name in panel.spectra}, panel.quantity, curves)


def _redshifts(cells: Sequence[CellResult], figure: Any) -> None:
    maps = dict(cells[0].named("map"))
    productions = {name: m.production for name, m in maps.items() if m.production is not None}
    selection: Mapping[str, Sequence[float]] = next((m.meta["selection"] for m in maps.values() if m.meta.get("selection")), {})
    draw_productions(figure, productions, selection)


def _bias(cells: Sequence[CellResult], figure: Any, cosmology: Cosmology) -> None:
    found = {(name, i): value for i, cell in enumerate(cells) for name, value in cell.named("bias") if value is not None}
    z = np.linspace(0.0, max(4.0, 1.15 * max(b.redshift for b in found.values())), 120)
    haloes = {
        f"$10^{{{m}}}\\,M_\\odot/h$": (z, halo_bias(cosmology.nu(10.0**m / cosmology.h, z), "sheth01")) for m in (11, 12, 13)
    }
    points = {name: (b.redshift, b.bias, b.low, b.high) for (name, i), b in found.items() if i == 0}
    others = [(b.redshift, b.bias) for (_, i), b in found.items() if i > 0]
    draw_bias(figure, points, haloes, others)


def _flux(cells: Sequence[CellResult], figure: Any) -> None:
    found = {cell.name: cell.results["xray"] for _, cell, _ in measured_cells(cells) if cell.results.get("xray") is not None}
    first = next(iter(found.values()))
    bins = {name: getattr(cells[0].study.maps.get(name), "z", None) for name in first.flux}
    draw_flux(figure, {name: (x.flux, x.recipe) for name, x in found.items()}, bins)
