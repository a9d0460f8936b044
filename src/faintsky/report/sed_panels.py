"""Panels of spectral energy distributions: measured bands with the parts of the best template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.report.style import COLOURS, verbatim

__all__ = ["SedPanel", "draw_seds"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class SedPanel:
    """One source.

    Attributes
    ----------
    title, caption : str
    wavelength, flux, error : ndarray, shape (b,)
        Observed [um, uJy].
    curves : mapping of str to (ndarray, ndarray)
        Observed wavelength [um] and flux density [uJy] by label.
    """

    title: str
    caption: str
    wavelength: Array
    flux: Array
    error: Array
    curves: Mapping[str, tuple[Array, Array]] = field(factory=dict)


def draw_seds(figure: Any, panels: Sequence[SedPanel], *, columns: int = 4) -> None:
    """Logarithmic panels; a band that is not positive is drawn as its limit of 2 sigma.

    Raises
    ------
    LookupError
        Where there is no source.
    """
    if not panels:
        raise LookupError("no spectrum is fitted yet")
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure.set_size_inches(max(5.0, 2.35 * columns + 0.5), 2.0 * rows + 0.7)
    axes = figure.subplots(rows, columns, sharex=True, squeeze=False)
    labels = list(dict.fromkeys(label for panel in panels for label in panel.curves))
    for ax, panel in zip(axes.flat, panels, strict=False):
        _panel(ax, panel, labels)
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    for column in range(columns):
        lowest = axes[(len(panels) - 1 - column) // columns, column]
        lowest.set_xlabel("wavelength [um]", fontsize=8)
        lowest.tick_params(labelbottom=True)
    for ax in axes[:, 0]:
        ax.set_ylabel("flux density [uJy]", fontsize=8)
    handles = {label: h for ax in axes.flat for h, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    if handles:
        figure.legend(handles.values(), handles.keys(), loc="outside upper left", ncols=4, fontsize=8)


def _panel(ax: Any, panel: SedPanel, labels: Sequence[str]) -> None:
    for label, (wavelength, flux) in panel.curves.items():
        ax.plot(wavelength, flux, color=COLOURS[labels.index(label) % len(COLOURS)], lw=1.0, label=label)
    known = np.isfinite(panel.flux) & np.isfinite(panel.error)
    seen = known & (panel.flux > 0)
    ax.errorbar(
        panel.wavelength[seen], panel.flux[seen], panel.error[seen], fmt="o", ms=3.5, color="#22262c", label="measured", zorder=3
    )
    faint = known & ~seen
    limit = 2 * panel.error[faint]
    ax.errorbar(panel.wavelength[faint], limit, 0.4 * limit, uplims=True, fmt="none", color="#22262c", zorder=3)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ticks = [0.5, 1, 2, 5]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    if known.any():
        ax.set_xlim(0.75 * panel.wavelength[known].min(), 1.35 * panel.wavelength[known].max())
        highest = np.concatenate([panel.flux[seen], limit]).max()
        lowest = np.concatenate([panel.flux[seen], limit]).min()
        ax.set_ylim(0.25 * lowest, 4 * highest)
    ax.set_title(verbatim(panel.title), fontsize=8)
    ax.text(0.04, 0.95, verbatim(panel.caption), fontsize=6.5, va="top", transform=ax.transAxes)
    ax.tick_params(labelsize=7)
