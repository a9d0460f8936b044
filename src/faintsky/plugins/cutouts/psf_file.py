"""PSFs from FITS files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.image_hdu import image_hdu
from faintsky.core.pixel_psf import PixelPsf
from faintsky.plugins.maps.event_file import quiet_fits

__all__ = ["read_psf"]

Array = NDArray[np.float64]


def read_psf(
    path: Path, hdu: str = "", error: str = "", oversampling: int = 1, normalise: bool = False, recentre: bool = False
) -> PixelPsf:
    """Read a PSF.

    Parameters
    ----------
    path : Path
        FITS.
    hdu : str
        Name or number; default: the first image.
    error : str
        HDU of the errors of its values, where there are some.
    oversampling : int
        Samples per image pixel, along each axis.
    normalise : bool
        Divide by the sum.
    recentre : bool
        Cut it again about the light's centre, by whole samples: nothing is interpolated.

    Raises
    ------
    DataError
        Where there is no such image, pixels are not finite, or (unless they are mended) it is not normalised or centred.
    """
    from astropy.io import fits

    if not path.is_file():
        raise DataError(f"there is no PSF file {path}")
    with quiet_fits(), fits.open(path) as hdus:
        values = _plane(hdus, path, hdu)
        scatter = _plane(hdus, path, error) if error else None
    if not np.all(np.isfinite(values)):
        raise DataError(f"{path.name}: {int((~np.isfinite(values)).sum())} pixels of the PSF are not finite: mend them first")
    if recentre:
        shift = _offset(values)
        values = _moved(values, shift)
        scatter = None if scatter is None else _moved(scatter, shift)
    try:
        if normalise:
            return PixelPsf.of(values, oversampling, scatter)
        return PixelPsf(values=values, oversampling=oversampling, error=scatter)
    except DataError as problem:
        raise DataError(f"{path.name}: {problem}. Options of the band mend it: normalise = true, recentre = true") from None


def _plane(hdus: object, path: Path, hdu: str) -> Array:
    chosen = image_hdu(hdus, path, hdu)
    if chosen.data is None or np.ndim(chosen.data) != 2:
        raise DataError(
            f"{path.name}[{hdu or chosen.name or 0}] is no image of two dimensions. Of a model of PSFEx, write the PSF at the "
            "place of the target as an image"
        )
    return np.asarray(chosen.data, dtype=float)


def _offset(values: Array) -> tuple[int, int]:
    """Whole samples from the middle of the array to the centre of the light above a tenth of the peak."""
    bright = np.where(values > 0.1 * values.max(), values, 0.0)
    centre = [float((bright * index).sum() / bright.sum()) for index in np.indices(values.shape)]
    dy, dx = (round(c) - n // 2 for c, n in zip(centre, values.shape, strict=True))
    return dy, dx


def _moved(values: Array, shift: tuple[int, int]) -> Array:
    """Cut again about the middle plus `shift`, to odd sides, as large as fits on all sides."""
    rows, columns = (
        slice(n // 2 + s - reach, n // 2 + s + reach + 1)
        for n, s in zip(values.shape, shift, strict=True)
        for reach in [min(n // 2 + s, n - 1 - n // 2 - s)]
    )
    return values[rows, columns]
