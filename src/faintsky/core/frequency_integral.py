"""Light over all frequencies, of spectra per frequency on wavelengths."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LIGHT_SPEED", "frequency_integral", "frequency_steps"]

#: [um/s]
LIGHT_SPEED = 2.99792458e14


def frequency_steps(wavelength: NDArray[Any]) -> NDArray[np.float64]:
    """Weights [Hz] whose sum with L_nu is its integral over frequency, by trapezes; shape (w,) for wavelengths [um]."""
    frequency = LIGHT_SPEED / np.asarray(wavelength, dtype=float)
    half = -0.5 * np.diff(frequency)
    return np.asarray(np.concatenate([half, [0.0]]) + np.concatenate([[0.0], half]))


def frequency_integral(luminosity: NDArray[Any], wavelength: NDArray[Any]) -> NDArray[np.float64]:
    """Integral of L_nu over frequency along the last axis: [erg/s] of [erg/s/Hz]."""
    return np.asarray(np.asarray(luminosity, dtype=float) @ frequency_steps(wavelength))
