"""How likely a redshift is for a galaxy of a magnitude, before its colours are seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gamma

from faintsky.core.ab_magnitude import ab_magnitude
from faintsky.core.errors import DataError, nearest
from faintsky.core.photometry import Photometry

__all__ = ["benitez_prior", "prior_of_sources"]

Array = NDArray[np.float64]

#: Of early types, spirals, and irregulars: the power alpha, z_0 and k_m of the redshift distribution.
_ALPHA, _Z0, _KM = np.array([2.465, 1.806, 0.906]), np.array([0.431, 0.390, 0.0626]), np.array([0.0913, 0.0636, 0.123])
#: Share of early types and of spirals at magnitude 20, and how fast it falls; irregulars are the rest.
_SHARE, _FALL = np.array([0.35, 0.50]), np.array([0.450, 0.147])
#: Where the distributions were fitted, and how far they are used.
_BRIGHT, _FAINT = 20.0, 32.0


def benitez_prior(z: ArrayLike, magnitude: ArrayLike) -> Array:
    """Probability density of redshift at a magnitude near 0.8 um, with types of galaxies summed.

    p(z | m) = sum_T p(T | m) p(z | T, m), with p(z | T, m) prop. to z^alpha exp(-(z / z_m)^alpha), z_m = z_0 + k_m (m - 20), and
    p(T | m) = f_T exp(-k_T (m - 20)) (equations 22 to 24 of Benitez 2000, with the numbers of his code BPZ for the Hubble Deep
    Field). Templates of this package have no such types, so that p(z | T, m) cannot go with each of them. Magnitudes are held
    within 20 and 32.

    Parameters
    ----------
    z : array_like, shape (m,)
    magnitude : array_like, shape (n,)
        AB, in F814W or an I band; NaN gives a flat prior.

    Returns
    -------
    ndarray, shape (n, m)
        Per redshift; 1 everywhere where there is no magnitude.

    References
    ----------
    Benitez 2000, ApJ 536, 571.
    """
    redshift, observed = np.asarray(z, dtype=float), np.atleast_1d(np.asarray(magnitude, dtype=float))
    fainter = np.clip(np.nan_to_num(observed, nan=_BRIGHT), _BRIGHT, _FAINT)[:, None] - _BRIGHT
    share = _SHARE * np.exp(-_FALL * fainter)
    share = np.concatenate([share, 1 - share.sum(axis=1, keepdims=True)], axis=1)
    scale = _Z0 + _KM * fainter
    # Over all z, the integral of x^a exp(-(x/s)^a) is s^(a+1) Gamma(1 + 1/a) / a.
    whole = scale ** (_ALPHA + 1) * gamma(1 + 1 / _ALPHA) / _ALPHA
    each = redshift[:, None] ** _ALPHA * np.exp(-((redshift[:, None] / scale[:, None, :]) ** _ALPHA))
    found = np.einsum("nt,nzt->nz", share / whole, each)
    return np.where(np.isnan(observed)[:, None], 1.0, found)


def prior_of_sources(z: Array, photometry: Photometry, band: str) -> Array:
    """The prior of each source, shape (n, m): by its magnitude in a band, or flat where `band` is empty.

    A source fainter than its error has the magnitude of the error; one that was not measured has a flat prior.

    Raises
    ------
    DataError
        Where there is no such band.
    """
    if not band:
        return np.ones((len(photometry), z.size))
    names = [each.name for each in photometry.bands]
    if band not in names:
        raise DataError(f"no band {band!r} for the prior. {nearest(band, names)} Bands: {', '.join(names)}")
    column = names.index(band)
    flux = np.maximum(photometry.flux[:, column], photometry.error[:, column])
    return benitez_prior(z, np.where(photometry.measured[:, column], ab_magnitude(flux), np.nan))
