"""Figures of power spectra."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.power_spectrum import PowerSpectrum
from faintsky.core.units import ARCSEC
from faintsky.report.style import COLOURS, MARKERS

__all__ = ["Curve", "draw_nulls", "draw_overlay"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class Curve:
    """A model to draw beside spectra: what it is, wavenumbers [rad^-1], power."""

    name: str
    q: Array
    power: Array


def _scales(spectrum: PowerSpectrum) -> Array:
    return np.asarray(2 * np.pi / spectrum.q / ARCSEC)


def draw_overlay(figure: Any, spectra: Mapping[str, PowerSpectrum], title: str = "", curves: Sequence[Curve] = ()) -> None:
    """The spectra of several methods over each other as q^2 P / 2 pi, and their distance to the first in its sigma.

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
    signed = bool(np.any(reference.power < 0)) or reference.names[0] != reference.names[1]
    for i, (label, spectrum) in enumerate(spectra.items()):
        style = {"color": COLOURS[i % len(COLOURS)], "marker": MARKERS[i % len(MARKERS)], "ls": "none", "lw": 1}
        x = _scales(spectrum) * (1 + 0.02 * (i - 0.5 * (len(spectra) - 1)))
        factor = spectrum.q**2 / (2 * np.pi)
        positive = spectrum.power > 0
        shown = np.abs(spectrum.power) * factor
        top.errorbar(x[positive], shown[positive], spectrum.error[positive] * factor[positive], label=label, **style)
        if signed and not positive.all():
            open_ = style | {"mfc": "none"}
            top.errorbar(x[~positive], shown[~positive], spectrum.error[~positive] * factor[~positive], **open_)
        if spectrum is not reference and len(spectrum.power) == len(reference.power):
            below.plot(x, (spectrum.power - reference.power) / reference.error, **style)
    for curve in curves:
        inside = (curve.q >= reference.edges[0]) & (curve.q <= reference.edges[-1]) & (curve.power > 0)
        x, y = 2 * np.pi / curve.q[inside] / ARCSEC, (curve.power * curve.q**2 / (2 * np.pi))[inside]
        top.plot(x, y, color="#888888", lw=1.4, label=curve.name, zorder=0)
    low = np.abs(reference.power * reference.q**2 / (2 * np.pi))
    top.set(xscale="log", yscale="log", title=title, ylabel="$q^2 P/2\\pi$" + _unit(reference))
    top.set_ylim(bottom=0.2 * float(np.quantile(low[low > 0], 0.05)))
    top.legend(fontsize=8, title="open symbols: negative" if signed else None, title_fontsize=8)
    below.axhline(0, color="#888888", lw=1)
    below.axhspan(-1, 1, color="#888888", alpha=0.15, lw=0)
    below.set(xlabel="angular scale $2\\pi/q$ [arcsec]", ylabel="difference\n[sigma]")
    below.invert_xaxis()


def _unit(spectrum: PowerSpectrum) -> str:
    from astropy import units as u

    if not spectrum.unit:
        return ""
    unit = u.Unit(spectrum.unit) / u.sr
    return f" [{unit.to_string('latex_inline', fraction=False)}]"


def draw_nulls(figure: Any, spectra: Mapping[str, PowerSpectrum], notes: Mapping[str, str]) -> None:
    """Spectra that should vanish, in units of their errors.

    Parameters
    ----------
    figure : matplotlib Figure or SubFigure
    spectra : mapping of label to PowerSpectrum
    notes : mapping of label to str
        Said behind the label, such as chi2 and PTE.
    """
    axes = figure.subplots()
    for i, (label, spectrum) in enumerate(spectra.items()):
        x = _scales(spectrum) * (1 + 0.02 * (i - 0.5 * (len(spectra) - 1)))
        style = {"color": COLOURS[i % len(COLOURS)], "marker": MARKERS[i % len(MARKERS)], "ls": "none"}
        axes.errorbar(x, spectrum.power / spectrum.error, 1.0, label=f"{label}: {notes.get(label, '')}", lw=1, **style)
    axes.axhline(0, color="#888888", lw=1)
    axes.axhspan(-2, 2, color="#888888", alpha=0.15, lw=0)
    axes.set(xscale="log", xlabel="angular scale $2\\pi/q$ [arcsec]", ylabel="$P/\\sigma$")
    axes.invert_xaxis()
    axes.legend(fontsize=8)
