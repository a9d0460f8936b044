"""The Sersic profile of a galaxy's light."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gamma, gammainc, gammaincinv, gammaln

__all__ = ["central_brightness", "light_within", "sersic_b", "sersic_flux", "sersic_profile"]

Array = NDArray[np.float64]


def sersic_b(index: ArrayLike) -> Array:
    """b_n, with which half of the light lies within R_e: P(2n, b) = 1/2, solved and not expanded.

    References
    ----------
    Ciotti & Bertin 1999, A&A 352, 447; Graham & Driver 2005, PASA 22, 118.
    """
    return np.asarray(gammaincinv(2 * np.asarray(index, dtype=float), 0.5))


def sersic_profile(radius: ArrayLike, index: ArrayLike) -> Array:
    """Surface brightness exp(-b (t^(1/n) - 1)) in units of that at R_e.

    Parameters
    ----------
    radius : array_like
        t, the elliptical radius over R_e.
    index : array_like
        n, broadcast against `radius`.
    """
    n = np.asarray(index, dtype=float)
    return np.asarray(np.exp(-sersic_b(n) * (np.asarray(radius, dtype=float) ** (1 / n) - 1)))


def sersic_flux(brightness: ArrayLike, radius: ArrayLike, index: ArrayLike, ellipticity: ArrayLike = 0.0) -> Array:
    """Flux of the whole profile, 2 pi n R_e^2 (1 - e) I_e exp(b) b^(-2n) Gamma(2n) (Graham & Driver 2005, eq 4).

    Parameters
    ----------
    brightness : array_like
        I_e, the surface brightness at R_e [flux per pixel].
    radius : array_like
        R_e along the major axis [pixel].
    """
    n = np.asarray(index, dtype=float)
    b = sersic_b(n)
    size = np.asarray(radius, dtype=float) ** 2 * (1 - np.asarray(ellipticity, dtype=float))
    return np.asarray(2 * np.pi * n * size * np.asarray(brightness) * np.exp(b) * b ** (-2 * n) * gamma(2 * n))


def central_brightness(index: ArrayLike) -> Array:
    """ln I(0) of a round profile with R_e = 1 and a flux of 1."""
    n = np.asarray(index, dtype=float)
    return np.asarray(2 * n * np.log(sersic_b(n)) - np.log(2 * np.pi * n) - gammaln(2 * n))


def light_within(radius: ArrayLike, index: ArrayLike) -> Array:
    """Share of the light within an elliptical radius [R_e], P(2n, b t^(1/n))."""
    n = np.asarray(index, dtype=float)
    return np.asarray(gammainc(2 * n, sersic_b(n) * np.asarray(radius, dtype=float) ** (1 / n)))
