"""Integrals over luminosity functions, and sources drawn from them."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.comoving_volume import comoving_volume
from faintsky.core.cosmology import Cosmology
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.gauss_panels import gauss_panels
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.luminosity_quadrature import LuminosityQuadrature, checked_range

__all__ = ["integrate", "sample"]

Array = NDArray[np.float64]
#: A function of log10 L and z, which broadcast.
Weight = Callable[[Array, Array], ArrayLike]

#: Cells in log10 L and in ln(1 + z) that sources are drawn from; rejection makes the density within them right.
_CELLS = (500, 600)
#: What a density may exceed the largest of its values at the corners of a cell by.
_MARGIN = 1.002


def integrate(
    model: LuminosityFunction,
    *,
    log_l: tuple[float, float],
    z: float | tuple[float, float],
    weight: Weight | None = None,
    cosmology: Cosmology | None = None,
    nodes: int = 96,
) -> Array:
    """Integral of phi over log10 L, and over z where it is a range, on panels that follow the kinks of the model.

    Parameters
    ----------
    model : LuminosityFunction
        Its parameters are numbers, or columns of shape (n, 1).
    log_l : tuple of float
        Range of log10 L [erg/s].
    z : float or tuple of float
        One redshift gives a density; a range an integral over dz.
    weight : callable, optional
        Of log10 L and z: 10**log_l for a luminosity density, an area [deg^2] for the number of sources of a survey.
    cosmology : Cosmology, optional
        With it, the integral holds dV/dz: sources per deg^2 (a number of sources, where `weight` is an area).
    nodes : int
        In luminosity, and in redshift at each luminosity. A weight with steps, such as a tabulated area, is worth no more than
        a few parts in a thousand; the likelihoods of populations have a rule of their own for it.

    Returns
    -------
    ndarray, shape () or (n,)
        [Mpc^-3] at one redshift or without cosmology, [deg^-2] with it; times the unit of the weight.

    Raises
    ------
    DataError
        Where a range is none, a cosmology is given for one redshift, or the model refuses what lies outside of its validity.
    """
    at_one = np.ndim(z) == 0
    ends = (float(np.asarray(z)), float(np.asarray(z))) if at_one else checked_range("z", z)
    if at_one and cosmology is not None:
        raise DataError(f"there is no volume at one redshift, {ends[0]:g}: give a range of z, or no cosmology")
    said = model.validity.extrapolation(checked_range("log_l", log_l), ends, model.outside, model.name)
    if said:
        warnings.warn(said, FaintskyWarning, stacklevel=2)
    if at_one:
        return _at_one_redshift(model, checked_range("log_l", log_l), ends[0], weight, nodes)
    rule = LuminosityQuadrature(log_l=log_l, z=ends, nodes=nodes).at(model)
    if rule.log_l.ndim == 2 and rule.log_l.shape[1] == 1 and rule.z.ndim == 2:
        rule = rule.flat
    total = np.exp(model.log_density(rule.log_l, rule.z)) * rule.weight
    if weight is not None:
        total = total * np.asarray(weight(rule.log_l, rule.z))
    if cosmology is not None:
        total = total * comoving_volume(cosmology, rule.z)
    return np.asarray(total.sum(axis=-1))


def _at_one_redshift(model: LuminosityFunction, log_l: tuple[float, float], z: float, weight: Weight | None, nodes: int) -> Array:
    """Integral over log10 L alone: the panels end at the breaks in luminosity, and where a break in redshift passes z."""
    grid = np.linspace(*log_l, 2001)
    breaks = np.asarray(model.z_breaks(grid), dtype=float)
    below = breaks < z
    passes = np.unique(np.nonzero(below[..., 1:] != below[..., :-1])[-1])
    own = np.ravel(np.asarray(model.log_l_breaks(), dtype=float))
    inner = np.concatenate([own, 0.5 * (grid[passes] + grid[passes + 1])])
    edges = np.unique(np.concatenate([log_l, np.clip(inner, *log_l)]))
    each = max(8, -(-nodes // (edges.size - 1)))
    places, share = gauss_panels(edges, each)
    total = np.exp(model.log_density(places, np.full(places.shape, z))) * share
    if weight is not None:
        total = total * np.asarray(weight(places, np.full(places.shape, z)))
    return np.asarray(total.sum(axis=-1))


def sample(
    model: LuminosityFunction,
    area: float | Weight,
    *,
    z_range: tuple[float, float],
    log_l_range: tuple[float, float],
    cosmology: Cosmology,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Sources drawn from phi A dV/dz: a Poisson number of them, independent of each other.

    Cells of luminosity and redshift get Poisson numbers at the largest density of their corners; rejection makes the density
    right within them, so that the cells leave no trace.

    Parameters
    ----------
    model : LuminosityFunction
        Its parameters are numbers.
    area : float or callable
        [deg^2], or an area of log10 L and z that never falls with L and never rises with z, as `SurveySet.area_at`.
    z_range, log_l_range : tuple of float
    cosmology : Cosmology
    rng : numpy.random.Generator

    Returns
    -------
    log_l, z : ndarray, shape (n,)
        In random order.

    Raises
    ------
    DataError
        Where a range is none, or the model refuses what lies outside of its validity.
    """
    ends_l, ends_z = checked_range("log_l_range", log_l_range), checked_range("z_range", z_range)
    said = model.validity.extrapolation(ends_l, ends_z, model.outside, model.name)
    if said:
        warnings.warn(said, FaintskyWarning, stacklevel=2)
    edges_l = np.linspace(*ends_l, _CELLS[0] + 1)
    edges_u = np.linspace(np.log1p(ends_z[0]), np.log1p(ends_z[1]), _CELLS[1] + 1)
    edges_z = np.expm1(edges_u)

    def density(log_l: Array, z: Array) -> Array:
        """Sources per deg^2, dlog L and dln(1 + z)."""
        return np.exp(model.log_density(log_l, z)) * comoving_volume(cosmology, z) * (1 + z)

    corners = density(edges_l[:, None], edges_z)
    top = _MARGIN * np.maximum.reduce([corners[i : i + _CELLS[0], j : j + _CELLS[1]] for i in (0, 1) for j in (0, 1)])
    # The largest area of a cell is that of its brightest corner.
    most = np.asarray(area(edges_l[1:, None], edges_z[:-1]) if callable(area) else area, dtype=float)
    cell = np.diff(edges_l)[0] * np.diff(edges_u)[0]
    number = rng.poisson(top * most * cell)
    row, column = np.nonzero(number)
    many = number[row, column]
    row, column = np.repeat(row, many), np.repeat(column, many)
    log_l = edges_l[row] + np.diff(edges_l)[0] * rng.random(row.size)
    z = np.expm1(edges_u[column] + np.diff(edges_u)[0] * rng.random(row.size))
    share = density(log_l, z) / top[row, column]
    if callable(area):
        share = share * np.asarray(area(log_l, z)) / np.broadcast_to(most, top.shape)[row, column]
    kept = np.flatnonzero(rng.random(row.size) < share)
    order = rng.permutation(kept)
    return log_l[order], z[order]
