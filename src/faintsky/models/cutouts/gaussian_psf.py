"""An analytic PSF with a core, a halo and wings: a sum of three Gaussians."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import erf

from faintsky.core.errors import DataError
from faintsky.core.pixel_psf import PixelPsf

__all__ = ["PARTS", "core_width", "gaussian_psf", "native_values"]

Array = NDArray[np.float64]

#: Share of the light and width in units of the core's, of core, halo and wings.
PARTS = ((0.70, 1.0), (0.22, 2.2), (0.08, 5.0))


@lru_cache(maxsize=64)
def gaussian_psf(fwhm: float, half_size: float, oversampling: int = 1) -> PixelPsf:
    """A round PSF whose response, the pixel included, has a given width.

    Each part is a Gaussian integrated over the pixel, (erf((x + 1/2) / sqrt(2) s) - erf((x - 1/2) / sqrt(2) s)) / 2 along each
    axis. Core, halo and wings hold 70, 22 and 8 per cent of the light; halo and wings are 2.2 and 5 times as wide as the core.

    Parameters
    ----------
    fwhm : float
        Full width at half maximum along an axis of pixels [pixel], above that of the pixel itself, 1.
    half_size : float
        The array reaches that far from the middle [pixel].
    oversampling : int

    Returns
    -------
    PixelPsf
        Of a sum of 1.
    """
    sigma = core_width(fwhm)
    half = round(half_size * oversampling)
    x = np.arange(-half, half + 1) / oversampling
    return PixelPsf.of(sum(share * np.outer(line, line) for share, line in _lines(x, sigma)), oversampling)


def core_width(fwhm: float) -> float:
    """Standard deviation of the core, before the pixel, for a FWHM of the response [pixel].

    Raises
    ------
    DataError
        Where the width is not above 1.02, that of a pixel with a point in it.
    """
    if not fwhm > 1.02:
        raise DataError(f"a response has a FWHM above that of its pixel, 1; got {fwhm:.3g} pixels")
    half = np.array([0.5 * fwhm])
    found = brentq(lambda s: float(_response(half, s)[0] / _response(np.zeros(1), s)[0]) - 0.5, 1e-3, fwhm)
    return float(found)


def native_values(psf: PixelPsf) -> Array:
    """Share of the light that each pixel of an image holds, of a source on the centre of one."""
    (y, x), step = (int(each) for each in psf.middle), psf.oversampling
    return np.asarray(psf.values[y % step :: step, x % step :: step] * step**2)


def _lines(x: Array, sigma: float) -> list[tuple[float, Array]]:
    """Share of each part, and its integral over the pixel along one axis."""
    widths = [(share, np.sqrt(2) * sigma * width) for share, width in PARTS]
    return [(share, 0.5 * (erf((x + 0.5) / width) - erf((x - 0.5) / width))) for share, width in widths]


def _response(x: Array, sigma: float) -> Array:
    """Response along the axis through the middle, up to a constant."""
    middle = np.zeros(1)
    rows = zip(_lines(x, sigma), _lines(middle, sigma), strict=True)
    return np.asarray(sum(share * along * across for (share, along), (_, across) in rows))
