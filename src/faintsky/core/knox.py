"""Gaussian errors of bandpowers: smooth totals, and Knox's formula."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma

from faintsky.core.bins import Bins
from faintsky.core.map import Map
from faintsky.core.modes import mean_wavenumbers
from faintsky.core.pseudo_power import pseudo_power

__all__ = ["knox_covariance", "knox_of_maps", "smooth_auto", "smooth_cross"]

Array = NDArray[np.float64]

#: Bins of more modes know their own power to 10 %: they are left as measured.
_ENOUGH = 200
#: Width of the smoothing kernel in ln q.
_KERNEL = 0.6


def _local(q: Array, y: Array, weight: Array, chosen: NDArray[np.bool_]) -> Array:
    """Local straight lines in ln q, evaluated at the `chosen` points."""
    x = np.log(q)
    result = np.array(y)
    for i in np.flatnonzero(chosen):
        d = (x - x[i]) / _KERNEL
        w = weight * np.exp(-0.5 * d * d)
        s0, s1, s2 = w.sum(), (w * d).sum(), (w * d * d).sum()
        determinant = s0 * s2 - s1 * s1
        if determinant > 1e-9 * s0 * s2:
            result[i] = ((s2 * (w * y).sum()) - s1 * (w * d * y).sum()) / determinant
        else:
            result[i] = (w * y).sum() / s0
    return result


def smooth_auto(q: Array, power: Array, modes: ArrayLike) -> Array:
    """Total auto-power for error bars: bins of fewer than 200 modes are read off a local power law through their neighbours.

    A bin of few modes that fluctuates low would otherwise get a small error, and pull every fit down. The logarithm of a
    chi^2 with N degrees of freedom is low by digamma(N/2) - ln(N/2) on average; that is corrected.

    Parameters
    ----------
    q, power : ndarray, shape (nbin,)
        Measured total power, noise included; [rad^-1], [any unit].
    modes : array_like, shape (nbin,)
    """
    number = np.asarray(modes, dtype=float)
    good = (power > 0) & (number > 0) & (q > 0)
    if good.sum() < 3:
        return np.array(power, dtype=float)
    n = np.maximum(number[good], 1.0)
    y = np.log(power[good]) - (digamma(n / 2) - np.log(n / 2))
    smooth = np.exp(_local(q[good], y, n, n < _ENOUGH))
    result = np.array(power, dtype=float)
    result[good] = np.where(n < _ENOUGH, smooth, power[good])
    return result


def smooth_cross(q: Array, power: Array, auto_a: Array, auto_b: Array, modes: ArrayLike) -> Array:
    """Cross-power for error bars: the correlation coefficient of bins of few modes is smoothed likewise, and kept in [-1, 1].

    Parameters
    ----------
    q, power, auto_a, auto_b, modes : as of `smooth_auto`, with the smooth auto-powers of the two maps
    """
    number = np.asarray(modes, dtype=float)
    scale = np.sqrt(np.abs(auto_a * auto_b))
    good = (scale > 0) & (number > 0) & (q > 0)
    result = np.array(power, dtype=float)
    if good.any():
        n = np.maximum(number[good], 1.0)
        r = _local(q[good], power[good] / scale[good], n, n < _ENOUGH)
        result[good] = np.clip(r, -1, 1) * scale[good]
    return result


def knox_covariance(auto_a: Array, auto_b: Array, cross: Array, modes: ArrayLike, fraction: float = 1.0) -> Array:
    """Diagonal Gaussian covariance (P_aa P_bb + P_ab^2) / (N_q f): 2 P^2 / (N_q f) for an auto-spectrum.

    Parameters
    ----------
    auto_a, auto_b, cross : ndarray, shape (nbin,)
        Total powers, noise included; the same one three times for an auto-spectrum.
    modes : array_like, shape (nbin,)
        Of the full plane.
    fraction : float
        Effective share of the modes that a mask leaves, <w^2>^2 / <w^4>.
    """
    number = np.maximum(np.asarray(modes, dtype=float), 1.0) * fraction
    return np.diag((auto_a * auto_b + cross**2) / number)


def knox_of_maps(a: Map, b: Map, bins: Bins, power: Array) -> tuple[tuple[Array, ...], Array]:
    """Smooth total auto-powers of two maps, and Knox's covariance of their `power`, for estimators without one of their own.

    Parameters
    ----------
    a, b : Map
        On one grid; one map given twice for an auto-spectrum.
    bins : Bins
    power : ndarray, shape (nbin,)
        The measured cross-power.

    Returns
    -------
    tuple of ndarray, each (nbin,)
        One for an auto-spectrum, else two.
    ndarray, shape (nbin, nbin)
    """
    auto = a is b
    q, modes = mean_wavenumbers(a.grid_, bins), bins.modes(a.grid_)
    totals = tuple(smooth_auto(q, pseudo_power(m, m, bins) / m.w2, modes) for m in ((a,) if auto else (a, b)))
    cross = totals[0] if auto else smooth_cross(q, power, totals[0], totals[1], modes)
    both = np.square(a.weight, dtype=float) * np.square(b.weight, dtype=float)
    fraction = float(np.vdot(a.weight, b.weight)) ** 2 / (a.grid_.size * both.sum())
    return totals, knox_covariance(totals[0], totals[-1], cross, modes, fraction)
