"""Images of sources without noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from faintsky.core.pixel_psf import PixelPsf
from faintsky.core.scene_image import galaxy_image, point_image
from faintsky.core.sersic import sersic_b
from faintsky.models.cutouts.sky_source import SkySource

__all__ = ["painted"]

Array = NDArray[np.float64]

#: Sides of the stamps that faint sources are painted on [pixel]: few, so that the transforms of the PSF are made once each.
_STAMPS = (84, 128, 224)
#: Light that a stamp may lose: over the noise of a pixel, and as a share of the source at least and at most.
_LOST, _LOST_SHARE = 1.0, (1e-3, 0.01)


def painted(
    sources: Sequence[SkySource],
    band: int,
    psf: PixelPsf,
    offset: tuple[float, float],
    shape: tuple[int, int],
    noise: float,
) -> Array:
    """All sources in one band [uJy per pixel].

    A source is painted on a stamp where that holds the PSF, and loses light that is less than the noise of one pixel, or than 0.1
    per cent of the source, and always less than 1 per cent; it is spread over a thousand pixels and more. Others are painted on
    the whole frame.

    Parameters
    ----------
    offset : tuple of float
        Astrometric offset (x, y) of the band [pixel].
    shape : tuple of int
        (ny, nx)
    noise : float
        Of a pixel [uJy].
    """
    image = np.zeros(shape)
    for source in sources:
        x, y = source.x + offset[0], source.y + offset[1]
        rows, columns = _stamp(source, band, psf, (x, y), shape, noise)
        inside = x - columns.start, y - rows.start
        size = rows.stop - rows.start, columns.stop - columns.start
        if source.galaxy[band] > 0 and source.shape is not None:
            look = float(source.shape.radius[band]), float(source.shape.index[band]), source.shape.ellipticity
            image[rows, columns] += source.galaxy[band] * galaxy_image(psf, *inside, *look, source.shape.angle, size)
        if source.point[band] > 0:
            image[rows, columns] += source.point[band] * point_image(psf, *inside, size)
    return image


def _stamp(
    source: SkySource, band: int, psf: PixelPsf, place: tuple[float, float], shape: tuple[int, int], noise: float
) -> tuple[slice, slice]:
    """Rows and columns of the smallest stamp that holds the source, moved into the frame where it stands at its edge."""
    reach = 0.5 * max(psf.values.shape) / psf.oversampling
    flux = float(source.galaxy[band])
    if flux > 0 and source.shape is not None:
        index = float(source.shape.index[band])
        lost = float(np.clip(_LOST * noise / flux, *_LOST_SHARE))
        reach = max(reach, float(source.shape.radius[band] * (gammaincinv(2 * index, 1 - lost) / sersic_b(index)) ** index))
    for side in _STAMPS:
        if side >= 2 * reach + 1 and side < min(shape):
            starts = [int(np.clip(round(v) - side // 2, 0, n - side)) for v, n in zip(place[::-1], shape, strict=True)]
            return slice(starts[0], starts[0] + side), slice(starts[1], starts[1] + side)
    return slice(0, shape[0]), slice(0, shape[1])
