"""Positions on the sphere: unit vectors, separations, displacements; right at the poles and across 0 h."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.units import ARCSEC

__all__ = ["chord", "displaced", "separation", "unit_vectors"]

Array = NDArray[np.float64]


def unit_vectors(ra: ArrayLike, dec: ArrayLike) -> Array:
    """Unit vectors, shape (n, 3), of positions [deg]."""
    lon, lat = np.deg2rad(np.asarray(ra, dtype=float)), np.deg2rad(np.asarray(dec, dtype=float))
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def chord(angle: ArrayLike) -> Array:
    """The distance of two points of the unit sphere that are `angle` [arcsec] apart."""
    return np.asarray(2 * np.sin(0.5 * ARCSEC * np.asarray(angle, dtype=float)))


def separation(a: Array, b: Array) -> Array:
    """Angles [arcsec] between unit vectors, row by row.

    From the chord, which keeps its digits where the cosine of a small angle loses them: good to 1e-10 arcsec.
    """
    return np.asarray(2 * np.arcsin(np.minimum(0.5 * np.linalg.norm(a - b, axis=-1), 1.0)) / ARCSEC)


def displaced(ra: ArrayLike, dec: ArrayLike, distance: ArrayLike, angle: ArrayLike) -> tuple[Array, Array]:
    """Positions moved along great circles.

    Parameters
    ----------
    ra, dec : array_like, shape (n,)
        [deg]
    distance : array_like, shape (n,)
        [arcsec]
    angle : array_like, shape (n,)
        Direction from north through east [rad].

    Returns
    -------
    ra, dec : ndarray, shape (n,)
        [deg]; 0 <= ra < 360.
    """
    lon, lat = np.deg2rad(np.asarray(ra, dtype=float)), np.deg2rad(np.asarray(dec, dtype=float))
    zero = np.zeros_like(lon)
    north = np.stack([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)], axis=-1)
    east = np.stack([-np.sin(lon), np.cos(lon), zero], axis=-1)
    along = np.asarray(distance, dtype=float)[..., None] * ARCSEC
    turned = np.asarray(angle, dtype=float)[..., None]
    x, y, z = np.moveaxis(
        np.cos(along) * unit_vectors(ra, dec) + np.sin(along) * (np.cos(turned) * north + np.sin(turned) * east), -1, 0
    )
    return np.rad2deg(np.arctan2(y, x)) % 360.0, np.rad2deg(np.arctan2(z, np.hypot(x, y)))
