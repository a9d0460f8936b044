"""A PSF from an image."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import component, option
from faintsky.core.errors import DataError
from faintsky.core.psf import PSF
from faintsky.core.units import ARCSEC

__all__ = ["ImagePSF"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class _Stamp:
    """The normalised image, offsets of its pixel centres from the centroid [rad], pixel size [rad]."""

    values: Array
    y: Array
    x: Array
    pixel: float


@component()
@frozen(kw_only=True, slots=False)
class ImagePSF(PSF):
    """A PSF given as a FITS image (ray-traced, or built from stars), normalised to 1 within the image.

    Between pixel centres the density is interpolated linearly in its logarithm; outside the image it is 0, so wings that
    the image does not hold are missing.
    """

    path: Path = option(help="FITS image of the PSF")
    pixel: float | None = option(None, unit="rad", gt=0, help="pixel size, where the file has no WCS")
    centre: str = option("moment", choices=("moment", "peak", "middle"), help="what counts as the source's position")

    @cached_property
    def _stamp(self) -> _Stamp:
        from astropy.io import fits
        from astropy.wcs import WCS
        from astropy.wcs.utils import proj_plane_pixel_scales

        with fits.open(self.path) as hdus:
            hdu = next((h for h in hdus if h.is_image and h.header.get("NAXIS", 0) == 2), None)
            if hdu is None:
                raise DataError(f"{self.path} holds no image of two dimensions")
            values = np.clip(np.nan_to_num(np.asarray(hdu.data, dtype=float)), 0, None)
            pixel = self.pixel
            if pixel is None:
                wcs = WCS(hdu.header)
                if not wcs.has_celestial:
                    raise DataError(f"{self.path} has no celestial WCS: give the pixel size")
                pixel = float(np.deg2rad(proj_plane_pixel_scales(wcs.celestial)[1]))
        if not values.sum() > 0:
            raise DataError(f"the PSF image {self.path} is empty")
        values /= values.sum()
        y, x = (np.arange(n, dtype=float) for n in values.shape)
        if self.centre == "moment":
            cy, cx = float(values.sum(axis=1) @ y), float(values.sum(axis=0) @ x)
        elif self.centre == "peak":
            cy, cx = (float(c) for c in np.unravel_index(int(np.argmax(values)), values.shape))
        else:
            cy, cx = 0.5 * (len(y) - 1), 0.5 * (len(x) - 1)
        stamp = _Stamp(values=values, y=(y - cy) * pixel, x=(x - cx) * pixel, pixel=pixel)
        half = _radius(stamp, 0.5)
        if pixel > half:
            raise DataError(
                f"the pixel of {self.path.name} ({pixel / ARCSEC:.3g} arcsec) is larger than half the light's radius "
                f"({half / ARCSEC:.3g} arcsec): the core is not resolved"
            )
        return stamp

    def density(self, dx: ArrayLike, dy: ArrayLike) -> Array:
        """Interpolated density [sr^-1]."""
        from scipy.ndimage import map_coordinates

        s = self._stamp
        x, y = np.broadcast_arrays(np.asarray(dx, dtype=float), np.asarray(dy, dtype=float))
        floor = s.values[s.values > 0].min() * 1e-3
        log = np.log(np.maximum(s.values, floor))
        places = [((y - s.y[0]) / s.pixel).ravel(), ((x - s.x[0]) / s.pixel).ravel()]
        found = np.exp(map_coordinates(log, places, order=1, mode="constant", cval=-np.inf)).reshape(x.shape)
        return np.asarray(np.where(found > 2 * floor, found, 0.0) / s.pixel**2)

    def encircled(self, radius: ArrayLike) -> Array:
        """Light of the pixels whose centres lie within `radius`, linear between them."""
        s = self._stamp
        r = np.hypot(s.y[:, None], s.x).ravel()
        order = np.argsort(r)
        summed = np.cumsum(s.values.ravel()[order])
        return np.asarray(np.interp(np.asarray(radius, dtype=float), np.append(0.0, r[order]), np.append(0.0, summed)))

    def transfer(self, q: ArrayLike) -> Array:
        """Azimuthal mean of the Fourier transform: the sum of J0(q r) over the light."""
        from scipy.special import j0

        s = self._stamp
        r, light = np.hypot(s.y[:, None], s.x).ravel(), s.values.ravel()
        wanted = np.asarray(q, dtype=float)
        return np.array([float(light @ j0(k * r)) for k in wanted.ravel()]).reshape(wanted.shape)


def _radius(stamp: _Stamp, fraction: float) -> float:
    """Radius that holds a fraction of the light [rad]."""
    r = np.hypot(stamp.y[:, None], stamp.x).ravel()
    order = np.argsort(r)
    summed = np.cumsum(stamp.values.ravel()[order])
    return float(np.interp(fraction, summed, r[order]))
