"""Planes of two hardness ratios: a measurement among tracks and grids of models; and spectra in bands with scaled models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.units import per
from faintsky.report.style import COLOURS, GUIDE, MARKERS, legend_above, unit_label, verbatim

__all__ = ["ModelCurve", "Track", "draw_plane", "draw_sed"]

Array = NDArray[np.float64]

#: A track with more points is labelled at some of them.
_LABELS = 7


@frozen(kw_only=True, eq=False)
class Track:
    """A family of models on the plane.

    Attributes
    ----------
    name : str
    values : sequence of sequences of float
        The values of none, one or two parameters.
    points : ndarray, shape (n, 2)
        Colours, the last parameter running fastest.
    """

    name: str
    values: tuple[tuple[float, ...], ...]
    points: Array


@frozen(kw_only=True, eq=False)
class ModelCurve:
    """A model scaled to a spectrum: edges [keV], power per keV."""

    name: str
    edges: Array
    density: Array


def draw_plane(ax: Any, tracks: Sequence[Track], measured: tuple[Array, Array, Array], title: str) -> None:
    """One plane: HR2 against HR1.

    Parameters
    ----------
    ax : matplotlib Axes
    tracks : sequence of Track
    measured : tuple of ndarray, each of shape (2,)
        Values and the ends of the intervals below and above.
    title : str
    """
    for i, track in enumerate(tracks):
        _draw_track(ax, track, COLOURS[i % len(COLOURS)])
    value, low, high = measured
    error = np.abs([value - low, high - value])
    ax.errorbar(
        *value, xerr=error[:, [0]], yerr=error[:, [1]], fmt="s", color="#22262c", ms=6, capsize=2, label="measured", zorder=5
    )
    ax.set(xlabel="HR1", ylabel="HR2", xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), title=verbatim(title))
    ax.set_aspect("equal")


def _draw_track(ax: Any, track: Track, colour: str) -> None:
    shape = tuple(len(v) for v in track.values)
    points = track.points.reshape(*(shape or (1,)), 2)
    if points.ndim == 2:
        ax.plot(*points.T, color=colour, marker="o", ms=2.5, lw=1.2, label=verbatim(track.name))
        _label(ax, points, track.values[0] if track.values else (), colour)
        return
    for j, line in enumerate(points):
        ax.plot(*line.T, color=colour, lw=1.1, label=verbatim(track.name) if j == 0 else None)
    for line in np.moveaxis(points, 1, 0):
        ax.plot(*line.T, color=colour, lw=1.1, ls=":")
    # The first parameter at the ends of its lines, where they are farthest apart; the second along the first line.
    _label(ax, points[:, -1], track.values[0], colour)
    _label(ax, points[0][:-1], track.values[1][:-1], colour)


def _label(ax: Any, points: Array, values: Sequence[float], colour: str) -> None:
    for i in np.unique(np.linspace(0, len(values) - 1, min(_LABELS, len(values))).round().astype(int)):
        if np.all(np.abs(points[i]) <= 1.1):
            ax.annotate(f"{values[i]:g}", points[i], xytext=(3, 3), textcoords="offset points", fontsize=7, color=colour)


def draw_sed(
    ax: Any,
    spectra: Mapping[str, tuple[Array, Array, Array, NDArray[np.bool_]]],
    models: Sequence[ModelCurve],
    unit: str,
) -> None:
    """Power per keV against energy, with models.

    Parameters
    ----------
    ax : matplotlib Axes
    spectra : mapping of label to (bands (b, 2) [keV], value (b,), error (b,), limit (b,))
        Per band; where `limit`, the 2 sigma upper limit is drawn as an arrow.
    models : sequence of ModelCurve
        Scaled already.
    unit : str
        Of the values.
    """
    for i, curve in enumerate(models):
        middle = np.sqrt(curve.edges[1:] * curve.edges[:-1])
        colour = COLOURS[(i + 2) % len(COLOURS)]
        ax.plot(middle, curve.density, color=colour, lw=1.2, ls=("-", "--", "-.", ":")[i // 5 % 4], label=verbatim(curve.name))
    shown = []
    for i, (label, (bands, value, error, limit)) in enumerate(spectra.items()):
        width = np.diff(bands, axis=1)[:, 0]
        centre = np.sqrt(bands.prod(axis=1)) * (1 + 0.03 * i)
        style = {"color": COLOURS[i % len(COLOURS)], "marker": MARKERS[i % len(MARKERS)], "ls": "none", "ms": 5}
        seen = ~limit
        across = np.abs(bands - centre[:, None])[seen].T
        ax.errorbar(
            centre[seen], (value / width)[seen], yerr=(error / width)[seen], xerr=across, label=verbatim(label), zorder=5, **style
        )
        top = ((np.maximum(value, 0) + 2 * error) / width)[limit]
        ax.errorbar(centre[limit], top, yerr=0.4 * top, uplims=True, zorder=5, **style)
        shown += [*np.abs(value / width)[seen], *top]
    ax.set(xscale="log", yscale="log", xlabel="energy [keV]", ylabel="cross-power" + unit_label(per(unit, "keV") if unit else ""))
    ax.set_ylim(0.02 * min(shown), 8 * max(shown))
    ticks = [0.5, 1, 2, 4, 7]
    ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
    ax.minorticks_off()
    ax.axhline(0, color=GUIDE, lw=0.6)
    legend_above(ax.figure, ax)
