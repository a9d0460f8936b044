"""Figures of posteriors and of the headline over cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from faintsky.core.comparison import Comparison
from faintsky.core.sampler import Posterior, weighted_quantile
from faintsky.report.numbers import compared
from faintsky.report.style import COLOURS, GUIDE, RECIPE, legend_above, unit_label, verbatim

__all__ = ["draw_agreement", "draw_corner"]


def draw_corner(figure: Any, posteriors: Mapping[str, Posterior]) -> None:
    """A corner plot with the posteriors of several cells over each other.

    Contours hold 39 and 86 per cent, 1 and 2 sigma of a Gaussian in two dimensions.

    Parameters
    ----------
    figure : matplotlib Figure
    posteriors : mapping of label to Posterior
        Samples are drawn with their weights; shown are the parameters that all of them have.

    Raises
    ------
    LookupError
        Where there is no posterior, or no common parameter.
    """
    import corner

    if not posteriors:
        raise LookupError("no cell has a posterior yet")
    first = next(iter(posteriors.values()))
    names = [name for name in first.names if all(name in p.names for p in posteriors.values())]
    if not names:
        raise LookupError("the cells fit different parameters")
    if len(names) == 1:
        _draw_one(figure, posteriors, names[0])
        return
    figure.set_layout_engine(None)  # corner places its axes itself
    side = max(2.1 * len(names) + 1.2, 4.2)
    figure.set_size_inches(side, side)
    limits = [_limits(name, posteriors) for name in names]
    # Labels carry the power of ten, so that ticks are short numbers.
    powers = [_power(low, high) for low, high in limits]
    latex = dict(zip(first.names, first.latex, strict=False))
    labels = [(latex.get(n) or verbatim(n.replace("_", " "))) + unit_label("", p) for n, p in zip(names, powers, strict=True)]
    scale = 10.0 ** -np.array(powers)
    for k, posterior in enumerate(posteriors.values()):
        colour = COLOURS[k % len(COLOURS)]
        dash = "solid" if k < len(COLOURS) else "dashed"
        corner.corner(
            np.column_stack([posterior.column(name) for name in names]) * scale,
            weights=posterior.weights,
            fig=figure,
            labels=labels,
            color=colour,
            range=[(low * s, high * s) for (low, high), s in zip(limits, scale, strict=True)],
            bins=30,
            smooth=1.4,
            smooth1d=1.0,
            max_n_ticks=4,
            plot_datapoints=False,
            plot_density=False,
            no_fill_contours=True,
            levels=(0.393, 0.865),
            hist_kwargs={"color": colour, "linestyle": dash, "linewidth": 1.1},
            contour_kwargs={"linewidths": 1.1, "linestyles": dash},
        )
    for i, ax in enumerate(figure.axes):
        ax.grid(False)
        if i % (len(names) + 1) == 0:  # corner fits the height to the curve it drew first
            ax.set_ylim(0, 1.08 * max(float(np.max(line.get_ydata())) for line in ax.lines))
    for k, label in enumerate(posteriors):
        y = 0.975 - 0.24 / side * k
        figure.text(0.985, y, verbatim(label), color=COLOURS[k % len(COLOURS)], ha="right", va="top", fontsize=9)


def _draw_one(figure: Any, posteriors: Mapping[str, Posterior], name: str) -> None:
    """The densities of one parameter over each other, with names above: there is no empty corner to put them."""
    low, high = _limits(name, posteriors)
    power = _power(low, high)
    scale = 10.0**-power
    axes = figure.subplots()
    edges = np.linspace(low, high, 41) * scale
    for k, (label, posterior) in enumerate(posteriors.items()):
        density, _ = np.histogram(posterior.column(name) * scale, edges, weights=posterior.weights, density=True)
        dash = "solid" if k < len(COLOURS) else "dashed"
        axes.stairs(density, edges, color=COLOURS[k % len(COLOURS)], ls=dash, lw=1.2, label=verbatim(label))
    first = next(iter(posteriors.values()))
    shown = dict(zip(first.names, first.latex, strict=False)).get(name) or verbatim(name.replace("_", " "))
    axes.set(xlabel=shown + unit_label("", power), ylim=(0, None), yticks=[])
    axes.set_ylabel("posterior density")
    legend_above(figure, axes)


def _limits(name: str, posteriors: Mapping[str, Posterior]) -> tuple[float, float]:
    ends = [weighted_quantile(p.column(name), p.weights, np.array([0.005, 0.995])) for p in posteriors.values()]
    low, high = float(min(e[0] for e in ends)), float(max(e[1] for e in ends))
    margin = 0.04 * (high - low) or 1e-3 * (abs(low) or 1.0)
    return low - margin, high + margin


def _power(low: float, high: float) -> int:
    size = max(abs(low), abs(high))
    power = int(np.floor(np.log10(size))) if size > 0 else 0
    return 0 if -3 < power < 4 else power


def draw_agreement(figure: Any, comparison: Comparison) -> None:
    """The headline of every cell with its error.

    The light band is the statistical error of the reference cell, the darker one the range over the methods compared,
    half of which is the method systematic. Recipes are open symbols, outside that range by definition. A cell without
    a number keeps its row.

    Parameters
    ----------
    figure : matplotlib Figure or SubFigure
    comparison : Comparison
    """
    rows = comparison.headlines
    known = [h for *_, h in rows if h is not None]
    figure.set_size_inches(7.2, 1.25 + 0.32 * max(len(rows), 2))
    axes = figure.subplots()
    reference = comparison.reference
    size = max((abs(h.value) for h in known), default=1.0)
    power = _power(-size, size)
    scale = 10.0**-power
    if reference is not None:
        low, high = reference.value - reference.low, reference.value + reference.high
        axes.axvspan(low * scale, high * scale, color=COLOURS[0], alpha=0.1, lw=0, label="error of the reference")
    values = [h.value * scale for _, h in compared(comparison)]
    if len(values) > 1:
        axes.axvspan(min(values), max(values), color=COLOURS[0], alpha=0.25, lw=0, label="range of the methods")
    if reference is not None and reference.truth is not None:
        axes.axvline(reference.truth * scale, color=GUIDE, ls="--", lw=1.2, label="input of the simulation")
    middle = reference or (known[0] if known else None)
    for y, (_, _, recipe, h) in enumerate(rows):
        if h is None:
            if middle is not None:
                axes.text(middle.value * scale, -y, "no result", color=GUIDE, ha="center", va="center", fontsize=9)
            continue
        colour = RECIPE if recipe else COLOURS[0]
        errors = [[max(h.low, 0) * scale], [max(h.high, 0) * scale]]
        axes.errorbar(h.value * scale, -y, xerr=errors, fmt="o", color=colour, mfc="white" if recipe else colour, lw=1.4)
    labels = [verbatim(name) + (" (recipe)" if recipe else "") for name, _, recipe, _ in rows]
    axes.set_yticks([-y for y in range(len(rows))], labels)
    axes.set_ylim(-len(rows) + 0.4, 0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="y", visible=False)
    legend_above(figure, axes)
    axes.set_xlabel(known[0].quantity + unit_label(known[0].unit, power) if known else "")
