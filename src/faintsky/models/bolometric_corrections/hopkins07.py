"""The bolometric correction of Hopkins, Richards & Hernquist 2007."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import Band
from faintsky.core.component import component
from faintsky.models.bolometric_corrections.published_band import HARD, SOFT, monochromatic, published_band
from faintsky.models.bolometric_corrections.solar_luminosity import solar_luminosity
from faintsky.models.bolometric_corrections.two_powers import Powers, TwoPowers

__all__ = ["Hopkins07"]

Array = NDArray[np.float64]

_BANDS = {"hard": HARD, "soft": SOFT, "B": monochromatic(4400.0)}
#: (c1, k1), (c2, k2), from the authors' public code; the paper's table 1 has them rounded.
_POWERS: dict[str, Powers] = {
    "hard": ((10.8331, 0.276802), (6.08087, -0.0199597)),
    "soft": ((17.8653, 0.276804), (10.0287, -0.0199558)),
    "B": ((6.24800, -0.370587), (8.99833, -0.0115970)),
}
#: s0, beta, s1 of the scatter, from the same code.
_SCATTER = {
    "hard": (0.04, 0.05, 0.080),
    "soft": (0.01, 0.10, 0.060),
    "B": (0.08, -0.20, 0.065),
}


@component(references=["Hopkins2007"])
@frozen(kw_only=True)
class Hopkins07(TwoPowers):
    """Bolometric correction of Hopkins et al. 2007: k = c1 x^k1 + c2 x^k2, x = L_bol / (10^10 Lsun).

    The scatter of log L_band at fixed L_bol is s0 (L_bol / 10^9 Lsun)^beta + s1. That of ``B`` (4400 Angstrom) is
    monochromatic, nu L_nu; its `band` is the one of width e in energy that holds as much where nu L_nu is flat.
    """

    band: Band = published_band(_BANDS)
    lsun: float = solar_luminosity(3.9e33)

    @property
    def powers(self) -> Powers:
        """(c1, k1), (c2, k2)."""
        return _POWERS[self._name]

    def scatter(self, log_bol: ArrayLike) -> Array:
        """Standard deviation of log L_band at fixed L_bol [dex]."""
        rise, beta, floor = _SCATTER[self._name]
        return np.asarray(rise * 10 ** (beta * (np.asarray(log_bol, dtype=float) - np.log10(self.lsun) - 9)) + floor)

    @property
    def _name(self) -> str:
        return next(name for name, band in _BANDS.items() if band == self.band)
