"""Figures of how a sample was made: area curves, false fraction, counterparts, hardness, classes of column density."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from faintsky.core.study import CellResult, Figure
from faintsky.report.style import COLOURS, GUIDE, MARKERS, legend_above, verbatim

if TYPE_CHECKING:
    from faintsky.studies.xlf.study import Xlf

__all__ = ["survey_figures"]


def survey_figures(study: Xlf) -> Mapping[str, Figure]:
    """Area curves always; the rest for a survey of images."""
    found = {
        "area": Figure(
            title="Area curves",
            alt="Sky area in which a source is detected against its brightness, one curve for each sample.",
            draw=_area,
            table="samples",
        )
    }
    if study.imaging is None:
        return found
    found["false-fraction"] = Figure(
        title="False fraction",
        alt="Expected share of false detections against the threshold of the false probability, for all galaxies and for those "
        "of high redshift; a vertical line at the threshold that was taken.",
        draw=_false_fraction,
        table="samples",
    )
    found["counterparts"] = Figure(
        title="Counterparts",
        alt="Completeness, false-positive fraction and purity of the counterparts against the cut on p_any, and the cut taken.",
        draw=_counterparts,
        table="counterparts",
    )
    if study.obscuration is not None:
        found["hardness"] = Figure(
            title="Hardness ratios",
            alt="Hardness ratio against redshift of the sources in the bins, among tracks of columns between the classes.",
            draw=_hardness,
            table="classes",
        )
        found["classes"] = Figure(
            title="Classes of column density",
            alt="Number of sources of each class of column density in each redshift bin, found and expected of the model.",
            draw=_classes,
            table="classes",
        )
        found["fractions"] = Figure(
            title="Obscured fractions",
            alt="Fraction of obscured and of Compton-thick AGN in each redshift bin and over all, by both recipes.",
            draw=_fractions,
            table="fractions",
        )
    return found


def _results(cells: Sequence[CellResult], name: str, axis: str = "selections") -> dict[str, Any]:
    """A result by the label of the axis that it differs along.

    Raises
    ------
    LookupError
        Where no cell has it yet.
    """
    found: dict[str, Any] = {}
    for cell in cells:
        if name in cell.results:
            found.setdefault(cell.labels.get(axis, ""), cell.results[name])
    if not found:
        raise LookupError(f"no {name} yet")
    return found


def _area(cells: Sequence[CellResult], figure: Any) -> None:
    ax = figure.subplots()
    shown: dict[str, Any] = {}
    for cell in cells:
        for name, sample in cell.named("sample"):
            shown.setdefault(cell.labels.get("selections", name), sample.area)
    if not shown:
        raise LookupError("no sample yet")
    for i, (label, curve) in enumerate(shown.items()):
        style = "-" if i < len(COLOURS) else "--"
        ax.plot(10**curve.log_x, curve.area, style, color=COLOURS[i % len(COLOURS)], label=verbatim(label))
    first = next(iter(shown.values()))
    unit = {"rate": "net rate [photons cm$^{-2}$ s$^{-1}$]", "flux": "flux [erg cm$^{-2}$ s$^{-1}$]"}[first.quantity]
    ax.set(xscale="log", yscale="log", xlabel=unit, ylabel="area [deg$^2$]")
    ax.set_ylim(bottom=1e-4 * max(c.total for c in shown.values()))
    legend_above(figure, ax)


def _false_fraction(cells: Sequence[CellResult], figure: Any) -> None:
    ax = figure.subplots()
    for i, (label, selected) in enumerate(_results(cells, "selected").items()):
        thresholds = selected.false_fraction.get("threshold")
        ax.axvline(selected.threshold, color=COLOURS[i % len(COLOURS)], lw=0.8, ls=":")
        for j, (name, curve) in enumerate((k, v) for k, v in selected.false_fraction.items() if k != "threshold"):
            said = verbatim(" ".join(part for part in (label, name) if part))
            ax.plot(thresholds, curve, color=COLOURS[i % len(COLOURS)], ls=("-", "--", ":")[j % 3], label=said)
    ax.set(xscale="log", yscale="log", xlabel="threshold of the false probability", ylabel="false fraction")
    ax.set_ylim(1e-4, 2)
    legend_above(figure, ax)


def _counterparts(cells: Sequence[CellResult], figure: Any) -> None:
    ax = figure.subplots()
    for i, (label, found) in enumerate(_results(cells, "counterparts", "matchers").items()):
        table = found.calibration.to_table()
        lines = {"completeness, eq. 4": "completeness", "true completeness": "true_completeness", "purity": "purity"}
        lines["false positives"] = "false_fraction"
        for j, (said, name) in enumerate(lines.items()):
            text = verbatim(" ".join(part for part in (label, said) if part))
            ax.plot(table["threshold"], table[name], color=COLOURS[j], ls=("-", "--", ":")[i % 3], label=text)
        ax.axvline(found.cut, color=GUIDE, lw=0.8, ls=":")
    ax.set(xlabel=r"cut on $p_{\mathrm{any}}$", ylabel="share", ylim=(0, 1.02), xlim=(0, 1))
    legend_above(figure, ax)


def _hardness(cells: Sequence[CellResult], figure: Any) -> None:
    found = next(iter(_results(cells, "obscuration").values()))
    ax = figure.subplots()
    classes, index = found.tracks.classes, found.sources.index
    for edge, track in zip(classes.edges, found.tracks.hardness, strict=True):
        ax.plot(found.tracks.z, track, color=GUIDE, ls=":", lw=1)
        place = (found.tracks.z[-1], track[-1])
        ax.annotate(rf"$\log N_H = {edge:g}$", place, fontsize=7.5, color=GUIDE, ha="right", va="bottom")
    error = np.clip(np.stack([found.hardness - found.low, found.high - found.hardness]), 0, None)
    for i, name in enumerate(classes.names):
        own = index == i
        if own.any():
            ax.errorbar(
                found.sources.z[own],
                found.hardness[own],
                yerr=error[:, own],
                fmt=MARKERS[i],
                color=COLOURS[i],
                lw=0.7,
                label=name,
            )
    ax.set(xlabel="redshift", ylabel="hardness ratio (H - S) / (H + S)", ylim=(-1.05, 1.05))
    legend_above(figure, ax)


def _classes(cells: Sequence[CellResult], figure: Any) -> None:
    found = next(iter(_results(cells, "obscuration").values())).scales
    names = found.classes.names
    ax = figure.subplots()
    place = np.arange(len(found.z) - 1)
    width = 0.8 / len(names)
    for k, name in enumerate(names):
        x = place + (k - 0.5 * (len(names) - 1)) * width
        ax.bar(x, found.n_obs[:, k], width, color=COLOURS[k], alpha=0.75, label=f"{name}, found")
        ax.plot(x, found.n_mdl[:, k], "_", ms=16, color="#22262c", label="expected of the fiducial model" if k == 0 else None)
    ax.set_xticks(place, [f"{a:g}-{b:g}" for a, b in zip(found.z[:-1], found.z[1:], strict=True)])
    ax.set(xlabel="redshift", ylabel="sources")
    legend_above(figure, ax)


def _fractions(cells: Sequence[CellResult], figure: Any) -> None:
    found = next(iter(_results(cells, "obscuration").values())).fractions
    ax = figure.subplots()
    ranges = list(found[0].ranges)
    for i, fraction in enumerate(found):
        for j, name in enumerate(fraction.names):
            x = np.arange(len(ranges)) + 0.14 * (2 * i + j - 1.5)
            error = np.stack([fraction.median[:, j] - fraction.low[:, j], fraction.high[:, j] - fraction.median[:, j]])
            ax.errorbar(
                x, fraction.median[:, j], yerr=np.clip(error, 0, None), fmt=MARKERS[i], color=COLOURS[j], lw=0.9,
                label=f"{name} and above, {fraction.recipe}",
            )  # fmt: skip
    ax.set_xticks(range(len(ranges)), ranges)
    ax.set(xlabel="redshift", ylabel="fraction", ylim=(0, 1.05))
    legend_above(figure, ax)
