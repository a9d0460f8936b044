"""Flux densities of templates in bands at redshifts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.attenuation import attenuated
from faintsky.core.bandpass import Bandpass
from faintsky.core.comoving_volume import MPC
from faintsky.core.cosmology import Cosmology
from faintsky.core.errors import DataError
from faintsky.core.igm import igm_transmission
from faintsky.core.redshifted_flux import MICROJANSKY
from faintsky.core.sed_library import SedTemplates

__all__ = ["IGM", "attenuated", "flux_factor", "model_fluxes"]

Array = NDArray[np.float64]

#: What is between a galaxy and us.
IGM = ("inoue14", "none")


def flux_factor(redshift: ArrayLike, cosmology: Cosmology | None = None) -> Array:
    """(1 + z) / (4 pi D_L^2): f_nu [uJy] seen at frequency nu, over the L_nu [erg/s/Hz] at (1 + z) nu.

    D_L = (1 + z) D_C in a flat universe; 10 pc without a cosmology.

    Raises
    ------
    DataError
        At redshift 0 or below, or NaN, with a cosmology.
    """
    z = np.asarray(redshift, dtype=float)
    if not np.all(z >= 0):
        raise DataError("a redshift is negative or NaN: fluxes of templates need one of 0 or more")
    if cosmology is None:
        return np.asarray((1 + z) / (4 * np.pi * (1e-5 * MPC) ** 2) / MICROJANSKY)
    if not np.all(z > 0):
        raise DataError("a galaxy at redshift 0 has no luminosity distance: leave out the cosmology for a distance of 10 pc")
    return np.asarray((1 + z) / (4 * np.pi * ((1 + z) * cosmology.chi(z) * MPC) ** 2) / MICROJANSKY)


def model_fluxes(
    templates: SedTemplates,
    bands: Sequence[Bandpass],
    redshift: ArrayLike,
    cosmology: Cosmology | None = None,
    *,
    igm: str = "inoue14",
    screens: ArrayLike | None = None,
) -> Array:
    """Flux densities that a photon counter sees, f_nu [uJy] for the luminosity that each template has.

    For each redshift the bands become weights on the wavelengths of the templates (`Bandpass.weights`), times what the
    intergalactic medium and the screens let through; the fluxes are one matrix product.

    Parameters
    ----------
    templates : SedTemplates
    bands : sequence of b Bandpass
    redshift : array_like, shape (z,) or ()
    cosmology : Cosmology, optional
        Which luminosity distance; without one, a distance of 10 pc.
    igm : {"inoue14", "none"}
        Mean absorption between; single stars (role ``star``) have none.
    screens : array_like, shape (e, w), optional
        Transmission of dust in the rest frame of the templates (`attenuation.screens`).

    Returns
    -------
    ndarray, shape (z, n, b)
        (z, n e, b) with screens, in the order of `attenuated`. The product is made in float32 where the templates are.

    Raises
    ------
    DataError
        Where a band leaves the templates, naming it; where `redshift` is negative, or 0 with a cosmology.
    """
    if igm not in IGM:
        raise DataError(f"igm must be one of {', '.join(IGM)}; got {igm!r}")
    z = np.atleast_1d(np.asarray(redshift, dtype=float))
    factor = flux_factor(z, cosmology)
    through = np.ones((1, templates.wavelength.size)) if screens is None else np.asarray(screens, dtype=float)
    if through.ndim != 2 or through.shape[1] != templates.wavelength.size:
        raise DataError(f"screens of shape {through.shape} do not fit {templates.wavelength.size} wavelengths of the templates")
    shape = (len(templates) * len(through), len(bands))
    found = np.empty((z.size, *shape))
    for place, (each, scale) in enumerate(zip(z, factor, strict=True)):
        observed = templates.wavelength * (1 + each)
        weights = np.array([band.weights(observed) for band in bands]).reshape(len(bands), observed.size)
        used = np.flatnonzero(weights.any(axis=0))
        weights = weights[:, used]
        if igm == "inoue14" and templates.role != "star":
            weights *= igm_transmission(observed[used], float(each))
        columns = (through[:, None, used] * weights).reshape(-1, used.size).T
        seen = templates.luminosity[:, used] @ columns.astype(templates.luminosity.dtype)
        found[place] = seen.reshape(shape)
        found[place] *= scale
    return found
