"""Bolometric corrections that are cubic polynomials of the logarithmic luminosity."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.bolometric_correction import BolometricCorrection

__all__ = ["Cubic"]

Array = NDArray[np.float64]


class Cubic(BolometricCorrection, Protocol):
    """log10 k = b + a1 x + a2 x^2 + a3 x^3 with x = log10(L_bol / Lsun) - 12.

    A cubic has no meaning far outside of the luminosities that it was fitted to; the built-in ones keep L_band rising with L_bol
    from 10^36 to 10^52 erg/s, so that their inverse is unique.
    """

    lsun: float

    @property
    @abstractmethod
    def coefficients(self) -> tuple[float, float, float, float]:
        """b, a1, a2, a3."""

    def log_k(self, log_bol: ArrayLike) -> Array:
        """log10 of k."""
        return np.asarray(np.polynomial.polynomial.polyval(self._x(log_bol), self.coefficients))

    def slope(self, log_bol: ArrayLike) -> Array:
        """dlog L_band / dlog L_bol = 1 - (a1 + 2 a2 x + 3 a3 x^2)."""
        _, a1, a2, a3 = self.coefficients
        x = self._x(log_bol)
        return np.asarray(1 - (a1 + x * (2 * a2 + x * 3 * a3)))

    def _x(self, log_bol: ArrayLike) -> Array:
        return np.asarray(np.asarray(log_bol, dtype=float) - np.log10(self.lsun) - 12)
