"""Spectra by the light that they have in all."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from faintsky.core.frequency_integral import frequency_integral

__all__ = ["L_SUN", "normalised"]

#: Solar luminosity [erg/s].
L_SUN = 3.828e33


def normalised(spectrum: NDArray[Any], wavelength: NDArray[Any]) -> NDArray[np.float64]:
    """Spectra per frequency with an integral of 1 [1/Hz]."""
    return np.asarray(spectrum / frequency_integral(spectrum, wavelength)[..., None])
