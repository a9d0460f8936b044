"""Panels of densities against luminosity or redshift: binned points with limits, models with their ranges, marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.report.style import COLOURS, GUIDE, MARKERS, legend_above, verbatim

__all__ = ["Curve", "Panel", "Points", "draw_panels"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class Points:
    """Measured points.

    Attributes
    ----------
    x, width : ndarray, shape (n,)
        Middle and half width of the bins.
    y, low, high : ndarray, shape (n,)
        Value and the ends of its interval; NaN is not drawn.
    limit : ndarray of bool, shape (n,)
        Upper limits, at `high`.
    """

    x: Array
    width: Array
    y: Array
    low: Array
    high: Array
    limit: NDArray[np.bool_]


@frozen(kw_only=True, eq=False)
class Curve:
    """A model: x and y, with the ends of its range where it has one."""

    x: Array
    y: Array
    low: Array | None = None
    high: Array | None = None
    dashed: bool = False


@frozen(kw_only=True, eq=False)
class Panel:
    """One panel: a title, points and curves by label, and vertical marks by label."""

    title: str = ""
    points: Mapping[str, Points] = field(factory=dict)
    curves: Mapping[str, Curve] = field(factory=dict)
    marks: Mapping[str, float] = field(factory=dict)


#: What lies so many decades below the highest point is not shown.
_DECADES = 6.5


def draw_panels(figure: Any, panels: Sequence[Panel], xlabel: str, ylabel: str, *, columns: int = 3, log: bool = True) -> None:
    """Panels that share their axes; a label has one colour in all of them.

    Raises
    ------
    LookupError
        Where there is nothing to draw.
    """
    if not any(p.points or p.curves for p in panels):
        raise LookupError("nothing is measured yet")
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure.set_size_inches(max(5.6, 3.1 * columns + 0.7), 3.1 * rows + 0.9)
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    points = list(dict.fromkeys(label for p in panels for label in p.points))
    curves = list(dict.fromkeys(label for p in panels for label in p.curves))
    for ax, panel in zip(axes.flat, panels, strict=False):
        ax.set_title(panel.title)
        for label, value in panel.marks.items():
            ax.axvline(value, color=GUIDE, lw=0.7, ls=":", zorder=0)
            ax.annotate(label, (value, 0.02), xycoords=("data", "axes fraction"), fontsize=6.5, rotation=90, color=GUIDE)
        for label, curve in panel.curves.items():
            i = curves.index(label)
            _curve(ax, curve, label, COLOURS[(i + len(points)) % len(COLOURS)])
        for label, some in panel.points.items():
            i = points.index(label)
            _points(ax, some, label, COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)], 0.02 * (i - 0.5 * (len(points) - 1)))
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    if log:
        axes[0, 0].set_yscale("log")
        _limit_height(axes[0, 0], panels)
    for column in range(columns):
        lowest = axes[(len(panels) - 1 - column) // columns, column]
        lowest.set_xlabel(xlabel)
        lowest.tick_params(labelbottom=True)
    for ax in axes[:, 0]:
        ax.set_ylabel(ylabel)
    # One legend for all panels: a label may be missing in the first.
    handles = {label: h for ax in axes.flat for h, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    if len(panels) == 1:
        legend_above(figure, axes[0, 0])
    elif handles:
        figure.legend(handles.values(), handles.keys(), loc="outside upper left", ncols=columns)


def _curve(ax: Any, curve: Curve, label: str, colour: str) -> None:
    ax.plot(curve.x, curve.y, color=colour, label=verbatim(label), lw=1.3, ls="--" if curve.dashed else "-")
    if curve.low is not None and curve.high is not None:
        ax.fill_between(curve.x, curve.low, curve.high, color=colour, alpha=0.18, lw=0)


def _points(ax: Any, some: Points, label: str, colour: str, marker: str, shift: float) -> None:
    x = some.x + shift * 2 * some.width  # points of several estimators stand side by side
    seen = np.isfinite(some.y) & ~some.limit
    error = np.clip(np.stack([some.y - some.low, some.high - some.y]), 0, None)
    ax.errorbar(
        x[seen], some.y[seen], yerr=error[:, seen], xerr=some.width[seen], fmt=marker, color=colour, lw=0.9, label=verbatim(label)
    )
    limit = some.limit & np.isfinite(some.high)
    if limit.any():
        named = {} if seen.any() else {"label": verbatim(label)}
        ax.errorbar(
            x[limit], some.high[limit], yerr=0.35 * some.high[limit], uplims=True, xerr=some.width[limit],
            fmt="none", ecolor=colour, lw=0.8, alpha=0.6, **named,
        )  # fmt: skip


def _limit_height(ax: Any, panels: Sequence[Panel]) -> None:
    """From a little above the highest to some decades below it."""
    tops = [np.nanmax(p.high) for panel in panels for p in panel.points.values() if np.isfinite(p.high).any()]
    tops += [np.nanmax(c.y) for panel in panels for c in panel.curves.values() if np.isfinite(c.y).any()]
    if not tops or max(tops) <= 0:
        return
    top = 3 * max(tops)
    low, _ = ax.get_ylim()
    ax.set_ylim(max(low, top * 10**-_DECADES), top)
