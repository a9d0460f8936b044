"""Power laws, integrated exactly over each bin."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component
from faintsky.core.energy_bins import checked_edges
from faintsky.core.parameter import Parametric, parameter
from faintsky.core.prior import Uniform
from faintsky.core.source_frame import norm, norm_frame, redshift
from faintsky.core.spectrum import Spectrum

__all__ = ["PowerLaw", "ZPowerLaw", "photon_index", "power_integral"]

Array = NDArray[np.float64]


def photon_index(help: str = "photons per keV fall as E^-photon_index") -> Any:
    """The parameter `photon_index`."""
    return parameter(1.8, prior=Uniform(low=-1.0, high=4.0), help=help, latex=r"$\Gamma$", xspec="PhoIndex")


def power_integral(edges: Array, index: Any) -> Array:
    """Integral of E^-index over each bin, without cancellation at any index.

    With L the width of the bin in ln E, s = (1 - index) L / 2 and E the geometric middle, it is E^(1 - index) L sinh(s) / s.
    """
    log = np.log(edges)
    middle, width = 0.5 * (log[1:] + log[:-1]), np.diff(log)
    slope = 1.0 - np.asarray(index, dtype=float)
    return np.asarray(np.exp(slope * middle) * width * _sinhc(0.5 * slope * width))


def _sinhc(s: Array) -> Array:
    """sinh(s) / s."""
    if np.max(np.abs(s)) < 0.03:
        square = s * s
        return np.asarray(1 + square / 6 * (1 + square / 20 * (1 + square / 42)))
    safe = np.where(s == 0, 1.0, s)
    return np.where(s == 0, 1.0, np.sinh(safe) / safe)


@component()
@frozen(kw_only=True)
class PowerLaw(Parametric, Spectrum):
    """Power law: N(E) = norm E^-photon_index."""

    photon_index: float = photon_index()
    norm: float = norm()

    @property
    def additive(self) -> bool:
        """True."""
        return True

    def photon_flux(self, edges_kev: Array) -> Array:
        """Photons in each bin [photons cm^-2 s^-1], exact."""
        return np.asarray(self.norm * power_integral(checked_edges(edges_kev), self.photon_index))


@component()
@frozen(kw_only=True)
class ZPowerLaw(Parametric, Spectrum):
    """Power law of a redshifted source: N(E) = norm E^-photon_index as observed.

    A power law has no scale, so its redshift moves nothing but the norm: with ``norm_frame = "source"`` the norm is
    that at 1 keV of the source, N(E) = norm [E (1 + z)]^-photon_index, as XSPEC's zpowerlw has it.
    """

    photon_index: float = photon_index()
    redshift: float = redshift()
    norm: float = norm()
    norm_frame: str = norm_frame()

    @property
    def additive(self) -> bool:
        """True."""
        return True

    def photon_flux(self, edges_kev: Array) -> Array:
        """Photons in each bin [photons cm^-2 s^-1], exact."""
        photons = self.norm * power_integral(checked_edges(edges_kev), self.photon_index)
        return np.asarray(photons if self.norm_frame == "observer" else photons * (1.0 + self.redshift) ** -self.photon_index)

    def xspec_values(self) -> dict[str, Array]:
        """What XSPEC's zpowerlw calls by the same names, where it differs: the norm at 1 keV of the source."""
        if self.norm_frame == "source":
            return {}
        return {"norm": np.asarray(self.norm * (1.0 + self.redshift) ** self.photon_index)}
