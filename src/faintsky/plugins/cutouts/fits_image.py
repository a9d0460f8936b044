"""An image of a FITS file, of which parts are read when they are asked for."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.image_hdu import image_hdu
from faintsky.plugins.maps.event_file import quiet_fits

__all__ = ["FitsImage"]

Array = NDArray[np.float64]


@frozen(eq=False)
class FitsImage:
    """Header, WCS and shape of an image; its pixels stay in the file.

    Attributes
    ----------
    path : Path
    hdu : str
        Name or number; empty for the first image.
    header : astropy Header
        That of the HDU, with what only the primary one has (PHOTFLAM of many HST files).
    wcs : astropy WCS, optional
        Celestial; None where there is none.
    shape : tuple of int
        (ny, nx)
    """

    path: Path
    hdu: str
    header: Any
    wcs: Any
    shape: tuple[int, int]

    @staticmethod
    def of(path: Path, hdu: str = "") -> FitsImage:
        """Read the header; once per process while the file stays as it is.

        Raises
        ------
        DataError
            Where the file is missing, or holds no image of two dimensions.
        """
        if not path.is_file():
            raise DataError(f"there is no image file {path}")
        stat = path.stat()
        return _opened(path, hdu, stat.st_size, stat.st_mtime_ns)

    def section(self, row: int, column: int, shape: tuple[int, int]) -> Array:
        """The pixels from (row, column) on; NaN beyond the edges. Of a file that is not compressed only these are read."""
        from astropy.io import fits

        found = np.full(shape, np.nan)
        low = max(row, 0), max(column, 0)
        high = min(row + shape[0], self.shape[0]), min(column + shape[1], self.shape[1])
        if low[0] >= high[0] or low[1] >= high[1]:
            return found
        with quiet_fits(), fits.open(self.path, memmap=True) as hdus:
            part = image_hdu(hdus, self.path, self.hdu).section[low[0] : high[0], low[1] : high[1]]
            found[low[0] - row : high[0] - row, low[1] - column : high[1] - column] = part
        return found


@lru_cache(maxsize=128)
def _opened(path: Path, hdu: str, size: int, mtime_ns: int) -> FitsImage:
    from astropy.io import fits
    from astropy.wcs import WCS

    with quiet_fits(), fits.open(path, memmap=True) as hdus:
        chosen = image_hdu(hdus, path, hdu)
        header = chosen.header.copy()
        if not chosen.is_image or len(chosen.shape) != 2:
            raise DataError(f"{path.name}[{hdu or chosen.name or 0}] is no image of two dimensions; say which HDU is one")
        header.extend(hdus[0].header, unique=True, update=False)
        wcs = WCS(chosen.header)
        return FitsImage(path, hdu, header, wcs.celestial if wcs.has_celestial else None, (chosen.shape[0], chosen.shape[1]))
