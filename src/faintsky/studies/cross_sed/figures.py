"""The figures of the study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from faintsky.core.band_sed import BandSed
from faintsky.core.study import CellResult, Figure
from faintsky.report.hardness_planes import ModelCurve, Track, draw_plane, draw_sed
from faintsky.report.posteriors import draw_corner
from faintsky.studies.cross_sed.families import Exclusion, Family

if TYPE_CHECKING:
    from faintsky.studies.cross_sed.study import CrossSed

__all__ = ["all_figures"]


def all_figures(study: CrossSed) -> Mapping[str, Figure]:
    """Planes of colours (Li et al. 2019, fig. 3), the spectra with scaled models (fig. 4), posteriors of the fitted model."""
    found: dict[str, Figure] = {}
    if len(study.bands) > 2:
        found["colours"] = Figure(
            title="Hardness ratios",
            alt="Planes of the first two hardness ratios: measured points with 1 sigma bars among tracks and grids of models; "
            "the numbers stand in the tables.",
            draw=partial(_colours, study=study),
            table="hardness",
        )
    found["sed"] = Figure(
        title="Spectra",
        alt="Cross-power per keV against energy for every infrared map, values below 1 sigma as 2 sigma limits, with models "
        f"scaled to the first one at {study.reference}.",
        draw=partial(_sed, study=study),
        table="sed",
    )
    for name, choice in study.sed.items():
        found[f"posterior-{name}"] = Figure(
            title=f"Posterior, {choice.label or name}",
            alt="Posterior of the parameters of the fitted model, every cell in its colour.",
            draw=partial(_posterior, name=name),
            table="fits",
        )
    return found


def _colours(cells: Sequence[CellResult], figure: Any, study: CrossSed) -> None:
    cell = cells[0]
    measured, exclusions = cell.results.get("hardness"), cell.results.get("exclusion")
    if measured is None or exclusions is None:
        raise LookupError("no cell has hardness ratios yet")
    panels = list(dict.fromkeys(f.panel for f in study.models.values() if f.plane)) or [""]
    figure.set_size_inches(3.4 * len(panels) + 0.6, 3.5 * len(study.sed) + 0.7)
    axes = figure.subplots(len(study.sed), len(panels), squeeze=False)
    missing = {name for name, family in cell.named("family") if family.missing}
    for row, (key, sed) in zip(axes, study.sed.items(), strict=True):
        ratios = measured[key]
        point = (ratios.value[:2], ratios.low[:2], ratios.high[:2])
        for ax, panel in zip(row, panels, strict=True):
            families = {n: f for n, f in study.models.items() if f.plane and f.panel == panel}
            tracks = [
                Track(name=f.title or n, values=tuple(f.vary.values()), points=exclusions[f"{key} / {n}"].colours[:, :2])
                for n, f in families.items()
                if n not in missing
            ]
            draw_plane(ax, tracks, point, " | ".join(part for part in (sed.label or key, panel) if part))
            absent = [f.title or n for n, f in families.items() if n in missing]
            if absent:
                ax.text(0.03, 0.94, f"missing: {', '.join(absent)}", transform=ax.transAxes, fontsize=7.5)
    # One legend for all panels: every family once.
    handles = {label: h for ax in axes.flat for h, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles.keys(), loc="outside upper left", ncols=3)


def _sed(cells: Sequence[CellResult], figure: Any, study: CrossSed) -> None:
    cell = cells[0]
    seds: dict[str, BandSed] = dict(cell.named("sed"))
    exclusions: Mapping[str, Exclusion] = cell.results.get("exclusion", {})
    if not seds or not exclusions:
        raise LookupError("no spectrum is compared with models yet")
    first = next(iter(seds))
    curves = []
    for name, family in cell.named("family"):
        assert isinstance(family, Family)
        if not study.models[name].sed or family.missing:
            continue
        # Density and band value are of one model: what scales the one to the reference band scales the other.
        photons = family.density * exclusions[f"{first} / {name}"].scale[:, None]
        for values, density in zip(family.values, photons, strict=True):
            said = ", ".join(f"{p.rpartition('.')[2]} {v:g}" for p, v in zip(family.names, values, strict=True))
            title = study.models[name].title or name
            curves.append(ModelCurve(name=f"{title}, {said}" if said else title, edges=family.edges, density=density))
    spectra = {}
    for key, sed in seds.items():
        edges = np.array([(band.low, band.high) for band in sed.bands])
        limit = sed.value < study.limit_below * sed.error
        spectra[study.sed[key].label or key] = (edges, sed.value, sed.error, limit)
    figure.set_size_inches(7.2, 5.6)
    draw_sed(figure.subplots(), spectra, curves, seds[first].unit)


def _posterior(cells: Sequence[CellResult], figure: Any, name: str) -> None:
    draw_corner(figure, {cell.name: cell.results[f"fit {name}"] for cell in cells if f"fit {name}" in cell.results})
