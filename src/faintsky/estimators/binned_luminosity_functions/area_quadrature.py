"""Weights that integrate a smooth density against the area curves and volumes of surveys, with all their kinks, exactly."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.polynomial.legendre import leggauss, legint, legvander
from numpy.typing import NDArray

from faintsky.core.area_curve import AreaCurve
from faintsky.core.comoving_volume import comoving_volume
from faintsky.core.gauss_panels import gauss_panels
from faintsky.core.source_sample import SourceSample

__all__ = ["ORDER", "area_volume_weights", "panel_nodes"]

Array = NDArray[np.float64]

#: Nodes of a panel along each axis.
ORDER = 16
#: A rise of the area over less than this [dex] is a step.
_STEP = 1e-7

_NODES, _GAUSS = leggauss(ORDER)
#: Legendre coefficients (degree, node) of the polynomials that are 1 at one node and 0 at the others.
_LAGRANGE = legvander(_NODES, ORDER - 1).T * _GAUSS * (np.arange(ORDER)[:, None] + 0.5)
#: The same of their integrals from t to 1, and of the integrals of these from t to 1.
_FIRST = -legint(_LAGRANGE, 1, lbnd=1)
_SECOND = legint(_LAGRANGE, 2, lbnd=1)
_FINE_NODES, _FINE_GAUSS = leggauss(4)


def panel_nodes(edges: Array) -> Array:
    """Gauss-Legendre nodes in panels, shape (p * ORDER,) for p + 1 edges."""
    return gauss_panels(edges, ORDER)[0]


def area_volume_weights(sample: SourceSample, log1p_z: Array, log_l: Array) -> Array:
    """Weights w with sum_ij w_ij f(z_i, L_j) = int int f A(L, z) dV/dz dlogL dz in each panel, f at `panel_nodes`.

    An ordinary rule of Gauss and Legendre converges slowly where the area curve has a kink or a step. Here f alone is taken as a
    polynomial of degree 15 in ln(1 + z) and log L in a panel; its products with the area, which is linear between its points, are
    integrated in closed form over log L, and finely over z, once for all densities.

    Parameters
    ----------
    sample : SourceSample
        Of which area curve, conversion and cosmology are used.
    log1p_z : ndarray, shape (p + 1,)
        Edges of panels in ln(1 + z).
    log_l : ndarray, shape (q + 1,)
        Edges of panels in log10 luminosity.

    Returns
    -------
    ndarray, shape (p * ORDER, q * ORDER)
        [Mpc^3 dex]

    Raises
    ------
    DataError
        Where a panel leaves the redshifts of the conversion.
    """
    found = np.empty((log1p_z.size - 1, ORDER, log_l.size - 1, ORDER))
    for i, (start, end) in enumerate(pairwise(log1p_z.tolist())):
        y, dy = _fine_redshifts(sample, start, end, log_l)
        z = np.expm1(y)
        volume = comoving_volume(sample.cosmology, z) * (1 + z) * dy
        along_z = legvander(2 * (y - start) / (end - start) - 1, ORDER - 1) @ _LAGRANGE
        shift = sample.conversion.at(z)
        for j, (low, high) in enumerate(pairwise(log_l.tolist())):
            found[i, :, j] = (along_z * volume[:, None]).T @ _along_luminosity(sample.area, shift, low, high)
    return found.reshape((log1p_z.size - 1) * ORDER, -1)


def _along_luminosity(curve: AreaCurve, shift: Array, low: float, high: float) -> Array:
    """int A(log_l - shift) l_j(log_l) dlog_l from `low` to `high`, shape (len(shift), ORDER).

    The area is its value at `low`, plus a ramp for each segment of the curve, plus steps. A ramp of slope 1 from a to b, and
    constant beyond, has the integral S(a) - S(b) with S(t) = int_t^1 (s - t) l(s) ds; a step at t has int_t^1 l(s) ds.
    """
    half = 0.5 * (high - low)
    near = slice(
        max(int(np.searchsorted(curve.log_x, low - shift.max())) - 1, 0),
        int(np.searchsorted(curve.log_x, high - shift.min(), side="right")) + 1,
    )
    x, area = curve.log_x[near], curve.area[near]
    t = (x + shift[:, None] - low) / half - 1
    width, rise = np.diff(x), np.diff(area)
    steep = width < _STEP
    inside = np.clip(t, -1, 1)
    terms = legvander(inside, ORDER + 1)
    slope = np.where(steep, 0.0, rise / np.where(steep, 1.0, width)) * half
    ramps = np.einsum("fkd,k->fd", terms[:, :-1] - terms[:, 1:], slope) @ _SECOND
    height = np.concatenate([[curve.area[0] if near.start == 0 and x.size else 0.0], np.where(steep, rise, 0.0)])[: x.size]
    steps = np.einsum("fkd,fk->fd", terms[:, :, :-1], ((t > -1) & (t < 1)) * height) @ _FIRST
    return np.asarray(half * (curve.at(low - shift)[:, None] * _GAUSS + ramps + steps))


def _fine_redshifts(sample: SourceSample, start: float, end: float, log_l: Array) -> tuple[Array, Array]:
    """Nodes and weights in ln(1 + z): panels end at nodes of the conversion, and where a step of the area meets an edge."""
    own = np.log1p(sample.conversion.z)
    own = own[(own > start) & (own < end)]
    edges = np.union1d(np.linspace(start, end, 17), own[:: max(own.size // 48, 1)])
    curve = sample.area
    steps = curve.log_x[np.concatenate([[curve.area[0] > 0], np.diff(curve.log_x) < _STEP])]
    shift = sample.conversion.at(np.expm1(edges))
    meets = [_crossings(edges, shift - (edge - step)) for step in steps for edge in log_l]
    edges = np.unique(np.concatenate([edges, *meets]))
    half = 0.5 * np.diff(edges)
    y = 0.5 * (edges[1:] + edges[:-1])[:, None] + half[:, None] * _FINE_NODES
    return y.ravel(), (half[:, None] * _FINE_GAUSS).ravel()


def _crossings(y: Array, values: Array) -> Array:
    """Where a function that is linear between points changes its sign."""
    before, after = values[:-1], values[1:]
    at = np.flatnonzero(before * after < 0)
    return np.asarray(y[at] + before[at] / (before[at] - after[at]) * (y[at + 1] - y[at]))
