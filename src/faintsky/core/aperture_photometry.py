"""Counts in apertures: what was detected, what the background is expected to be, how long and with what share of the light."""

from __future__ import annotations

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray
from scipy.special import gammainc

from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats

__all__ = ["AperturePhotometry", "false_probability"]

Array = NDArray[np.float64]


def false_probability(counts: Array, background: Array) -> Array:
    """Probability that a background of known mean gives so many counts or more: P(>= T | b) = gammainc(T, b); 1 for no counts.

    The regularised incomplete gamma function keeps its digits where 1 minus a sum has none (Barlow-Hall & Aird, eq. 2).
    """
    total, mean = np.asarray(counts, dtype=float), np.asarray(background, dtype=float)
    return np.asarray(np.where(total > 0, gammainc(np.maximum(total, 1.0), mean), 1.0))


@frozen(kw_only=True, eq=False)
class AperturePhotometry:
    """Aperture photometry of n sources in one band.

    Attributes
    ----------
    counts : ndarray, shape (n,)
        T, whole numbers, the background's among them.
    background : ndarray, shape (n,)
        b, expected background counts in the aperture, above 0.
    exposure : ndarray, shape (n,)
        t, mean effective exposure in the aperture [cm^2 s]; 0 where the source was not observed.
    eef : ndarray, shape (n,)
        p, share of the source's light in the aperture.

    Raises
    ------
    DataError
        Where counts are not whole or negative, a background is not positive where there is exposure, or rows differ in length.
    """

    counts: Array = field(converter=owned_floats, repr=False)
    background: Array = field(converter=owned_floats, repr=False)
    exposure: Array = field(converter=owned_floats, repr=False)
    eef: Array = field(converter=owned_floats, repr=False)

    def __attrs_post_init__(self) -> None:
        lengths = {a.name: getattr(self, a.name).shape for a in attrs.fields(type(self))}
        if len(set(lengths.values())) > 1 or self.counts.ndim != 1:
            raise DataError(f"counts, backgrounds, exposures and EEFs are rows of one length, a source each; got {lengths}")
        self._refuse("counts", (self.counts < 0) | (self.counts != np.round(self.counts)), "counts are whole numbers, never net")
        self._refuse("exposure", ~(np.isfinite(self.exposure) & (self.exposure >= 0)), "an exposure is finite and not negative")
        seen = self.exposure > 0
        wrong = seen & ~(np.isfinite(self.background) & (self.background > 0))
        self._refuse("background", wrong, "an expected background is above 0 where there is exposure")
        self._refuse("eef", ~((self.eef > 0) & (self.eef <= 1)), "a share of the light lies between 0 and 1")

    def _refuse(self, name: str, bad: NDArray[np.bool_], what: str) -> None:
        found = np.flatnonzero(bad | np.isnan(getattr(self, name)))
        if found.size:
            more = f" (and {found.size - 1} more)" if found.size > 1 else ""
            raise DataError(f"{name} of source {found[0]}{more}, counted from 0, is {getattr(self, name)[found[0]]:g}: {what}")

    def __len__(self) -> int:
        return int(self.counts.size)

    @property
    def observed(self) -> NDArray[np.bool_]:
        """Whether a source was observed at all, shape (n,)."""
        return self.exposure > 0

    @property
    def sensitivity(self) -> Array:
        """Expected counts for unit rate, p t [cm^2 s], shape (n,)."""
        return self.eef * self.exposure

    @property
    def rate(self) -> Array:
        """Net rate (T - b) / (p t) [photons cm^-2 s^-1], NaN where not observed (Barlow-Hall & Aird, eq. 1)."""
        reach = np.where(self.observed, self.sensitivity, np.nan)
        return (self.counts - self.background) / reach

    @property
    def false_probability(self) -> Array:
        """Probability that the background alone gives so many counts or more, shape (n,); 1 where not observed."""
        return np.where(self.observed, false_probability(self.counts, np.maximum(self.background, 1e-300)), 1.0)

    def select(self, keep: NDArray[np.bool_] | NDArray[np.int64]) -> AperturePhotometry:
        """The chosen rows."""
        return AperturePhotometry(**{a.name: getattr(self, a.name)[keep] for a in attrs.fields(type(self))})

    @property
    def digest(self) -> str:
        """Identity of the numbers."""
        return json_digest([array_digest(getattr(self, a.name)) for a in attrs.fields(type(self))])
