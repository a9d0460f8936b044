"""Comoving volume of a cosmology."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.cosmology import Cosmology
from faintsky.core.units import DEG2_PER_SR

__all__ = ["MPC", "SPEED_OF_LIGHT", "comoving_volume", "log_luminosity_area"]

Array = NDArray[np.float64]

#: [km/s]
SPEED_OF_LIGHT: float = 299792.458
#: One megaparsec [cm].
MPC: float = 3.0856775814913673e24


def comoving_volume(cosmology: Cosmology, z: ArrayLike) -> Array:
    """dV / dz of a flat universe: c chi^2 / H [Mpc^3 deg^-2]."""
    return np.asarray(SPEED_OF_LIGHT * cosmology.chi(z) ** 2 / cosmology.H(z) / DEG2_PER_SR)


def log_luminosity_area(cosmology: Cosmology, z: ArrayLike) -> Array:
    """log10 of 4 pi d_L^2 [cm^2], with the luminosity distance d_L = (1 + z) chi of a flat universe."""
    distance = (1 + np.asarray(z, dtype=float)) * cosmology.chi(z) * MPC
    return np.asarray(np.log10(4 * np.pi) + 2 * np.log10(distance))
