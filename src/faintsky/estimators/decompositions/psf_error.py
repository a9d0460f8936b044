"""The part of a pixel's variance that comes from errors of the PSF."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates
from scipy.optimize import minimize_scalar

from faintsky.core.pixel_psf import PixelPsf
from faintsky.core.scene import Scene
from faintsky.core.scene_image import galaxy_image, point_image
from faintsky.estimators.decompositions.free_shapes import Look

__all__ = ["error_amplitude", "held_out", "psf_variance"]

Array = NDArray[np.float64]


def held_out(shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Every fourth pixel, of odd row and column: near enough to all that a PSF does, and left out of the fit."""
    y, x = np.indices(shape)
    return np.asarray((y % 2 == 1) & (x % 2 == 1))


def psf_variance(psf: PixelPsf, scene: Scene, looks: Sequence[Look], flux: Array, shape: tuple[int, int], given: bool) -> Array:
    """Variance of pixels for a relative error of 1 of the PSF [flux^2].

    A point contributes (f P)^2. Over a galaxy, a sum of points, errors of the PSF average as far as it is larger than the PSF: it
    contributes eta m^2, with m its image and eta = sum m^2 / (f^2 sum P^2), which is 1 for a galaxy that is as compact as a point
    and small for an extended one. Parts of one source share one PSF, so that their errors add before they are squared.

    Parameters
    ----------
    flux : ndarray, shape (l,)
        In the order of the scene's components.
    given : bool
        Take the errors that the PSF came with in place of P.

    Returns
    -------
    ndarray, shape (ny, nx)
    """
    total = np.zeros(shape)
    amplitudes = iter(flux)
    power = float((psf.values**2).sum()) * psf.oversampling**2
    for source, look in zip(scene.sources, looks, strict=True):
        error = np.zeros(shape)
        if source.galaxy:
            image = galaxy_image(psf, look.x, look.y, look.radius, look.index, *_ellipse(look.matrix), shape)
            share = min(float((image**2).sum()) / power, 1.0)
            typical = 1.0
            if given and psf.error is not None:
                typical = float((psf.error * psf.values).sum() / (psf.values**2).sum())
            error += next(amplitudes) * typical * np.sqrt(share) * image
        if source.point:
            error += next(amplitudes) * _response(psf, look.x, look.y, shape, given)
        total += error**2
    return total


def error_amplitude(residual: Array, variance: Array, of_psf: Array) -> float:
    """Relative error a of the PSF, the most likely one for residuals of variance sigma^2 + a^2 T, between 0 and 1.

    Parameters
    ----------
    residual, variance, of_psf : ndarray, shape (n,)
        Of pixels that were not fitted: data less model, sigma^2 and T (`psf_variance`).
    """

    def cost(log_a: float) -> float:
        total = variance + np.exp(2 * log_a) * of_psf
        return float((residual**2 / total + np.log(total)).sum())

    grid = np.linspace(np.log(1e-4), 0.0, 47)
    costs = [cost(x) for x in grid]
    best = int(np.argmin(costs))
    if best == 0 or float((residual**2 / variance + np.log(variance)).sum()) <= costs[best]:
        return 0.0
    around = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    return float(np.exp(minimize_scalar(cost, bounds=around, method="bounded").x))


def _response(psf: PixelPsf, x: float, y: float, shape: tuple[int, int], given: bool) -> Array:
    if not given or psf.error is None:
        return point_image(psf, x, y, shape)
    rows, columns = np.indices(shape, dtype=float)
    many = psf.oversampling
    where = [psf.middle[0] + many * (rows - y), psf.middle[1] + many * (columns - x)]
    return np.asarray(many**2 * map_coordinates(psf.error, where, order=1))


def _ellipse(matrix: Array) -> tuple[float, float]:
    values, vectors = np.linalg.eigh(matrix)
    major = vectors[:, 0]
    return float(1 - np.sqrt(values[0] / values[1])), float(np.arctan2(major[1], major[0]))
