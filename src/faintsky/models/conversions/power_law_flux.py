"""From the flux of a power law in an observed band to its luminosity in a rest-frame band."""

from __future__ import annotations

import numpy as np

from faintsky.core.band import Band
from faintsky.core.brightness_conversion import BrightnessConversion
from faintsky.core.comoving_volume import log_luminosity_area
from faintsky.core.cosmology import Cosmology
from faintsky.core.errors import DataError
from faintsky.core.identity import identity
from faintsky.models.spectra.powerlaw import power_integral

__all__ = ["power_law_conversion"]

#: Nodes of the table, uniform in ln z: what lies between them is wrong by less than 3e-6 dex.
_NODES = 2000


def power_law_conversion(
    photon_index: float,
    band: Band | str,
    rest_band: Band | str,
    cosmology: Cosmology,
    *,
    z_max: float = 10.0,
    z_min: float = 1e-3,
) -> BrightnessConversion:
    """log10 of L / F for a power law: 4 pi d_L^2 (1 + z)^(Gamma - 2) I(rest band) / I(band), I the integral of E^(1 - Gamma).

    Parameters
    ----------
    photon_index : float
        Gamma, of the source and of the flux alike.
    band, rest_band : Band or str
        Of the flux as observed, and of the luminosity at the source.
    cosmology : Cosmology
    z_max, z_min : float
        Ends of the table.

    Returns
    -------
    BrightnessConversion
        Of the quantity ``flux``.

    Raises
    ------
    DataError
        Where the redshifts make no range, or a band begins at 0 keV, where the integral may diverge.

    Examples
    --------
    >>> from faintsky.core.registry import make
    >>> found = power_law_conversion(2.0, "2-10 keV", "2-10 keV", make("cosmologies", "flat", h0=70, omega_m0=0.3))
    >>> round(float(found.at(1.0)), 3)
    57.718
    """
    seen: Band = Band.of(band)
    rest: Band = Band.of(rest_band)
    if not 0 < z_min < z_max:
        raise DataError(f"a conversion reaches from a redshift above 0 to a larger one, got {z_min:g} to {z_max:g}")
    if min(seen.low, rest.low) <= 0:
        raise DataError(f"a power law has no flux from 0 keV on: the bands are {seen} and {rest}")
    z = np.geomspace(z_min, z_max, _NODES)
    energy = [float(power_integral(np.array([b.low, b.high]), photon_index - 1)[0]) for b in (rest, seen)]
    correction = (photon_index - 2) * np.log10(1 + z) + np.log10(energy[0] / energy[1])
    return BrightnessConversion(
        z=z,
        log_factor=log_luminosity_area(cosmology, z) + correction,
        quantity="flux",
        band=seen,
        rest_band=rest,
        provenance={"spectrum": f"power law, photon index {photon_index:g}", "cosmology": identity(cosmology)},
    )
