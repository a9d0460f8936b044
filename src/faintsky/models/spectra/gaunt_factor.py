"""The free-free Gaunt factor: what quantum mechanics makes of the classical emission of a decelerated electron."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline

__all__ = ["RYDBERG", "gaunt_curves", "gaunt_factor", "on_curves"]

Array = NDArray[np.float64]

#: Ionisation energy of hydrogen with an infinitely heavy nucleus [keV] (CODATA 2018).
RYDBERG: float = 13.605693122994e-3
#: Slope of the Gaunt factor of soft photons against -ln u, at all temperatures (Karzas & Latter 1961).
_SOFT_SLOPE = np.sqrt(3) / np.pi


def gaunt_factor(gamma_squared: ArrayLike, u: ArrayLike) -> Array:
    """Free-free Gaunt factor averaged over a Maxwellian of non-relativistic electrons.

    Bicubic interpolation, good to 1e-4, of a table of the exact hydrogenic formula (Karzas & Latter 1961) that is good to 2e-6.

    Parameters
    ----------
    gamma_squared : array_like
        Z^2 Ry / kT, from 1e-5 to 100; held at its ends beyond: hotter gas is within 1 per cent of the Born limit
        (sqrt 3 / pi) exp(u/2) K_0(u/2) there, cooler gas gives no X-rays.
    u : array_like
        E / kT, broadcast against `gamma_squared`. Below 1e-4 the factor goes on as -(sqrt 3 / pi) ln u, its limit (too high by
        1e-3 at gamma^2 = 1, by 1 per cent at 100); above 316 it is held, where exp(-u) leaves nothing.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> round(float(gaunt_factor(1.0, 1.0)), 3)
    1.294
    """
    gamma = np.asarray(gamma_squared, dtype=float)[..., None]
    return on_curves(gaunt_curves(gamma), np.log(np.asarray(u, dtype=float))[..., None])[..., 0]


def gaunt_curves(gamma_squared: Array) -> Array:
    """The Gaunt factor as a piecewise cubic of ln u, for each gamma^2.

    Curves of one temperature but several charges may be added: u does not depend on the charge.

    Parameters
    ----------
    gamma_squared : ndarray, shape (..., 1)
        Z^2 Ry / kT; the last axis is that of the energies.

    Returns
    -------
    ndarray, shape (..., 1, npiece, 4)
    """
    log_gamma, _, spline = _table()
    return np.asarray(spline(np.clip(np.log(gamma_squared), log_gamma[0], log_gamma[-1])))


def on_curves(curves: Array, log_u: Array) -> Array:
    """Values of curves, or of a sum of curves, of `gaunt_curves`.

    Parameters
    ----------
    curves : ndarray, shape (..., 1, npiece, 4)
    log_u : ndarray, shape (..., m)

    Returns
    -------
    ndarray, shape (..., m)
    """
    _, knots, _ = _table()
    step, pieces = knots[1] - knots[0], curves.shape[-2]
    place = np.minimum(log_u / step - (knots[0] / step - 1), pieces - 1e-12)
    piece = np.maximum(place, 0).astype(np.intp)
    x = place - piece
    row = pieces * np.arange(curves[..., 0, 0].size).reshape(curves.shape[:-2])
    c = curves.reshape(-1, 4)[piece + row]
    return np.asarray(((c[..., 0] * x + c[..., 1]) * x + c[..., 2]) * x + c[..., 3])


@lru_cache(maxsize=1)
def _table() -> tuple[Array, Array, Any]:
    """ln gamma^2, ln u, and the spline in ln gamma^2 of the coefficients of the splines in ln u."""
    text = files("faintsky.models.spectra").joinpath("gaunt_factors.txt").read_text("ascii")
    table = np.loadtxt(text.splitlines()) * np.log(10)
    log_gamma, log_u, values = table[1:, 0], table[0, 1:], table[1:, 1:] / np.log(10)
    step = log_u[1] - log_u[0]
    # Each piece as a polynomial of its own part from 0 to 1; the first one, below the table, reaches down to u = 0.
    inside = CubicSpline(log_u, values, axis=1).c.transpose(2, 1, 0) * step ** np.array([3, 2, 1, 0])
    below = np.zeros((len(log_gamma), 1, 4))
    below[:, 0, 2], below[:, 0, 3] = -_SOFT_SLOPE * step, values[:, 0] + _SOFT_SLOPE * step
    return log_gamma, log_u, CubicSpline(log_gamma, np.concatenate([below, inside], axis=1))
