"""A PSF from an image."""

from __future__ import annotations

import warnings
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import component, option
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.image_hdu import image_hdu
from faintsky.core.paths import as_path
from faintsky.core.psf import PSF
from faintsky.core.units import ARCSEC, same_dimension, unit_factor
from faintsky.models.psfs.stamp import Stamp

__all__ = ["SUBPIXEL", "ImagePSF"]

Array = NDArray[np.float64]

#: How the positions of photons, and of rays, can be treated below a pixel.
SUBPIXEL = ("edser", "centroid", "randomize", "none")
#: Sky pixels of Chandra's detectors [rad], the unit of the physical coordinates of its images.
_SKY_PIXELS = {"ACIS": 0.492 * ARCSEC, "HRC": 0.13175 * ARCSEC}
#: Rays in one pixel, above which whole multiples prove nothing.
_MOST = 1e7
#: Smallest radius of half the light [pixel]; largest share of the light that may lie outside without a warning; a turn of the
#: axes [rad] that is none.
_RESOLVED, _OUTSIDE, _UNTURNED = 2.0, 0.01, 2e-3


@component(science_version=2)
@frozen(kw_only=True, slots=False)
class ImagePSF(PSF):
    """A PSF given as a FITS image (ray-traced, or built from stars), normalised to 1 within the image.

    Between pixel centres the density is interpolated linearly, which keeps the normalisation; outside the image it is 0, so
    wings that the image does not hold are missing (a warning says so where they are probably more than 1 %). Negative and missing
    pixels count as 0. The columns of an image run to the west; a celestial WCS says where they do not, and turns it.

    Raises
    ------
    DataError
        When first used: without a file, a pixel size or light; where half of the light lies within less than 2 pixels, or the
        light is not centred where the source is said to be.
    """

    path: Path = option(help="FITS image of the PSF", converter=as_path)
    hdu: str = option("", help="name or number of the HDU; default: the first image")
    pixel: float | None = option(None, unit="rad", gt=0, help="pixel size, where the file has no WCS")
    centre: str = option("moment", choices=("moment", "peak", "middle"), help="what counts as the source's position")
    max_offset: float = option(
        1.0,
        gt=0,
        help="largest distance of the light's moment from its peak (of centre = 'middle': from there), in half-light radii",
    )
    rays: int | None = option(
        None,
        gt=0,
        help="photons that were ray-traced; default: the sum of the image, where its values are whole multiples of one",
    )
    subpixel: str = option("edser", choices=SUBPIXEL, help="how positions were treated below a pixel, such as in MARX")

    @cached_property
    def stamp(self) -> Stamp:
        """The image in memory, checked."""
        values, pixel, turn = self._read
        if not float(values.sum()) > 0:
            raise DataError(f"the PSF image {self.path} is empty")
        moment = self._moment(values)
        peak = tuple(float(c) for c in np.unravel_index(int(np.argmax(values)), values.shape))
        middle = tuple(0.5 * (n - 1) for n in values.shape)
        around = Stamp(values=values, centre=moment, pixel=pixel, turn=turn)
        self._check_sampling(around)
        anchor, called = (middle, "middle of the image") if self.centre == "middle" else (peak, "brightest pixel")
        self._check_centre(around, float(np.hypot(moment[0] - anchor[0], moment[1] - anchor[1])) * pixel, called)
        centre = {"moment": moment, "peak": peak, "middle": middle}[self.centre]
        found = Stamp(values=values, centre=(centre[0], centre[1]), pixel=pixel, turn=turn)
        missing, power = found.missing
        if missing > _OUTSIDE:
            warnings.warn(
                f"about {missing:.1%} of the light of the PSF lies outside the image {self.path.name}, if its wings go on "
                f"from its outer rings as r^-{power:.2g}; there it counts as 0: use a larger image",
                FaintskyWarning,
                stacklevel=4,
            )
        return found

    @staticmethod
    def _moment(values: Array) -> tuple[float, float]:
        light = values / values.sum()
        return float(light.sum(axis=1) @ np.arange(light.shape[0])), float(light.sum(axis=0) @ np.arange(light.shape[1]))

    def _check_sampling(self, stamp: Stamp) -> None:
        if stamp.half_light < _RESOLVED * stamp.pixel:
            raise DataError(
                f"the pixel of {self.path.name} ({stamp.pixel / ARCSEC:.3g} arcsec) is larger than the radius of half the light "
                f"over {_RESOLVED:g} ({stamp.half_light / _RESOLVED / ARCSEC:.3g} arcsec): the core is not resolved; use an "
                "oversampled image"
            )

    def _check_centre(self, stamp: Stamp, offset: float, called: str) -> None:
        half = stamp.half_light
        if offset > self.max_offset * half:
            other = "centre = 'moment' or 'peak'" if self.centre == "middle" else "centre = 'middle'"
            raise DataError(
                f"the PSF image {self.path.name} is off-centre: the moment of its light lies {offset / ARCSEC:.3g} arcsec from "
                f"the {called}, more than {self.max_offset:g} x the radius of half the light ({half / ARCSEC:.3g} arcsec). Cut "
                f"out or make an image of one source alone, centred on it; or say where the source is ({other}), or raise "
                "max_offset"
            )

    @cached_property
    def _read(self) -> tuple[Array, float, float]:
        """Pixel values with columns to the west, pixel size [rad], what turn is left [rad]."""
        from astropy.io import fits
        from astropy.utils.exceptions import AstropyWarning

        if not self.path.exists():
            raise DataError(f"there is no PSF image {self.path}")
        with warnings.catch_warnings(), fits.open(self.path) as hdus:
            warnings.simplefilter("ignore", AstropyWarning)  # old header cards (RADECSYS) say nothing about the PSF
            image = image_hdu(hdus, self.path, self.hdu)
            values = np.clip(np.nan_to_num(np.asarray(image.data, dtype=float), posinf=0.0), 0, None)
            if values.ndim != 2:
                raise DataError(f"the PSF image {self.path} has {values.ndim} dimensions, not 2")
            steps = self._steps(image.header)
        if steps is None:
            return values, self._given(), 0.0
        dx, dy = np.hypot(*steps)
        if self.pixel is None and abs(dx / dy - 1) > 1e-3:
            raise DataError(f"the pixels of {self.path.name} are not square: {dx / ARCSEC:.4g} x {dy / ARCSEC:.4g} arcsec")
        if np.linalg.det(steps) < 0:  # mirrored: columns to the east
            values, steps = values[:, ::-1], steps * [-1, 1]
        turn = float(np.arctan2(steps[1, 0], steps[0, 0]))
        quarters = round(turn / (0.5 * np.pi))
        rest = turn - 0.5 * np.pi * quarters
        upright = np.ascontiguousarray(np.rot90(values, -quarters))
        return upright, self.pixel or float(dy), rest if abs(rest) > _UNTURNED else 0.0

    def _given(self) -> float:
        if self.pixel is None:
            raise DataError(
                f"{self.path} has no celestial WCS: give the pixel size (pixel = '0.1 arcsec'); CDELT1 with CUNIT1, or CDELT1P "
                "of an image of Chandra, would tell it as well"
            )
        return self.pixel

    def _steps(self, header: Any) -> Array | None:
        """Steps (to the west, to the north) of a column and of a row [rad], shape (2, 2); None where the header tells nothing."""
        from astropy.wcs import WCS

        try:
            wcs = WCS(header)
        except KeyError:  # raised where there are physical coordinates alone
            wcs = WCS()
        if wcs.has_celestial:
            return np.asarray(np.deg2rad(wcs.celestial.pixel_scale_matrix) * [[-1], [1]])
        unit = str(header.get("CUNIT1", "")).strip()
        if "CDELT1" in header and unit and same_dimension(unit, "rad"):
            sizes = [abs(float(header[f"CDELT{i}"])) for i in (1, 2)]
            return np.diag(sizes) * unit_factor(unit, "rad")
        sky = _SKY_PIXELS.get(str(header.get("INSTRUME", "")).strip())
        if "CDELT1P" in header and "CDELT2P" in header and sky is not None:
            return np.diag([float(header["CDELT1P"]), float(header["CDELT2P"])]) * sky
        return None

    @property
    def counted(self) -> int | None:
        """Rays behind the image: as given, or its sum in units of its faintest pixel, where all are whole multiples of that."""
        if self.rays is not None:
            return self.rays
        values = self._read[0]
        lit = values[values > 0]
        whole = bool(np.all(lit == np.rint(lit)))
        multiples = lit if whole else lit / lit.min(initial=np.inf)
        if not 2 <= multiples.max(initial=0.0) < _MOST or np.max(np.abs(multiples - np.rint(multiples))) > 1e-3:
            return None
        return round(float(multiples.sum()))

    def resampled(self, rng: np.random.Generator) -> Stamp | None:
        """As another tracing of as many rays would have made it; None where their number is not known."""
        return None if self.counted is None else self.stamp.redrawn(self.counted, rng)

    @property
    def lattice(self) -> tuple[Array, tuple[float, float], float] | None:
        """Densities of the pixels."""
        return self.stamp.lattice

    def density(self, dx: ArrayLike, dy: ArrayLike) -> Array:
        """Interpolated density [sr^-1]."""
        return self.stamp.density(dx, dy)

    def encircled(self, radius: ArrayLike) -> Array:
        """Light of the interpolated density within `radius`."""
        return self.stamp.encircled(radius)

    def transfer(self, q: ArrayLike) -> Array:
        """Azimuthal mean of the Fourier transform of the pixels."""
        return self.stamp.transfer(q)

    def drawn(self, number: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Offsets [rad] of photons, drawn exactly."""
        return self.stamp.drawn(number, rng)
