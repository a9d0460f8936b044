"""The bolometric correction of Shen et al. 2020."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from faintsky.core.band import Band
from faintsky.core.component import component
from faintsky.models.bolometric_corrections.published_band import HARD, SOFT, monochromatic, published_band
from faintsky.models.bolometric_corrections.solar_luminosity import solar_luminosity
from faintsky.models.bolometric_corrections.two_powers import Powers, TwoPowers

__all__ = ["Shen20"]

Array = NDArray[np.float64]

_BANDS = {
    "hard": HARD,
    "soft": SOFT,
    "B": monochromatic(4400.0),
    "1450A": monochromatic(1450.0),
}
#: (c1, k1), (c2, k2), from the authors' public code; the paper's table 1 has them rounded.
_POWERS: dict[str, Powers] = {
    "hard": ((4.07349835, -0.02553868), (12.5996205, 0.27750559)),
    "soft": ((5.71209149, -0.02553868), (17.6679057, 0.27750559)),
    "B": ((3.75876730, -0.36057087), (9.82954354, -0.00629078046)),
    "1450A": ((1.86211735, -0.36057082), (4.86961646, -0.00629077)),
}
#: sigma_b, sigma_a [dex], x0 [log10 erg/s], s [dex], from the same code.
_SCATTER = {
    "hard": (0.0659231, 0.19262562, 42.9876632, 1.8829639),
    "soft": (0.1803728, 0.07969176, 44.1641156, 1.4964823),
    "B": (0.4052673, -0.3826995, 42.3866639, 2.3775969),
    "1450A": (0.4048693, -0.3719955, 42.3073116, 2.3097825),
}


@component(references=["Shen2020"])
@frozen(kw_only=True)
class Shen20(TwoPowers):
    """Bolometric correction of Shen et al. 2020, with its scatter: k = c1 x^k1 + c2 x^k2, x = L_bol / (10^10 Lsun).

    The scatter of log L_band at fixed L_bol is sigma_b + sigma_a Phi((log L_bol - x0) / s) with the normal distribution Phi:
    0.12 to 0.26 dex in 2-10 keV from 10^42 to 10^48 erg/s. L_bol includes the infrared. The luminosities of
    ``B`` (4400 Angstrom) and ``1450A`` are monochromatic, nu L_nu; their `band` is the one of width e in energy that
    holds as much where nu L_nu is flat, and equals no X-ray band.
    """

    band: Band = published_band(_BANDS)
    lsun: float = solar_luminosity(3.9e33)

    @property
    def powers(self) -> Powers:
        """(c1, k1), (c2, k2)."""
        return _POWERS[self._name]

    def scatter(self, log_bol: ArrayLike) -> Array:
        """Standard deviation of log L_band at fixed L_bol [dex]."""
        floor, rise, middle, width = _SCATTER[self._name]
        return np.asarray(floor + rise * ndtr((np.asarray(log_bol, dtype=float) - middle) / width))

    @property
    def _name(self) -> str:
        return next(name for name, band in _BANDS.items() if band == self.band)
