"""Factors between photons, counts and energy in bands."""

from __future__ import annotations

from faintsky.core.band import Band
from faintsky.core.energy_bins import KEV_TO_ERG
from faintsky.core.response import Response
from faintsky.core.spectrum import Spectrum, energy_flux, photon_flux

__all__ = ["flux_per_count", "flux_per_photon", "mean_photon_energy"]


def flux_per_photon(spectrum: Spectrum, flux_band: Band, photon_band: Band) -> float:
    """Energy flux in one band over photons in another [erg photon^-1]: what turns a photon map into a flux map.

    The ideal conversion k int E N dE / int N dE of effective-area-corrected rates.

    Examples
    --------
    >>> from faintsky.core.registry import make
    >>> hard = make("spectra", "powerlaw", photon_index=1.4)
    >>> f"{flux_per_photon(hard, Band(0.5, 10), Band(0.5, 7)):.3e}"
    '4.123e-09'
    """
    return float(energy_flux(spectrum, flux_band.low, flux_band.high) / photon_flux(spectrum, photon_band.low, photon_band.high))


def mean_photon_energy(spectrum: Spectrum, band: Band) -> float:
    """Mean energy of the photons of a band [keV]."""
    return flux_per_photon(spectrum, band, band) / KEV_TO_ERG


def flux_per_count(
    spectrum: Spectrum, response: Response, flux_band: Band, count_band: Band, intrinsic: Spectrum | None = None
) -> float:
    """Energy flux in one band over the count rate in another [erg cm^-2 count^-1].

    Parameters
    ----------
    spectrum : Spectrum
        What is detected.
    response : Response
        Of a known epoch: between Cycles 0 and 18 of Chandra the factor of 0.5-2 keV grew by 1.85.
    flux_band, count_band : Band
    intrinsic : Spectrum, optional
        What the flux is of, such as the same without Galactic absorption; default: `spectrum`.
    """
    flux = energy_flux(spectrum if intrinsic is None else intrinsic, flux_band.low, flux_band.high)
    return float((flux / response.rate(spectrum, count_band)).squeeze())
