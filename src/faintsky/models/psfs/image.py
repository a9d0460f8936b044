"""A PSF from an image."""

from __future__ import annotations

import warnings
from functools import cached_property
from pathlib import Path

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import component, option
from faintsky.core.errors import DataError
from faintsky.core.image_hdu import image_hdu
from faintsky.core.paths import as_path
from faintsky.core.psf import PSF
from faintsky.core.units import ARCSEC

__all__ = ["ImagePSF"]

Array = NDArray[np.float64]

#: Rings per pixel and points per ring of the encircled light.
_FINE, _ANGLES = 8, 180


@frozen(kw_only=True, eq=False)
class _Stamp:
    """The normalised image, offsets of its pixel centres from the centre [rad], pixel size [rad], its radial light."""

    values: Array
    y: Array
    x: Array
    pixel: float
    radius: Array
    light: Array


@component()
@frozen(kw_only=True, slots=False)
class ImagePSF(PSF):
    """A PSF given as a FITS image (ray-traced, or built from stars), normalised to 1 within the image.

    Between pixel centres the density is interpolated linearly, which keeps the normalisation; outside the image it is 0, so
    wings that the image does not hold are missing. Negative and missing pixels count as 0.
    """

    path: Path = option(help="FITS image of the PSF", converter=as_path)
    hdu: str = option("", help="name or number of the HDU; default: the first image")
    pixel: float | None = option(None, unit="rad", gt=0, help="pixel size, where the file has no WCS")
    centre: str = option("moment", choices=("moment", "peak", "middle"), help="what counts as the source's position")

    @cached_property
    def _stamp(self) -> _Stamp:
        values, pixel = self._read()
        total = float(values.sum())
        if not total > 0:
            raise DataError(f"the PSF image {self.path} is empty")
        values /= total
        y, x = (np.arange(n, dtype=float) for n in values.shape)
        if self.centre == "moment":
            cy, cx = float(values.sum(axis=1) @ y), float(values.sum(axis=0) @ x)
        elif self.centre == "peak":
            cy, cx = (float(c) for c in np.unravel_index(int(np.argmax(values)), values.shape))
        else:
            cy, cx = 0.5 * (len(y) - 1), 0.5 * (len(x) - 1)
        radius, light = _radial(values, cy, cx)
        half = float(np.interp(0.5, np.cumsum(light), radius))
        if half < 1:
            raise DataError(
                f"the pixel of {self.path.name} ({pixel / ARCSEC:.3g} arcsec) is larger than the radius of half the light "
                f"({half * pixel / ARCSEC:.3g} arcsec): the core is not resolved; use an oversampled image"
            )
        return _Stamp(values=values, y=(y - cy) * pixel, x=(x - cx) * pixel, pixel=pixel, radius=radius * pixel, light=light)

    def _read(self) -> tuple[Array, float]:
        from astropy.io import fits
        from astropy.utils.exceptions import AstropyWarning
        from astropy.wcs import WCS
        from astropy.wcs.utils import proj_plane_pixel_scales

        if not self.path.exists():
            raise DataError(f"there is no PSF image {self.path}")
        with warnings.catch_warnings(), fits.open(self.path) as hdus:
            warnings.simplefilter("ignore", AstropyWarning)  # old header cards (RADECSYS) say nothing about the PSF
            image = image_hdu(hdus, self.path, self.hdu)
            values = np.clip(np.nan_to_num(np.asarray(image.data, dtype=float), posinf=0.0), 0, None)
            if values.ndim != 2:
                raise DataError(f"the PSF image {self.path} has {values.ndim} dimensions, not 2")
            if self.pixel is not None:
                return values, self.pixel
            wcs = WCS(image.header)
            if not wcs.has_celestial:
                raise DataError(f"{self.path} has no celestial WCS: give the pixel size (pixel = '0.1 arcsec')")
            dx, dy = (float(np.deg2rad(s)) for s in proj_plane_pixel_scales(wcs.celestial))
        if abs(dx / dy - 1) > 1e-3:
            raise DataError(f"the pixels of {self.path.name} are not square: {dx / ARCSEC:.4g} x {dy / ARCSEC:.4g} arcsec")
        return values, dy

    def density(self, dx: ArrayLike, dy: ArrayLike) -> Array:
        """Interpolated density [sr^-1]."""
        from scipy.ndimage import map_coordinates

        s = self._stamp
        x, y = np.broadcast_arrays(np.asarray(dx, dtype=float), np.asarray(dy, dtype=float))
        places = [((y - s.y[0]) / s.pixel).ravel(), ((x - s.x[0]) / s.pixel).ravel()]
        found = map_coordinates(s.values, places, order=1, mode="grid-constant", cval=0.0)
        return np.asarray(found.reshape(x.shape) / s.pixel**2)

    def encircled(self, radius: ArrayLike) -> Array:
        """Light of the interpolated density within `radius`."""
        s = self._stamp
        summed = np.append(0.0, np.minimum(np.cumsum(s.light), 1.0))
        wanted = np.asarray(radius, dtype=float)
        # Linear in r^2, as a flat core is.
        return np.asarray(np.interp(wanted**2, np.append(0.0, s.radius) ** 2, summed))

    def transfer(self, q: ArrayLike) -> Array:
        """Azimuthal mean of the Fourier transform: the sum of J0(q r) over the light of the pixels, as samples.

        It is tabulated at steps of a tenth of the image's fundamental mode and interpolated by a cubic spline, so that it
        can be asked for at every mode of a large map; measured against the sum itself, to 1e-6.
        """
        from scipy.interpolate import CubicSpline
        from scipy.special import j0

        s = self._stamp
        r, light = np.hypot(s.y[:, None], s.x).ravel(), s.values.ravel()
        r, light = r[light > 0], light[light > 0]
        wanted = np.abs(np.asarray(q, dtype=float))
        step = 0.1 * np.pi / float(r.max())
        number = int(wanted.max() / step) + 4 if wanted.size else 0
        if wanted.size <= number:
            return np.array([float(light @ j0(k * r)) for k in wanted.ravel()]).reshape(wanted.shape)
        nodes = step * np.arange(number)
        table = CubicSpline(nodes, [float(light @ j0(k * r)) for k in nodes])
        return np.asarray(table(wanted))


def _radial(values: Array, cy: float, cx: float) -> tuple[Array, Array]:
    """Radii [pixel] and the light between them: rings of the linearly interpolated density."""
    from scipy.ndimage import map_coordinates

    far = float(np.hypot(max(cy, values.shape[0] - 1 - cy) + 1, max(cx, values.shape[1] - 1 - cx) + 1))
    number = int(np.ceil(far * _FINE))
    edges = np.arange(number + 1) / _FINE
    middle = 0.5 * (edges[1:] + edges[:-1])
    phi = (np.arange(_ANGLES) + 0.5) * (2 * np.pi / _ANGLES)
    places = [(cy + middle[:, None] * np.sin(phi)).ravel(), (cx + middle[:, None] * np.cos(phi)).ravel()]
    density = map_coordinates(values, places, order=1, mode="grid-constant", cval=0.0).reshape(number, _ANGLES)
    light = density.mean(axis=1) * np.pi * np.diff(edges**2)
    return edges[1:], light / light.sum()
