"""The bolometric correction of Duras et al. 2020."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import Band
from faintsky.core.bolometric_correction import BolometricCorrection
from faintsky.core.component import component
from faintsky.models.bolometric_corrections.published_band import HARD
from faintsky.models.bolometric_corrections.solar_luminosity import solar_luminosity

__all__ = ["Duras20"]

Array = NDArray[np.float64]

#: a, b, c of table 1 for all AGN; two public codes agree on them.
_A, _B, _C = 10.96, 11.93, 17.79


@component(references=["Duras2020"])
@frozen(kw_only=True)
class Duras20(BolometricCorrection):
    """Bolometric correction 2-10 keV of Duras et al. 2020 for all AGN: k = a [1 + (log10(L_bol / Lsun) / b)^c].

    Given by L_bol, with a = 10.96, b = 11.93, c = 17.79 of their table 1. Their fit by L_X, with other coefficients, is another
    regression and not the inverse of this one. Which solar luminosity they took is unknown here: the nominal one is set.
    """

    lsun: float = solar_luminosity()

    @property
    def band(self) -> Band:
        """2-10 keV."""
        return HARD

    def log_k(self, log_bol: ArrayLike) -> Array:
        """log10 of k."""
        return np.asarray(np.log10(_A) + np.log1p(self._power(log_bol)) / np.log(10))

    def slope(self, log_bol: ArrayLike) -> Array:
        """dlog L_band / dlog L_bol = 1 - c r / (1 + r) / (x ln 10), with x = log10(L_bol / Lsun) and r = (x / b)^c."""
        ratio = self._power(log_bol)
        return np.asarray(1 - _C * ratio / (1 + ratio) / (self._x(log_bol) * np.log(10)))

    def _x(self, log_bol: ArrayLike) -> Array:
        return np.asarray(np.asarray(log_bol, dtype=float) - np.log10(self.lsun))

    def _power(self, log_bol: ArrayLike) -> Array:
        """(x / b)^c; 0 below one solar luminosity."""
        return np.asarray((np.maximum(self._x(log_bol), 0.0) / _B) ** _C)
