"""A PSF in Fourier space, for images of one shape."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy import fft

from faintsky.core.pixel_psf import PixelPsf

__all__ = ["PsfTransform", "Zone"]

Array = NDArray[np.float64]
Spectrum = NDArray[np.complex128]

#: Half-light of the part of a galaxy that is made in Fourier space reaches so far beyond the frame [pixel].
_CORE = 8
#: Light farther outside of the frame than this is not scattered into it [pixel].
_REACH = 32
#: Wavenumbers at which the transform of the PSF is smaller than this are left out where they are many.
_SMALL = 1e-5


@frozen(eq=False)
class Zone:
    """Wavenumbers that the sampling by pixels folds onto those of the image, each onto another: one set of a such.

    Attributes
    ----------
    place : ndarray of int, shape (a,)
        In the flattened transform of the image.
    ky, kx : ndarray, shape (a,)
        [rad per pixel]
    response : ndarray of complex, shape (a,)
        Transform of the PSF about its middle.
    """

    place: NDArray[np.intp]
    ky: Array
    kx: Array
    response: Spectrum

    def phase(self, x: float, y: float) -> Spectrum:
        """Transform of a point, times the PSF."""
        return np.asarray(np.exp(-1j * (x * self.kx + y * self.ky)) * self.response)


@frozen(eq=False)
class PsfTransform:
    """Images of a shape, seen through a PSF, by their transforms on a frame with a margin.

    The samples of a PSF, the response of the pixel included, stand for the function of limited bandwidth through them. So the
    image of a point is exact at any place where the samples resolve the PSF, and light is never convolved with the pixel a second
    time. An oversampled PSF holds wavenumbers that the image does not: they are folded onto those of the image, as pixels do.

    Attributes
    ----------
    shape : tuple of int
        (ny, nx) of the image.
    margin : int
        Of the frame on which light is given, on each side [pixel].
    size : tuple of int
        Of the transform: odd, and so wide that nothing wraps into the image.
    ky, kx : ndarray, shape (my, 1), (1, mx // 2 + 1)
        Wavenumbers of the image [rad per pixel].
    response : ndarray of complex, shape (my, mx // 2 + 1)
        Transform of the PSF about its middle there.
    zones : tuple of Zone
        All wavenumbers of the PSF that matter, those of the image itself first.
    """

    shape: tuple[int, int]
    margin: int
    size: tuple[int, int]
    ky: Array
    kx: Array
    response: Spectrum
    zones: tuple[Zone, ...]

    @classmethod
    def of(cls, psf: PixelPsf, shape: tuple[int, int]) -> PsfTransform:
        """For images of `shape` (ny, nx)."""
        many = psf.oversampling
        half = max(-(-size // (2 * many)) for size in psf.values.shape)
        margin = min(half, _REACH) + _CORE
        my, mx = (_fast_odd(n + margin + half + _CORE) for n in shape)
        padded = np.zeros((many * my, many * mx))
        rows, columns = (
            (np.arange(n) - n // 2) % m for n, m in zip(psf.values.shape, padded.shape, strict=True)
        )  # fmt: skip
        np.add.at(padded, (rows[:, None], columns[None, :]), psf.values)
        transform = fft.fft2(padded)
        jy, jx = np.fft.fftfreq(my, 1 / my).astype(int), np.arange(mx // 2 + 1)
        zones, own = [], np.zeros(0, dtype=complex)
        orders = sorted(range(-(many // 2), many // 2 + 1), key=abs)
        for qy, qx in ((qy, qx) for qy in orders for qx in orders):
            y, x = jy + qy * my, jx + qx * mx
            known = (2 * abs(y) <= many * my)[:, None] & (2 * abs(x) <= many * mx)[None, :]
            response = np.where(known, transform[(y % (many * my))[:, None], (x % (many * mx))[None, :]], 0)
            if (qy, qx) == (0, 0):
                own = response
            place = np.flatnonzero(np.abs(response) > _SMALL)
            row, column = np.divmod(place, jx.size)
            if place.size:
                zones.append(Zone(place, 2 * np.pi * y[row] / my, 2 * np.pi * x[column] / mx, response.ravel()[place]))
        ky, kx = 2 * np.pi * jy[:, None] / my, 2 * np.pi * jx[None, :] / mx
        return cls(shape, margin, (my, mx), ky, kx, own, tuple(zones))

    @property
    def places(self) -> tuple[Array, Array]:
        """y (n, 1) and x (1, m) of the pixels of the frame on which light is given [pixel of the image]."""
        ny, nx = self.shape
        return np.arange(-self.margin, ny + self.margin, 1.0)[:, None], np.arange(-self.margin, nx + self.margin, 1.0)[None, :]

    def holds(self, x: float, y: float) -> bool:
        """Whether a place lies on the frame; from outside of it compact light does not reach the image."""
        (ny, nx), edge = self.shape, self.margin - 0.5
        return -edge <= x <= nx - 1 + edge and -edge <= y <= ny - 1 + edge

    def point(self, x: float, y: float) -> Spectrum:
        """Transforms of a point of unit flux and of its derivatives by x and y, shape (3, my, mx // 2 + 1)."""
        found = np.zeros((3, *self.response.shape), dtype=complex)
        if self.holds(x, y):
            value, by_x, by_y = found.reshape(3, -1)
            for zone in self.zones:
                light = zone.phase(x, y)
                value[zone.place] += light
                by_x[zone.place] += -1j * zone.kx * light
                by_y[zone.place] += -1j * zone.ky * light
        return found

    def frame(self, light: Array) -> Spectrum:
        """Transform of smooth light on the frame, shape (..., n, m), seen through the PSF."""
        shift = np.exp(1j * self.margin * self.ky) * np.exp(1j * self.margin * self.kx)
        return np.asarray(fft.rfft2(light, s=self.size) * (shift * self.response))

    def image(self, spectra: Spectrum) -> Array:
        """Images, shape (..., ny, nx), of transforms that are folded."""
        ny, nx = self.shape
        return np.asarray(fft.irfft2(spectra, s=self.size)[..., :ny, :nx])


def _fast_odd(least: int) -> int:
    """The next odd number of small factors: without a wavenumber that is its own negative, shifts are exact."""
    return min(n for n in _odd_numbers() if n >= least)


@lru_cache(maxsize=1)
def _odd_numbers() -> tuple[int, ...]:
    found = {3**a * 5**b * 7**c * 11**d for a in range(10) for b in range(7) for c in range(5) for d in range(2)}
    return tuple(sorted(n for n in found if n < 20_000))
