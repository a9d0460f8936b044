"""The expected background of an image: counts without the sources, smoothed, in proportion to the exposure."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError
from faintsky.core.xray_image import XrayImage
from faintsky.estimators.detections.apertures import DiscSums, inside_discs, radius_at

__all__ = ["annulus_background", "background_map"]

Array = NDArray[np.float64]

#: Blocks of pixels in a smoothing length, counts that a smoothed value must rest on, and how often the length is doubled for it.
_BLOCKS, _COUNTS, _DOUBLINGS = 6, 30.0, 6


def background_map(
    image: XrayImage,
    x: ArrayLike = (),
    y: ArrayLike = (),
    *,
    eef: float = 0.95,
    factor: float = 1.5,
    smoothing: float = 50.0,
) -> NDArray[np.float32]:
    """Expected background counts per pixel: those around the sources fill the places of the sources.

    With K the footprint without discs of `factor` times the radius of `eef` around the sources, t the exposure, N the counts and
    G a Gaussian, b = t (G * K N) / (G * K t). A place that was cut out is thereby filled with the mean of its surroundings, as in
    Georgakakis et al. (2008), but with the expectation, not with a draw: a background that holds the noise of a draw makes
    thresholds too low in one place and too high in another. Where the Gaussian would hold fewer than 30 expected counts it is
    doubled in width; what then is empty still gets a hundredth of the mean.

    Parameters
    ----------
    image : XrayImage
    x, y : array_like, shape (n,)
        Sources to take out [pixel].
    eef, factor : float
        How far a source reaches. The default is where Barlow-Hall & Aird begin their annulus.
    smoothing : float
        Standard deviation of the Gaussian [pixel]; the default has the area of an annulus of 100 pixels.

    Returns
    -------
    ndarray of float32, shape (ny, nx)
        Above 0 wherever there is exposure, 0 elsewhere.

    Raises
    ------
    DataError
        Where no counts, or no pixels, are left outside of the sources.
    """
    from scipy.interpolate import RectBivariateSpline
    from scipy.ndimage import gaussian_filter

    sources = np.atleast_1d(np.asarray(x, dtype=float))
    keep = image.footprint
    if sources.size:
        keep = keep & ~inside_discs(image.grid, sources, y, factor * radius_at(image, sources, y, eef))
    block = max(1, min(int(smoothing / _BLOCKS), *(n // 2 for n in image.grid.shape)))
    counts, exposure = (_blocks(values * keep, block) for values in (image.counts, image.exposure))
    if not counts.sum() > 0:
        raise DataError(
            f"image {image.name or image.band} has no counts outside of its {sources.size} sources: its background cannot be "
            "measured, and detection needs one above 0"
        )
    mean = counts.sum() / exposure.sum()
    rate: Array = np.full(counts.shape, mean)
    empty = np.ones(counts.shape, dtype=bool)
    for doubling in range(_DOUBLINGS):
        sigma = smoothing / block * 2**doubling
        most, wide = (gaussian_filter(v, sigma, mode="constant") for v in (counts, exposure))
        enough = empty & (mean * wide * 4 * np.pi * sigma**2 >= _COUNTS)
        rate[enough] = most[enough] / wide[enough]
        empty &= ~enough
        if not empty.any():
            break
    rate = np.maximum(rate, 0.01 * mean)
    rows, columns = ((np.arange(n) - 0.5 * (block - 1)) / block for n in image.grid.shape)
    if min(rate.shape) > 1:
        ny, nx = rate.shape
        rate = np.asarray(RectBivariateSpline(np.arange(ny), np.arange(nx), rate, kx=1, ky=1)(rows, columns))
    return np.asarray(rate * image.exposure, dtype=np.float32)


def _blocks(values: NDArray[Any], block: int) -> Array:
    """Sums of square blocks; those at the far rims may be cut."""
    rows, columns = (np.arange(0, n, block) for n in values.shape)
    return np.asarray(np.add.reduceat(np.add.reduceat(values, rows, axis=0, dtype=float), columns, axis=1))


def annulus_background(
    image: XrayImage,
    x: ArrayLike,
    y: ArrayLike,
    *,
    aperture: float = 0.7,
    eef: float = 0.95,
    factor: float = 1.5,
    width: float = 100.0,
) -> Array:
    """Expected background counts in apertures from annuli around them, shape (n,).

    The counts of the annulus, which begins at `factor` times the radius of `eef` and is `width` pixels wide, are scaled by the
    summed exposures of the aperture and the annulus; an empty annulus counts as one count.

    References
    ----------
    Barlow-Hall & Aird, section 2.2.1.
    """
    pixel = float(np.sqrt(image.grid.pixel_area))
    sums = DiscSums.of(image.grid, image.counts * image.footprint, image.exposure * image.footprint)
    inner = factor * radius_at(image, x, y, eef)
    largest = 0.5 * min(n * s for n, s in zip(image.grid.shape, image.grid.scale, strict=True))
    counts, exposure = sums.at(x, y, np.minimum(inner + width * pixel, largest)) - sums.at(x, y, inner)
    here = sums.at(x, y, radius_at(image, x, y, aperture))[1]
    return np.asarray(np.maximum(counts, 1.0) * here / np.where(exposure > 0, exposure, np.nan))
