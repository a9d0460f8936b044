"""Flux production and shot noise from source counts or from a luminosity function: one object, so that they agree."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import trapezoid

from faintsky.core.cosmology import Cosmology
from faintsky.core.errors import DataError
from faintsky.core.flux_production import FluxProduction, simpson_weights
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.owned_array import owned_floats
from faintsky.core.units import DEG2_PER_SR

__all__ = ["CountsModel"]

Array = NDArray[np.float64]

_SPEED_OF_LIGHT = 299792.458  # km/s
_CM_PER_MPC = 3.085677581e24


@frozen(kw_only=True, eq=False, slots=False)
class CountsModel:
    """Sources per flux, redshift and solid angle, d3N / dlog10 S dz dOmega, on a grid.

    Attributes
    ----------
    log_flux : ndarray, shape (ns,)
        log10 of the flux, increasing; the flux in a unit whose surface brightness is `unit`.
    z : ndarray, shape (nz,)
        Uniform, an odd number.
    density : ndarray, shape (ns, nz)
        [dex^-1 sr^-1] per unit redshift.
    unit : str
        Of the background [flux per sr].
    """

    log_flux: Array = field(converter=owned_floats, repr=False)
    z: Array = field(converter=owned_floats, repr=False)
    density: Array = field(converter=owned_floats, repr=False)
    unit: str = ""

    def __attrs_post_init__(self) -> None:
        if self.density.shape != (self.log_flux.size, self.z.size):
            raise DataError(
                f"a density of shape {self.density.shape} does not fit {self.log_flux.size} fluxes x {self.z.size} redshifts"
            )
        if not np.all(self.density >= 0):
            raise DataError("a density of sources is negative or NaN")

    @classmethod
    def from_counts(cls, log_flux: ArrayLike, counts_deg2: ArrayLike, redshifts: FluxProduction, unit: str = "") -> CountsModel:
        """Counts dN/dlog10 S [deg^-2 dex^-1] whose sources share one redshift distribution (its integral counts as 1)."""
        share = redshifts.normalised_to(1.0)
        density = np.asarray(counts_deg2, dtype=float)[:, None] * DEG2_PER_SR * share.dF_dz
        return cls(log_flux=np.asarray(log_flux, dtype=float), z=share.z, density=density, unit=unit)

    @classmethod
    def from_luminosity_function(
        cls,
        luminosity_function: LuminosityFunction,
        cosmology: Cosmology,
        *,
        z: tuple[float, float],
        log_flux: ArrayLike,
        photon_index: float,
        points: int = 201,
    ) -> CountsModel:
        """Sources of a luminosity function seen as power laws, S = L (1 + z)^(2 - photon_index) / (4 pi d_L^2).

        Parameters
        ----------
        luminosity_function : LuminosityFunction
            log10 of luminosities in erg/s, dPhi/dlogL in Mpc^-3 dex^-1.
        cosmology : Cosmology
        z : tuple of float
            Range of redshift, above 0.
        log_flux : array_like, shape (ns,)
            log10 of fluxes in erg / (s cm2), in the observed band of the same energies as the luminosities'.
        photon_index : float
            For the K correction.
        """
        redshift = np.linspace(z[0], z[1], points)
        chi = cosmology.chi(redshift)
        log_area = np.log10(4 * np.pi) + 2 * np.log10((1 + redshift) * chi * _CM_PER_MPC)
        flux = np.asarray(log_flux, dtype=float)
        luminosity = flux[:, None] + log_area - (2 - photon_index) * np.log10(1 + redshift)
        volume = _SPEED_OF_LIGHT / cosmology.H(redshift) * chi**2  # Mpc^3 per sr and unit redshift
        phi = luminosity_function.evaluate(luminosity, redshift)
        return cls(log_flux=flux, z=redshift, density=phi * volume, unit="erg / (s cm2 sr)")

    def counts(self) -> Array:
        """dN/dlog10 S [deg^-2 dex^-1], shape (ns,)."""
        return np.asarray(self.density @ simpson_weights(self.z) / DEG2_PER_SR)

    def flux_production(self) -> FluxProduction:
        """dF/dz = int S d3N dlog S [unit]."""
        produced = trapezoid(self.density * 10 ** self.log_flux[:, None], self.log_flux, axis=0)
        return FluxProduction(z=self.z, dF_dz=produced, unit=self.unit, source="counts")

    def shot_noise(self) -> float:
        """P_SN = int S^2 dN [unit^2 sr] (Kaminsky et al. eq. 4, with counts per steradian)."""
        return float(trapezoid(self.counts() * DEG2_PER_SR * 10 ** (2 * self.log_flux), self.log_flux))
