"""The tangent plane of a source: offsets in arcsec, x to the west, y to the north (gnomonic projection)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.units import ARCSEC

__all__ = ["offsets", "positions", "separation", "unit_vectors"]

Array = NDArray[np.float64]


def offsets(ra: ArrayLike, dec: ArrayLike, ra0: float, dec0: float) -> tuple[Array, Array]:
    """Offsets `x`, `y` [arcsec] of sky positions from (`ra0`, `dec0`), all [rad]; NaN on the far half of the sky."""
    da, dec = np.asarray(ra, dtype=float) - ra0, np.asarray(dec, dtype=float)
    depth = np.sin(dec0) * np.sin(dec) + np.cos(dec0) * np.cos(dec) * np.cos(da)
    depth = np.where(depth > 0, depth, np.nan)
    x = -np.cos(dec) * np.sin(da) / depth
    y = (np.cos(dec0) * np.sin(dec) - np.sin(dec0) * np.cos(dec) * np.cos(da)) / depth
    return np.asarray(x / ARCSEC), np.asarray(y / ARCSEC)


def positions(x: ArrayLike, y: ArrayLike, ra0: float, dec0: float) -> tuple[Array, Array]:
    """Right ascension and declination [rad] of offsets [arcsec]: the inverse of `offsets`."""
    east, north = -np.asarray(x, dtype=float) * ARCSEC, np.asarray(y, dtype=float) * ARCSEC
    depth = np.cos(dec0) - north * np.sin(dec0)
    ra = ra0 + np.arctan2(east, depth)
    dec = np.arctan2(np.sin(dec0) + north * np.cos(dec0), np.hypot(depth, east))
    return np.asarray(ra % (2 * np.pi)), np.asarray(dec)


def separation(ra: ArrayLike, dec: ArrayLike, ra0: ArrayLike, dec0: ArrayLike) -> Array:
    """Angle on the sphere between positions [rad], exact for small ones too (haversine)."""
    a, d, a0, d0 = (np.asarray(v, dtype=float) for v in (ra, dec, ra0, dec0))
    half = np.sin(0.5 * (d - d0)) ** 2 + np.cos(d) * np.cos(d0) * np.sin(0.5 * (a - a0)) ** 2
    return np.asarray(2 * np.arcsin(np.sqrt(np.clip(half, 0, 1))))


def unit_vectors(ra: ArrayLike, dec: ArrayLike) -> Array:
    """Points of the unit sphere, shape (n, 3), of positions [rad]."""
    a, d = np.asarray(ra, dtype=float), np.asarray(dec, dtype=float)
    return np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)], axis=-1)
