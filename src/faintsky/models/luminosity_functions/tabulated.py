"""A luminosity function from a table of log10 phi."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import Band
from faintsky.core.component import component, option
from faintsky.core.errors import DataError, nearest
from faintsky.core.luminosity_function import AssumedCosmology, LuminosityFunction, Provenance
from faintsky.core.owned_array import owned_floats
from faintsky.core.paths import as_path
from faintsky.core.validity import OUTSIDE, Validity
from faintsky.models.luminosity_functions.evolution import LN10

__all__ = ["Tabulated"]

Array = NDArray[np.float64]
_COLUMNS = ("log_l", "z", "log_phi")
#: What is closer to a node than this part of a step lies on it.
_ROUNDING = 1e-9


@frozen(kw_only=True, eq=False)
class _Grid:
    """log10 phi on nodes.

    Attributes
    ----------
    log_l, z : ndarray, shape (nl,), (nz,)
        Increasing.
    log_phi : ndarray, shape (nl, nz)
    """

    log_l: Array = field(converter=owned_floats)
    z: Array = field(converter=owned_floats)
    log_phi: Array = field(converter=owned_floats)


@component()
@frozen(kw_only=True)
class Tabulated(LuminosityFunction):
    """Table of log10 phi on a grid of luminosities and redshifts, interpolated linearly in both.

    A ``.npy`` file holds the grid alone: its axes are the even steps of `log_l_range` and `z_range`, and `rows` says which of
    them goes down its rows. An ECSV or CSV file holds the columns `log_l`, `z` and `log_phi`, one row per node in any order.

    Nodes where phi is 0 hold -inf, and so does what lies between them and their neighbours; NaN stands for what is not known.

    Raises
    ------
    DataError
        For a file that cannot be read or does not fill a grid, axes that are missing or do not increase.
    """

    path: Path = option(help="file of the grid: npy, ECSV or CSV", converter=as_path)
    log_l_range: tuple[float, float] | None = option(None, help="npy: first and last log10 luminosity [erg/s], in even steps")
    z_range: tuple[float, float] | None = option(None, help="npy: first and last redshift, in even steps")
    rows: str = option("log_l", choices=("log_l", "z"), help="npy: what goes down the rows")
    band: Band = option("2-10 keV", converter=Band.of, help="rest-frame band of the luminosity")
    cosmology: AssumedCosmology = option(AssumedCosmology(), help="universe it assumes: h0 and omega_m0")
    source: str = option("", help="where the table comes from: key of a references.bib, with table or figure")
    verified: str = option("", help="what the table was checked against")
    beyond: str = option("nan", choices=("nan", "zero", "edge"), help="density outside of the grid: NaN, 0, or that of its edge")
    outside: str = option("warn", choices=OUTSIDE, help="what evaluate does outside of the grid")

    def __attrs_post_init__(self) -> None:
        _ = self._grid

    @property
    def _grid(self) -> _Grid:
        if not self.path.is_file():
            raise DataError(f"there is no file {self.path} with a luminosity function")
        return _read(self.path, self.path.stat().st_mtime_ns, self.log_l_range, self.z_range, self.rows)

    @property
    def validity(self) -> Validity:
        """The reach of the grid."""
        grid = self._grid
        return Validity(log_l=(float(grid.log_l[0]), float(grid.log_l[-1])), z=(float(grid.z[0]), float(grid.z[-1])))

    @property
    def provenance(self) -> Provenance:
        """What `source` and `verified` say."""
        return Provenance(source=self.source or self.path.name, verified=self.verified)

    def log_density(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """ln phi between the nodes; outside of the grid what `beyond` says: NaN, -inf, or that of the nearest edge."""
        grid = self._grid
        i, s, in_l = _place(grid.log_l, log_l)
        j, t, in_z = _place(grid.z, z)
        found: Array = np.asarray(0.0)
        for di, wi in ((0, 1 - s), (1, s)):
            for dj, wj in ((0, 1 - t), (1, t)):
                weight, value = wi * wj, grid.log_phi[i + di, j + dj]
                # A node without weight says nothing, also where it is -inf or NaN.
                found = found + np.where(weight > 0, weight, 0.0) * np.where(weight > 0, value, 0.0)
        found = LN10 * found + 0.0 * (s + t)  # NaN stays NaN
        if self.beyond == "edge":
            return found
        return np.where(in_l & in_z, found, np.nan if self.beyond == "nan" else -np.inf)

    def log_l_breaks(self) -> Array:
        """The inner nodes: the density has a kink at each. Shape (nl - 2,)."""
        return self._grid.log_l[1:-1]

    def z_breaks(self, log_l: ArrayLike) -> Array:
        """The inner nodes, shape (nz - 2, m)."""
        inner = self._grid.z[1:-1]
        return np.broadcast_to(inner.reshape(-1, *(1,) * np.ndim(log_l)), (inner.size, *np.shape(log_l)))


def _place(nodes: Array, at: ArrayLike) -> tuple[NDArray[np.intp], Array, NDArray[np.bool_]]:
    """The lower node of the cell of each point, how far into the cell it lies (0 to 1), and whether the grid holds it."""
    values = np.asarray(at, dtype=float)
    cell = np.clip(np.searchsorted(nodes, values, side="right") - 1, 0, nodes.size - 2)
    part = (values - nodes[cell]) / (nodes[cell + 1] - nodes[cell])
    inside = (part >= -_ROUNDING) & (part <= 1 + _ROUNDING)
    return cell, np.clip(part, 0.0, 1.0), inside


@lru_cache(maxsize=16)
def _read(path: Path, _: int, log_l: tuple[float, float] | None, z: tuple[float, float] | None, rows: str) -> _Grid:
    grid = _of_array(path, log_l, z, rows) if path.suffix == ".npy" else _of_columns(path)
    for name in ("log_l", "z"):
        axis = getattr(grid, name)
        if axis.size < 2 or not np.all(np.diff(axis) > 0) or not np.all(np.isfinite(axis)):
            raise DataError(f"{path.name}: {name} needs at least two nodes that increase, it has {axis.size}")
    if np.any(grid.log_phi == np.inf):
        raise DataError(f"{path.name}: log10 phi is infinite at a node")
    return grid


def _of_array(path: Path, log_l: tuple[float, float] | None, z: tuple[float, float] | None, rows: str) -> _Grid:
    if log_l is None or z is None:
        raise DataError(f"{path.name} holds no axes: give log_l_range = [first, last] and z_range = [first, last]")
    values = np.load(path, allow_pickle=False)
    if values.ndim != 2:
        raise DataError(f"{path.name} has the shape {values.shape}; a grid has rows and columns")
    values = values if rows == "log_l" else values.T
    return _Grid(log_l=np.linspace(*log_l, values.shape[0]), z=np.linspace(*z, values.shape[1]), log_phi=values)


def _of_columns(path: Path) -> _Grid:
    from astropy.table import Table

    if path.suffix not in (".ecsv", ".csv"):
        raise DataError(f"{path.name}: a table of a luminosity function is a .npy, .ecsv or .csv file")
    table = Table.read(path, format=f"ascii{path.suffix}")
    for name in _COLUMNS:
        if name not in table.colnames:
            raise DataError(
                f"{path.name} has no column {name!r}. {nearest(name, table.colnames)} Columns: {', '.join(table.colnames)}"
            )
    log_l, z, log_phi = (np.asarray(table[name], dtype=float) for name in _COLUMNS)
    (every_l, i), (every_z, j) = np.unique(log_l, return_inverse=True), np.unique(z, return_inverse=True)
    filled = np.zeros((every_l.size, every_z.size), dtype=int)
    np.add.at(filled, (i, j), 1)
    if not np.all(filled == 1):
        raise DataError(
            f"{path.name}: {every_l.size} luminosities x {every_z.size} redshifts need one row each; "
            f"{int(np.sum(filled == 0))} are missing and {int(np.sum(filled > 1))} are there more than once"
        )
    values = np.empty(filled.shape)
    values[i, j] = log_phi
    return _Grid(log_l=every_l, z=every_z, log_phi=values)
