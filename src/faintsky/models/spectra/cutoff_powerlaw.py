"""Power laws with an exponential cutoff."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component
from faintsky.core.energy_bins import bin_integrals, checked_edges
from faintsky.core.parameter import Parametric, parameter
from faintsky.core.prior import LogUniform
from faintsky.core.source_frame import norm, norm_frame, redshift
from faintsky.core.spectrum import Spectrum
from faintsky.models.spectra.powerlaw import photon_index

__all__ = ["CutoffPowerLaw", "ZCutoffPowerLaw"]

Array = NDArray[np.float64]


def _cutoff(help: str) -> Any:
    return parameter(300.0, prior=LogUniform(low=10.0, high=2000.0), unit="keV", gt=0, help=help, latex="$E_c$", xspec="HighECut")


@component()
@frozen(kw_only=True)
class CutoffPowerLaw(Parametric, Spectrum):
    """Power law with an exponential cutoff: N(E) = norm E^-photon_index exp(-E / cutoff)."""

    photon_index: float = photon_index()
    cutoff: float = _cutoff("e-folding energy")
    norm: float = norm(help="photons per keV at 1 keV, but for the factor exp(-1 keV / cutoff)")

    @property
    def additive(self) -> bool:
        """True."""
        return True

    def photon_flux(self, edges_kev: Array) -> Array:
        """Photons in each bin [photons cm^-2 s^-1]."""

        def density(energy: Array) -> Array:
            return np.asarray(self.norm * np.exp(-self.photon_index * np.log(energy) - energy / self.cutoff))

        return bin_integrals(density, checked_edges(edges_kev))


@component()
@frozen(kw_only=True)
class ZCutoffPowerLaw(Parametric, Spectrum):
    """Cutoff power law of a redshifted source, with the cutoff at an energy of the source.

    N(E) falls as E^-photon_index exp(-E (1 + z) / cutoff). The norm is N(1 keV) as observed, the cutoff included, as pexrav
    has it; with ``norm_frame = "source"`` it is N = norm [E (1 + z)]^-photon_index exp(-E (1 + z) / cutoff).
    """

    photon_index: float = photon_index()
    cutoff: float = _cutoff("e-folding energy in the frame of the source")
    redshift: float = redshift()
    norm: float = norm()
    norm_frame: str = norm_frame()

    @property
    def additive(self) -> bool:
        """True."""
        return True

    def photon_flux(self, edges_kev: Array) -> Array:
        """Photons in each bin [photons cm^-2 s^-1]."""
        rate = (1.0 + self.redshift) / self.cutoff
        if self.norm_frame == "observer":
            level = self.norm * np.exp(rate)
        else:
            level = self.norm * (1.0 + self.redshift) ** -self.photon_index

        def density(energy: Array) -> Array:
            return np.asarray(level * np.exp(-self.photon_index * np.log(energy) - energy * rate))

        return bin_integrals(density, checked_edges(edges_kev))

    def xspec_values(self) -> dict[str, Array]:
        """What XSPEC's zcutoffpl calls by the same names, where it differs: the norm at 1 keV of the source."""
        if self.norm_frame == "source":
            return {}
        z = 1.0 + np.asarray(self.redshift)
        return {"norm": np.asarray(self.norm * z**self.photon_index * np.exp(z / self.cutoff))}
