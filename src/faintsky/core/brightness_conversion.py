"""From the brightness of a source to its luminosity: one factor for each redshift."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.area_curve import QUANTITIES
from faintsky.core.band import Band
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats

__all__ = ["BrightnessConversion"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False, slots=False)
class BrightnessConversion:
    """log10 of luminosity over brightness, for one spectral shape (and one column density) at all redshifts.

    Attributes
    ----------
    z : ndarray, shape (nz,)
        Increasing, above 0.
    log_factor : ndarray, shape (nz,)
        log10 of L / x [erg/s over the unit of the brightness]; linear in ln(1 + z) between the nodes, of which 500 make the error
        negligible.
    quantity : str
        Brightness: ``rate`` or ``flux``.
    band, rest_band : Band
        Of the brightness as observed, and of the luminosity at the source.
    log_nh : float
        log10 of the column density at the source [cm^-2]; -inf without absorption.
    provenance : mapping of str to object
        Spectrum, response with its epoch, cosmology: whatever the factor rests on.
    """

    z: Array = field(converter=owned_floats, repr=False)
    log_factor: Array = field(converter=owned_floats, repr=False)
    quantity: str
    band: Band
    rest_band: Band
    log_nh: float = -np.inf
    provenance: Mapping[str, Any] = field(factory=dict, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.quantity not in QUANTITIES:
            raise DataError(f"brightness is one of {', '.join(QUANTITIES)}, got {self.quantity!r}")
        if self.z.shape != self.log_factor.shape or self.z.size < 2 or not np.all(np.diff(self.z) > 0) or self.z[0] <= 0:
            raise DataError("a conversion needs a factor for each of at least two increasing redshifts above 0")
        if not np.all(np.isfinite(self.log_factor)):
            raise DataError("a conversion factor is not finite")

    def at(self, z: ArrayLike) -> Array:
        """log10 of L / x at redshifts of any shape.

        Raises
        ------
        DataError
            Outside of the nodes.
        """
        some = np.asarray(z, dtype=float)
        if some.size and (some.min() < self.z[0] * (1 - 1e-9) or some.max() > self.z[-1] * (1 + 1e-9)):
            raise DataError(
                f"redshifts {some.min():g} to {some.max():g} leave the conversion, which reaches from {self.z[0]:g} to "
                f"{self.z[-1]:g}"
            )
        return np.asarray(np.interp(np.log1p(some), np.log1p(self.z), self.log_factor))

    def log_l(self, log_x: ArrayLike, z: ArrayLike) -> Array:
        """log10 luminosity [erg/s]."""
        return np.asarray(np.asarray(log_x, dtype=float) + self.at(z))

    def log_x(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """log10 brightness."""
        return np.asarray(np.asarray(log_l, dtype=float) - self.at(z))

    @property
    def digest(self) -> str:
        """Identity of the numbers."""
        said = [self.quantity, str(self.band), str(self.rest_band), str(self.log_nh)]
        return json_digest([array_digest(self.z), array_digest(self.log_factor), *said])
