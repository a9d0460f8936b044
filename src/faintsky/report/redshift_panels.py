"""Panels of redshift distributions of pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.report.style import COLOURS, GUIDE, verbatim

__all__ = ["RedshiftPanel", "draw_redshifts"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class RedshiftPanel:
    """One pair.

    Attributes
    ----------
    title, caption : str
    z : ndarray, shape (m + 1,)
        Edges of cells.
    cells : mapping of str to ndarray, shape (m,)
        Probability in each cell, by label; the last is filled.
    spec : float
        Spectroscopic redshift of the AGN; NaN where there is none.
    """

    title: str
    caption: str
    z: Array
    cells: Mapping[str, Array] = field(factory=dict)
    spec: float = float("nan")


def draw_redshifts(figure: Any, panels: Sequence[RedshiftPanel], *, columns: int = 4) -> None:
    """Densities dP/dz against redshift, each panel about its own distributions.

    Raises
    ------
    LookupError
        Where there is no pair.
    """
    if not panels:
        raise LookupError("there is no pair to show yet")
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure.set_size_inches(max(5.0, 2.35 * columns + 0.5), 1.9 * rows + 0.7)
    axes = figure.subplots(rows, columns, squeeze=False)
    labels = list(dict.fromkeys(label for panel in panels for label in panel.cells))
    for ax, panel in zip(axes.flat, panels, strict=False):
        width, middle = np.diff(panel.z), 0.5 * (panel.z[1:] + panel.z[:-1])
        for i, (label, cells) in enumerate(panel.cells.items()):
            colour = COLOURS[labels.index(label) % len(COLOURS)]
            ax.plot(middle, cells / width, color=colour, lw=1.1, label=label)
            if i == len(panel.cells) - 1:
                ax.fill_between(middle, cells / width, color=colour, alpha=0.25, lw=0)
        if np.isfinite(panel.spec):
            ax.axvline(panel.spec, color=GUIDE, ls=":", lw=0.9, label="spec-z of the AGN")
        ax.set_xlim(*_range(panel))
        # A pair at a spectroscopic redshift is a spike that would flatten the distributions it rests on.
        broad = list(panel.cells.values())[:-1] or list(panel.cells.values())
        ax.set_ylim(0, 1.25 * max((float((cells / width).max()) for cells in broad), default=1.0) or 1.0)
        ax.set_title(verbatim(panel.title), fontsize=8)
        ax.text(0.96, 0.93, verbatim(panel.caption), fontsize=7, va="top", ha="right", transform=ax.transAxes)
        ax.tick_params(labelsize=7)
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    for column in range(columns):
        axes[(len(panels) - 1 - column) // columns, column].set_xlabel("redshift", fontsize=8)
    for ax in axes[:, 0]:
        ax.set_ylabel("dP/dz", fontsize=8)
    handles = {label: h for ax in axes.flat for h, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles.keys(), loc="outside upper left", ncols=4, fontsize=8)


def _range(panel: RedshiftPanel) -> tuple[float, float]:
    """From the 1st percentile of the lowest distribution to the 99th of the highest."""
    low, high = [], []
    for cells in panel.cells.values():
        upto = np.cumsum(cells)
        if upto[-1] > 1e-6:
            low.append(panel.z[np.searchsorted(upto, 0.01 * upto[-1])])
            high.append(panel.z[min(np.searchsorted(upto, 0.99 * upto[-1]) + 1, panel.z.size - 1)])
    ends = (min(low), max(high)) if low else (float(panel.z[0]), float(panel.z[-1]))
    return ends[0] - 0.05 * (ends[1] - ends[0]), ends[1] + 0.05 * (ends[1] - ends[0])
