"""The kind ``matchers``: which source of one catalogue is which source of another."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError, nearest
from faintsky.core.owned_array import owned_floats

__all__ = ["Matcher", "Matches", "SkyPositions"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class SkyPositions:
    """A catalogue of positions with errors, and the area that it covers.

    Attributes
    ----------
    ra, dec : ndarray, shape (n,)
        [deg]
    error : ndarray, shape (n,)
        1 sigma in each coordinate [arcsec], systematic part included; 0 is refused.
    area : float
        [deg^2], without masks: n / area is the density of sources.
    columns : mapping of str to ndarray, shape (n,)
        Magnitudes and colours that priors may be built of; NaN where there is none.
    name : str
    """

    ra: Array = field(converter=owned_floats, repr=False)
    dec: Array = field(converter=owned_floats, repr=False)
    error: Array = field(converter=owned_floats, repr=False)
    area: float
    columns: Mapping[str, Array] = field(factory=dict, repr=False)
    name: str = ""

    def __attrs_post_init__(self) -> None:
        called = f"catalogue {self.name}".rstrip()
        lengths = {"ra": self.ra.shape, "dec": self.dec.shape, "error": self.error.shape}
        lengths |= {name: np.shape(column) for name, column in self.columns.items()}
        if len(set(lengths.values())) > 1 or self.ra.ndim != 1:
            raise DataError(f"{called}: columns of different lengths: {lengths}")
        if not (np.all(np.isfinite(self.ra)) and np.all(np.abs(self.dec) <= 90)):
            raise DataError(f"{called}: a position is not finite or no declination; leave such sources out")
        if not np.all(np.isfinite(self.error) & (self.error > 0)):
            row = int(np.flatnonzero(~(np.isfinite(self.error) & (self.error > 0)))[0])
            raise DataError(f"{called}: the position error of row {row} is {self.error[row]:g} arcsec; add a systematic one")
        if not self.area > 0:
            raise DataError(f"{called}: the area is {self.area:g} deg2")

    def __len__(self) -> int:
        return int(self.ra.size)

    def column(self, name: str) -> Array:
        """A column, or the difference ``a-b`` of two, shape (n,); NaN where there is no value.

        Raises
        ------
        DataError
            Where there is no such column.
        """
        known = self.columns
        if name in known:
            return np.asarray(known[name], dtype=float)
        for cut in (i for i, letter in enumerate(name) if letter == "-"):
            first, second = name[:cut].strip(), name[cut + 1 :].strip()
            if first in known and second in known:
                return np.asarray(np.subtract(known[first], known[second]), dtype=float)
        has = f"{nearest(name, known)} Columns: {', '.join(known) or 'none'}"
        raise DataError(f"catalogue {self.name}: no column {name!r}, nor a difference of two. {has}")

    def select(self, rows: NDArray[np.bool_] | NDArray[np.int64], area: float | None = None) -> SkyPositions:
        """The chosen rows; `area` [deg^2] where the choice also took sky."""
        columns = {name: np.asarray(column)[rows] for name, column in self.columns.items()}
        own = {name: getattr(self, name)[rows] for name in ("ra", "dec", "error")}
        return attrs.evolve(self, **own, columns=columns, area=self.area if area is None else area)

    @property
    def digest(self) -> str:
        """Identity of everything a match can depend on."""
        columns = [[name, array_digest(column)] for name, column in sorted(self.columns.items())]
        return json_digest([[array_digest(a) for a in (self.ra, self.dec, self.error)], self.area, columns])


@frozen(kw_only=True, eq=False)
class Matches:
    """The best counterpart of each source, and how sure it is.

    Attributes
    ----------
    counterpart : ndarray of int, shape (n,)
        Row of the other catalogue; -1 where there is no candidate.
    p_any : ndarray, shape (n,)
        Probability that one of the candidates is the counterpart.
    p_i : ndarray, shape (n,)
        Probability of the best candidate, given that one is.
    log_bayes : ndarray, shape (n,)
        ln of the Bayes factor of the best candidate's position; NaN without candidate.
    separation : ndarray, shape (n,)
        [arcsec]; NaN without candidate.
    candidates : ndarray of int, shape (n,)
        Number inside the search radius.
    matcher : str
    meta : mapping of str to object
    """

    counterpart: NDArray[np.int64] = field(repr=False)
    p_any: Array = field(converter=owned_floats, repr=False)
    p_i: Array = field(converter=owned_floats, repr=False)
    log_bayes: Array = field(converter=owned_floats, repr=False)
    separation: Array = field(converter=owned_floats, repr=False)
    candidates: NDArray[np.int64] = field(repr=False)
    matcher: str
    meta: Mapping[str, Any] = field(factory=dict)

    def __len__(self) -> int:
        return int(self.p_any.size)

    @property
    def digest(self) -> str:
        """Identity of the matches."""
        return json_digest([array_digest(a) for a in (self.counterpart, self.p_any, self.p_i, self.separation)])


@runtime_checkable
class Matcher(Protocol):
    """A component of kind ``matchers``: counterparts of sources in another catalogue."""

    @abstractmethod
    def match(self, sources: SkyPositions, others: SkyPositions, ctx: Context) -> Matches:
        """The best counterpart of each source.

        Raises
        ------
        DataError
            Where a column that a prior is built of is missing.
        """

    @abstractmethod
    def matched_shifted(self, sources: SkyPositions, others: SkyPositions, shifted: SkyPositions, ctx: Context) -> Matches:
        """The same for sources at shifted positions, with the priors that the real sources gave: what chance makes."""
