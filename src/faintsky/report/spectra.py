"""Figures of power spectra."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.power_spectrum import PowerSpectrum
from faintsky.core.units import ARCSEC
from faintsky.report.style import COLOURS, GUIDE, MARKERS, legend_above, unit_label, verbatim

__all__ = ["Curve", "draw_nulls", "draw_overlay", "draw_panel"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class Curve:
    """A model to draw beside spectra: what it is, wavenumbers [rad^-1], power."""

    name: str
    q: Array
    power: Array


def _scales(spectrum: PowerSpectrum) -> Array:
    return np.asarray(2 * np.pi / spectrum.q / ARCSEC)


def _shifted(spectrum: PowerSpectrum, i: int, count: int) -> Array:
    """Scales, moved a little so that the error bars of several methods do not hide each other."""
    narrowest = float(np.min(np.diff(np.log(np.maximum(spectrum.edges, 0.1 * spectrum.q[0])))))
    step = min(0.02, 0.6 * narrowest / count)
    return np.asarray(_scales(spectrum) * np.exp(step * (i - 0.5 * (count - 1))))


def _symbols(i: int) -> dict[str, Any]:
    return {"color": COLOURS[i % len(COLOURS)], "marker": MARKERS[i % len(MARKERS)], "ls": "none", "lw": 1}


def _scale_axis(ax: Any) -> None:
    """Angular scales as the papers draw them: logarithmic, large scales to the right, plain numbers."""
    from matplotlib.ticker import FuncFormatter

    ax.set(xscale="log", xlabel="angular scale $2\\pi/q$ [arcsec]")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))


def draw_overlay(figure: Any, spectra: Mapping[str, PowerSpectrum], title: str = "", curves: Sequence[Curve] = ()) -> None:
    """The spectra of several methods over each other as q^2 P / 2 pi, and their distance to the first in its sigma.

    Open symbols are negative bandpowers at their absolute value. The dashed line is the noise that the first spectrum
    holds, where it says so.

    Parameters
    ----------
    figure : matplotlib Figure or SubFigure
    spectra : mapping of label to PowerSpectrum
        The first is the reference.
    title : str
    curves : sequence of Curve
    """
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.2))
    reference = next(iter(spectra.values()))
    negative = False
    for i, (label, spectrum) in enumerate(spectra.items()):
        style = _symbols(i)
        x = _shifted(spectrum, i, len(spectra))
        factor = spectrum.q**2 / (2 * np.pi)
        positive = spectrum.power > 0
        negative |= not positive.all()
        shown, error = np.abs(spectrum.power) * factor, spectrum.error * factor
        top.errorbar(x[positive], shown[positive], error[positive], label=verbatim(label), **style)
        top.errorbar(x[~positive], shown[~positive], error[~positive], **style | {"mfc": "none"})
        if spectrum is not reference and len(spectrum.power) == len(reference.power):
            below.plot(x, (spectrum.power - reference.power) / reference.error, **style)
    for curve in curves:
        inside = (curve.q >= reference.edges[0]) & (curve.q <= reference.edges[-1]) & (curve.power > 0)
        x, y = 2 * np.pi / curve.q[inside] / ARCSEC, (curve.power * curve.q**2 / (2 * np.pi))[inside]
        top.plot(x, y, color=GUIDE, lw=1.4, label=verbatim(curve.name), zorder=0)
    if reference.noise is not None and np.any(reference.noise > 0):
        level = reference.noise * reference.q**2 / (2 * np.pi)
        top.plot(_scales(reference), level, color=GUIDE, lw=1.2, ls="--", label="noise in it", zorder=0)
    size = np.abs(reference.power * reference.q**2 / (2 * np.pi))
    if np.any(size > 0):
        top.set_yscale("log")
        top.set_ylim(bottom=0.2 * float(np.quantile(size[size > 0], 0.05)))
    top.set_ylabel("$q^2 P/2\\pi$" + _unit(reference))
    head = verbatim(title) + ("  (open symbols: negative)" if negative else "")
    legend_above(figure, top, head)
    below.axhline(0, color=GUIDE, lw=1)
    below.axhspan(-1, 1, color=GUIDE, alpha=0.15, lw=0)
    below.set_ylabel("difference\n[$\\sigma$ of the first]", fontsize=9)
    if not below.lines[1:]:
        below.set_ylim(-3, 3)
    _scale_axis(below)


def draw_panel(figure: Any, spectra: Mapping[str, PowerSpectrum], quantity: str = "q2p", curves: Sequence[Curve] = ()) -> None:
    """Several spectra in one figure; dashed lines are the shot noise of their sources, open symbols negative bandpowers.

    Parameters
    ----------
    figure : matplotlib Figure or SubFigure
    spectra : mapping of label to PowerSpectrum
    quantity : {"q2p", "p"}
        q^2 P / 2 pi, or P.
    curves : sequence of Curve
        Published spectra.
    """
    ax = figure.subplots()
    shown: list[float] = []
    for i, (label, s) in enumerate(spectra.items()):
        style = _symbols(i)
        factor = s.q**2 / (2 * np.pi) if quantity == "q2p" else np.ones_like(s.q)
        x, size, error = _shifted(s, i, len(spectra)), np.abs(s.power) * factor, s.error * factor
        positive = s.power > 0
        ax.errorbar(x[positive], size[positive], error[positive], label=verbatim(label), **style)
        ax.errorbar(x[~positive], size[~positive], error[~positive], **style | {"mfc": "none"})
        shown += [float(v) for v in size[np.isfinite(size) & (size > 0)]]
        if s.shot is not None and s.shot > 0:
            ax.plot(_scales(s), s.shot * factor, color=COLOURS[i % len(COLOURS)], lw=1, ls="--", zorder=0)
    for i, curve in enumerate(curves):
        factor = curve.q**2 / (2 * np.pi) if quantity == "q2p" else np.ones_like(curve.q)
        x = 2 * np.pi / curve.q / ARCSEC
        ax.plot(x, curve.power * factor, color=GUIDE, lw=1.4, ls=("-", "-.", ":")[i % 3], label=verbatim(curve.name), zorder=0)
    ax.set_yscale("log")
    if shown:
        ax.set_ylim(0.3 * float(np.quantile(shown, 0.02)), 5 * max(shown))
    first = next(iter(spectra.values()))
    ax.set_ylabel("$q^2 P/2\\pi$" + _unit(first) if quantity == "q2p" else "$P$" + unit_label(first.unit))
    _scale_axis(ax)
    legend_above(figure, ax)


def _unit(spectrum: PowerSpectrum) -> str:
    from astropy import units as u

    return unit_label((u.Unit(spectrum.unit) / u.sr).to_string()) if spectrum.unit else ""


def draw_nulls(figure: Any, spectra: Mapping[str, PowerSpectrum], notes: Mapping[str, str]) -> None:
    """Spectra that should vanish, in units of their errors; the bands are 1 and 2 sigma.

    Parameters
    ----------
    figure : matplotlib Figure or SubFigure
    spectra : mapping of label to PowerSpectrum
    notes : mapping of label to str
        Said behind the label, such as chi2 and PTE; may hold formulas.
    """
    axes = figure.subplots()
    for i, (label, spectrum) in enumerate(spectra.items()):
        said = verbatim(label) + (f": {notes[label]}" if label in notes else "")
        axes.errorbar(_shifted(spectrum, i, len(spectra)), spectrum.power / spectrum.error, 1.0, label=said, **_symbols(i))
    axes.axhline(0, color=GUIDE, lw=1)
    for band in (1, 2):
        axes.axhspan(-band, band, color=GUIDE, alpha=0.1, lw=0)
    axes.set_ylabel("$P/\\sigma$")
    _scale_axis(axes)
    legend_above(figure, axes)
