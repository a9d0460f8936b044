"""Discs around the positions of a catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError, nearest
from faintsky.core.grid import Grid
from faintsky.core.map import Map
from faintsky.core.mask import MaskRule
from faintsky.core.paths import as_path

__all__ = ["Discs", "stamp_discs"]

_MISSING = (-99.0, -999.0, -9999.0)


@component()
@frozen(kw_only=True)
class Discs(MaskRule):
    """Discs around the positions of a catalogue, of one radius or of a radius per source."""

    path: Path = option(help="table with positions: FITS, ECSV, CSV, VOTable", converter=as_path)
    ra: str = option("ra", help="column of the right ascension [deg, or its own unit]")
    dec: str = option("dec", help="column of the declination [deg, or its own unit]")
    radius: float = option("7 arcsec", unit="rad", gt=0, help="radius of the discs, unless radius_column is given")
    radius_column: str = option("", help="column of radii [arcsec, or its own unit]")
    mag: str = option("", help="column of magnitudes that mag_range selects on")
    mag_range: tuple[float, float] | None = option(None, help="[brightest, faintest] magnitude of the sources to mask")

    def masked(self, maps: Mapping[str, Map], ctx: Context) -> NDArray[np.bool_]:
        """Pixels whose centre lies in a disc.

        Raises
        ------
        DataError
            Where the table lacks a column, or the maps lie nowhere on the sky.
        """
        from astropy.table import Table

        grid = next(iter(maps.values())).geometry
        if grid.wcs is None:
            raise DataError("discs around a catalogue need maps with a WCS")
        table = Table.read(self.path)
        ra, dec = (np.rad2deg(_column(table, name, "deg", self.path)) for name in (self.ra, self.dec))
        radius = (
            _column(table, self.radius_column, "arcsec", self.path) if self.radius_column else np.full(len(table), self.radius)
        )
        chosen = np.isfinite(ra) & np.isfinite(dec) & np.isfinite(radius) & (radius > 0)
        lost = int((~chosen).sum())
        if lost:
            ctx.warn(f"{lost} of {len(table)} rows of {self.path.name} have no position or radius and mask nothing")
        if self.mag_range is not None:
            if not self.mag:
                raise DataError("mag_range needs mag, the column of magnitudes")
            values = _plain(table, self.mag, self.path)
            chosen &= (values >= self.mag_range[0]) & (values <= self.mag_range[1])
        x, y = grid.wcs.all_world2pix(ra[chosen], dec[chosen], 0, quiet=True)
        here = np.isfinite(x) & np.isfinite(y)  # the far side of the sky has no place on a tangential grid
        out = stamp_discs(grid, y[here], x[here], radius[chosen][here])
        if not out.any():
            ctx.warn(f"no disc of {self.path.name} touches the maps: is it the catalogue of this field?")
        return out


def _plain(table: Any, name: str, path: Path) -> NDArray[np.float64]:
    """A column as floats, NaN where it is missing: masked, -99, -999 or -9999."""
    if name not in table.colnames:
        hint = nearest(name, table.colnames)
        raise DataError(f"{path.name} has no column {name!r}. {hint} Columns: {', '.join(table.colnames[:20])}")
    column = table[name]
    values = np.array(np.ma.filled(np.ma.asarray(getattr(column, "data", column)).astype(float), np.nan), dtype=float)
    return np.where(np.isin(values, _MISSING), np.nan, values)


def _column(table: Any, name: str, unit: str, path: Path) -> NDArray[np.float64]:
    """A column in radian, by its own unit or `unit`."""
    from faintsky.core.units import unit_factor

    values = _plain(table, name, path)
    stated = getattr(table[name], "unit", None)
    return values * unit_factor(str(stated) if stated else unit, "rad")


def stamp_discs(grid: Grid, y: NDArray[np.float64], x: NDArray[np.float64], radius: NDArray[np.float64]) -> NDArray[np.bool_]:
    """True where a pixel centre lies in one of the discs at 0-based pixel positions (y, x), radii in radian."""
    ny, nx = grid.shape
    dy, dx = grid.scale
    out = np.zeros(grid.shape, dtype=bool)
    for cy, cx, r in zip(y, x, radius, strict=True):
        y0, y1 = max(int(np.floor(cy - r / dy)), 0), min(int(np.ceil(cy + r / dy)) + 1, ny)
        x0, x1 = max(int(np.floor(cx - r / dx)), 0), min(int(np.ceil(cx + r / dx)) + 1, nx)
        if y0 >= y1 or x0 >= x1:
            continue
        inside = np.hypot((np.arange(y0, y1)[:, None] - cy) * dy, (np.arange(x0, x1) - cx) * dx) <= r
        out[y0:y1, x0:x1] |= inside
    return out
