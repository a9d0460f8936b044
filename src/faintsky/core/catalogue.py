"""The catalogue: columns by the names that faintsky uses, with units, and missing values as NaN."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol, Self, runtime_checkable

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError, nearest
from faintsky.core.identity import identity
from faintsky.core.redshift import Redshifts
from faintsky.core.units import unit_factor

__all__ = ["MISSING", "Catalogue", "CatalogueSource", "loaded"]

#: Numbers that stand for "no value" in real tables.
MISSING = (-99.0, -999.0, -9999.0)


def _columns(values: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    found = {}
    for name, column in values.items():
        array = np.array(column, copy=True)
        array.flags.writeable = False
        found[name] = array
    return found


@frozen(kw_only=True, eq=False, slots=False)
class Catalogue:
    """Sources, a row each.

    Attributes
    ----------
    columns : mapping of str to ndarray, shape (n,)
        Numbers are float64 with NaN where there is no value.
    units : mapping of str to str
        Of the columns that have one.
    redshifts : Redshifts, optional
        n distributions.
    name : str
    """

    columns: Mapping[str, NDArray[Any]] = field(converter=_columns, repr=False)
    units: Mapping[str, str] = field(factory=dict)
    redshifts: Redshifts | None = None
    name: str = ""

    def __attrs_post_init__(self) -> None:
        lengths = {name: len(column) for name, column in self.columns.items()}
        if len(set(lengths.values())) > 1:
            raise DataError(f"columns of different lengths: {lengths}")
        if self.redshifts is not None and lengths and len(self.redshifts) != len(self):
            raise DataError(f"{len(self)} sources but {len(self.redshifts)} redshift distributions")

    @classmethod
    def from_table(
        cls,
        table: Any,
        columns: Mapping[str, str],
        units: Mapping[str, str] | None = None,
        missing: Sequence[float] = MISSING,
        name: str = "",
    ) -> Self:
        """Take columns of an astropy Table.

        Parameters
        ----------
        table : Table
        columns : mapping of str to str
            The name that faintsky uses to the table's name (case does not matter).
        units : mapping of str to str
            Wanted units by faintsky's names; a column without a unit of its own is taken to be in it already.
        missing : sequence of float
            Numbers that mean "no value".

        Raises
        ------
        DataError
            Where a column is missing (with the nearest name), or has a unit of another dimension.
        """
        # Case does not matter, unless two names differ by nothing else.
        known = {c.lower(): c for c in table.colnames} | {c: c for c in table.colnames}
        wanted_units = dict(units or {})
        found: dict[str, NDArray[Any]] = {}
        for ours, theirs in columns.items():
            own_name = known.get(theirs) or known.get(theirs.lower())
            if own_name is None:
                hint = nearest(theirs, table.colnames)
                raise DataError(f"{name or 'the table'} has no column {theirs!r} (for {ours}). {hint}")
            column = table[own_name]
            found[ours] = _numbers(column, missing)
            own = getattr(column, "unit", None)
            if ours in wanted_units and own:
                found[ours] = found[ours] * unit_factor(str(own), wanted_units[ours])
            elif own:
                wanted_units[ours] = str(own)
        return cls(columns=found, units=wanted_units, name=name)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self.columns:
            raise DataError(f"no column {name!r}. {nearest(name, self.columns)} Columns: {', '.join(self.columns)}")
        return self.columns[name]

    def select(self, keep: NDArray[np.bool_] | NDArray[np.int64]) -> Catalogue:
        """The chosen rows."""
        redshifts = None if self.redshifts is None else self.redshifts.select(keep)
        return attrs.evolve(self, columns={n: c[keep] for n, c in self.columns.items()}, redshifts=redshifts)

    @cached_property
    def digest(self) -> str:
        """Identity of all columns and redshifts."""
        said = [[n, c.tolist() if c.dtype.kind in "UOS" else array_digest(c)] for n, c in sorted(self.columns.items())]
        return json_digest([said, None if self.redshifts is None else self.redshifts.digest])


def _numbers(column: Any, missing: Sequence[float]) -> NDArray[Any]:
    """A column as float64 with NaN for what is masked or a missing-value code; texts stay texts."""
    data = np.ma.asarray(getattr(column, "data", column))
    if data.dtype.kind not in "iufb":
        return np.asarray(np.ma.filled(data, ""))
    values = np.asarray(np.ma.filled(data.astype(float), np.nan))
    return np.where(np.isin(values, list(missing)), np.nan, values)


@runtime_checkable
class CatalogueSource(Protocol):
    """A component of kind ``catalogues``: reads or simulates sources."""

    @abstractmethod
    def load(self, ctx: Context) -> Catalogue:
        """The catalogue; the same one for every task of a study with one seed.

        Raises
        ------
        DataError
            Where the table is not what it is said to be: no positions, a missing column, redshifts without a grid.
        """


_cache: dict[str, Catalogue] = {}


def loaded(source: CatalogueSource, ctx: Context) -> Catalogue:
    """The catalogue of a source, read once per process: several maps are painted from one."""
    key = json_digest([identity(source), ctx.seed])
    if key not in _cache:
        _cache.clear()  # one at a time: a million sources with their redshift densities fill half a gigabyte
        _cache[key] = source.load(ctx)
    return _cache[key]
