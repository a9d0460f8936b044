"""A screen of dust in front of starlight."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["dust_screen"]


def dust_screen(wavelength: ArrayLike, ebv: float) -> NDArray[np.float64]:
    """Transmission 10^(-0.4 k E(B-V)) of the law of Calzetti et al. (2000, eq 4), R_V = 4.05.

    Its polynomials hold from 0.12 to 2.2 um; they go on to the Lyman limit, where k stays, and to 3.1 um, where they reach 0.

    Parameters
    ----------
    wavelength : array_like, shape (w,)
        Rest frame [um].
    ebv : float
        Colour excess of the stars [mag].
    """
    x = 1 / np.clip(np.asarray(wavelength, dtype=float), 0.0912, None)
    short = -2.156 + x * (1.509 + x * (-0.198 + 0.011 * x))
    k = 2.659 * np.where(x > 1 / 0.63, short, -1.857 + 1.040 * x) + 4.05
    return np.asarray(10 ** (-0.4 * ebv * np.clip(k, 0, None)))
