"""Figures of posteriors and of the headline over cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from faintsky.core.comparison import Comparison
from faintsky.core.sampler import Posterior, weighted_quantile
from faintsky.report.style import COLOURS

__all__ = ["draw_agreement", "draw_corner"]


def draw_corner(figure: Any, posteriors: Mapping[str, Posterior]) -> None:
    """A corner plot with the posteriors of several cells over each other.

    Parameters
    ----------
    figure : matplotlib Figure
    posteriors : mapping of label to Posterior
        With the same parameters; samples are drawn with their weights.
    """
    import corner

    first = next(iter(posteriors.values()))
    figure.set_layout_engine(None)  # corner places its axes itself
    figure.set_size_inches(2.1 * len(first.names) + 1.2, 2.1 * len(first.names) + 1.2)
    ends = [
        [weighted_quantile(p.samples[:, i], p.weights, np.array([0.005, 0.995])) for p in posteriors.values()]
        for i in range(len(first.names))
    ]
    limits = [(min(e[0] for e in both), max(e[1] for e in both)) for both in ends]
    # Labels carry the power of ten, so that ticks are short numbers.
    powers = [_power(low, high) for low, high in limits]
    labels = [_label(name, first.latex[i] if first.latex else "", powers[i]) for i, name in enumerate(first.names)]
    scale = 10.0 ** -np.array(powers)
    for k, posterior in enumerate(posteriors.values()):
        colour = COLOURS[k % len(COLOURS)]
        corner.corner(
            posterior.samples * scale,
            weights=posterior.weights,
            fig=figure,
            labels=labels,
            color=colour,
            range=[(low * s, high * s) for (low, high), s in zip(limits, scale, strict=True)],
            bins=25,
            smooth=1.0,
            plot_datapoints=False,
            plot_density=False,
            no_fill_contours=True,
            levels=(0.393, 0.865),
            hist_kwargs={"density": True, "color": colour},
            contour_kwargs={"linewidths": 1.1},
        )
    for ax in figure.axes:
        ax.grid(False)
    for k, label in enumerate(posteriors):
        figure.text(0.98, 0.97 - 0.035 * k, label, color=COLOURS[k % len(COLOURS)], ha="right", fontsize=9)


def _power(low: float, high: float) -> int:
    size = max(abs(low), abs(high))
    power = int(np.floor(np.log10(size))) if size > 0 else 0
    return 0 if -3 < power < 4 else power


def _label(name: str, latex: str, power: int) -> str:
    return (latex or name.replace("_", " ")) + (f" [$10^{{{power}}}$]" if power else "")


def draw_agreement(figure: Any, comparison: Comparison) -> None:
    """The headline of every cell with its error; recipes are open symbols, the band is the reference."""
    rows = [(name, recipe, h) for name, _, recipe, h in comparison.headlines if h is not None]
    figure.set_size_inches(7.2, 1.1 + 0.34 * max(len(rows), 2))
    axes = figure.subplots()
    reference = comparison.reference
    size = max((abs(h.value) for *_, h in rows), default=1.0)
    power = _power(-size, size)
    scale = 10.0**-power
    if reference is not None:
        low, high = reference.value - reference.low, reference.value + reference.high
        axes.axvspan(low * scale, high * scale, color=COLOURS[0], alpha=0.12, lw=0)
    if reference is not None and reference.truth is not None:
        axes.axvline(reference.truth * scale, color="#888888", ls="--", lw=1.2, label="input of the simulation")
        axes.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0, 1))
    for y, (_, recipe, h) in enumerate(rows):
        colour = COLOURS[-1] if recipe else COLOURS[0]
        axes.errorbar(
            h.value * scale,
            -y,
            xerr=[[h.low * scale], [h.high * scale]],
            fmt="o",
            color=colour,
            mfc="white" if recipe else colour,
        )
    axes.set_yticks([-y for y in range(len(rows))], [name + (" (recipe)" if recipe else "") for name, recipe, _ in rows])
    unit = rows[0][2].unit if rows else ""
    label = rows[0][2].quantity if rows else ""
    axes.set_xlabel(label + (f" [$10^{{{power}}}$ {unit}]" if power else f" [{unit}]" if unit else ""))
