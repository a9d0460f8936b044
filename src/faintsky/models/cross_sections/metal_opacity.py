"""Opacity of cold matter without its hydrogen and helium, which models of Compton reflection want."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.models.cross_sections.abundance_sets import ABUNDANCES
from faintsky.models.cross_sections.photoionization import METALS, mixture, shell_edges

__all__ = ["metal_opacity", "opacity_edges"]

Array = NDArray[np.float64]

#: Thomson cross-section [cm^2] (CODATA 2018). XSPEC's is 1.4e-4 larger, and its opacities as much smaller.
_THOMSON = 6.6524587321e-25
#: From there on XSPEC has no opacity [keV].
_HIGHEST = 100.0


def metal_opacity(energy_kev: ArrayLike, abundances: str = "angr", abundance: ArrayLike = 1.0, iron: ArrayLike = 1.0) -> Array:
    """Photoelectric over Thomson cross-section of the metals in neutral matter, per hydrogen atom.

    sum over C, N, O, Ne, Na, Mg, Al, Si, S, Cl, Ar, Ca, Cr, Fe, Co, Ni of A_Z sigma_Z(E) / sigma_T (Verner et al. 1996, Verner &
    Yakovlev 1995). Hydrogen and helium are taken as fully ionised (Magdziarz & Zdziarski 1995).

    Parameters
    ----------
    energy_kev : array_like, any shape
        [keV]
    abundances : str
        Set of abundances, such as ``angr``.
    abundance, iron : array_like
        Abundance of the metals but iron, and of iron, over that of the set; they broadcast against the energies.

    Returns
    -------
    ndarray
        Zero from 100 keV on, as in XSPEC.

    Raises
    ------
    KeyError
        Where the set of abundances is not known.
    """
    energy = np.asarray(energy_kev, dtype=float)
    number = ABUNDANCES[abundances]
    others = mixture({element: number[element] for element in METALS if element != "Fe"}, energy)
    sigma = np.asarray(abundance) * others + np.asarray(iron) * mixture({"Fe": number["Fe"]}, energy)
    return np.asarray(np.where(energy >= _HIGHEST, 0.0, sigma / _THOMSON))


def opacity_edges() -> Array:
    """Energies at which the opacity jumps, in increasing order, shape (n,) [keV]: shell edges, and 100 keV."""
    return np.append(shell_edges(METALS), _HIGHEST)
