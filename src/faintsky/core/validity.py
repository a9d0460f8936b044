"""Where a luminosity function was measured, and what happens elsewhere: warn, nan, raise or ignore."""

from __future__ import annotations

import warnings

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError, FaintskyWarning

__all__ = ["OUTSIDE", "Validity"]

Array = NDArray[np.float64]

#: What happens where a luminosity function was never measured.
OUTSIDE = ("warn", "nan", "raise", "ignore")


@frozen(kw_only=True)
class Validity:
    """Where a luminosity function was measured: log10 luminosity [erg/s] and redshift."""

    log_l: tuple[float, float] = (-np.inf, np.inf)
    z: tuple[float, float] = (0.0, np.inf)

    def holds(self, log_l: ArrayLike, z: ArrayLike) -> NDArray[np.bool_]:
        """Whether luminosities and redshifts lie inside, broadcast against each other; ends included."""
        some, at = np.asarray(log_l, dtype=float), np.asarray(z, dtype=float)
        return np.asarray((some >= self.log_l[0]) & (some <= self.log_l[1]) & (at >= self.z[0]) & (at <= self.z[1]))

    def applied(self, values: Array, log_l: ArrayLike, z: ArrayLike, policy: str, name: str) -> Array:
        """The values, with NaN or a warning for what lies outside.

        Raises
        ------
        DataError
            For the policy ``raise``.
        """
        if policy == "ignore":
            return values
        inside = self.holds(log_l, z)
        if inside.all():
            return values
        if policy == "nan":
            return np.where(inside, values, np.nan)
        some, at = np.broadcast_arrays(np.asarray(log_l, dtype=float), np.asarray(z, dtype=float))
        first = tuple(np.argwhere(~inside)[0]) if inside.ndim else ()
        said = f"{name} was measured at {self} and is asked for at z = {at[first]:g}, log L = {some[first]:g}"
        if policy == "raise":
            raise DataError(f"{said}; allow it with outside = 'warn' or 'ignore', or take 'nan' there")
        warnings.warn(f"{said}: an extrapolation", FaintskyWarning, stacklevel=4)
        return values

    def extrapolation(self, log_l: tuple[float, float], z: tuple[float, float], policy: str, name: str) -> str:
        """One sentence where a range leaves it, nothing where it does not; for fits, which evaluate thousands of times.

        Raises
        ------
        DataError
            For the policies ``raise`` and ``nan``.
        """
        if policy == "ignore" or bool(np.all(self.holds(np.array(log_l), np.array(z)))):
            return ""
        said = f"{name} was measured at {self} and is used at {Validity(log_l=log_l, z=z)}"
        if policy in ("raise", "nan"):
            raise DataError(f"{said}; allow it with outside = 'warn' or 'ignore', or narrow the range")
        return f"{said}: an extrapolation"

    def __str__(self) -> str:
        return f"{self.z[0]:g} < z < {self.z[1]:g}, {self.log_l[0]:g} < log L < {self.log_l[1]:g}"
