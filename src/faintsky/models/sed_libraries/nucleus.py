"""Light of an active nucleus: disc and torus."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.models.sed_libraries.bolometric import normalised
from faintsky.models.sed_libraries.photosphere import black_body

__all__ = ["TYPE_1", "TYPE_2", "nucleus"]

Array = NDArray[np.float64]

#: Inclinations [deg] of an open and of a hidden nucleus.
TYPE_1, TYPE_2 = 30.0, 70.0
#: Share of the disc's light that is seen of a hidden nucleus, scattered.
_SCATTERED = 0.01


def nucleus(wavelength: ArrayLike, inclination: float) -> Array:
    """L_nu with an integral over frequency of 1 [1/Hz], shape (w,).

    A disc of L_nu ~ nu^-0.44 from 0.12 um (Vanden Berk et al. 2001), nu^-1.6 below and nu^0.5 above 1 um, and dust of 1400, 700
    and 250 K. Of a hidden nucleus 1 per cent of the disc is left, and its hottest dust has 1000 K and is half as bright.
    """
    x = np.asarray(wavelength, dtype=float)
    open_ = inclination < 0.5 * (TYPE_1 + TYPE_2)
    disc = (x / 0.12) ** np.where(x < 0.12, 1.6, 0.44)
    disc = disc * np.clip(x, 1, None) ** -0.94 * np.exp(-((0.01 / x) ** 2))
    hot, warm, cool = black_body(x, [1400.0 if open_ else 1000.0, 700.0, 250.0])
    dust = (0.25 if open_ else 0.12) * hot + 0.2 * warm + 0.3 * cool
    return normalised((1.0 if open_ else _SCATTERED) * normalised(disc, x) + dust, x)
