"""Thermal bremsstrahlung."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.energy_bins import bin_integrals, checked_edges
from faintsky.core.parameter import Parametric, parameter
from faintsky.core.prior import LogUniform
from faintsky.core.source_frame import norm, redshift
from faintsky.core.spectrum import Spectrum
from faintsky.models.spectra.gaunt_factor import RYDBERG, gaunt_curves, on_curves

__all__ = ["Brems"]

Array = NDArray[np.float64]

#: Values worked on at once: what fits into the cache of a processor.
_BLOCK = 1 << 15


@component(references=["KarzasLatter1961", "Sutherland1998"])
@frozen(kw_only=True)
class Brems(Parametric, Spectrum):
    r"""Bremsstrahlung of a hot thin plasma of hydrogen and helium: a continuum without lines, no substitute for APEC.

    With g the exact non-relativistic Gaunt factor averaged over a Maxwellian, at energies E of the source,

    .. math:: N(E) = K (kT)^{-1/2} E^{-1} e^{-E/kT} [g(Ry/kT, E/kT) + 4 y\, g(4 Ry/kT, E/kT)].

    XSPEC's bremss and, with a redshift, zbremss, whose polynomials for g are coarser. There are no lines, no recombination, no
    metals: below 3 keV most of the emission of a plasma of cosmic composition is not bremsstrahlung, and `apec` is the model of
    it. Above 50 keV the electrons are relativistic and g is too low.
    """

    kt: float = parameter(
        1.0,
        prior=LogUniform(low=0.05, high=50.0),
        unit="keV",
        gt=0,
        help="temperature of the electrons",
        latex="$kT$",
        xspec="kT",
    )
    redshift: float = redshift()
    norm: float = norm(unit="", help="3.02e-15 / (4 pi D^2) times the integral of n_e n_I dV, in cgs units")
    helium: float = option(0.085, ge=0, help="helium by number, relative to hydrogen; 0.085 is XSPEC's")

    @property
    def additive(self) -> bool:
        """True."""
        return True

    def photon_flux(self, edges_kev: Array) -> Array:
        """Photons in each bin [photons cm^-2 s^-1], to 1e-4 of the Gaunt factor."""
        kt = np.asarray(self.kt, dtype=float)
        column = kt if kt.ndim else kt[None]
        curves = gaunt_curves(RYDBERG / column) + 4 * self.helium * gaunt_curves(4 * RYDBERG / column)
        per_kt, level = (1.0 + np.asarray(self.redshift)) / kt, kt**-1.5
        log_per_kt = np.log(per_kt)

        def density(energy: Array) -> Array:
            found = np.empty(np.broadcast_shapes(np.shape(per_kt), energy.shape))
            log, step = np.log(energy), max(1, _BLOCK * len(energy) // found.size)
            for i in range(0, len(energy), step):
                part = slice(i, i + step)
                u = energy[part] * per_kt
                # 1 / (sqrt(kT) E) = kT^-3/2 / u
                found[..., part] = on_curves(curves, log[part] + log_per_kt) * np.exp(-u) / u
            found *= level
            return found

        return np.asarray(self.norm * bin_integrals(density, checked_edges(edges_kev)))
