"""The figures of the study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from faintsky.core.parameter import at
from faintsky.core.power_spectrum import PowerSpectrum
from faintsky.core.sampler import Posterior
from faintsky.core.study import CellResult, Figure
from faintsky.report.maps import draw_maps
from faintsky.report.posteriors import draw_corner
from faintsky.report.spectra import Curve, draw_nulls, draw_overlay
from faintsky.studies.coherence.spectra import NullTest, Spectra, cross_name
from faintsky.studies.coherence.tables import measured_cells

if TYPE_CHECKING:
    from faintsky.studies.coherence.study import Coherence

__all__ = ["all_figures"]


def all_figures(study: Coherence) -> Mapping[str, Figure]:
    """Maps and mask, spectra of every estimator, noise, null tests, posteriors."""
    names = list(study.maps)
    found = {
        "maps": Figure(
            title="Maps and mask",
            alt=f"Pictures of the maps {', '.join(names)} on one grid; masked pixels are grey.",
            draw=_maps,
            table="maps",
        )
    }
    pairs = [*study.fitted, *(n for n in [*names, *_crosses(names)] if n not in study.fitted)]
    for pair in pairs:
        found[f"spectrum-{_slug(pair)}"] = Figure(
            title=f"Spectrum {pair}",
            alt=f"Power spectrum {pair} of every estimator against angular scale, and the differences to the first "
            "in its sigma; the numbers stand in the table.",
            draw=partial(_spectrum, name=pair),
            table="spectra",
        )
    found["nulls"] = Figure(
        title="Null tests",
        alt="Cross-spectra with half-differences, which hold no sky, in units of their errors; they should scatter "
        "around zero by one.",
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


def _crosses(names: Sequence[str]) -> list[str]:
    return [cross_name(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]


def _slug(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name).split())


def _maps(cells: Sequence[CellResult], figure: Any) -> None:
    results = cells[0].results
    maps = {key.removeprefix("map "): results[key] for key in results if key.startswith("map ")}
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
        curves.append(Curve(name=f"fit, {cell.name}", q=q, power=at(cell.study.power_models, median).power(q)))
    draw_overlay(figure, named, name, curves)


def _nulls(cells: Sequence[CellResult], figure: Any) -> None:
    shown: dict[str, PowerSpectrum] = {}
    notes: dict[str, str] = {}
    for label, (_, spectra) in _by_method(cells).items():
        for name, spectrum in spectra.null.items():
            test = NullTest.of(name, spectrum)
            shown[f"{name}, {label}"] = spectrum
            notes[f"{name}, {label}"] = f"$\\chi^2$ = {test.chi2:.1f} / {test.dof}, PTE {test.pte:.2f}"
    if not shown:
        raise LookupError("no map has splits, so there is nothing that must vanish; give one splits = 2")
    draw_nulls(figure, shown, notes)


def _posterior(cells: Sequence[CellResult], figure: Any, name: str) -> None:
    found = {cell.name: cell.results[f"fit {name}"] for cell in cells if f"fit {name}" in cell.results}
    draw_corner(figure, found)
