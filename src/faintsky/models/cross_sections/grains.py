"""Absorption by grains of dust that shade themselves: Wilms, Allen & McCray 2000."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

__all__ = ["GAS_FRACTION", "grain_cross_section"]

Array = NDArray[np.float64]

#: Fraction of each element that is in the gas (their table 2), of those that are not all in the gas.
GAS_FRACTION: Mapping[str, float] = {
    "C": 0.5, "O": 0.6, "Na": 0.25, "Mg": 0.2, "Al": 0.02, "Si": 0.1, "S": 0.6, "Cl": 0.5, "Ca": 0.003, "Cr": 0.03, "Fe": 0.3,
    "Co": 0.05, "Ni": 0.04,
}  # fmt: skip
#: Their atomic masses [u].
_MASS: Mapping[str, float] = {
    "C": 12, "O": 16, "Na": 23, "Mg": 24, "Al": 27, "Si": 28, "S": 32, "Cl": 35, "Ca": 40, "Cr": 52, "Fe": 56, "Co": 59, "Ni": 59,
}  # fmt: skip
#: Atomic mass unit [g] (CODATA 2018).
_U = 1.66053906660e-24
#: Radii of the smallest and largest grains [cm] and density [g cm^-3]; their number goes as radius^-3.5 (Mathis et al. 1977).
_SMALLEST, _LARGEST, _DENSITY = 0.025e-4, 0.25e-4, 1.0


def grain_cross_section(atoms: Mapping[str, float], unshaded: Array) -> Array:
    """Cross-section of the grains per hydrogen atom.

    A grain of radius a is a slab of mean thickness 4 a / 3: it takes out pi a^2 (1 - exp(-tau)), tau = (4/3) (rho a / mu) sigma,
    with mu and sigma the mean mass and cross-section of an atom in it. The sum over dn/da ~ a^-3.5 has a closed form (their
    appendix A).

    Parameters
    ----------
    atoms : mapping of str to float
        Atoms of each element that are in grains, per hydrogen atom.
    unshaded : ndarray, any shape
        Sum over elements of `atoms` times the cross-section of an atom [cm^2].

    Returns
    -------
    ndarray, same shape
        [cm^2]; `unshaded` where grains are transparent.
    """
    mass = _U * sum(number * _MASS[element] for element, number in atoms.items())
    # Per hydrogen atom there are k a^-3.5 da grains whose mass adds up to `mass`.
    k = mass / (4 / 3 * np.pi * _DENSITY * 2 * (np.sqrt(_LARGEST) - np.sqrt(_SMALLEST)))
    depth = 4 / 3 * _DENSITY * unshaded / mass  # tau / a
    # Integral of a^-1.5 (1 - exp(-depth a)), by parts.
    large, small = (
        2 * (np.expm1(-depth * a) / np.sqrt(a) + np.sqrt(np.pi * depth) * erf(np.sqrt(depth * a))) for a in (_LARGEST, _SMALLEST)
    )
    return np.asarray(np.pi * k * (large - small))
