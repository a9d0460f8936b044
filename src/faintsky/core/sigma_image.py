"""Sigma images: the error of each pixel, from a weight map and the light of the sources."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError

__all__ = ["background_sigma", "sigma_image", "source_light"]

Array = NDArray[np.float64]


def background_sigma(weight: ArrayLike) -> Array:
    """Standard deviation from an inverse variance; infinite where the weight is 0, negative or not finite.

    Parameters
    ----------
    weight : array_like
        In the unit of the image to the power of -2.
    """
    given = np.asarray(weight, dtype=float)
    seen = np.isfinite(given) & (given > 0)
    return np.asarray(np.where(seen, 1 / np.sqrt(np.where(seen, given, 1.0)), np.inf))


def source_light(values: ArrayLike, background: ArrayLike, electrons: ArrayLike, size: int = 3) -> Array:
    """Light of the sources in each pixel, for its Poisson noise: an adaptive Wiener filter (Lim 1990), never negative.

    Where pixels scatter about their local mean as noise does, the mean counts; where they differ by much more, as in the core of
    a PSF, the pixel itself: light = mean + max(1 - 2 noise^2 / scatter^2, 0) (value - mean). The noise of a pixel in its own
    error would bias every fit low, as a pixel that is low by chance would weigh more.

    Parameters
    ----------
    values : array_like, shape (ny, nx)
        Without background; pixels that are not finite hold no light.
    background : array_like, shape (ny, nx)
        Standard deviation of the background, in the unit of `values`; infinite where a pixel is masked.
    electrons : array_like, a number or shape (ny, nx)
        Detected electrons for one unit of `values`.
    size : int
        Side of the square of the local mean [pixel].

    Returns
    -------
    ndarray, shape (ny, nx)
    """
    from scipy.ndimage import uniform_filter

    given, base = np.asarray(values, dtype=float), np.asarray(background, dtype=float)
    seen = np.isfinite(given) & np.isfinite(base)
    plain = np.where(seen, given, 0.0)
    # Means are over the pixels that are seen: a zero beyond the edge or below a mask counts in none.
    share = np.maximum(uniform_filter(seen.astype(float), size, mode="constant"), 0.5 / size**2)
    mean = uniform_filter(plain, size, mode="constant") / share
    spread = np.maximum(uniform_filter(plain**2, size, mode="constant") / share - mean**2, 1e-300)
    noise = np.where(seen, base, 0.0) ** 2 + np.where(seen, np.maximum(mean, 0.0), 0.0) / np.where(seen, electrons, 1.0)
    # Twice: the scatter of nine pixels of pure noise exceeds that by chance in a few per cent of the cases only.
    trust = np.clip(1 - 2 * noise / spread, 0, 1)
    return np.asarray(np.where(seen, np.maximum(mean + trust * (plain - mean), 0.0), 0.0))


def sigma_image(background: ArrayLike, light: ArrayLike, electrons: ArrayLike, share: float = 1.0) -> Array:
    """Error of each pixel: sigma^2 = background^2 + share light / electrons.

    Parameters
    ----------
    background : array_like, shape (ny, nx)
        Standard deviation of the background in a pixel, as the sky scatters; infinite where it is masked.
    light : array_like, shape (ny, nx)
        Of the sources (`source_light`), in the unit of `background`.
    electrons : array_like, a number or shape (ny, nx)
        Detected electrons for one unit of light: exposure times gain.
    share : float
        Variance of a pixel over that which it would have if pixels were independent, 1 / R^2 with the noise correlation ratio R
        of a resampled image (Casertano et al. 2000): the noise of the sources is smoothed as that of the sky is.

    Raises
    ------
    DataError
        Where electrons or the share are not positive.
    """
    counted = np.asarray(electrons, dtype=float)
    base = np.asarray(background, dtype=float)
    if share <= 0 or np.any(np.broadcast_to(counted, base.shape)[np.isfinite(base)] <= 0):
        raise DataError("Poisson noise needs electrons per unit of light, and a share of the variance, above 0")
    with np.errstate(divide="ignore", invalid="ignore"):
        poisson = np.where(np.isfinite(base), share * np.asarray(light, dtype=float) / counted, 0.0)
    return np.asarray(np.sqrt(base**2 + poisson))
