"""Redshift distributions in a table: names, rows of values, their grid."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.catalogue import MISSING, Catalogue
from faintsky.core.errors import DataError, nearest

__all__ = ["PdfTable"]

Array = NDArray[np.float64]


@frozen(eq=False, slots=False)
class PdfTable:
    """A FITS, ECSV, CSV or VOTable file, read once.

    Attributes
    ----------
    path : Path
    hdu : str
        Name or number of the HDU of a FITS file; the first table where it is empty.
    """

    path: Path
    hdu: str = ""

    @cached_property
    def _table(self) -> Any:
        from astropy.table import Table

        if not self.hdu:
            return Table.read(self.path)
        return Table.read(self.path, hdu=int(self.hdu) if self.hdu.isdigit() else self.hdu)

    @property
    def listed(self) -> str:
        """The columns, as a sentence of an error."""
        return f"Columns: {', '.join(self._table.colnames[:30])}"

    def _column(self, name: str) -> Any:
        lower = {each.lower(): each for each in self._table.colnames}
        if name.lower() not in lower:
            raise DataError(f"{self.path.name} has no column {name!r}. {nearest(name, self._table.colnames)} {self.listed}")
        return self._table[lower[name.lower()]]

    def names(self, column: str) -> list[str]:
        """Names of sources; whole numbers are written without a decimal point."""
        return as_names(self._column(column))

    def numbers(self, column: str) -> Array:
        """A number for each row, NaN where there is none."""
        return np.asarray(Catalogue.from_table(self._table, {"column": column}, missing=MISSING, name=self.path.name)["column"])

    def rows(self, column: str) -> Array:
        """A row of values for each source, shape (n, m)."""
        found = np.asarray(self._column(column), dtype=float)
        if found.ndim != 2:
            raise DataError(f"the column {column!r} of {self.path.name} holds one number a row, and no distribution")
        return found

    def grid(self, where: str) -> Array:
        """Redshifts of a column, which are the same in all rows, or of an HDU.

        Raises
        ------
        DataError
            Where there is neither, or rows have grids of their own.
        """
        if where.lower() in (name.lower() for name in self._table.colnames):
            grids = np.atleast_2d(np.asarray(self._column(where), dtype=float))
            if not np.all(grids == grids[0]):
                raise DataError(f"the grids {where!r} of {self.path.name} differ from row to row: bring them to one")
            return np.asarray(grids[0])
        if not self.path.name.lower().endswith((".fits", ".fit", ".fits.gz", ".fit.gz")):
            raise DataError(f"{self.path.name} has no column {where!r} of redshifts. {self.listed}")
        from astropy.io import fits

        with fits.open(self.path) as hdus:
            names = [hdu.name for hdu in hdus]
            if where.upper() not in names:
                raise DataError(
                    f"{self.path.name} has neither a column nor an HDU {where!r} of redshifts. "
                    f"{nearest(where, [*self._table.colnames, *names])} HDUs: {', '.join(names)}; {self.listed}"
                )
            data = hdus[where].data
            return np.array(data if data.dtype.names is None else data.field(0), dtype=float).ravel()


def as_names(column: Any) -> list[str]:
    """A column as names: texts without blanks about them, whole numbers without a decimal point."""
    values = np.asarray(column)
    if values.dtype.kind == "f" and np.all(values == np.round(values)):
        values = values.astype(np.int64)
    texts = values.tolist()
    return [(each.decode() if isinstance(each, bytes) else str(each)).strip() for each in texts]
