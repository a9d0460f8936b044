"""A catalogue from a table file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.catalogue import MISSING, Catalogue, CatalogueSource
from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError, nearest
from faintsky.core.paths import as_path
from faintsky.core.redshift import Redshifts, redshift_grid

__all__ = ["TableCatalogue"]

_FITS = (".fits", ".fit", ".fits.gz", ".fit.gz", ".fz")


@component()
@frozen(kw_only=True)
class TableCatalogue(CatalogueSource):
    """Sources of a FITS, ECSV, CSV or VOTable file: positions, chosen columns, redshifts.

    Redshifts come from a density per row (`pdf`, with its grid `pdf_z`), from percentiles (`z_median`, `z_low`, `z_high`) or from
    a spectroscopic column (`z_spec`, which wins where it has a value). Without any, the sources have positions only.
    """

    path: Path = option(help="the table", converter=as_path)
    hdu: str = option("", help="name or number of the HDU of a FITS file; default: the first table")
    ra: str = option("ra", help="column of the right ascension [deg, unless the column has a unit]")
    dec: str = option("dec", help="column of the declination")
    columns: Mapping[str, str] = option(factory=dict, help="further columns: the name that is used here = the table's name")
    missing: tuple[float, ...] = option(MISSING, help="numbers that mean no value")
    pdf: str = option("", help="column (one row of values a source) or file (.npy, rows as in the table) of redshift densities")
    pdf_z: tuple[float, ...] = option((), help="redshift grid of the densities: [first, last, number], or all its values")
    pdf_values: str = option("density", choices=("density", "probability"), help="whether a row integrates, or sums, to 1")
    z_spec: str = option("", help="column of spectroscopic redshifts")
    z_median: str = option("", help="column of the median redshift")
    z_low: str = option("", help="column of its 16 per cent quantile")
    z_high: str = option("", help="column of its 84 per cent quantile")
    z_grid: tuple[float, float, int] = option(
        (0.0, 15.0, 301), help="[first, last, number] of the grid for percentiles and z_spec"
    )

    def __attrs_post_init__(self) -> None:
        if self.pdf and not self.pdf_z:
            raise DataError(
                f"the redshift densities {self.pdf!r} have no grid: give pdf_z = [first, last, number], or all its values"
            )
        given = [bool(name) for name in (self.z_median, self.z_low, self.z_high)]
        if any(given) and not all(given):
            raise DataError("percentiles need all of z_median, z_low, z_high")

    def load(self, ctx: Context) -> Catalogue:
        """Read the table.

        Raises
        ------
        DataError
            Where the file holds no table, a column is missing (with the nearest name), or the redshifts are not densities.
        """
        columns = {"ra": self.ra, "dec": self.dec, **self.columns}
        extra = {f"_{key}": getattr(self, key) for key in ("z_spec", "z_median", "z_low", "z_high") if getattr(self, key)}
        in_file = self.pdf.endswith(".npy")
        wanted = [*columns.values(), *extra.values(), *([self.pdf] if self.pdf and not in_file else [])]
        table = self._read(wanted)
        if missing := [
            theirs for ours, theirs in columns.items() if ours in ("ra", "dec") and theirs.lower() not in _lower(table)
        ]:
            raise DataError(
                f"{self.path.name} has no positions: no column {' and '.join(missing)}. "
                f"{nearest(missing[0], table.colnames)} Columns: {', '.join(table.colnames[:30])}; say which with ra = and dec ="
            )
        read = Catalogue.from_table(
            table, columns | extra, units={"ra": "deg", "dec": "deg"}, missing=self.missing, name=self.path.name
        )
        if not len(read):
            raise DataError(f"{self.path.name} holds no source")
        own = {name: column for name, column in read.columns.items() if name not in extra}
        units = {name: unit for name, unit in read.units.items() if name in own}
        redshifts = self._redshifts(table, read, ctx)
        return Catalogue(columns=own, units=units, redshifts=redshifts, name=self.path.name)

    def _read(self, wanted: Sequence[str]) -> Any:
        from astropy.table import Table

        if not self.path.name.lower().endswith(_FITS):
            return Table.read(self.path)
        from astropy.io import fits

        with fits.open(self.path, memmap=True) as hdus:
            tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU | fits.TableHDU)]
            chosen = tables[0] if not self.hdu and tables else None
            for hdu in tables:
                if self.hdu and self.hdu in (hdu.name, str(hdus.index_of(hdu.name) if hdu.name else "")):
                    chosen = hdu
            if chosen is None:
                found = ", ".join(f"{i} {hdu.name!r}" for i, hdu in enumerate(hdus))
                raise DataError(f"{self.path.name} holds no table {self.hdu!r}; its HDUs: {found}")
            # A wide table of a million rows is read column by column, and only those that are asked for.
            table = Table()
            lower = {name.lower() for name in wanted}
            for column in chosen.columns:
                if column.name.lower() in lower:
                    table[column.name] = np.array(chosen.data[column.name])
                    table[column.name].unit = column.unit
            if not len(table.colnames) and len(chosen.columns):
                return Table({column.name: [] for column in chosen.columns})
            return table

    def _redshifts(self, table: Any, read: Catalogue, ctx: Context) -> Redshifts | None:
        made: Redshifts | None = None
        if self.pdf:
            rows = self._densities(table)
            made = Redshifts.from_pdf(redshift_grid(self.pdf_z), rows, values=self.pdf_values)
        elif self.z_median:
            median, low, high = (read[f"_{key}"] for key in ("z_median", "z_low", "z_high"))
            made = Redshifts.from_percentiles(median, low, high, redshift_grid(self.z_grid))
        if not self.z_spec:
            return made
        spec = read["_z_spec"]
        known = np.isfinite(spec)
        if made is not None:
            return made.with_spec(spec)
        if not known.all():
            ctx.warn(f"{int(np.sum(~known))} of {known.size} sources of {self.path.name} have no redshift: they count nowhere")
        return Redshifts.from_spec(np.where(known, spec, -1.0), redshift_grid(self.z_grid))

    def _densities(self, table: Any) -> NDArray[Any]:
        if self.pdf.endswith(".npy"):
            path = self.path.parent / self.pdf
            if not path.exists():
                raise DataError(f"there is no file {self.pdf} of redshift densities beside {self.path.name}")
            return np.asarray(np.load(path))
        name = _lower(table).get(self.pdf.lower())
        if name is None:
            raise DataError(f"{self.path.name} has no column {self.pdf!r} (for pdf). {nearest(self.pdf, table.colnames)}")
        return np.asarray(table[name])


def _lower(table: Any) -> dict[str, str]:
    return {name.lower(): name for name in table.colnames}
