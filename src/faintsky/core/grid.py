"""The pixel grid of a map: shape, pixel scale, and where it lies on the sky."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.digest import json_digest
from faintsky.core.errors import DataError
from faintsky.core.units import ARCSEC, canonical

__all__ = ["Grid"]


def _shape(value: Sequence[int]) -> tuple[int, int]:
    ny, nx = value
    return int(ny), int(nx)


def _pair(value: Any) -> tuple[float, float]:
    number = canonical(value, "rad")
    if isinstance(number, tuple | np.ndarray):
        dy, dx = number
        return float(dy), float(dx)
    return float(number), float(number)


@frozen(slots=False)
class Grid:
    """A flat-sky grid of square or rectangular pixels.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx)
    scale : float, str, Quantity, or a pair (dy, dx)
        Pixel size [rad].
    header : str
        The WCS as a FITS header text, empty where the grid lies nowhere.

    Raises
    ------
    DataError
        Where the grid holds no pixel or a pixel has no size.
    """

    shape: tuple[int, int] = field(converter=_shape)
    scale: tuple[float, float] = field(converter=_pair)
    header: str = field(default="", repr=False)

    def __attrs_post_init__(self) -> None:
        if min(self.shape) < 1 or min(self.scale) <= 0:
            raise DataError(f"a grid needs pixels of a size, got shape {self.shape}, scale {self.scale} rad")

    @classmethod
    def from_wcs(cls, wcs: Any, shape: tuple[int, int]) -> Self:
        """The grid of a celestial astropy WCS.

        Raises
        ------
        DataError
            Where the axes are skewed, or the pixel area varies by more than 1 % over the field: a flat-sky
            estimate would be wrong there, and the message holds the number.
        """
        from astropy.wcs.utils import proj_plane_pixel_scales

        celestial = wcs.celestial
        dx, dy = (np.deg2rad(s) for s in proj_plane_pixel_scales(celestial))
        matrix = celestial.pixel_scale_matrix
        norms = np.linalg.norm(matrix, axis=0)
        cosine = abs(float(np.dot(matrix[:, 0], matrix[:, 1]) / (norms[0] * norms[1])))
        if cosine > 1e-3:
            skew = np.degrees(np.arcsin(cosine))
            raise DataError(
                f"the pixel axes of the WCS are skewed by {skew:.3f} deg from a right angle; reproject the events "
                "or the catalogue onto a plain tangential grid"
            )
        grid = cls(shape, (dy, dx), celestial.to_header_string(relax=True))
        change = grid.area_variation
        if change > 0.01:
            raise DataError(
                f"the pixel area varies by {100 * change:.2f} % over the field: not a flat sky. Cut the field, or "
                "use a tangential projection centred on it"
            )
        return grid

    @classmethod
    def tangential(cls, centre: tuple[float, float], shape: tuple[int, int], pixel: Any) -> Self:
        """Square pixels of a tangential projection, north up and east to the left.

        Parameters
        ----------
        centre : tuple of float
            Right ascension and declination of the middle of the grid [deg].
        shape : tuple of int
            (ny, nx)
        pixel : float, str or Quantity
            [rad]
        """
        from astropy.wcs import WCS

        scale = float(np.rad2deg(canonical(pixel, "rad")))
        wcs = WCS(naxis=2)
        wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
        wcs.wcs.crval = list(centre)
        wcs.wcs.crpix = [(shape[1] + 1) / 2, (shape[0] + 1) / 2]
        wcs.wcs.cdelt = [-scale, scale]
        return cls.from_wcs(wcs, shape)

    @cached_property
    def wcs(self) -> Any:
        """The astropy WCS, or None where the grid lies nowhere on the sky."""
        if not self.header:
            return None
        from astropy.io import fits
        from astropy.wcs import WCS

        return WCS(fits.Header.fromstring(self.header))

    def section(self, rows: slice, columns: slice) -> Grid:
        """The grid of a rectangle of pixels, given by slices inside of the grid with a step of 1.

        Raises
        ------
        DataError
            Where no pixel is left.
        """
        y, x = (range(size)[part] for size, part in zip(self.shape, (rows, columns), strict=True))
        header = self.wcs[y.start : y.stop, x.start : x.stop].to_header_string(relax=True) if self.wcs is not None else ""
        return Grid((len(y), len(x)), self.scale, header)

    @property
    def rotation(self) -> float:
        """Angle from the pixel y axis to north [rad]; it does not matter for isotropic spectra."""
        if self.wcs is None:
            return 0.0
        m = self.wcs.pixel_scale_matrix
        return float(np.arctan2(m[0, 1], m[1, 1]))

    @property
    def area_variation(self) -> float:
        """Largest relative difference of the true pixel area at the corners from that at the centre."""
        if self.wcs is None:
            return 0.0
        ny, nx = self.shape
        x = np.array([nx / 2, 0.0, nx - 1.0, 0.0, nx - 1.0])
        y = np.array([ny / 2, 0.0, 0.0, ny - 1.0, ny - 1.0])
        sky = self._unit_vectors(x, y)
        right, up = self._unit_vectors(x + 0.5, y), self._unit_vectors(x, y + 0.5)
        left, down = self._unit_vectors(x - 0.5, y), self._unit_vectors(x, y - 0.5)
        area = np.abs(np.einsum("ij,ij->i", np.cross(right - left, up - down), sky))
        return float(np.max(np.abs(area / area[0] - 1.0)))

    def _unit_vectors(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        lon, lat = np.deg2rad(self.wcs.wcs_pix2world(x, y, 0))
        return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)

    @property
    def pixel_area(self) -> float:
        """Solid angle of a pixel [sr]."""
        return self.scale[0] * self.scale[1]

    @property
    def area(self) -> float:
        """Solid angle of the whole grid [sr]."""
        return self.pixel_area * self.shape[0] * self.shape[1]

    @property
    def size(self) -> int:
        """Number of pixels."""
        return self.shape[0] * self.shape[1]

    @property
    def fundamental(self) -> float:
        """Smallest wavenumber of the grid [rad^-1]."""
        return 2 * np.pi / max(n * d for n, d in zip(self.shape, self.scale, strict=True))

    @property
    def nyquist(self) -> float:
        """Smaller of the two axis Nyquist wavenumbers [rad^-1]; the corner lies beyond."""
        return float(np.pi / max(self.scale))

    @property
    def digest(self) -> str:
        """Identity of the grid."""
        return json_digest([list(self.shape), list(self.scale), self.header])

    def check_same(self, other: Grid, names: tuple[str, str] = ("the first map", "the second map")) -> None:
        """Refuse maps on different grids (tolerance 0.01 pixel).

        Raises
        ------
        DataError
            The message names both and holds both numbers.
        """
        a, b = names
        if self.shape != other.shape:
            raise DataError(
                f"{a} is {self.shape[0]}x{self.shape[1]} pixels but {b} is {other.shape[0]}x{other.shape[1]}: "
                "make both on one grid ([grid] like = ...)"
            )
        if not np.allclose(self.scale, other.scale, rtol=1e-2 / max(self.shape), atol=0):
            mine, its = ([s / ARCSEC for s in grid.scale] for grid in (self, other))
            raise DataError(
                f"the pixels of {a} are {mine[0]:.6g} x {mine[1]:.6g} arcsec but those of {b} {its[0]:.6g} x {its[1]:.6g} arcsec"
            )
        if self.wcs is not None and other.wcs is not None and self.header != other.header:
            ny, nx = self.shape
            x, y = np.array([0.0, nx - 1.0, 0.0, nx - 1.0]), np.array([0.0, 0.0, ny - 1.0, ny - 1.0])
            there = other.wcs.all_world2pix(*self.wcs.wcs_pix2world(x, y, 0), 0)
            offset = float(np.max(np.hypot(there[0] - x, there[1] - y)))
            if offset > 0.01:
                raise DataError(f"{a} and {b} are offset by up to {offset:.3g} pixels on the sky; the limit is 0.01")
