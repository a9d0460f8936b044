"""The cross-sections of Verner et al. 1996, on which ``phabs`` stands."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.cross_section import CrossSection
from faintsky.models.cross_sections.abundance_sets import ABUNDANCES
from faintsky.models.cross_sections.bin_means import BinMeans, tabulated
from faintsky.models.cross_sections.limits import check_energies
from faintsky.models.cross_sections.photoionization import mixture, shell_edges

__all__ = ["Verner"]

Array = NDArray[np.float64]

#: Softest energy without `extrapolate` [keV]: below, where only outer electrons of metals absorb, matter is seldom neutral gas.
_LOWEST = 0.01


@lru_cache(maxsize=len(ABUNDANCES))
def _bin_means(abundances: str) -> BinMeans:
    return tabulated(lambda energy: mixture(ABUNDANCES[abundances], energy), shell_edges())


@component(
    references=[
        "Verner1996", "VernerYakovlev1995", "AndersGrevesse1989", "Asplund2009", "GrevesseSauval1998", "Lodders2003", "Wilms2000",
    ]
)  # fmt: skip
@frozen(kw_only=True)
class Verner(CrossSection):
    """Photoelectric absorption of neutral atoms: the fits of Verner et al. 1996 and Verner & Yakovlev 1995.

    The sum of abundance times cross-section over H, He, C, N, O, Ne, Na, Mg, Al, Si, S, Cl, Ar, Ca, Cr, Fe, Co and Ni, without
    molecules and grains: XSPEC's ``phabs`` with ``xsect vern``, its default. XSPEC ends at 100 keV; here the fits go on as the
    power laws that they are by then (E^-3.5, nonrelativistic), which nothing depends on: Compton scattering is 400 times stronger
    at 100 keV.
    """

    abundances: str = option("angr", choices=tuple(ABUNDANCES), help="set of abundances, by its name in XSPEC")
    extrapolate: bool = option(False, help="use the fits below 0.01 keV too, instead of an error")

    @property
    def edges(self) -> Array:
        """The edges of all shells of all elements."""
        return shell_edges()

    def at(self, energy_kev: Array) -> Array:
        """The sum of all fits, evaluated at each energy; `mean` is the fast one."""
        energy = np.asarray(energy_kev, dtype=float)
        check_energies(energy, _LOWEST, "verner", extrapolate=self.extrapolate)
        return mixture(ABUNDANCES[self.abundances], energy)

    def mean(self, edges_kev: Array) -> Array:
        """From the integral of the sum, tabulated once for each set of abundances; up to 1e5 keV."""
        edges = np.asarray(edges_kev, dtype=float)
        check_energies(edges[..., 0], _LOWEST, "verner", extrapolate=self.extrapolate)
        return _bin_means(self.abundances).mean(edges)
