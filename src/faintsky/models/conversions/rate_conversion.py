"""From a net count rate to a luminosity, by a grid of conversion factors."""

from __future__ import annotations

import numpy as np

from faintsky.core.band import Band
from faintsky.core.brightness_conversion import BrightnessConversion
from faintsky.core.comoving_volume import log_luminosity_area
from faintsky.core.cosmology import Cosmology
from faintsky.models.conversions.conversion_grid import ConversionGrid

__all__ = ["rate_conversion"]

#: Nodes of the table, uniform in ln z.
_NODES = 2000


def rate_conversion(
    grid: ConversionGrid,
    band: Band | str,
    cosmology: Cosmology,
    *,
    nh: float | None = None,
    photon_index: float | None = None,
) -> BrightnessConversion:
    """log10 of L / c at one column density and photon index of a `ConversionGrid`.

    Between the redshifts of the grid, kappa / (4 pi d_L^2) is interpolated in ln(1 + z): distances, which bend strongly at low
    redshift, are exact.

    Parameters
    ----------
    grid : ConversionGrid
        L_X = c kappa.
    band : Band or str
        Of the rate; one of the grid.
    cosmology : Cosmology
        That of the grid.
    nh : float, optional
        Column density at the source [cm^-2]; needed where the grid has several.
    photon_index : float, optional
        Needed where the grid has several.

    Returns
    -------
    BrightnessConversion
        Of the quantity ``rate`` [photons cm^-2 s^-1], over the redshifts of the grid.

    Raises
    ------
    DataError
        Where band, column density or photon index are not on the grid.
    """
    seen: Band = Band.of(band)
    column = float(grid.nh[0]) if nh is None and grid.nh.size == 1 else nh
    spectrum = np.log10(grid.at(seen, grid.z, column, photon_index)) - log_luminosity_area(cosmology, grid.z)
    z = np.union1d(np.geomspace(grid.z[0], grid.z[-1], _NODES)[1:-1], grid.z)
    index = grid.photon_index[0] if photon_index is None else photon_index
    return BrightnessConversion(
        z=z,
        log_factor=log_luminosity_area(cosmology, z) + np.interp(np.log1p(z), np.log1p(grid.z), spectrum),
        quantity="rate",
        band=seen,
        rest_band=grid.rest_band,
        log_nh=float(np.log10(column)) if column else -np.inf,
        provenance={**grid.provenance, "photon_index": float(index)},
    )
