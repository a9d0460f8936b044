"""Light of the dust of a galaxy."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.models.sed_libraries.bolometric import normalised
from faintsky.models.sed_libraries.photosphere import black_body

__all__ = ["interstellar_dust"]

Array = NDArray[np.float64]

#: Bands of PAH: wavelength [um], width over wavelength, and share of their light.
_PAH = ((3.3, 0.012, 0.03), (6.2, 0.03, 0.17), (7.7, 0.09, 0.45), (8.6, 0.04, 0.12), (11.3, 0.03, 0.23))


def interstellar_dust(wavelength: ArrayLike, alpha: float) -> Array:
    """L_nu with an integral over frequency of 1 [1/Hz], shape (w,).

    Dust of mass dM ~ U^-alpha dU in radiation fields U from 0.3 to 1e5 (Dale et al. 2014): modified black bodies of emissivity
    nu^1.8 and 18 K U^(1/5.8), with 8 per cent of the light of fields below 1e3 in bands of PAH, the one at 3.3 um among them.
    """
    x = np.asarray(wavelength, dtype=float)
    field = np.geomspace(0.3, 1e5, 40)
    light = field ** (2 - alpha)  # light is mass times field, and dU is U dln U
    kelvin = 18 * field ** (1 / 5.8)
    grains = light @ normalised(black_body(x, kelvin) * x**-1.8, x)
    bands = np.sum([share * normalised(_drude(x, centre, width), x) for centre, width, share in _PAH], axis=0)
    pah = 0.08 * light[field < 1e3].sum() / light.sum()
    return normalised((1 - pah) * grains / light.sum() + pah * bands, x)


def _drude(wavelength: Array, centre: float, width: float) -> Array:
    """A band profile, 1 in its centre; its wings end where those of others are brighter."""
    offset = wavelength / centre - centre / wavelength
    profile = width**2 / (offset**2 + width**2)
    return np.asarray(np.where(np.abs(offset) < 12 * width, profile, 0))
