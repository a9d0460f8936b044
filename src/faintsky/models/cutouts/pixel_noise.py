"""Noise of the pixels of an image: background and photons, white or as resampling correlates it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve

__all__ = ["noisy", "resampling_kernel", "noise_correlation"]

Array = NDArray[np.float64]


def resampling_kernel(share: float) -> Array:
    """The outer product of (c, 1 - 2c, c) with itself: what resampling makes of independent pixels, with a sum of 1."""
    line = np.array([share, 1 - 2 * share, share])
    return np.outer(line, line)


def noise_correlation(kernel: Array) -> Array:
    """Correlation of noise that was convolved with a kernel of shape (k, k); shape (2k - 1, 2k - 1), 1 in the middle."""
    size = 2 * len(kernel) - 1
    found = np.zeros((size, size))
    for y, x in np.ndindex(kernel.shape):
        found[len(kernel) - 1 - y : size - y, len(kernel) - 1 - x : size - x] += kernel[y, x] * kernel
    return np.asarray(found / np.sum(kernel**2))


def noisy(
    image: Array, background: float, electrons: float, kernel: Array | None, rng: np.random.Generator
) -> tuple[Array, Array]:
    """An image with noise, and the standard deviation of its pixels.

    The variance of a pixel is s^2 + F / e, with F the light in it and e the electrons of 1 uJy; photons are drawn from Poisson's
    law. Where the noise is correlated, the noise of independent pixels is convolved with the kernel: over large areas it stays
    what it was, and in a pixel it falls (Casertano et al. 2000, appendix A).

    Parameters
    ----------
    image : ndarray, shape (ny, nx)
        [uJy]
    background : float
        s [uJy], before the kernel.
    electrons : float
        Electrons of 1 uJy; infinite for no noise of photons.
    kernel : ndarray, shape (k, k), optional

    Returns
    -------
    values, sigma : ndarray, shape (ny, nx)
    """
    light = np.clip(image, 0, None)
    noise = background * rng.standard_normal(image.shape)
    sigma = np.sqrt(background**2 + light / electrons)
    if np.isfinite(electrons):
        noise = noise + rng.poisson(light * electrons) / electrons - light
    if kernel is not None:
        noise, sigma = convolve(noise, kernel, mode="wrap"), np.sqrt(convolve(sigma**2, kernel**2, mode="wrap"))
    return image + noise, sigma
