"""Aperture photometry of an image that has a background map."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.aperture_photometry import AperturePhotometry
from faintsky.core.errors import DataError
from faintsky.core.xray_image import XrayImage
from faintsky.estimators.detections.apertures import DiscSums, radius_at

__all__ = ["aperture_radius", "expected_background", "inside", "photometry", "stacked", "usable"]

Array = NDArray[np.float64]


def expected_background(image: XrayImage) -> Array:
    """The background map of an image.

    Raises
    ------
    DataError
        Where it has none.
    """
    if image.background is None:
        raise DataError(f"image {image.name or image.band} has no background map: make one with background_map(image)")
    return np.asarray(image.background)


def usable(image: XrayImage) -> NDArray[np.bool_]:
    """Pixels that take part in apertures: exposed, and with an expected background."""
    return np.asarray((image.exposure > 0) & (expected_background(image) > 0))


def aperture_radius(image: XrayImage, x: ArrayLike, y: ArrayLike, eef: float) -> Array:
    """Radius [rad] of the apertures at positions [pixel], shape (n,).

    Raises
    ------
    DataError
        Where the PSF map does not know the share of light, or a disc may fall between the pixel centres and hold none.
    """
    radius = radius_at(image, x, y, eef)
    least = np.hypot(*image.grid.scale) / 2
    if radius.size and radius.min() < least:
        raise DataError(
            f"the aperture of {eef:g} enclosed energy is {np.rad2deg(radius.min()) * 3600:.3g} arcsec, less than half the "
            "diagonal of a pixel: it may hold no pixel centre; use smaller pixels or a larger share of the light"
        )
    return radius


def photometry(image: XrayImage, x: ArrayLike, y: ArrayLike, eef: float = 0.7) -> AperturePhotometry:
    """Counts, background and mean exposure in apertures that enclose a share of the light.

    Sums run over the pixels whose centre is inside. The background is the sum of the background map; the exposure is the mean
    over the whole aperture, so that light which falls on dead pixels or off the image is lost from the sensitivity too.
    Positions outside of the image or its footprint get exposure 0: not observed.

    Parameters
    ----------
    image : XrayImage
        With a background map.
    x, y : array_like, shape (n,)
        [pixel], 0-based; NaN for a position that is nowhere on the image.
    eef : float
        p of the result.

    Raises
    ------
    DataError
        Where the image has no background map, or an aperture is larger than the image or the PSF map knows.

    References
    ----------
    Barlow-Hall & Aird, eq. 1 and sections 2.2.1, 2.4.
    """
    columns, rows = np.atleast_1d(np.asarray(x, dtype=float)), np.atleast_1d(np.asarray(y, dtype=float))
    on = inside(image, columns, rows)
    found = np.zeros((4, columns.size))
    if on.any():
        place = columns[on], rows[on], aperture_radius(image, columns[on], rows[on], eef)
        live = usable(image)
        maps = (v * live for v in (image.counts, expected_background(image), image.exposure))
        sums = DiscSums.of(image.grid, *maps)
        found[:3, on] = sums.at(*place)
        found[3, on] = sums.pixels(*place)
    seen = on & (found[1] > 0)
    counts, background, exposure = np.where(seen, found[:3], 0.0)
    return AperturePhotometry(
        counts=counts,
        background=background,
        exposure=exposure / np.maximum(found[3], 1.0),
        eef=np.full(columns.size, eef),
    )


def inside(image: XrayImage, x: Array, y: Array) -> NDArray[np.bool_]:
    """Whether the pixel of each position belongs to the footprint, shape (n,)."""
    ny, nx = image.grid.shape
    column, row = np.rint(x), np.rint(y)
    on = (column >= 0) & (column < nx) & (row >= 0) & (row < ny)
    on[on] = image.footprint[row[on].astype(int), column[on].astype(int)]
    return np.asarray(on)


def stacked(first: AperturePhotometry, second: AperturePhotometry) -> AperturePhotometry:
    """The rows of two tables of photometry, one after the other."""
    names = [a.name for a in attrs.fields(AperturePhotometry)]
    return AperturePhotometry(**{name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in names})
