"""Redshift distributions that others made, from a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError, nearest
from faintsky.core.paths import as_path
from faintsky.core.photo_z import PhotoZ, PhotoZRule
from faintsky.core.photometry import Photometry
from faintsky.core.redshift import Redshifts, redshift_grid
from faintsky.plugins.photo_z.pdf_table import PdfTable
from faintsky.plugins.photo_z.qp_file import is_qp, read_qp
from faintsky.plugins.surveys.density_file import read_densities

__all__ = ["Given"]

#: How many names an error lists.
_SHOWN = 10


@component(references=["Malz2018"])
@frozen(kw_only=True)
class Given(PhotoZRule):
    """Redshift distributions from a file, matched to the photometry by the names of sources.

    * A FITS, ECSV, CSV or VOTable file: `pdf`, a column with a row of values for each source, on the grid `z` or the one of
      `z_from` (a column, or an HDU of the same file); or the percentiles `z_median`, `z_low`, `z_high`; and `z_spec`, which wins
      where it has a value.
    * An ``.npy`` file of rows of values on the grid `z`, with `names`, a text file of a name in each line.
    * A file of qp (``.hdf5``, or FITS), read by the package qp-prob: on its own grid, or any other parametrisation on the grid
      `z`. Names are the column `name` of its ancillary table, or in `names`.

    Rows that are not of a source are left out; sources may stand in any order. There are no templates: chi2 is NaN.

    References
    ----------
    Malz et al. 2018, AJ 156, 35 (qp).
    """

    path: Path = option(help="file of the distributions", converter=as_path)
    name: str = option("name", help="column of the names of sources")
    names: Path | None = option(None, help="text file with a name in each line, for files without names", converter=as_path)
    hdu: str = option("", help="name or number of the HDU of a FITS file; default: the first table")
    pdf: str = option("", help="column of densities or probabilities, a row of values for each source")
    z: tuple[float, ...] = option((), help="redshift grid: [first, last, number], or all its values")
    z_from: str = option("", help="column, or HDU, of the file that holds the grid")
    values: str = option("density", choices=("density", "probability"), help="whether a row integrates, or sums, to 1")
    z_median: str = option("", help="column of the median redshift")
    z_low: str = option("", help="column of its 16 per cent quantile")
    z_high: str = option("", help="column of its 84 per cent quantile")
    z_spec: str = option("", help="column of spectroscopic redshifts, which win")
    z_grid: tuple[float, float, int] = option((0.0, 15.0, 1501), help="[first, last, number] of the grid for the others")

    def __attrs_post_init__(self) -> None:
        given = [bool(each) for each in (self.z_median, self.z_low, self.z_high)]
        if any(given) and not all(given):
            raise DataError("percentiles need all of z_median, z_low, z_high")
        if self.pdf and any(given):
            raise DataError("distributions are given by pdf, or by percentiles; both are named")
        if self.pdf and not (len(self.z) or self.z_from):
            raise DataError(
                f"the distributions {self.pdf!r} have no grid: give z = [first, last, number], all its values, or z_from"
            )
        if self.path.suffix == ".npy" and not len(self.z):
            raise DataError(
                f"the distributions of {self.path.name} have no grid: give z = [first, last, number], or all its values"
            )

    def estimate(self, photometry: Photometry, ctx: Context) -> PhotoZ:
        """The distributions of all sources, in their order.

        Raises
        ------
        DataError
            Where a source has no row or several, rows do not fit their names, or they are not normalised as they are said to be.
        PluginError
            Where a file of qp is given and the package is not installed.
        """
        if not self.path.exists():
            raise DataError(f"there is no file {self.path} of redshift distributions")
        names, redshifts = self._read()
        if len(names) != len(redshifts):
            raise DataError(f"{len(redshifts)} distributions of {self.path.name} have {len(names)} names")
        found = redshifts.select(self._rows(names, photometry.names))
        if outside := int(np.sum(found.outside > 0.01)):
            ctx.warn(f"{outside} of {len(found)} distributions of {self.path.name} have more than 1 % outside of the grid")
        unknown = np.full(len(photometry), np.nan)
        return PhotoZ(
            names=photometry.names,
            redshifts=found,
            z_best=unknown,
            galaxy_chi2=unknown,
            star_chi2=unknown,
            bands=photometry.measured.sum(axis=1),
        )

    def _read(self) -> tuple[Sequence[str], Redshifts]:
        grid = redshift_grid(self.z)
        if self.path.suffix == ".npy":
            return self._listed(), read_densities(self.path, grid, self.values)
        if is_qp(self.path):
            redshifts, names = read_qp(self.path, grid, self.values, self.name)
            return (self._listed() if self.names is not None or names is None else names), redshifts
        table = PdfTable(self.path, self.hdu)
        names = self._listed() if self.names is not None else table.names(self.name)
        return names, self._of_table(table)

    def _listed(self) -> list[str]:
        if self.names is None:
            raise DataError(
                f"the distributions of {self.path.name} have no names, by which they are matched: give names, a text file with "
                "a name in each line"
            )
        if not self.names.exists():
            raise DataError(f"there is no file {self.names} of names")
        return [line.strip() for line in self.names.read_text(encoding="utf-8").splitlines() if line.strip()]

    def _of_table(self, table: PdfTable) -> Redshifts:
        spec = table.numbers(self.z_spec) if self.z_spec else None
        if self.pdf:
            grid = table.grid(self.z_from) if self.z_from else redshift_grid(self.z)
            made = Redshifts.from_pdf(grid, table.rows(self.pdf), values=self.values)
        elif self.z_median:
            median, low, high = (table.numbers(each) for each in (self.z_median, self.z_low, self.z_high))
            made = Redshifts.from_percentiles(median, low, high, redshift_grid(self.z_grid))
        elif spec is not None:
            if np.isnan(spec).any():
                raise DataError(
                    f"{int(np.isnan(spec).sum())} rows of {self.path.name} have no redshift: give pdf or percentiles too"
                )
            return Redshifts.from_spec(spec, redshift_grid(self.z_grid))
        else:
            raise DataError(f"say what {self.path.name} holds: pdf, or z_median, z_low and z_high, or z_spec. {table.listed}")
        return made if spec is None else made.with_spec(spec)

    def _rows(self, names: Sequence[str], wanted: Sequence[str]) -> NDArray[np.int64]:
        counts = Counter(names)
        if missing := [each for each in wanted if each not in counts]:
            raise DataError(
                f"{len(missing)} of {len(wanted)} sources have no distribution in {self.path.name}: {_some(missing)}. "
                f"{nearest(missing[0], counts)} Its names: {_some(list(counts))}"
            )
        if twice := [each for each in wanted if counts[each] > 1]:
            raise DataError(f"{self.path.name} has several distributions of {_some(twice)}: names must be unique")
        place = {name: row for row, name in enumerate(names)}
        return np.array([place[each] for each in wanted], dtype=np.int64)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")
