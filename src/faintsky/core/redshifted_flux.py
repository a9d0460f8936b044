"""Flux densities of rest-frame spectra seen through filters at a redshift."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from faintsky.core.bandpass import Bandpass
from faintsky.core.comoving_volume import MPC
from faintsky.core.errors import DataError
from faintsky.core.sed_library import SedTemplates

__all__ = ["MICROJANSKY", "redshifted_flux"]

Array = NDArray[np.float64]

#: One microjansky [erg s^-1 cm^-2 Hz^-1].
MICROJANSKY: float = 1e-29


def redshifted_flux(templates: SedTemplates, bands: Sequence[Bandpass], redshift: float, distance_mpc: float) -> Array:
    """Flux densities of all templates at one redshift.

    f_nu(nu) = (1 + z) L_nu((1 + z) nu) / (4 pi D_L^2), averaged over each band as a photon counter does (Hogg et al. 2002).

    Parameters
    ----------
    templates : SedTemplates
        n spectra.
    bands : sequence of Bandpass
    redshift : float
        0 for stars of our Galaxy.
    distance_mpc : float
        Luminosity distance [Mpc]; (1 + z) times the comoving one in a flat universe.

    Returns
    -------
    ndarray, shape (n, b)
        [uJy] per unit of the templates' luminosity.

    Raises
    ------
    DataError
        Where the redshift is negative, the distance not positive, or a band reaches beyond the redshifted templates.
    """
    if not redshift >= 0:
        raise DataError(f"a spectrum is seen at a redshift of 0 or more, not {redshift:g}")
    if not 0 < distance_mpc < np.inf:
        raise DataError(f"a luminosity distance is positive, not {distance_mpc:g} Mpc; stars of ours stand at 1e-5 Mpc (10 pc)")
    observed = templates.wavelength * (1 + redshift)
    weights = np.stack([band.weights(observed) for band in bands], axis=1)
    factor = (1 + redshift) / (4 * np.pi * (distance_mpc * MPC) ** 2 * MICROJANSKY)
    return np.asarray(templates.luminosity @ weights * factor)
