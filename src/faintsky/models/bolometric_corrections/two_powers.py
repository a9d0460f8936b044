"""Bolometric corrections that are sums of two power laws of the luminosity."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.bolometric_correction import BolometricCorrection

__all__ = ["Powers", "TwoPowers"]

Array = NDArray[np.float64]

#: (c1, k1), (c2, k2) of k = c1 x^k1 + c2 x^k2.
Powers = tuple[tuple[float, float], tuple[float, float]]


class TwoPowers(BolometricCorrection, Protocol):
    """k = c1 x^k1 + c2 x^k2 with x = L_bol / (10^10 Lsun)."""

    lsun: float

    @property
    @abstractmethod
    def powers(self) -> Powers:
        """The coefficients for the band."""

    def log_k(self, log_bol: ArrayLike) -> Array:
        """log10 of k."""
        first, second = self._terms(log_bol)
        return np.asarray(np.logaddexp(first, second) / np.log(10))

    def slope(self, log_bol: ArrayLike) -> Array:
        """dlog L_band / dlog L_bol = 1 - (k1 t1 + k2 t2) / (t1 + t2), with the two terms t1 and t2 of k."""
        first, second = self._terms(log_bol)
        (_, k1), (_, k2) = self.powers
        share = 1 / (1 + np.exp(second - first))
        return np.asarray(1 - (k1 * share + k2 * (1 - share)))

    def _terms(self, log_bol: ArrayLike) -> tuple[Array, Array]:
        """Natural logarithms of the two terms of k."""
        ln_x = np.log(10) * (np.asarray(log_bol, dtype=float) - 10) - np.log(self.lsun)
        (c1, k1), (c2, k2) = self.powers
        return np.log(c1) + k1 * ln_x, np.log(c2) + k2 * ln_x
