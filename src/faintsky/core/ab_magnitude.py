"""Magnitudes in the AB system and flux densities in microjansky."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["ZERO_POINT", "ab_magnitude", "from_ab_magnitude", "magnitude_error"]

#: Magnitude of 1 uJy: -2.5 log10(1e-6 / 3631), the zero point of 3631 Jy being that of Oke & Gunn (1983).
ZERO_POINT = 2.5 * float(np.log10(3631e6))


def ab_magnitude(flux: ArrayLike) -> NDArray[np.float64]:
    """AB magnitude of a flux density [uJy]; NaN where it is not positive."""
    values = np.asarray(flux, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(values > 0, ZERO_POINT - 2.5 * np.log10(values), np.nan)


def from_ab_magnitude(magnitude: ArrayLike) -> NDArray[np.float64]:
    """Flux density [uJy] of an AB magnitude."""
    return np.asarray(10 ** (0.4 * (ZERO_POINT - np.asarray(magnitude, dtype=float))))


def magnitude_error(flux: ArrayLike, error: ArrayLike) -> NDArray[np.float64]:
    """Error of the magnitude to first order, 2.5 / ln 10 sigma / f; NaN where the flux is not positive."""
    values = np.asarray(flux, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(values > 0, 2.5 / np.log(10) * np.asarray(error, dtype=float) / values, np.nan)
