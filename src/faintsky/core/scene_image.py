"""Images of points and galaxies as a telescope shows them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from faintsky.core.convolved_galaxy import convolved_galaxy, shape_matrix, squared_radius
from faintsky.core.decomposition import Decomposition
from faintsky.core.errors import DataError
from faintsky.core.image_set import ImageSet
from faintsky.core.pixel_psf import PixelPsf
from faintsky.core.psf_transform import PsfTransform
from faintsky.core.sersic import central_brightness, sersic_b

__all__ = ["component_images", "galaxy_image", "point_image", "residual_image"]

Array = NDArray[np.float64]


@lru_cache(maxsize=32)
def _transform(psf: PixelPsf, shape: tuple[int, int]) -> PsfTransform:
    return PsfTransform.of(psf, shape)


def point_image(psf: PixelPsf, x: float, y: float, shape: tuple[int, int]) -> Array:
    """Image of a point of unit flux.

    Parameters
    ----------
    psf : PixelPsf
        Shifted in Fourier space: exact where its samples resolve it.
    x, y : float
        [pixel, 0-based]
    shape : tuple of int
        (ny, nx)

    Returns
    -------
    ndarray, shape (ny, nx)
        Its sum is that of the PSF where all of it lies inside.
    """
    transform = _transform(psf, shape)
    return transform.image(transform.point(x, y)[0])


def galaxy_image(
    psf: PixelPsf | None,
    x: float,
    y: float,
    radius: float,
    index: float,
    ellipticity: float,
    angle: float,
    shape: tuple[int, int],
) -> Array:
    """Image of a Sersic galaxy of unit flux; what lies outside of the frame is lost.

    Parameters
    ----------
    psf : PixelPsf, optional
        Without one the profile is integrated over pixels.
    x, y : float
        [pixel, 0-based]
    radius : float
        Half-light radius along the major axis [pixel].
    index : float
        Sersic index n.
    ellipticity : float
        1 - b / a, up to 0.95.
    angle : float
        Of the major axis [rad], from +x towards +y.
    shape : tuple of int
        (ny, nx)

    Returns
    -------
    ndarray, shape (ny, nx)

    Raises
    ------
    DataError
        Where the galaxy has no shape.
    """
    if not (radius > 0 and index > 0 and 0 <= ellipticity <= 0.95):
        said = f"{radius:g}, {index:g}, {ellipticity:g}"
        raise DataError(f"a galaxy has a radius and an index above 0 and an ellipticity from 0 to 0.95, got {said}")
    matrix = shape_matrix(ellipticity, angle)
    if psf is None:
        return _over_pixels(x, y, radius, index, matrix, shape)
    transform = _transform(psf, shape)
    return transform.image(convolved_galaxy(transform, x, y, radius, index, matrix)[0])


def component_images(fit: Decomposition, images: ImageSet, band: str) -> Array:
    """Images of the components of a decomposition in one band [uJy per pixel].

    Returns
    -------
    ndarray, shape (c, ny, nx)
        In the order of ``fit.components``; see `residual_image` for what is left.

    Raises
    ------
    DataError
        Where the band was not fitted, or has no PSF.
    """
    image = images[band]
    if band not in fit.bands:
        raise DataError(f"the band {band!r} was not fitted. Bands: {', '.join(fit.bands)}")
    if image.psf is None:
        raise DataError(f"the band {band!r} has no PSF: give the image one (BandImage.psf)")
    if band in fit.single and fit.single[band] is not fit:
        return component_images(fit.single[band], images, band)
    b, shape = fit.bands.index(band), image.values.shape
    found = []
    for flux, (name, part) in zip(fit.flux[:, b], fit.components, strict=True):
        s = fit.sources.index(name)
        x, y = fit.x[s, b], fit.y[s, b]
        if part == "point":
            found.append(flux * point_image(image.psf, x, y, shape))
        else:
            look = fit.radius[s, b], fit.index[s, b], fit.ellipticity[s], fit.angle[s]
            found.append(flux * galaxy_image(image.psf, x, y, *look, shape))
    return np.array(found)


def residual_image(fit: Decomposition, images: ImageSet, band: str) -> Array:
    """What a decomposition leaves of an image: values less all components, less the sky [uJy per pixel].

    Raises
    ------
    DataError
        As `component_images` does.
    """
    left = images[band].values - component_images(fit, images, band).sum(axis=0)
    return np.asarray(left - fit.sky[fit.bands.index(band)])


def _over_pixels(x: float, y: float, radius: float, index: float, matrix: Array, shape: tuple[int, int]) -> Array:
    """The profile integrated over pixels: 3 x 3 Gauss-Legendre points in each, and in ninths of it, again and again, where the
    centre is less than twice its size away."""
    nodes, weights = np.polynomial.legendre.leggauss(3)
    dy, dx = (each.ravel() for each in np.meshgrid(nodes / 2, nodes / 2, indexing="ij"))
    weight = np.outer(weights, weights).ravel() / 4
    thirds_y, thirds_x = (each.ravel() / 3 for each in np.meshgrid([-1, 0, 1], [-1, 0, 1], indexing="ij"))
    b, axis = float(sersic_b(index)), float(np.linalg.det(matrix)) ** -0.5
    peak = np.exp(float(central_brightness(index))) / (axis * radius**2)
    total = np.zeros(shape)
    cell = np.arange(total.size)
    cy, cx = (each.ravel().astype(float) for each in np.indices(shape))
    size = 1.0
    for level in range(10):
        # Along the minor axis, where the profile is steepest.
        away = axis * np.sqrt(squared_radius(matrix, cx - x, cy - y))
        near = (away < 2 * size) & (level < 9)
        far = ~near
        squared = squared_radius(matrix, cx[far, None] + size * dx - x, cy[far, None] + size * dy - y) / radius**2
        light = peak * np.exp(-b * squared ** (0.5 / index)) @ weight * size**2
        total += np.bincount(cell[far], light, total.size).reshape(shape)
        cx = (cx[near, None] + size * thirds_x).ravel()
        cy = (cy[near, None] + size * thirds_y).ravel()
        cell = np.repeat(cell[near], 9)
        size /= 3
    return total
