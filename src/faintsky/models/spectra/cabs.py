"""Compton scattering out of the line of sight."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.energy_bins import mean_over, refined
from faintsky.core.parameter import Parametric
from faintsky.core.source_frame import redshift, source_edges
from faintsky.core.spectrum import Spectrum
from faintsky.models.spectra.absorption import COLUMN, column_density

__all__ = ["ELECTRON_REST_ENERGY", "THOMSON", "Cabs", "klein_nishina"]

Array = NDArray[np.float64]

#: Thomson cross-section [cm^2] (CODATA 2018).
THOMSON: float = 6.6524587321e-25
#: Rest energy of the electron [keV] (CODATA 2018).
ELECTRON_REST_ENERGY: float = 510.99895


def klein_nishina(energy_kev: Array) -> Array:
    """Total Klein-Nishina cross-section over Thomson's, at photon energies [keV].

    Rybicki & Lightman 1979, eq. 7.5; below x = E / 511 keV = 0.01 its series 1 - 2 x + 26/5 x^2 - 133/10 x^3, where the closed
    form cancels.
    """
    x = np.asarray(energy_kev, dtype=float) / ELECTRON_REST_ENERGY
    small = x < 0.01
    y = np.where(small, 0.01, x)
    log = np.log1p(2 * y)
    closed = (1 + y) / y**3 * (2 * y * (1 + y) / (1 + 2 * y) - log) + log / (2 * y) - (1 + 3 * y) / (1 + 2 * y) ** 2
    series = 1 - 2 * x + 26 / 5 * x**2 - 133 / 10 * x**3 + 1144 / 35 * x**4
    return np.asarray(np.where(small, series, 0.75 * closed))


@component(references=["RybickiLightman1979"])
@frozen(kw_only=True)
class Cabs(Parametric, Spectrum):
    """Compton scattering out of the line of sight: exp(-electrons_per_hydrogen nh sigma_KN(E)).

    What photoelectric absorption leaves out, and what matters above 1e24 cm^-2. XSPEC's cabs has one electron per
    hydrogen atom; gas of cosmic composition has 1.21. Photons scattered into the line of sight are not counted.
    """

    nh: float = column_density()
    redshift: float = redshift(xspec="")
    electrons_per_hydrogen: float = option(1.21, gt=0, help="electrons per hydrogen atom; 1 is XSPEC's cabs")
    klein_nishina: bool = option(True, help="the Klein-Nishina cross-section; false is Thomson's at all energies")

    @property
    def additive(self) -> bool:
        """False."""
        return False

    def photon_flux(self, edges_kev: Array) -> Array:
        """The mean transmitted fraction of each bin."""
        fine, starts = refined(edges_kev)
        edges = source_edges(fine, self.redshift)
        middle = np.sqrt(edges[..., 1:] * edges[..., :-1])
        ratio = klein_nishina(middle) if self.klein_nishina else np.ones_like(middle)
        depth = COLUMN * self.nh * self.electrons_per_hydrogen * THOMSON * ratio
        return mean_over(np.exp(-depth), fine, starts)
