"""How many kiloparsecs an angle is at a redshift."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.cosmology import Cosmology, tables
from faintsky.core.errors import DataError
from faintsky.core.units import ARCSEC

__all__ = ["kpc_per_arcsec"]


def kpc_per_arcsec(redshift: ArrayLike, cosmology: Cosmology | None) -> NDArray[np.float64]:
    """Proper transverse distance per angle, chi / (1 + z) in a flat universe [kpc / arcsec]; NaN where the redshift is.

    Raises
    ------
    DataError
        Without a cosmology, or where a redshift is not above 0.
    """
    if cosmology is None:
        raise DataError(
            "a projected separation in kpc needs a cosmology, and there is no default: give one, such as "
            '{ use = "flat", h0 = 70, omega_m0 = 0.3 }, that of Li et al. (2025), or give the column separation in kpc'
        )
    z = np.asarray(redshift, dtype=float)
    if np.any(z <= 0):
        raise DataError(f"a redshift of {np.nanmin(z):g} has no distance: give one above 0, or NaN where it is unknown")
    known = np.isfinite(z)
    chi = tables(cosmology).chi(np.where(known, z, 1.0))
    return np.where(known, 1000 * chi / (1 + z) * ARCSEC, np.nan)
