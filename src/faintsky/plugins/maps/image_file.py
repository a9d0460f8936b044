"""Reads an image with its WCS, unit and physical frame from a FITS file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.image_hdu import image_hdu
from faintsky.plugins.maps.event_file import quiet_fits

__all__ = ["ImageFile", "read_image"]


@frozen(kw_only=True, eq=False)
class ImageFile:
    """An image as a file holds it.

    Attributes
    ----------
    values : ndarray, shape (ny, nx)
        float32 where the file holds 32-bit floats, else float64; in native byte order.
    grid : Grid
    unit : str
        BUNIT; empty where the file says none.
    physical : tuple of float
        (LTM1_1, LTV1, LTM2_2, LTV2): 1-based pixel = LTM x physical + LTV.
    obs_id : str
    """

    values: NDArray[np.floating[Any]]
    grid: Grid
    unit: str
    physical: tuple[float, float, float, float]
    obs_id: str


def read_image(path: Path, hdu: str = "", pixel: float | None = None) -> ImageFile:
    """Read the first image of a file, or that of an HDU by name or number.

    Parameters
    ----------
    path : Path
        FITS, also compressed.
    hdu : str
        Name or number.
    pixel : float, optional
        Pixel size [rad], for a file without a celestial WCS.

    Raises
    ------
    DataError
        Where the file holds no such image, or neither WCS nor `pixel` tells the scale.
    """
    from astropy.io import fits
    from astropy.wcs import WCS

    if not path.exists():
        raise DataError(f"there is no image file {path}")
    with quiet_fits(), fits.open(path) as hdus:
        chosen = image_hdu(hdus, path, hdu)
        header = chosen.header
        if chosen.data is None:
            raise DataError(f"{path.name}[{chosen.name}] holds no data")
        raw = np.asarray(chosen.data)
        values: NDArray[np.floating[Any]] = raw.astype(
            np.float32 if raw.dtype.kind == "f" and raw.dtype.itemsize == 4 else np.float64
        )
        while values.ndim > 2 and values.shape[0] == 1:
            values = values[0]
        if values.ndim != 2:
            raise DataError(f"{path.name}[{chosen.name}] has {values.ndim} dimensions, a map has two")
        wcs = WCS(header)
        shape = (values.shape[0], values.shape[1])
        if wcs.has_celestial:
            grid = Grid.from_wcs(wcs, shape)
        elif pixel is not None:
            grid = Grid(shape, pixel)
        else:
            raise DataError(f'{path.name} has no celestial WCS: give pixel = "... arcsec"')
        ltm = (float(header.get("LTM1_1", 1.0)), float(header.get("LTM2_2", 1.0)))
        physical = (ltm[0], float(header.get("LTV1", 0.0)), ltm[1], float(header.get("LTV2", 0.0)))
        if "LTV1" not in header and "CRPIX1P" in header:
            physical = _from_physical_wcs(header)
        unit = str(header.get("BUNIT", "")).strip()
        return ImageFile(values=values, grid=grid, unit=unit, physical=physical, obs_id=str(header.get("OBS_ID", "")))


def _from_physical_wcs(header: Any) -> tuple[float, float, float, float]:
    """LTM and LTV from the WCS ``P`` that CIAO writes: physical = CRVALnP + (pixel - CRPIXnP) CDELTnP."""
    found: list[float] = []
    for axis in (1, 2):
        step = float(header.get(f"CDELT{axis}P", 1.0))
        found += [1 / step, float(header[f"CRPIX{axis}P"]) - float(header[f"CRVAL{axis}P"]) / step]
    return found[0], found[1], found[2], found[3]
