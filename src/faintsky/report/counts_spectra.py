"""Figures of counts spectra and of the models that describe them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from faintsky.report.style import COLOURS, GUIDE, legend_above, verbatim

__all__ = ["draw_counts", "draw_models"]

Array = NDArray[np.float64]

#: Relative to the height of the peak, below what E F_E is not shown.
_FAINTEST = 1e-3


class PredictedCounts(Protocol):
    """Observed counts in groups of channels, and quantiles of predicted ones: 2 and 1 sigma about the median."""

    @property
    def energy(self) -> Array:
        """Edges of the groups [keV], shape (g, 2)."""

    @property
    def counts(self) -> Array:
        """Observed counts, shape (g,)."""

    @property
    def background(self) -> Array:
        """Background scaled to the source, shape (g,)."""

    @property
    def predicted(self) -> Array:
        """Quantiles of new counts, shape (5, g)."""


def draw_counts(figure: Any, predictions: Mapping[str, PredictedCounts]) -> None:
    """Counts per keV with the predictions of one or more models; below, observed minus median in sigma of the prediction."""
    figure.set_size_inches(7.2, 5.6)
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=(2.4, 1))
    first = next(iter(predictions.values()))
    width = np.diff(first.energy, axis=1)[:, 0]
    middle = np.sqrt(first.energy.prod(axis=1))
    for i, (label, p) in enumerate(predictions.items()):
        colour = COLOURS[i % len(COLOURS)]
        low2, low, median, high, high2 = p.predicted / width
        ends = np.append(first.energy[:, 0], first.energy[-1, 1])
        top.stairs(median, ends, color=colour, label=verbatim(label), lw=1.4)
        if i == 0:
            top.fill_between(ends, _steps(low2), _steps(high2), step="post", color=colour, alpha=0.15, lw=0)
            top.fill_between(ends, _steps(low), _steps(high), step="post", color=colour, alpha=0.25, lw=0)
        sigma = np.maximum(0.5 * (p.predicted[3] - p.predicted[1]), 0.5)
        below.plot(middle, (p.counts - p.predicted[2]) / sigma, "o", ms=3, color=colour, alpha=0.8)
    error = np.sqrt(np.maximum(first.counts, 1)) / width
    top.errorbar(middle, first.counts / width, yerr=error, xerr=width / 2, fmt="none", color="#22262c", lw=0.9, label="observed")
    if first.background.any():
        top.step(middle, first.background / width, where="mid", color=GUIDE, lw=0.9, ls=":", label="background, scaled")
    top.set(xscale="log", yscale="log", ylabel="counts keV$^{-1}$")
    below.axhline(0, color=GUIDE, lw=0.8)
    below.set(xlabel="energy [keV]", ylabel="residual [$\\sigma$]")
    _plain_ticks(below, float(first.energy.min()), float(first.energy.max()))
    legend_above(figure, top)


def draw_models(figure: Any, models: Mapping[str, tuple[Array, Array]]) -> None:
    """E F_E of fitted models: edges [keV], and photons cm^-2 s^-1 keV^-1 as 16, 50 and 84 per cent quantiles."""
    ax = figure.subplots()
    brightest = 0.0
    for i, (label, (edges, photons)) in enumerate(models.items()):
        middle = np.sqrt(edges[1:] * edges[:-1])
        low, median, high = photons * middle**2
        colour = COLOURS[i % len(COLOURS)]
        ax.plot(middle, median, color=colour, label=verbatim(label), ls="-" if i < len(COLOURS) else "--")
        ax.fill_between(middle, low, high, color=colour, alpha=0.2, lw=0)
        brightest = max(brightest, float(high.max()))
    ax.set(xscale="log", yscale="log", xlabel="energy [keV]", ylabel="$E^2\\,N(E)$ [keV cm$^{-2}$ s$^{-1}$]")
    ax.set_ylim(bottom=max(ax.get_ylim()[0], _FAINTEST * brightest))
    first = next(iter(models.values()))[0]
    _plain_ticks(ax, float(first[0]), float(first[-1]))
    legend_above(figure, ax)


def _steps(values: Array) -> Array:
    return np.append(values, values[-1])


def _plain_ticks(ax: Any, low: float, high: float) -> None:
    """Energies as plain numbers: 0.5, 1, 2, 5."""
    ticks = [t for t in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if 0.9 * low <= t <= 1.1 * high]
    ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
    ax.minorticks_off()
