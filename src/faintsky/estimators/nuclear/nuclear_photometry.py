"""Fluxes of nuclei in small apertures, at one resolution in all bands, without the light of their neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.decomposition import Decomposition
from faintsky.core.errors import DataError, nearest
from faintsky.core.image_set import BandImage, ImageSet
from faintsky.core.photometry import Photometry
from faintsky.core.pixel_psf import PixelPsf
from faintsky.core.scene_image import component_images
from faintsky.core.units import ARCSEC
from faintsky.estimators.nuclear.aperture import circle_share
from faintsky.estimators.nuclear.aperture_weights import ApertureWeights
from faintsky.estimators.nuclear.matched_kernels import matched_kernels, target_band
from faintsky.estimators.nuclear.matching_kernel import MatchingKernel, pixel_sampled
from faintsky.estimators.nuclear.settings import NuclearSettings

__all__ = ["nuclear_photometry"]

Array = NDArray[np.float64]


def nuclear_photometry(
    images: ImageSet,
    fit: Decomposition,
    sources: Sequence[str],
    settings: NuclearSettings,
    ctx: Context,
    kernels: Mapping[str, MatchingKernel | None] | None = None,
) -> Photometry:
    """Flux in a circular aperture about each source, at the resolution of the target band.

    Convolving an image with the kernel K and summing it over the aperture a is the weighted sum F = w . (v - m) of the pixels v
    as they were observed (`ApertureWeights`), with m the components of all other sources, and the sky where
    one was fitted: so no image is convolved, and the noise
    that a convolution correlates is counted exactly,

        var F = sum_ij w_i w_j sigma_i sigma_j rho_ij + A . C A,

    where rho is the correlation that the image came with, C the covariance of the fluxes of the subtracted components and A what
    each of unit flux leaves in the aperture. Components at the place of the source (its own galaxy and point) stay.

    Light outside of the aperture is not put back, as in Li & Zhuang (2025), unless `settings.correction` says so.

    Parameters
    ----------
    images : ImageSet
        Every band with its PSF.
    fit : Decomposition
        Of these images.
    sources : sequence of str
        Names of sources of the fit.
    settings : NuclearSettings
    ctx : Context
        Is told of poor kernels, and of sources without a flux and why.
    kernels : mapping, optional
        Of `matched_kernels`, where they were made already.

    Returns
    -------
    Photometry
        NaN where masked pixels or the edge of the image lie inside the aperture, or carry more of the weights than
        ``settings.max_masked``.

    Raises
    ------
    DataError
        Where a source is not in the fit, the fit is of other bands, or a band has no PSF.
    """
    for name in sources:
        if name not in fit.sources:
            raise DataError(f"the decomposition has no source {name!r}. {nearest(name, fit.sources)}".rstrip())
    if missing := [band for band in images.bands if band not in fit.bands]:
        raise DataError(f"the decomposition is not of {', '.join(missing)} but of {', '.join(fit.bands)}")
    target = target_band(images, settings)
    kernels = matched_kernels(images, settings, ctx) if kernels is None else kernels
    pixel = float(np.sqrt(np.prod(images.grid.scale)))
    radius = settings.radius * ARCSEC / pixel
    share = _point_share(images[target].psf, radius) if settings.correction == "point" else 1.0
    shape = (len(sources), len(images.bands))
    flux, error = np.full(shape, np.nan), np.full(shape, np.nan)
    lost: dict[str, list[str]] = {}
    for b, (band, image) in enumerate(images.bands.items()):
        column = fit.bands.index(band)
        units = _unit_images(fit, images, band)
        for s, name in enumerate(sources):
            weights = ApertureWeights.about(*_place(fit, name, band, target, settings), radius, kernels[band])
            if reason := weights.defect(weights.cut(image.sigma, np.inf), settings.max_masked):
                lost.setdefault(f"{name}: {reason}", []).append(band)
                continue
            value, variance = _measured(weights, image, units, fit, name, column)
            flux[s, b], error[s, b] = value / share, np.sqrt(variance) / share
    for reason, bands in lost.items():
        ctx.warn(f"no nuclear flux in {', '.join(bands)} of {reason}")
    bandpasses = images.bandpasses
    return Photometry(names=tuple(sources), bands=bandpasses, flux=flux, error=error)


def _unit_images(fit: Decomposition, images: ImageSet, band: str) -> Array:
    """Images of the components, each of unit flux, shape (c, ny, nx)."""
    alone = fit.single.get(band, fit)
    return component_images(evolve(alone, flux=np.ones_like(alone.flux), single={}), images, band)


def _measured(
    weights: ApertureWeights, image: BandImage, units: Array, fit: Decomposition, name: str, band: int
) -> tuple[float, float]:
    """Flux of a source [uJy] and its variance; `band` counts those of the fit."""
    others = np.array([owner != name for owner, _ in fit.components])
    light = np.array([weights.cut(unit, 0.0) for unit in units])
    own, neighbours = (np.tensordot(fit.flux[kept, band], light[kept], 1) for kept in (~others, others))
    sigma = weights.cut(image.sigma, np.inf)
    # A masked pixel, far out in the weights, holds what the fit says of the source.
    values = np.where(np.isfinite(sigma), weights.cut(image.values, 0.0) - fit.sky[band] - neighbours, own)
    left = np.where(others, np.einsum("cyx,yx->c", light, weights.values), 0.0)
    # Fluxes that were held fixed have no error.
    covariance = np.nan_to_num(fit.flux_covariance[band])
    variance = weights.variance(sigma, image.correlation) + float(left @ covariance @ left)
    return float((weights.values * values).sum()), variance


def _place(fit: Decomposition, name: str, band: str, target: str, settings: NuclearSettings) -> tuple[float, float]:
    """Where the aperture stands: as fitted in the band, unless that is too uncertain."""
    s, b = fit.sources.index(name), fit.bands.index(band)
    away = float(np.hypot(fit.x_error[s, b], fit.y_error[s, b]))
    if settings.centre == "target" or away > settings.max_shift:
        b = fit.bands.index(target)
    return float(fit.x[s, b]), float(fit.y[s, b])


def _point_share(psf: PixelPsf | None, radius: float) -> float:
    """Share of a point's light inside the aperture, at the resolution of `psf`."""
    assert psf is not None
    image = pixel_sampled(psf)
    middle = image.shape[0] // 2
    return float((circle_share(middle, middle, radius, (image.shape[0], image.shape[1])) * image).sum())
