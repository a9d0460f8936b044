"""The candidates of a sample: the columns of a catalogue that the cuts ask for."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.catalogue import MISSING, Catalogue
from faintsky.core.errors import DataError, nearest
from faintsky.core.units import unit_factor

__all__ = ["CandidateColumns"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class CandidateColumns:
    """A row for every candidate.

    Attributes
    ----------
    name : ndarray of str
        All different; made of the positions where the catalogue has none.
    ra, dec : ndarray
        [rad]
    redshift, counts : ndarray
        NaN where unknown: masked, a code for a missing value, or (a redshift) negative.
    classes : ndarray of str
        Empty where unknown.
    """

    name: NDArray[np.str_] = field(repr=False)
    ra: Array = field(repr=False)
    dec: Array = field(repr=False)
    redshift: Array = field(repr=False)
    counts: Array = field(repr=False)
    classes: NDArray[np.str_] = field(repr=False)

    @classmethod
    def of(cls, catalogue: Catalogue, *, needs_redshift: bool) -> Self:
        """The columns ``ra``, ``dec``, and as far as there are ``name``, ``redshift``, ``counts`` and ``class``.

        Raises
        ------
        DataError
            Where redshifts are needed and there is no column, a source has no position, or two have one name.
        """
        called = catalogue.name or "the catalogue"
        if needs_redshift and "redshift" not in catalogue.columns:
            raise DataError(
                f"redshifts are cut, but {called} has no column 'redshift'. Say which it is: columns = {{ redshift = \"...\" }} "
                f"of the catalogue. {nearest('redshift', catalogue.columns)} Columns: {', '.join(catalogue.columns)}"
            )
        ra, dec = (
            np.asarray(catalogue[name], dtype=float) * unit_factor(catalogue.units.get(name, "deg"), "rad")
            for name in ("ra", "dec")
        )
        placed = np.isfinite(ra) & np.isfinite(dec)
        if not placed.all():
            raise DataError(
                f"{int((~placed).sum())} of {placed.size} sources of {called} have no position (the first is row "
                f"{int(np.argmin(placed)) + 1}): take them out of the table"
            )
        redshift = _numbers(catalogue, "redshift", ra.size)
        names = _texts(catalogue["name"]) if "name" in catalogue.columns else _by_position(ra, dec)
        values, times = np.unique(names, return_counts=True)
        if np.any(values == ""):
            raise DataError(f"{int(np.sum(names == ''))} sources of {called} have no name (column 'name')")
        if np.any(times > 1):
            twice = str(values[np.argmax(times)])
            raise DataError(f"{called} has {times.max()} sources called {twice!r}: each needs a name of its own (column 'name')")
        return cls(
            name=names,
            ra=ra,
            dec=dec,
            redshift=np.where(redshift < 0, np.nan, redshift),
            counts=_numbers(catalogue, "counts", ra.size),
            classes=_texts(catalogue["class"]) if "class" in catalogue.columns else np.full(ra.size, ""),
        )

    def __len__(self) -> int:
        return int(self.name.size)


def _numbers(catalogue: Catalogue, name: str, size: int) -> Array:
    """A column with NaN where a value is missing; all NaN where there is no such column."""
    if name not in catalogue.columns:
        return np.full(size, np.nan)
    try:
        values = np.asarray(catalogue[name], dtype=float)
    except (TypeError, ValueError):
        raise DataError(f"the column {name!r} of {catalogue.name or 'the catalogue'} holds texts, not numbers") from None
    return np.where(np.isin(values, MISSING), np.nan, values)


def _texts(column: NDArray[Any]) -> NDArray[np.str_]:
    """Names as texts; whole numbers without their point."""
    if column.dtype.kind == "f":
        return np.array([f"{value:.15g}" if np.isfinite(value) else "" for value in column])
    return np.char.strip(column.astype(str))


def _by_position(ra: Array, dec: Array) -> NDArray[np.str_]:
    """J100043.13+020637.4 and its like."""
    from astropy.coordinates import SkyCoord

    places = SkyCoord(ra, dec, unit="rad")
    hours = np.atleast_1d(places.ra.to_string(unit="hourangle", sep="", precision=2, pad=True))
    degrees = np.atleast_1d(places.dec.to_string(unit="deg", sep="", precision=1, alwayssign=True, pad=True))
    return np.array([f"J{h}{d}" for h, d in zip(hours, degrees, strict=True)])
