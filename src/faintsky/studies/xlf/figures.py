"""The figures of the study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from faintsky.core.binned_luminosity_function import BinnedLuminosityFunction
from faintsky.core.luminosity_bins import LuminosityBins
from faintsky.core.study import CellResult, Figure
from faintsky.report.density_panels import Curve, Panel, Points, draw_panels
from faintsky.report.distinct import distinct
from faintsky.report.posteriors import draw_corner
from faintsky.studies.xlf.fit import luminosity_grid
from faintsky.studies.xlf.survey_figures import survey_figures

if TYPE_CHECKING:
    from faintsky.studies.xlf.study import Xlf

__all__ = ["all_figures"]

_LUMINOSITY, _DENSITY = r"$\log L_X$ [erg s$^{-1}$]", r"$\phi$ [Mpc$^{-3}$ dex$^{-1}$]"


def all_figures(study: Xlf) -> Mapping[str, Figure]:
    """Luminosity function, its readings and corrections, fits, bolometric function, accretion, and how the sample was made."""
    found = {
        "xlf": Figure(
            title="X-ray luminosity function",
            alt="Densities per decade of luminosity in each redshift bin: points of every estimator with Poisson bars and "
            "limits, fitted models with 1 sigma ranges, and published ones; dotted lines where 10, 50 and 90 per cent of the "
            "area are sensitive.",
            draw=partial(_xlf, study=study),
            table="binned",
        )
    }
    if study.imaging is not None:
        found["variants"] = Figure(
            title="Readings of the photometric redshifts",
            alt="The binned luminosity function for the best redshifts, and for the lowest and highest of galaxy and quasar fits "
            "with and without sources of which only one is high enough.",
            draw=partial(_variants, study=study),
            table="variants",
        )
    if study.luminosity_functions is not None:
        found["predicted"] = Figure(
            title="Numbers of sources, found and predicted",
            alt="In each bin the number of sources found, shared out by their redshift densities, beside the number that the fit "
            "predicts with its 1 sigma range.",
            draw=partial(_predicted, study=study),
            table="predicted",
        )
        found["posterior"] = Figure(
            title="Posterior",
            alt="Posterior of the parameters of the first fitted luminosity function, every sampler in its colour.",
            draw=_posterior,
            table="parameters",
        )
    found |= survey_figures(study)
    if study.bolometric_corrections is not None:
        found["qlf"] = Figure(
            title="Bolometric luminosity function",
            alt="Densities per decade of bolometric luminosity in each redshift bin, as observed and corrected for obscuration.",
            draw=partial(_qlf, study=study),
            table="bolometric",
        )
        found["accretion"] = Figure(
            title="Accretion density",
            alt="Mass that black holes accrete per year and Mpc^3 in each redshift bin: corrected for obscuration, of the fit, "
            "and of published models.",
            draw=partial(_bhad, study=study),
            table="accretion",
        )
    return found


def _first(cells: Sequence[CellResult], name: str, axis: str) -> dict[str, Any]:
    """The result of the first cell of each alternative of an axis; the others are of other samples or methods."""
    found: dict[str, Any] = {}
    for cell in cells:
        label = cell.labels.get(axis, "")
        if name in cell.results and label not in found:
            found[label] = cell.results[name]
    return found


def _points(binned: BinnedLuminosityFunction, i: int) -> Points:
    return Points(
        x=binned.bins.log_l_centre,
        width=0.5 * np.diff(binned.bins.log_l),
        y=binned.phi[i],
        low=binned.low[i],
        high=binned.high[i],
        limit=binned.is_limit[i],
    )


def _panels(bins: LuminosityBins) -> list[Panel]:
    return [Panel(title=f"z = {bins.z_label(i)}") for i in range(bins.shape[0])]


def _xlf(cells: Sequence[CellResult], figure: Any, study: Xlf) -> None:
    bins = study.bins.bins
    panels = _panels(bins)
    selections = list(dict.fromkeys(cell.labels.get("selections", "") for cell in cells))
    estimators = list(dict.fromkeys(cell.labels.get("binned_luminosity_functions", "") for cell in cells))
    for cell in cells:
        binned = cell.results.get("binned")
        if estimators[0] != cell.labels.get("binned_luminosity_functions", "") and selections[0] != cell.labels.get(
            "selections", ""
        ):
            continue  # every estimator for the first sample, the first estimator for the others
        label = " ".join(
            p for p in (cell.labels.get("binned_luminosity_functions", "binned"), cell.labels.get("selections", "")) if p
        )
        if isinstance(binned, BinnedLuminosityFunction):
            for i, panel in enumerate(panels):
                _put(panel.points, label, _points(binned, i))
    one = [cell for cell in cells if cell.labels.get("selections", "") == selections[0]]
    for label, corrected in _first(one, "obscuration", "hardness_ratios").items():
        for i, panel in enumerate(panels):
            _put(panel.points, f"corrected for obscuration {label}".strip(), _points(corrected.binned, i))
    for label, fitted in _first(one, "densities", "luminosity_functions").items():
        for i, panel in enumerate(panels):
            low, middle, high = fitted.phi[:, i]
            _put(panel.curves, f"fit {label}".strip(), Curve(x=fitted.log_l, y=middle, low=low, high=high))
    for models in _first(cells, "compared", "").values():
        for name, model in models.items():
            for i, panel in enumerate(panels):
                band = {"low": model.low[i], "high": model.high[i]} if model.has_errors else {}
                _put(panel.curves, name, Curve(x=model.log_l, y=model.phi[i], dashed=True, **band))
    truth = study.true_function
    if truth is not None:
        grid, share = luminosity_grid(bins), sum(getattr(study.imaging, "nh_classes", {}).values()) or 1.0
        for z, panel in zip(bins.z_centre, panels, strict=True):
            _put(panel.curves, "truth", Curve(x=grid, y=share * np.exp(truth.log_density(grid, z))))
    samples = list(cells[0].named("sample"))
    for _, sample in samples if len(samples) == 1 else ():
        for z, panel in zip(bins.z_centre, panels, strict=True):
            for percent in (10, 50, 90):
                _put(panel.marks, f"{percent} %", float(sample.conversion.log_l(sample.area.level(percent / 100), z)))
    draw_panels(figure, panels, _LUMINOSITY, _DENSITY)


def _put(table: Any, label: str, value: Any) -> None:
    """Into the table of a panel, where nothing of that label stands yet."""
    table.setdefault(label, value)


def _variants(cells: Sequence[CellResult], figure: Any, study: Xlf) -> None:
    panels = _panels(study.bins.bins)
    for cell in cells:
        for name, binned in cell.results.get("variants", {}).items():
            for i, panel in enumerate(panels):
                _put(panel.points, name, _points(binned, i))
    draw_panels(figure, panels, _LUMINOSITY, _DENSITY)


def _predicted(cells: Sequence[CellResult], figure: Any, study: Xlf) -> None:
    bins = study.bins.bins
    panels = _panels(bins)
    x, width = bins.log_l_centre, 0.5 * np.diff(bins.log_l)
    for label, fitted in _first(cells, "densities", "luminosity_functions").items():
        for i, panel in enumerate(panels):
            low, middle, high = (np.maximum(end, 0.0) for end in fitted.expected[:, i])
            none = np.zeros(x.size, dtype=bool)
            found = fitted.weighted[i]
            _put(panel.points, f"predicted {label}".strip(), Points(x=x, width=width, y=middle, low=low, high=high, limit=none))
            _put(panel.points, "found", Points(x=x, width=width, y=found, low=found, high=found, limit=none))
    draw_panels(figure, panels, _LUMINOSITY, "sources in the bin", log=False)


def _posterior(cells: Sequence[CellResult], figure: Any) -> None:
    fitted = [cell for cell in cells if "fit" in cell.results]
    model = fitted[0].labels.get("luminosity_functions", "") if fitted else ""
    same = [cell for cell in fitted if cell.labels.get("luminosity_functions", "") == model]
    draw_corner(figure, {" / ".join(labels.values()) or model: fit for labels, fit in distinct(same, "fit")})


def _qlf(cells: Sequence[CellResult], figure: Any, study: Xlf) -> None:
    panels = _panels(study.bins.bins)
    for correction, found in _first(cells, "accretion", "bolometric_corrections").items():
        for name, points in found.points.items():
            for i, panel in enumerate(panels):
                shown = Points(
                    x=points.log_bol_centre,
                    width=0.5 * np.diff(points.log_bol),
                    y=points.phi[i],
                    low=points.low[i],
                    high=points.high[i],
                    limit=points.is_limit[i],
                )
                _put(panel.points, f"{name} {correction}".strip(), shown)
    draw_panels(figure, panels, r"$\log L_{\mathrm{bol}}$ [erg s$^{-1}$]", _DENSITY)


def _bhad(cells: Sequence[CellResult], figure: Any, study: Xlf) -> None:
    bins = study.bins.bins
    panel = Panel()
    for correction, found in _first(cells, "accretion", "bolometric_corrections").items():
        for name, each in found.densities.items():
            ends = np.array([d.interval() if d.draws else (d.value,) * 3 for d in each], dtype=float)
            label = f"{name} {correction}".strip()
            if name in study.compared:
                _put(panel.curves, label, Curve(x=bins.z_centre, y=ends[:, 0], dashed=True))
                continue
            none = np.zeros(len(each), dtype=bool)
            width = 0.5 * np.diff(bins.z)
            _put(
                panel.points,
                label,
                Points(x=bins.z_centre, width=width, y=ends[:, 0], low=ends[:, 1], high=ends[:, 2], limit=none),
            )
    if not panel.points and not panel.curves:
        raise LookupError("nothing is integrated: no fit, no correction for obscuration, no [compared.NAME]")
    draw_panels(figure, [panel], "redshift", r"accretion density [M$_\odot$ yr$^{-1}$ Mpc$^{-3}$]")
