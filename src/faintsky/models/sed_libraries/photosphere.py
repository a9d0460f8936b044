"""Spectra of single stars: black bodies with the breaks that their gas would make."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from faintsky.core.frequency_integral import LIGHT_SPEED
from faintsky.models.sed_libraries.bolometric import normalised

__all__ = ["black_body", "photosphere"]

Array = NDArray[np.float64]

#: h c / k [um K].
_HC_K = 14387.768775


def black_body(wavelength: ArrayLike, temperature: ArrayLike) -> Array:
    """Planck's law per frequency, integral over frequency 1 [1/Hz]; shape (t, w) for temperatures [K] of shape (t,)."""
    scale = _HC_K / np.atleast_1d(np.asarray(temperature, dtype=float))[:, None]
    x = np.minimum(scale / np.asarray(wavelength, dtype=float), 700)
    return np.asarray(15 / np.pi**4 * x**3 / np.expm1(x) * scale / LIGHT_SPEED)


def photosphere(wavelength: ArrayLike, temperature: ArrayLike) -> Array:
    """Spectra of stars, integral over frequency 1 [1/Hz], shape (t, w).

    Black bodies times four features with the sense and about the size that real stars have: metals below 0.4 um, more of them in
    cooler stars; the Balmer jump at 0.3646 um, strongest near 10 000 K; the Lyman limit, through which little shines;
    and the minimum of the opacity of H- at 1.6 um in cool stars. Numbers are rough, and none from them is science.

    Parameters
    ----------
    wavelength : array_like, shape (w,)
        Rest frame [um], covering most of the light.
    temperature : array_like, shape (t,)
        [K]
    """
    x = np.asarray(wavelength, dtype=float)
    kelvin = np.atleast_1d(np.asarray(temperature, dtype=float))[:, None]
    metals = 0.5 * expit((6800 - kelvin) / 900)
    balmer = 0.5 * np.exp(-0.5 * (np.log(kelvin / 10000) / 0.25) ** 2)
    limit = 0.95 * expit((60000 - kelvin) / 6000)
    bump = 0.25 * expit((5200 - kelvin) / 500)
    features = (
        (1 - metals * expit(np.log(0.395 / x) / 0.01))
        * (1 - balmer * expit(np.log(0.3646 / x) / 0.01))
        * (1 - limit * expit(np.log(0.0912 / x) / 0.005))
        * (1 + bump * np.exp(-0.5 * (np.log(x / 1.6) / 0.15) ** 2))
    )
    return normalised(black_body(x, kelvin[:, 0]) * features, x)
