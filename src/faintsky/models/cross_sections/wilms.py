"""The cross-section of Wilms, Allen & McCray 2000, on which ``tbabs`` stands."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.cross_section import CrossSection
from faintsky.models.cross_sections.abundance_sets import ABUNDANCES
from faintsky.models.cross_sections.bin_means import BinMeans, tabulated
from faintsky.models.cross_sections.grains import GAS_FRACTION, grain_cross_section
from faintsky.models.cross_sections.hydrogen_helium import JUMPS, helium, hydrogen, molecular_hydrogen
from faintsky.models.cross_sections.limits import check_energies
from faintsky.models.cross_sections.photoionization import METALS, mixture, shell_edges

__all__ = ["Wilms"]

Array = NDArray[np.float64]

#: Softest energy without `extrapolate` [keV].
_LOWEST = 0.01


def _section(abundances: str, molecular: float, grains: bool, energy: Array) -> Array:
    number = ABUNDANCES[abundances]
    in_grains = {z: number[z] * (1 - fraction) for z, fraction in GAS_FRACTION.items()} if grains else {}
    in_gas = {z: number[z] - in_grains.get(z, 0.0) for z in METALS}
    light = (1 - molecular) * hydrogen(energy) + molecular / 2 * molecular_hydrogen(energy) + number["He"] * helium(energy)
    dust = grain_cross_section(in_grains, mixture(in_grains, energy)) if grains else 0.0
    return np.asarray(light + mixture(in_gas, energy) + dust)


@lru_cache(maxsize=16)
def _bin_means(abundances: str, molecular: float, grains: bool) -> BinMeans:
    return tabulated(lambda energy: _section(abundances, molecular, grains, energy), np.concatenate([shell_edges(METALS), JUMPS]))


@component(references=["Wilms2000", "Verner1996", "VernerYakovlev1995", "Yan1998", "Band1990"])
@frozen(kw_only=True)
class Wilms(CrossSection):
    """Absorption by gas, molecules and grains of the interstellar medium: Wilms, Allen & McCray 2000.

    Hydrogen, a fifth of it in molecules; helium; metals of Verner & Yakovlev 1995, those depleted from the gas in grains of
    0.025 to 0.25 micron. It is XSPEC's ``tbabs`` to 1e-4 above 0.6 keV, 1e-3 above 0.15 keV and 2.3e-3 at 0.1 keV, but for three
    pieces: at the K edges of oxygen (0.52-0.59 keV) and neon (0.855-0.88 keV) and the L edges of iron (0.70-0.79 keV) XSPEC has
    measured tables with resonances where this has plain edges, so it is up to 90 per cent off there, 5 per cent in the mean.
    XSPEC ends at 100 keV; here the power laws go on.
    """

    abundances: str = option("wilm", choices=tuple(ABUNDANCES), help="set of abundances, by its name in XSPEC")
    molecular: float = option(0.2, ge=0, le=1, help="fraction of hydrogen nuclei in molecules")
    grains: bool = option(True, help="whether depleted elements are in grains that shade themselves; false: all is gas")
    extrapolate: bool = option(False, help="use the fits below 0.01 keV too, instead of an error")

    @property
    def edges(self) -> Array:
        """The edges of all shells of all elements."""
        return shell_edges()

    def at(self, energy_kev: Array) -> Array:
        """Gas, molecules and grains, evaluated at each energy; `mean` is the fast one."""
        energy = np.asarray(energy_kev, dtype=float)
        check_energies(energy, _LOWEST, "wilms", extrapolate=self.extrapolate)
        return _section(self.abundances, self.molecular, self.grains, energy)

    def mean(self, edges_kev: Array) -> Array:
        """From the integral, tabulated once for each choice of options; up to 1e5 keV."""
        edges = np.asarray(edges_kev, dtype=float)
        check_energies(edges[..., 0], _LOWEST, "wilms", extrapolate=self.extrapolate)
        return _bin_means(self.abundances, self.molecular, self.grains).mean(edges)
