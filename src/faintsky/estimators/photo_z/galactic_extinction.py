"""Photometry corrected for the dust of our Galaxy."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.attenuation import attenuation
from faintsky.core.bandpass import Bandpass
from faintsky.core.errors import DataError
from faintsky.core.photometry import Photometry

__all__ = ["SFD_SCALE", "band_extinction", "without_galactic_extinction"]

Array = NDArray[np.float64]

#: E(B-V) over that of the maps of Schlegel et al. (1998), with the law of Fitzpatrick (1999) (Schlafly & Finkbeiner 2011).
SFD_SCALE = 0.86
#: Wavelengths within a bandpass where extinction is evaluated.
_NODES = 200


def band_extinction(band: Bandpass, ebv: ArrayLike, law: str = "F99", *, at: str = "band") -> Array:
    """A_band [mag].

    Parameters
    ----------
    band : Bandpass
    ebv : array_like, shape (n,)
        E(B-V) [mag].
    law : str
        A class of dust_extinction, such as ``F99``, ``CCM89`` or ``G23``, with R_V = 3.1.
    at : {"band", "pivot"}
        -2.5 log10 of the mean of 10^(-0.4 A) over the photons of a source that is flat in f_nu, or A at the pivot wavelength.
        The two differ by a few per cent of A in wide blue bands.

    Raises
    ------
    DataError
        Where E(B-V) is negative or no number, or the law is unknown.
    PluginError
        Where dust_extinction is not installed.
    """
    if at not in ("band", "pivot"):
        raise DataError(f"at must be 'band' or 'pivot', got {at!r}")
    colour = np.asarray(ebv, dtype=float)
    if not np.all(np.isfinite(colour) & (colour >= 0)):
        raise DataError("an E(B-V) of our Galaxy is negative or no number; give 0 for none")
    if at == "pivot":
        return np.asarray(colour * attenuation(np.array([band.pivot]), law)[0])
    nodes = np.union1d(np.linspace(band.wavelength[0], band.wavelength[-1], _NODES), band.wavelength)
    passed = 10 ** (-0.4 * colour[..., None] * attenuation(nodes, law)) @ band.weights(nodes)
    return np.asarray(-2.5 * np.log10(passed))


def without_galactic_extinction(photometry: Photometry, ebv: ArrayLike, law: str = "F99", *, at: str = "band") -> Photometry:
    """Fluxes and errors as they were without the dust of our Galaxy.

    Parameters
    ----------
    photometry : Photometry
        n sources.
    ebv : array_like, shape (n,) or ()
        E(B-V) [mag] on the scale of the law; values of the maps of Schlegel et al. (1998) times `SFD_SCALE`.
    law, at : str
        As `band_extinction` takes them.

    Raises
    ------
    DataError
        Where there are not n values, or as `band_extinction` does.

    References
    ----------
    Fitzpatrick 1999, PASP 111, 63; Schlafly & Finkbeiner 2011, ApJ 737, 103.
    """
    colour = np.asarray(ebv, dtype=float)
    if colour.ndim and colour.shape != (len(photometry),):
        raise DataError(f"{len(photometry)} sources need as many E(B-V), or one; got the shape {colour.shape}")
    colour = np.broadcast_to(colour, (len(photometry),))
    factor = 10 ** (0.4 * np.stack([band_extinction(band, colour, law, at=at) for band in photometry.bands], axis=1))
    return attrs.evolve(photometry, flux=photometry.flux * factor, error=photometry.error * factor)
