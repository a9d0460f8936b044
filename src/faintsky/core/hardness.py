"""Pairs of bands, their hardness ratios as a result, and the kind ``hardness_ratios``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol, Self, TypeVar, runtime_checkable

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.catalogue import MISSING
from faintsky.core.context import Context
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_flags, owned_floats

__all__ = ["BandPair", "CountsPair", "HardnessEstimator", "HardnessRatios", "PowerPair"]

Array = NDArray[np.float64]


def _row(values: ArrayLike) -> Array:
    """A read-only row; a scalar is a row of one, and a masked value of a table is NaN, never the number under the mask."""
    plain = np.ma.filled(values.astype(float), np.nan) if isinstance(values, np.ma.MaskedArray) else values
    return owned_floats(np.atleast_1d(np.asarray(plain, dtype=float)))


def _refuse(name: str, values: Array, bad: NDArray[np.bool_], what: str) -> None:
    found = np.flatnonzero(bad)
    if found.size:
        more = f" (and {found.size - 1} more)" if found.size > 1 else ""
        raise DataError(f"{name} of source {found[0]}{more}, counted from 0, is {values[found[0]]:g}: {what}")


@frozen(kw_only=True, eq=False)
class BandPair(ABC):
    """What was measured of n sources (or of n pairs of spectra) in a soft and in a hard band.

    Attributes
    ----------
    soft, hard : ndarray, shape (n,)
        A scalar is taken as one source.
    """

    soft: Array = field(converter=_row)
    hard: Array = field(converter=_row)

    def __len__(self) -> int:
        return int(self.soft.size)

    @abstractmethod
    def rates(self) -> tuple[Array, Array, Array, Array]:
        """Soft, its 1 sigma error, hard, its error, (n,) each: net rates per exposure of counts, or the powers themselves."""

    def swapped(self) -> Self:
        """The same with the two bands exchanged, whose hardness ratio is the negative."""
        other = {"soft": "hard", "hard": "soft"}
        names = [a.name for a in attrs.fields(type(self))]
        return type(self)(**{name: getattr(self, other[name[:4]] + name[4:]) for name in names})

    @property
    def digest(self) -> str:
        """Identity of the numbers."""
        fields = attrs.fields(type(self))
        return json_digest([type(self).__name__, *([a.name, array_digest(getattr(self, a.name))] for a in fields)])

    def _one_length(self) -> None:
        lengths = {a.name: getattr(self, a.name).shape for a in attrs.fields(type(self))}
        if len(set(lengths.values())) > 1 or self.soft.ndim != 1:
            raise DataError(f"the numbers of a {type(self).__name__} are rows of one length, a source each; got {lengths}")


_CODES = f"{', '.join(f'{m:g}' for m in MISSING)} and NaN stand for a missing value in catalogues"


@frozen(kw_only=True, eq=False)
class CountsPair(BandPair):
    """Photons of n sources in two bands, S ~ Poisson(e (lambda + xi)), with backgrounds B ~ Poisson(r e xi).

    Attributes
    ----------
    soft, hard : ndarray, shape (n,)
        Counts in the source region, the background's among them.
    soft_background, hard_background : ndarray, shape (n,)
        Counts in the background region.
    soft_ratio, hard_ratio : ndarray, shape (n,)
        r, background over source region in area x exposure (so normally above 1); one number serves all sources.
    soft_exposure, hard_exposure : ndarray, shape (n,)
        e in any one unit, such as the mean [cm2 s] of the exposure maps for a power law of photon index 1.4; one number serves
        all sources. With the default 1 the ratio is that of counts, and depends on the instrument and its epoch.

    Raises
    ------
    DataError
        Where counts are negative, missing or not whole, ratios or exposures not positive, or rows of different lengths.
        No counts at all are data: the posterior is then the prior.

    Examples
    --------
    >>> CountsPair(soft=5, hard=3, soft_background=10, hard_background=10, soft_ratio=10, hard_ratio=10).soft
    array([5.])
    """

    soft_background: Array = field(converter=_row)
    hard_background: Array = field(converter=_row)
    soft_ratio: Array = field(converter=_row)
    hard_ratio: Array = field(converter=_row)
    soft_exposure: Array = field(default=1.0, converter=_row)
    hard_exposure: Array = field(default=1.0, converter=_row)

    def __attrs_post_init__(self) -> None:
        for name in ("soft_ratio", "hard_ratio", "soft_exposure", "hard_exposure"):
            if getattr(self, name).shape == (1,):
                object.__setattr__(self, name, owned_floats(np.full(self.soft.shape, getattr(self, name)[0])))
        self._one_length()
        for name in ("soft", "hard", "soft_background", "hard_background"):
            counts = getattr(self, name)
            _refuse(name, counts, ~np.isfinite(counts) | np.isin(counts, MISSING), f"{_CODES}: leave such sources out")
            _refuse(
                name, counts, counts < 0, "counts are never negative; give the total, from which no background was subtracted"
            )
            _refuse(
                name, counts, counts != np.round(counts),
                "counts are whole numbers and this looks like a rate or a net count: give the counts as detected, and the "
                f"effective exposure as {name[:4]}_exposure",
            )  # fmt: skip
        for name, said in (("ratio", "background over source region in area x exposure"), ("exposure", "an effective exposure")):
            for full in (f"soft_{name}", f"hard_{name}"):
                values = getattr(self, full)
                _refuse(full, values, ~(np.isfinite(values) & (values > 0)), f"{said} is finite and above 0")

    def rates(self) -> tuple[Array, Array, Array, Array]:
        """Net rates (S - B / r) / e and their errors sqrt(S + B / r^2) / e; the error is 0 where nothing was counted."""
        found = []
        for band in ("soft", "hard"):
            counts, background = getattr(self, band), getattr(self, f"{band}_background")
            ratio, exposure = getattr(self, f"{band}_ratio"), getattr(self, f"{band}_exposure")
            found += [(counts - background / ratio) / exposure, np.sqrt(counts + background / ratio**2) / exposure]
        return found[0], found[1], found[2], found[3]


@frozen(kw_only=True, eq=False)
class PowerPair(BandPair):
    """Two signed measurements with independent Gaussian errors, such as cross-powers.

    Attributes
    ----------
    soft, hard : ndarray, shape (n,)
        In one unit; they may be negative.
    soft_error, hard_error : ndarray, shape (n,)
        1 sigma, above 0.

    Raises
    ------
    DataError
        Where a number is not finite, an error is not positive, or rows have different lengths.
    """

    soft_error: Array = field(converter=_row)
    hard_error: Array = field(converter=_row)

    def __attrs_post_init__(self) -> None:
        self._one_length()
        for name in ("soft", "hard"):
            values, error = getattr(self, name), getattr(self, f"{name}_error")
            _refuse(name, values, ~np.isfinite(values), "a power is finite: leave out what was not measured")
            wrong = ~(np.isfinite(error) & (error > 0))
            _refuse(f"{name}_error", error, wrong, "a 1 sigma error is finite and above 0 (a variance may be given by mistake)")

    def rates(self) -> tuple[Array, Array, Array, Array]:
        """The powers and their errors."""
        return self.soft, self.soft_error, self.hard, self.hard_error


@frozen(kw_only=True, eq=False)
class HardnessRatios:
    """HR = (H - S) / (H + S) of n pairs.

    Attributes
    ----------
    value : ndarray, shape (n,)
        Median of the posterior or of the draws; of `linear`, the ratio of the measured numbers.
    low, high : ndarray, shape (n,)
        Ends of the interval (not distances from the value).
    mean : ndarray, shape (n,)
        NaN where it does not exist: the ratio of two Gaussian powers has Cauchy tails.
    error : ndarray, shape (n,)
        Half the interval's width; of `linear` the propagated 1 sigma, whatever the level.
    level : float
        Probability inside the interval.
    interval : str
        ``equal`` (equal tails) or ``hpd`` (the shortest).
    ill_defined : ndarray of bool, shape (n,)
        H + S lies so near zero that linear errors mean nothing; only the interval of draws tells then.
    uninformative : ndarray of bool, shape (n,)
        No photon, or none that is not background: the posterior is the prior.
    drawn : ndarray of bool, shape (n,)
        The numbers come from random draws, and have their scatter.
    estimator : str
        The component's name.
    """

    value: Array = field(converter=_row)
    low: Array = field(converter=_row)
    high: Array = field(converter=_row)
    mean: Array = field(converter=_row)
    error: Array = field(converter=_row)
    ill_defined: NDArray[np.bool_] = field(converter=owned_flags)
    uninformative: NDArray[np.bool_] = field(converter=owned_flags)
    drawn: NDArray[np.bool_] = field(converter=owned_flags)
    level: float
    interval: str
    estimator: str

    def __len__(self) -> int:
        return int(self.value.size)

    def to_table(self) -> Any:
        """An astropy QTable, a row for each pair; level, interval and estimator are in its ``meta``."""
        from astropy.table import QTable

        rows = ("value", "low", "high", "mean", "error", "ill_defined", "uninformative", "drawn")
        meta = {name: getattr(self, name) for name in ("level", "interval", "estimator")}
        return QTable({name: getattr(self, name) for name in rows}, meta=meta)


Pair = TypeVar("Pair", bound=BandPair, contravariant=True)


@runtime_checkable
class HardnessEstimator(Protocol[Pair]):
    """A component of kind ``hardness_ratios``: the hardness ratio of pairs of one type."""

    @abstractmethod
    def estimate(self, pair: Pair, ctx: Context) -> HardnessRatios:
        """Hardness ratios of the n sources of `pair`.

        Raises
        ------
        DataError
            Where the component does not take pairs of this type.
        """
