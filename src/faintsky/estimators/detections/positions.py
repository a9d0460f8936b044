"""Positions of sources and their errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faintsky.core.aperture_photometry import AperturePhotometry
from faintsky.core.xray_image import XrayImage
from faintsky.estimators.detections.apertures import DiscSums, radius_at
from faintsky.estimators.detections.photometry import expected_background, inside, usable

__all__ = ["centroids", "position_error", "sky"]

Array = NDArray[np.float64]

#: Most steps of a centroid, and the step [pixel] at which it has arrived.
_STEPS, _ARRIVED = 20, 0.01


def centroids(image: XrayImage, x: Array, y: Array, eef: float) -> tuple[Array, Array]:
    """Positions [pixel] where the net counts of the aperture balance, from starting points.

    Each step goes to the mean position of the aperture's counts, less those of the background; a source that leaves the
    footprint, or goes farther than the aperture's radius, stays where it began.
    """
    live = usable(image)
    net = (image.counts - expected_background(image)) * live
    ny, nx = image.grid.shape
    maps = (image.counts * live, net, net * np.arange(nx), net * np.arange(ny)[:, None])
    sums = DiscSums.of(image.grid, *maps)
    radius = radius_at(image, x, y, eef)
    at_x, at_y = x.copy(), y.copy()
    moving = np.arange(x.size)
    for _ in range(_STEPS):
        if not moving.size:
            break
        total, light, first_x, first_y = sums.at(at_x[moving], at_y[moving], radius[moving])
        moving, light, first_x, first_y = (v[(total > 0) & (light > 0)] for v in (moving, light, first_x, first_y))
        new_x, new_y = first_x / light, first_y / light
        step = np.hypot(new_x - at_x[moving], new_y - at_y[moving])
        at_x[moving], at_y[moving] = new_x, new_y
        moving = moving[step > _ARRIVED]
    sy, sx = image.grid.scale
    away = (np.hypot((at_x - x) * sx, (at_y - y) * sy) > radius) | ~inside(image, at_x, at_y)
    return np.where(away, x, at_x), np.where(away, y, at_y)


def position_error(found: AperturePhotometry, radius: Array, systematic: float = 0.0) -> Array:
    """Standard error of a centroid in each coordinate, in the unit of `radius`, shape (n,).

    The centroid solves sum psi(x_i - x) = 0 with psi(u) = u inside the aperture of radius r and 0 outside, so that its variance
    is E[psi^2] / E[psi']^2 (Huber 1964). For a round Gaussian PSF, S net and b background counts in the aperture with the share p
    of the light, u = -ln(1 - p), sigma^2 = r^2 / 2u and k = 1 - u (1 - p) / p this is

        (k sigma^2 S + b r^2 / 4) / (k S)^2,

    0.93 r / sqrt(S) without background at p = 0.7. `systematic` is added in quadrature.
    """
    u = -np.log1p(-found.eef)
    share = 1 - u * (1 - found.eef) / found.eef
    net = np.maximum(found.counts - found.background, 1.0)
    variance = (share * radius**2 / (2 * u) * net + found.background * radius**2 / 4) / (share * net) ** 2
    # No position is worse than the aperture says: counts are known to lie inside.
    return np.asarray(np.hypot(np.minimum(np.sqrt(variance), radius), systematic))


def sky(image: XrayImage, x: Array, y: Array) -> tuple[Array, Array]:
    """Right ascension and declination [deg] of pixels; NaN where the grid lies nowhere on the sky."""
    wcs = image.grid.wcs
    if wcs is None or not x.size:
        return np.full(x.shape, np.nan), np.full(x.shape, np.nan)
    ra, dec = wcs.wcs_pix2world(x, y, 0)
    return np.asarray(ra), np.asarray(dec)
