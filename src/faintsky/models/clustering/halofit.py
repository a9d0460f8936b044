"""Nonlinear matter power: halofit on top of any linear table."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.cosmology import Cosmology

__all__ = ["halofit"]

Array = NDArray[np.float64]


@lru_cache(maxsize=16)
def _shape(cosmology: Cosmology) -> tuple[Array, Array, Array, Array]:
    """ln R, ln S, n_eff and C of sigma^2(R) today, S = int dln k Delta^2 exp(-k^2 R^2), on a grid of R [Mpc]."""
    from scipy.interpolate import CubicSpline

    k = np.geomspace(1e-5, 1e6, 4001)
    delta2 = k**3 * cosmology.plin(k, 0.0) / (2 * np.pi**2) * np.log(k[1] / k[0])
    log_r = np.linspace(np.log(1e-5), np.log(1e2), 240)
    x = (k * np.exp(log_r)[:, None]) ** 2
    log_s = np.log(np.exp(-x) @ delta2)
    spline = CubicSpline(log_r, log_s)
    return log_r, log_s, np.asarray(-3 - spline(log_r, 1)), np.asarray(-spline(log_r, 2))


def halofit(cosmology: Cosmology, k: ArrayLike, z: ArrayLike) -> Array:
    """Nonlinear power [Mpc^3] of Takahashi et al. 2012 (eqs. A1-A14) for a flat universe with a cosmological constant.

    Parameters
    ----------
    cosmology : Cosmology
        Its linear power is the base.
    k : array_like
        [Mpc^-1]
    z : array_like
        Broadcast against `k`. Where fluctuations are linear down to 10 pc, the linear power is returned.

    Notes
    -----
    The scale where sigma(R) = 1 is found with the growth factor, also where growth depends on scale a little.
    """
    wave, redshift = np.asarray(k, dtype=float), np.asarray(z, dtype=float)
    linear = cosmology.plin(wave, redshift)
    log_r, log_s, slope, curve = _shape(cosmology)
    # sigma^2(R, z) = D^2 S(R) = 1; S falls with R.
    wanted = -2 * np.log(cosmology.growth(redshift))
    place = np.interp(wanted, log_s[::-1], log_r[::-1])
    n, c = np.interp(place, log_r, slope), np.interp(place, log_r, curve)
    om = cosmology.omega_m(redshift)
    a = 10 ** (1.5222 + 2.8553 * n + 2.3706 * n**2 + 0.9903 * n**3 + 0.2250 * n**4 - 0.6038 * c)
    b = 10 ** (-0.5642 + 0.5864 * n + 0.5716 * n**2 - 1.5474 * c)
    cc = 10 ** (0.3698 + 2.0404 * n + 0.8161 * n**2 + 0.5869 * c)
    gamma = 0.1971 - 0.0843 * n + 0.8460 * c
    alpha = np.abs(6.0835 + 1.3373 * n - 0.1959 * n**2 - 5.5274 * c)
    beta = 2.0379 - 0.7354 * n + 0.3157 * n**2 + 1.2490 * n**3 + 0.3980 * n**4 - 0.1682 * c
    nu = 10 ** (5.2105 + 3.6902 * n)
    f1, f2, f3 = om**-0.0307, om**-0.0585, om**0.0743
    y = wave * np.exp(place)
    d2 = wave**3 * linear / (2 * np.pi**2)
    quasi = d2 * (1 + d2) ** beta / (1 + alpha * d2) * np.exp(-y / 4 - y**2 / 8)
    halo = a * y ** (3 * f1) / (1 + b * y**f2 + (cc * f3 * y) ** (3 - gamma)) / (1 + nu / y**2)
    found = 2 * np.pi**2 / wave**3 * (quasi + halo)
    return np.asarray(np.where(wanted < log_s[0], found, linear))
