"""Beams: put into the window of a spectrum, or divided out of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.power_spectrum import PowerSpectrum, Window
from faintsky.core.psf import PSF
from faintsky.core.units import ARCSEC

__all__ = ["beam_in_window", "beam_power", "deconvolved"]

Array = NDArray[np.float64]


def beam_power(q: Array, beams: Sequence[PSF | None]) -> Array:
    """B_a B_b at `q` [rad^-1], shape of `q`; None is no beam. One beam given twice is its power, B^2."""
    found = np.ones_like(q)
    if len(beams) == 2 and beams[0] is not None and beams[0] == beams[1]:
        return beams[0].beam_power(q)
    for beam in beams:
        if beam is not None:
            found = found * np.sqrt(np.maximum(beam.beam_power(q), 0.0))
    return found


def _in_bins(spectrum: PowerSpectrum, beams: Sequence[PSF | None]) -> tuple[Array, Array]:
    """B_a B_b at the wavenumbers of the window, and its mean over each bin."""
    fine = beam_power(spectrum.window.q, beams)
    return fine, (spectrum.window.matrix @ fine) / spectrum.window.matrix.sum(axis=1)


def beam_in_window(spectrum: PowerSpectrum, beams: Sequence[PSF | None]) -> PowerSpectrum:
    """The same spectrum whose window holds the beams: a model of the sky is then compared with what the telescope saw.

    Exact also where the beam varies within a bin, and nothing is divided by a small number.

    Raises
    ------
    DataError
        Where the beams were divided out before.
    """
    _check(spectrum, beams)
    fine, _ = _in_bins(spectrum, beams)
    return evolve(spectrum, window=Window(q=spectrum.window.q, matrix=spectrum.window.matrix * fine))


def deconvolved(spectrum: PowerSpectrum, beams: Sequence[PSF | None], threshold: float = 0.05) -> PowerSpectrum:
    """The spectrum over the mean of B_a B_b in each bin; the window keeps what the division does not undo within a bin.

    Parameters
    ----------
    spectrum : PowerSpectrum
        Without noise bias: white noise is not smoothed by a beam, and dividing blows it up.
    beams : sequence of PSF or None
        Of the two maps.
    threshold : float
        Bins where B_a B_b lies below are NaN and flagged ``below_beam``.

    Raises
    ------
    DataError
        Where the beams were divided out before, or leave no bin at all: the beam is wider than the field.
    """
    _check(spectrum, beams)
    fine, mean = _in_bins(spectrum, beams)
    good = mean >= threshold
    if not good.any():
        raise DataError(
            f"the beam leaves less than {threshold:g} of the power at every scale of the spectrum (up to "
            f"{spectrum.theta.max() / ARCSEC:.4g} arcsec): it is wider than the field"
        )
    factor = np.where(good, 1 / np.where(good, mean, 1.0), np.nan)
    return evolve(
        spectrum,
        power=spectrum.power * factor,
        covariance=spectrum.covariance * np.outer(factor, factor),
        noise=None if spectrum.noise is None else spectrum.noise * factor,
        auto=tuple(a * factor for a in spectrum.auto),
        window=Window(q=spectrum.window.q, matrix=spectrum.window.matrix * fine / np.where(good, mean, 1.0)[:, None]),
        beam="deconvolved",
        flags={**spectrum.flags, "below_beam": tuple((~good).tolist())},
    )


def _check(spectrum: PowerSpectrum, beams: Sequence[PSF | None]) -> None:
    if spectrum.beam != "uncorrected":
        raise DataError(f"the beams are {spectrum.beam} already")
    if len(beams) != 2:
        raise DataError(f"a spectrum has two beams (the one of an auto-spectrum twice), got {len(beams)}")
