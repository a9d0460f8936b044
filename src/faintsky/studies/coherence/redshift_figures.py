"""Figures against redshift: flux production, biases with halo masses, coherent flux."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faintsky.core.flux_production import FluxProduction
from faintsky.estimators.flux.coherent_flux import CoherentFlux
from faintsky.report.style import COLOURS, GUIDE, MARKERS, legend_above, unit_label, verbatim

__all__ = ["draw_bias", "draw_flux", "draw_productions"]

Array = NDArray[np.float64]


def draw_productions(
    figure: Any, productions: Mapping[str, FluxProduction], selection: Mapping[str, Sequence[float]] | None = None
) -> None:
    """dF/dz of several maps; above it the selection function of their sources, where it is known."""
    if not productions:
        raise LookupError("no map knows the redshifts of its sources")
    if selection:
        figure.set_size_inches(7.2, 6.4)
        top_axes, ax = figure.subplots(2, 1, height_ratios=(1, 1.6))
        for name, style in (("shallow", "-"), ("deep", "--")):
            if name in selection:
                top_axes.plot(selection["magnitude"], selection[name], style, color=COLOURS[0], label=f"selection, {name} part")
        top_axes.set(xlabel="AB magnitude", ylabel="selection $\\eta$", ylim=(0, 1.05))
        top_axes.legend(frameon=False, fontsize=9)
    else:
        ax = figure.subplots()
    for i, (name, p) in enumerate(productions.items()):
        shown = p.dF_dz > 0
        ax.plot(
            p.z[shown],
            p.dF_dz[shown],
            color=COLOURS[i % len(COLOURS)],
            ls=("-", "--", ":")[i // len(COLOURS) % 3],
            label=verbatim(name),
        )
    top = max(float(p.dF_dz.max()) for p in productions.values())
    ax.set(xlabel="redshift", yscale="log", ylim=(1e-4 * top, 2 * top))
    ax.set_ylabel("$dF/dz$" + unit_label(next(iter(productions.values())).unit))
    legend_above(figure, ax)


def draw_bias(
    figure: Any,
    points: Mapping[str, tuple[float, float, float, float]],
    haloes: Mapping[str, tuple[Array, Array]],
    others: Sequence[tuple[float, float]] = (),
) -> None:
    """Biases (redshift, value, error down, error up) over the biases of haloes of given masses (redshifts, values).

    `others` are the values of other cells, without their errors.
    """
    ax = figure.subplots()
    for (name, (z, b)), style in zip(haloes.items(), ("-", "--", ":"), strict=False):
        ax.plot(z, b, color=GUIDE, ls=style, lw=1.2, label=name)
    for i, (name, (at, value, low, high)) in enumerate(points.items()):
        symbol = {"color": COLOURS[i % len(COLOURS)], "marker": MARKERS[i % len(MARKERS)], "ls": "none"}
        ax.errorbar([at * (1 + 0.004 * i)], [value], [[low], [high]], label=verbatim(name), **symbol)
    if others:
        z, b = np.array(others).T
        ax.plot(z, b, "x", color=GUIDE, ms=5, label="other methods")
    top = max(b + high for _, b, _, high in points.values())
    ax.set(xlabel="effective redshift", ylabel="bias", ylim=(0, 1.5 * top))
    legend_above(figure, ax)


def draw_flux(
    figure: Any,
    fluxes: Mapping[str, tuple[Mapping[str, CoherentFlux], Mapping[str, CoherentFlux]]],
    bins: Mapping[str, tuple[float, float] | None],
) -> None:
    """Coherent fluxes per redshift bin by the chosen form and as published (open), and the running sum of the first method."""
    ax = figure.subplots()
    names = list(bins)
    centres = [float(np.mean(z)) if z is not None else float(i) for i, z in enumerate(bins.values())]
    for i, (method, (chosen, paper)) in enumerate(fluxes.items()):
        style = {"color": COLOURS[i % len(COLOURS)], "marker": MARKERS[i % len(MARKERS)], "ls": "none"}
        for found, label, more in ((chosen, "", {}), (paper, " (paper, recipe)", {"mfc": "none", "alpha": 0.6})):
            values = np.array([found[n].value for n in names])
            errors = np.array([[found[n].low for n in names], [found[n].high for n in names]])
            shift = 0.06 * (2 * i + bool(label))
            ax.errorbar(np.array(centres) + shift, values, errors, label=verbatim(method + label), **style, **more)
        if i == 0:
            total = np.cumsum([chosen[n].value for n in names])
            ax.step(centres, total, where="mid", color=GUIDE, lw=1.4, label="running sum")
    ax.axhline(0, color=GUIDE, lw=1)
    if all(z is not None for z in bins.values()):
        ax.set_xlabel("redshift")
    else:
        ax.set_xticks(centres, labels=names)
    ax.set_ylabel("coherent flux" + unit_label("erg / (s cm2 deg2)"))
    legend_above(figure, ax)
