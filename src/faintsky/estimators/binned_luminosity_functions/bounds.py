"""Between which densities a luminosity function lies, over several ways to measure it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.binned_luminosity_function import BinnedLuminosityFunction
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.luminosity_bins import LuminosityBins
from faintsky.core.owned_array import owned_floats

__all__ = ["LuminosityFunctionBounds", "bounds"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class LuminosityFunctionBounds:
    """The lowest lower and the highest upper end over measurements.

    Attributes
    ----------
    bins : LuminosityBins
        (nz, nl)
    low, high : ndarray, shape (nz, nl)
        [Mpc^-3 dex^-1]; NaN where no measurement has a value.
    low_from, high_from : tuple of tuple of str
        Which measurement sets each, empty for NaN; nz rows of nl.
    """

    bins: LuminosityBins
    low: Array = field(converter=owned_floats)
    high: Array = field(converter=owned_floats)
    low_from: tuple[tuple[str, ...], ...]
    high_from: tuple[tuple[str, ...], ...]

    @property
    def digest(self) -> str:
        """Identity of the numbers."""
        return json_digest([array_digest(a) for a in (self.bins.z, self.bins.log_l, self.low, self.high)])

    def to_table(self) -> Any:
        """One row per bin, as an astropy QTable."""
        from astropy import units as u
        from astropy.table import QTable

        nz, nl = self.bins.shape
        z, log_l, density = self.bins.z, self.bins.log_l, 1 / u.Mpc**3 / u.dex
        return QTable(
            {
                "z_low": np.repeat(z[:-1], nl),
                "z_high": np.repeat(z[1:], nl),
                "log_l_low": np.tile(log_l[:-1], nz),
                "log_l_high": np.tile(log_l[1:], nz),
                "phi_low": self.low.ravel() * density,
                "phi_high": self.high.ravel() * density,
                "low_from": np.ravel(self.low_from),
                "high_from": np.ravel(self.high_from),
            }
        )


def bounds(
    lower: Mapping[str, BinnedLuminosityFunction], upper: Mapping[str, BinnedLuminosityFunction] | None = None
) -> LuminosityFunctionBounds:
    """The envelope of intervals: the least lower end of some measurements, and the greatest upper end of the same or of others.

    The paper takes the lower bound from the photo-z variants and the upper one from the measurement with obscuration correction
    (section 5.1 and fig. 14). A measurement without value in a bin has no say there; the lower end of an empty bin is 0.

    Parameters
    ----------
    lower : mapping of str to BinnedLuminosityFunction
        By the names of the variants.
    upper : mapping of str to BinnedLuminosityFunction, optional
        Those for the upper ends; default: the same.

    Raises
    ------
    DataError
        Where there is none, or bins or bands differ.
    """
    above = lower if upper is None else upper
    every = [*lower.values(), *above.values()]
    if not lower or not above:
        raise DataError("bounds need at least one measurement for either side")
    first = every[0]
    for other in every[1:]:
        same = np.array_equal(other.bins.z, first.bins.z) and np.array_equal(other.bins.log_l, first.bins.log_l)
        if not same or other.band != first.band:
            raise DataError("bounds compare measurements in the same bins and the same rest-frame band; these differ")
    low, low_from = _extreme({name: found.low for name, found in lower.items()}, sign=1)
    high, high_from = _extreme({name: found.high for name, found in above.items()}, sign=-1)
    return LuminosityFunctionBounds(bins=first.bins, low=low, high=high, low_from=low_from, high_from=high_from)


def _extreme(ends: Mapping[str, Array], sign: int) -> tuple[Array, tuple[tuple[str, ...], ...]]:
    """The least (sign 1) or greatest (-1) of arrays, and the name of the first that has it."""
    names, stack = list(ends), np.stack(list(ends.values()))
    known = np.isfinite(stack)
    which = np.argmin(np.where(known, sign * stack, np.inf), axis=0)
    value = np.where(known.any(axis=0), np.take_along_axis(stack, which[None], axis=0)[0], np.nan)
    said = np.where(known.any(axis=0), np.array(names, dtype=object)[which], "")
    return value, tuple(tuple(str(name) for name in row) for row in said)
