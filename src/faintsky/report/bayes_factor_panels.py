"""Figures of Bayes factors: against off-axis angle, as distributions, and of tests on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.report.style import COLOURS, GUIDE, MARKERS, legend_above, verbatim

__all__ = ["FactorPoints", "draw_detected", "draw_distributions", "draw_factors", "draw_statistics"]

Array = NDArray[np.float64]

#: Where the axis of ln Bayes factors turns from linear to logarithmic.
_LINEAR = 5.0


@frozen(kw_only=True, eq=False)
class FactorPoints:
    """Bayes factors of the sources of one cell.

    Attributes
    ----------
    off_axis : ndarray, shape (n,)
        [arcmin]
    ln, error : ndarray, shape (n,)
    above : ndarray of bool, shape (n,)
        Above 0 by the wanted number of errors.
    percentile : ndarray, shape (n,)
        90th percentile of the simulated single sources; NaN where there are none.
    """

    off_axis: Array
    ln: Array
    error: Array
    above: NDArray[np.bool_]
    percentile: Array


def draw_factors(figure: Any, cells: Mapping[str, FactorPoints], mark: float) -> None:
    """ln Bayes factors and the 90th percentiles of simulated single sources against the off-axis angle.

    Parameters
    ----------
    mark : float
        Off-axis angle below which the sample is tested as a whole [arcmin].

    Raises
    ------
    LookupError
        Where no source is weighed.
    """
    if not cells:
        raise LookupError("no source is weighed yet")
    figure.set_size_inches(7.4, 2.0 + 2.6 * len(cells))
    axes = figure.subplots(len(cells), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for ax, (name, points) in zip(axes, cells.items(), strict=True):
        ax.axhline(0, color=GUIDE, lw=0.8)
        ax.axvline(mark, color=GUIDE, lw=0.8, ls="--")
        ax.errorbar(
            points.off_axis, points.ln, yerr=points.error, fmt="o", ms=3.5, lw=0.8, color=COLOURS[0], label="measured, 1 sigma"
        )
        high = points.above
        if high.any():
            ax.plot(points.off_axis[high], points.ln[high], "o", ms=5, color=COLOURS[1], label="above 0 at the wanted level")
        if np.isfinite(points.percentile).any():
            ax.plot(
                points.off_axis, points.percentile, MARKERS[3], ms=4, mfc="none", color=COLOURS[2],
                label="90th percentile of simulated single sources",
            )  # fmt: skip
        ax.set_ylabel("ln Bayes factor")
        if len(cells) > 1:
            ax.set_title(verbatim(name))
    if _wide(*(values for points in cells.values() for values in (points.ln, points.percentile))):
        axes[0].set_yscale("symlog", linthresh=_LINEAR)
    axes[-1].set_xlabel("mean off-axis angle [arcmin]")
    # One legend for all panels: a label may be missing in the first.
    handles = {label: h for ax in axes for h, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles.keys(), loc="outside upper left", ncols=3)


def draw_distributions(figure: Any, simulated: Mapping[str, Array], measured: Mapping[str, float]) -> None:
    """Cumulative distributions of simulated ln Bayes factors, with measured ones as marks.

    Raises
    ------
    LookupError
        Where nothing is simulated.
    """
    if not any(len(values) for values in simulated.values()):
        raise LookupError("nothing is simulated yet")
    figure.set_size_inches(7.2, 4.2)
    ax = figure.subplots()
    for i, (name, values) in enumerate(simulated.items()):
        if not len(values):
            continue
        colour = COLOURS[i % len(COLOURS)]
        ax.ecdf(values, color=colour, lw=1.2, label=verbatim(name))
        if name in measured:
            ax.axvline(measured[name], color=colour, lw=1, ls="--")
    if _wide(*simulated.values(), *measured.values()):
        ax.set_xscale("symlog", linthresh=_LINEAR)
    ax.axhline(0.9, color=GUIDE, lw=0.7, ls=":")
    ax.set_xlabel("ln Bayes factor of two sources over one; dashed: measured")
    ax.set_ylabel("share of the simulations")
    legend_above(figure, ax)


def draw_statistics(
    figure: Any, statistics: Mapping[str, Array], critical: Mapping[str, Mapping[str, float]], said: Mapping[str, str]
) -> None:
    """Distributions of test statistics with their critical values, a panel for each test.

    Raises
    ------
    LookupError
        Where there is no test.
    """
    if not statistics:
        raise LookupError("no test was made: it needs two sources with simulations below the limiting off-axis angle")
    figure.set_size_inches(3.8 * len(statistics) + 0.4, 3.6)
    axes = figure.subplots(1, len(statistics), squeeze=False)[0]
    for ax, (name, values) in zip(axes, statistics.items(), strict=True):
        ax.hist(values, bins=40, color=COLOURS[0], alpha=0.7, density=True)
        for i, (level, value) in enumerate(critical[name].items()):
            ax.axvline(value, color=COLOURS[1 + i], lw=1.2, label=f"critical value, {level}")
        ax.set_title(said[name], fontsize=8.5)
        ax.set_xlabel(name)
        ax.set_yticks([])
    legend_above(figure, axes[0])


def draw_detected(figure: Any, panels: Mapping[str, tuple[Array, Array, Array]]) -> None:
    """Detected fractions over separation and ratio of counts.

    Parameters
    ----------
    panels : mapping of str to (separations, ratios, fractions)
        Separations [arcsec] of shape (s,), ratios of shape (r,), fractions of shape (s, r); NaN is not drawn.

    Raises
    ------
    LookupError
        Where nothing is simulated.
    """
    if not panels:
        raise LookupError("no pairs are simulated yet")
    columns = min(4, len(panels))
    rows = -(-len(panels) // columns)
    figure.set_size_inches(2.5 * columns + 1.2, 2.3 * rows + 0.9)
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    image = None
    for ax, (name, (separations, ratios, fractions)) in zip(axes.flat, panels.items(), strict=False):
        image = ax.imshow(fractions.T, origin="lower", vmin=0, vmax=1, cmap="Blues", aspect="auto")
        for i, j in np.ndindex(fractions.shape):
            if np.isfinite(fractions[i, j]):
                colour = "white" if fractions[i, j] > 0.6 else "black"
                ax.text(i, j, f"{100 * fractions[i, j]:.0f}", ha="center", va="center", fontsize=7, color=colour)
        ax.set_xticks(range(len(separations)), [f"{s:g}" for s in separations], fontsize=7)
        ax.set_yticks(range(len(ratios)), [f"{r:g}" for r in ratios], fontsize=7)
        ax.set_title(verbatim(name), fontsize=8.5)
        ax.grid(visible=False)
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    for ax in axes[-1]:
        ax.set_xlabel("separation [arcsec]", fontsize=8)
    for ax in axes[:, 0]:
        ax.set_ylabel("ratio of counts", fontsize=8)
    figure.colorbar(image, ax=axes, label="detected fraction [numbers: per cent]")


def _wide(*values: Array | float) -> bool:
    """Whether any value lies where a linear axis would hide the others."""
    return any(bool(np.any(np.abs(value) > 2 * _LINEAR)) for value in values)
