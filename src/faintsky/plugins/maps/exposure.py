"""Exposure maps: read, with the unit that the file or the user states, on the grid of a map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.units import same_dimension, unit_factor
from faintsky.plugins.maps.image_file import read_image

__all__ = ["Exposure", "read_exposure"]


@frozen(kw_only=True, eq=False)
class Exposure:
    """An exposure map on a grid.

    Attributes
    ----------
    values : ndarray, shape (ny, nx)
        [`unit`]; 0 outside the field of view.
    unit : str
        ``cm2 s`` (effective area included) or ``s``.
    """

    values: NDArray[np.float64]
    unit: str


def read_exposure(path: Path, grid: Grid | None, unit: str = "") -> tuple[Exposure, Grid]:
    """Read an exposure map, on its own grid or sampled at the pixel centres of another.

    An exposure is a smooth weight and no data, so the nearest pixel is taken where the grids differ; photons are never
    resampled.

    Parameters
    ----------
    path : Path
    grid : Grid, optional
    unit : str
        What the values are, where the file does not say (BUNIT); never guessed from the numbers.

    Raises
    ------
    DataError
        Where the unit is missing or no exposure, or the two grids have no common place on the sky.
    """
    image = read_image(path)
    stated = unit or image.unit
    if not stated:
        raise DataError(
            f'{path.name} does not say its unit (BUNIT): give exposure_unit = "cm2 s" (area included) or "s" (time alone)'
        )
    # CIAO also writes the area times time as counts per photon.
    wanted = next((w for w in ("cm2 s", "s") if any(same_dimension(stated, w + per) for per in ("", " ct / ph"))), None)
    if wanted is None:
        raise DataError(f"the unit {stated!r} of {path.name} is no exposure: neither 'cm2 s' nor 's'")
    factor = unit_factor(stated, wanted if same_dimension(stated, wanted) else f"{wanted} ct / ph")
    own = image.values.astype(np.float64)
    values = np.where(np.isfinite(own) & (own > 0), own, 0.0) * factor
    if grid is None:
        return Exposure(values=values, unit=wanted), image.grid
    return Exposure(values=_sampled(values, image.grid, grid, path), unit=wanted), grid


def _sampled(values: NDArray[np.float64], own: Grid, grid: Grid, path: Path) -> NDArray[np.float64]:
    try:
        own.check_same(grid)
        return values
    except DataError:
        if own.wcs is None or grid.wcs is None:
            raise DataError(
                f"{path.name} is {own.shape[0]}x{own.shape[1]} pixels, the map {grid.shape[0]}x{grid.shape[1]}, and one of "
                "them has no WCS to bring them together"
            ) from None
    ny, nx = grid.shape
    sky = grid.wcs.wcs_pix2world(*(c.ravel() for c in np.meshgrid(np.arange(nx), np.arange(ny))), 0)
    x, y = (np.rint(c).astype(int) for c in own.wcs.all_world2pix(*sky, 0))
    inside = (x >= 0) & (x < own.shape[1]) & (y >= 0) & (y < own.shape[0])
    if not inside.any():
        raise DataError(f"{path.name} does not overlap the grid of the map on the sky")
    result = np.zeros(ny * nx)
    result[inside] = values[y[inside], x[inside]]
    return result.reshape(ny, nx)
