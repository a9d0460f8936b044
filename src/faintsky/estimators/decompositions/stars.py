"""The PSF of an image from its stars."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft

from faintsky.core.errors import DataError
from faintsky.core.image_set import BandImage
from faintsky.core.pixel_psf import PixelPsf

__all__ = ["psf_from_stars"]

Array = NDArray[np.float64]

#: Passes of registering stars on their own mean.
_PASSES = 5


def psf_from_stars(image: BandImage, x: ArrayLike, y: ArrayLike, size: int, *, reject: float = 4.0) -> PixelPsf:
    """Mean of stars, registered to a fraction of a pixel, without the sky about them.

    Each star is shifted to the middle in Fourier space, which is exact where its image is sampled well enough; its place, flux
    and sky are fitted to the mean of all stars and the mean is made anew, in a few passes. In the mean a star's pixel is left out
    where it lies further than `reject` robust standard deviations from the median of the stars: neighbours, cosmic rays. Stars
    count by their flux, which is best where photons are few and harmless where they are many.

    Parameters
    ----------
    image : BandImage
        Stars must not be saturated.
    x, y : array_like, shape (n,)
        About where the stars stand, to a pixel [pixel, 0-based].
    size : int
        Pixels along a side of the PSF, odd.
    reject : float
        [sigma]

    Returns
    -------
    PixelPsf
        One sample per pixel; its error is the standard error of the mean, from the scatter of the stars (of one star, from the
        errors of its pixels).

    Raises
    ------
    DataError
        Where no star lies inside of the image with all its pixels unmasked.
    """
    if size < 5 or size % 2 == 0:
        raise DataError(f"the side of a PSF is an odd number of 5 pixels or more, not {size}")
    half = size // 2
    stamps, errors = _stamps(
        image, np.atleast_1d(np.asarray(x, dtype=float)), np.atleast_1d(np.asarray(y, dtype=float)), half + 2
    )
    edge = _ring(stamps.shape[1:])
    sky = np.median(stamps[:, edge], axis=1)
    stamps = stamps - sky[:, None, None]
    place = np.array([_centroid(stamp) for stamp in stamps])
    flux = stamps.sum(axis=(1, 2))
    if np.any(flux <= 0):
        raise DataError(f"{int((flux <= 0).sum())} of the stars have no light above their sky: check their places")
    for step in range(_PASSES):
        moved = _shifted(stamps, -place) / flux[:, None, None]
        mean, kept = _mean(moved, flux, reject)
        if step < _PASSES - 1:
            place, flux, stamps = _registered(stamps, mean, place, flux)
    inside = np.s_[2:-2, 2:-2]
    weight = np.where(kept, flux[:, None, None], 0.0)
    many = np.maximum(kept.sum(axis=0), 1)
    if len(stamps) > 1:
        spread = (weight * (moved - mean) ** 2).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-300)
        error = np.sqrt(spread / np.maximum(many - 1, 1))
    else:
        error = errors[0] / flux[0]
    return PixelPsf.of(mean[inside], error=error[inside])


def _stamps(image: BandImage, x: Array, y: Array, half: int) -> tuple[Array, Array]:
    ny, nx = image.values.shape
    found = []
    for across, up in zip(np.round(x).astype(int), np.round(y).astype(int), strict=True):
        if half <= across < nx - half and half <= up < ny - half:
            box = np.s_[up - half : up + half + 1, across - half : across + half + 1]
            if np.all(np.isfinite(image.sigma[box])):
                found.append((image.values[box], image.sigma[box]))
    if not found:
        raise DataError(
            f"none of {x.size} stars has its {2 * half + 1} x {2 * half + 1} pixels inside of the image and unmasked: choose a "
            "smaller size, or other stars"
        )
    return np.array([values for values, _ in found]), np.array([sigma for _, sigma in found])


def _ring(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    y, x = np.indices(shape)
    away = np.hypot(y - shape[0] // 2, x - shape[1] // 2)
    return np.asarray(away >= shape[0] // 2 - 2)


def _centroid(stamp: Array) -> Array:
    """(y, x) of the light above a tenth of the peak near the middle, from the middle."""
    middle = len(stamp) // 2
    y, x = np.indices(stamp.shape) - middle
    near = (np.abs(y) <= 4) & (np.abs(x) <= 4)
    light = np.where(near & (stamp > 0.1 * stamp[near].max()), stamp, 0.0)
    return np.asarray(np.array([(light * y).sum(), (light * x).sum()]) / light.sum())


def _shifted(stamps: Array, shift: Array) -> Array:
    """Stamps of odd size shifted by (y, x)."""
    n = stamps.shape[-1]
    ky, kx = np.fft.fftfreq(n)[:, None], np.fft.rfftfreq(n)[None, :]
    phase = np.exp(-2j * np.pi * (ky * shift[:, 0, None, None] + kx * shift[:, 1, None, None]))
    return np.asarray(fft.irfft2(fft.rfft2(stamps) * phase, s=(n, n)))


def _mean(stars: Array, flux: Array, reject: float) -> tuple[Array, NDArray[np.bool_]]:
    middle = np.median(stars, axis=0)
    spread = 1.4826 * np.median(np.abs(stars - middle), axis=0)
    kept = np.ones(stars.shape, dtype=bool)
    if len(stars) > 2:
        kept = np.abs(stars - middle) <= reject * np.maximum(spread, 1e-4 * middle.max())
    weight = np.where(kept, flux[:, None, None], 0.0)
    return np.asarray((weight * stars).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-300)), kept


def _registered(stamps: Array, mean: Array, place: Array, flux: Array) -> tuple[Array, Array, Array]:
    """Places, fluxes and sky-free stamps of stars after one step of least squares against their mean."""
    centred = mean - np.median(mean[_ring(mean.shape)])
    total = centred.sum()
    # The mean itself stays in the middle.
    centred = _shifted(centred[None], -_centroid(centred)[None])[0] / total
    ky, kx = np.fft.fftfreq(len(mean))[:, None], np.fft.rfftfreq(len(mean))[None, :]
    new_place, new_flux, new_stamps = place.copy(), flux.copy(), stamps.copy()
    for k, stamp in enumerate(stamps):
        model = _shifted(centred[None], place[k][None])[0]
        spectrum = fft.rfft2(model)
        slopes = [fft.irfft2(-2j * np.pi * axis * spectrum, s=model.shape) for axis in (ky, kx)]
        columns = np.array([model, flux[k] * slopes[0], flux[k] * slopes[1], np.ones_like(model)]).reshape(4, -1)
        best = np.linalg.lstsq(columns.T, stamp.ravel(), rcond=None)[0]
        new_flux[k] = best[0]
        new_place[k] += np.clip(best[1:3], -0.5, 0.5)
        new_stamps[k] = stamp - best[3]
    return new_place, new_flux, new_stamps
