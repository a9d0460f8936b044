"""The figures of the study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from faintsky.core.study import CellResult, Figure
from faintsky.report.counts_spectra import draw_counts, draw_models
from faintsky.report.posteriors import draw_corner
from faintsky.studies.spectrum.prediction import Prediction

__all__ = ["all_figures"]


def all_figures(names: Sequence[str]) -> Mapping[str, Figure]:
    """Counts of every spectrum with what the models predict, the models themselves, posteriors."""
    found = {
        f"counts-{name}": Figure(
            title=f"Counts of {name}",
            alt=f"Observed counts of {name} in groups of channels, the scaled background, and the counts that each fitted model "
            "predicts with its 1 and 2 sigma ranges; below, the differences in sigma.",
            draw=partial(_counts, name=name),
            table="goodness",
        )
        for name in names
    }
    found["models"] = Figure(
        title="Models",
        alt="E F_E of every fitted model against energy, with its 1 sigma range.",
        draw=partial(_models, name=names[0]),
        table="fits",
    )
    found["posterior"] = Figure(
        title="Posterior",
        alt="Corner plot of the parameters of the first model, every cell that fits it in its colour; contours hold 39 and 86 %.",
        draw=_posterior,
        table="parameters",
    )
    return found


def _predictions(cells: Sequence[CellResult], name: str) -> dict[str, Prediction]:
    found = {cell.name: cell.results["prediction"] for cell in cells if "prediction" in cell.results}
    chosen = {label: prediction[name] for label, prediction in found.items() if name in prediction}
    if not chosen:
        raise LookupError("no cell has a prediction yet")
    return chosen


def _counts(cells: Sequence[CellResult], figure: Any, name: str) -> None:
    draw_counts(figure, _predictions(cells, name))


def _models(cells: Sequence[CellResult], figure: Any, name: str) -> None:
    draw_models(figure, {label: (p.edges, p.photons) for label, p in _predictions(cells, name).items()})


def _posterior(cells: Sequence[CellResult], figure: Any) -> None:
    found = {cell.name: cell.results["fit"] for cell in cells if "fit" in cell.results}
    names = next((posterior.names for posterior in found.values()), ())
    draw_corner(figure, {name: posterior for name, posterior in found.items() if posterior.names == names})
