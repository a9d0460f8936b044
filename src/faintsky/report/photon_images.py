"""Images of single photons with posterior positions over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.report.style import COLOURS, GUIDE, MARKERS, verbatim

__all__ = ["PhotonPanel", "draw_photons"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class PhotonPanel:
    """The photons of one source.

    Attributes
    ----------
    title : str
    x, y : ndarray, shape (n,)
        Photons [arcsec], x to the west.
    ends : tuple of float
        x and y ends of the box [arcsec].
    positions : mapping of str to ndarray, shape (m, 2)
        Samples of the positions of each source [arcsec], by label.
    """

    title: str
    x: Array
    y: Array
    ends: tuple[float, float, float, float]
    positions: Mapping[str, Array] = field(factory=dict)


def draw_photons(figure: Any, panels: Sequence[PhotonPanel], *, columns: int = 4, pixel: float = 0.25) -> None:
    """Photons in pixels of a quarter arcsecond, and contours that hold 39 and 86 per cent of the positions of each source.

    North is up, east to the left. The inner 6 arcsec are shown, or more where the positions reach farther.

    Raises
    ------
    LookupError
        Where there is no source.
    """
    if not panels:
        raise LookupError("no source is weighed yet")
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure.set_size_inches(2.6 * columns + 0.6, 2.75 * rows + 0.7)
    axes = figure.subplots(rows, columns, squeeze=False)
    labels = list(dict.fromkeys(label for panel in panels for label in panel.positions))
    for ax, panel in zip(axes.flat, panels, strict=False):
        reach = _reach(panel)
        edges = np.arange(-reach, reach + 0.5 * pixel, pixel)
        counts, _, _ = np.histogram2d(panel.y, panel.x, bins=[edges, edges])
        ax.imshow(np.sqrt(counts), origin="lower", extent=(-reach, reach, -reach, reach), cmap="Greys", interpolation="nearest")
        for i, label in enumerate(labels):
            if label in panel.positions:
                _contours(ax, panel.positions[label], COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)], label)
        ax.set_title(verbatim(panel.title), fontsize=8)
        ax.set_xlim(-reach, reach)
        ax.set_ylim(-reach, reach)
        ax.grid(visible=False)
        ax.tick_params(labelsize=7)
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    for ax in axes[-1]:
        ax.set_xlabel("to the west [arcsec]", fontsize=8)
    for ax in axes[:, 0]:
        ax.set_ylabel("to the north [arcsec]", fontsize=8)
    handles = {label: h for ax in axes.flat for h, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    if handles:
        figure.legend(handles.values(), handles.keys(), loc="outside upper left", ncols=min(columns, 3))


def _reach(panel: PhotonPanel) -> float:
    """Half side of what is shown [arcsec]."""
    box = max(abs(end) for end in panel.ends)
    found = [np.quantile(np.abs(positions), 0.9) for positions in panel.positions.values() if positions.size]
    return float(min(box, max([3.0, *(1.2 * f for f in found)])))


def _contours(ax: Any, positions: Array, colour: str, marker: str, label: str) -> None:
    """Median and contours; samples where they are too few or too spread for contours."""
    middle = np.median(positions, axis=0)
    if len(positions) < 50 or positions.std(axis=0).max() > 2:
        ax.plot(*positions[:300].T, ".", ms=1.5, color=colour, alpha=0.5, label=label)
        return
    ax.plot(*middle, marker, color=colour, ms=4, mfc="none", label=label)
    spread = np.maximum(4 * positions.std(axis=0), 0.05)
    xs, ys = (np.linspace(m - s, m + s, 61) for m, s in zip(middle, spread, strict=True))
    from scipy.ndimage import gaussian_filter

    counts, _, _ = np.histogram2d(positions[:, 1], positions[:, 0], bins=[ys, xs])
    smooth = gaussian_filter(counts, 2.5)
    ordered = np.sort(smooth.ravel())[::-1]
    upto = np.cumsum(ordered) / ordered.sum()
    levels = sorted({float(ordered[np.searchsorted(upto, share)]) for share in (0.39, 0.86)})
    if len(levels) == 2 and levels[0] > 0:
        ax.contour(0.5 * (xs[1:] + xs[:-1]), 0.5 * (ys[1:] + ys[:-1]), smooth, levels=levels, colors=colour, linewidths=0.9)
    ax.axhline(0, color=GUIDE, lw=0.3, zorder=0)
    ax.axvline(0, color=GUIDE, lw=0.3, zorder=0)
