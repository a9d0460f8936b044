"""Hydrogen, molecular hydrogen and helium as Wilms, Allen & McCray 2000 have them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["JUMPS", "helium", "hydrogen", "molecular_hydrogen"]

Array = NDArray[np.float64]

#: Thresholds of H, H2 and He [keV].
_H, _H2, _HE = 0.013599, 0.0154, 0.02458
#: Where one fit of H2 hands over to the next [keV].
_JOINTS = (0.018, 0.030, 0.085)
#: Energies at which one of the three jumps [keV].
JUMPS: Array = np.array([_H, _H2, *_JOINTS, _HE])

# Polynomials with the constant first.
_HE_SERIES = (1.0, -4.7416, 14.8200, -30.8678, 37.3584, -23.4585, 5.9133)
_H2_SERIES = (1.0, -2.003, -4.806, 50.577, -171.044, 231.608, -81.885)
_H2_THRESHOLD = (-37.895, 99.723, -87.227, 25.4)
_H2_18_30 = (0.071, -0.673, 1.977, -0.692)
_H2_30_85 = (0.664, -11.768, 78.118, -231.339, 368.053, -189.953)


def _polynomial(x: Array, coefficients: tuple[float, ...]) -> Array:
    return np.asarray(np.polynomial.polynomial.polyval(x, coefficients))


def hydrogen(energy_kev: Array) -> Array:
    """Atomic hydrogen: Band et al. 1990 [cm^2]."""
    y = 2 * energy_kev / _H
    return np.where(energy_kev >= _H, 605e-18 * y**-1.5 * (1 + np.sqrt(y)) ** -4, 0.0)


def helium(energy_kev: Array) -> Array:
    """Helium: Yan, Sadeghpour & Dalgarno 1998, eq. 14 [cm^2].

    Without the autoionisation resonances, lines of < 0.1 eV at 60 to 79 eV. XSPEC multiplies with their profiles at all energies,
    whose wings lower its helium by 3e-3 at 0.1 keV and 1e-4 at 1 keV.
    """
    series = _polynomial(np.sqrt(_HE / energy_kev), _HE_SERIES)
    return np.where(energy_kev >= _HE, 733e-24 * energy_kev**-3.5 * series, 0.0)


def molecular_hydrogen(energy_kev: Array) -> Array:
    """One molecule of hydrogen: Yan et al. 1998; from 30 to 85 eV Wilms et al. 2000 [cm^2].

    2.9 times a hydrogen atom above 0.3 keV (Wilms et al. quote 2.85), not twice. The fits below 85 eV do not join well.
    """
    x = energy_kev / _H2
    fits = [
        1e-16 * _polynomial(x, _H2_THRESHOLD),
        2e-17 * x**-0.252 * _polynomial(1 / x, _H2_18_30),
        1e-18 * _polynomial(1 / x, _H2_30_85),
        45.57e-24 * energy_kev**-3.5 * _polynomial(x**-0.5, _H2_SERIES),
    ]
    section = np.choose(np.searchsorted(_JOINTS, energy_kev, side="right"), fits)
    return np.where(energy_kev >= _H2, section, 0.0)
