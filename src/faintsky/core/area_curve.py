"""The area curve of a survey: the sky area in which a source of some brightness is detected."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import Band
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats

__all__ = ["QUANTITIES", "AreaCurve"]

Array = NDArray[np.float64]

#: What brightness is measured in: net photons cm^-2 s^-1 by the exposure map, or erg cm^-2 s^-1 in the observed band.
QUANTITIES = {"rate": "1 / (cm2 s)", "flux": "erg / (cm2 s)"}


@frozen(kw_only=True, eq=False, slots=False)
class AreaCurve:
    """Sky area against brightness: the sum over pixels of detection probability times pixel area.

    Linear in the logarithm of the brightness between the points, 0 below the first, constant above the last.

    Attributes
    ----------
    log_x : ndarray, shape (m,)
        Increasing log10 of the brightness.
    area : ndarray, shape (m,)
        [deg^2], never falling.
    quantity : str
        ``rate`` or ``flux``.
    band : Band
        As observed.
    relative_error : float
        Of the area, where it is above 1 per cent of the largest, as its maker states it.
    name : str

    Raises
    ------
    DataError
        Where the area falls, is negative or nowhere positive, or the brightness does not increase.
    """

    log_x: Array = field(converter=owned_floats, repr=False)
    area: Array = field(converter=owned_floats, repr=False)
    quantity: str
    band: Band
    relative_error: float = 0.0
    name: str = ""

    def __attrs_post_init__(self) -> None:
        called = f"the area curve {self.name}".rstrip()
        if self.quantity not in QUANTITIES:
            raise DataError(f"{called} is against {self.quantity!r}; quantity is one of {', '.join(QUANTITIES)}")
        if self.log_x.ndim != 1 or self.log_x.shape != self.area.shape or self.log_x.size < 2:
            raise DataError(
                f"{called} needs as many areas as brightnesses, two at least; got {self.area.size}, {self.log_x.size}"
            )
        if not (np.all(np.isfinite(self.log_x)) and np.all(np.isfinite(self.area))):
            raise DataError(f"{called} holds a value that is not finite")
        if not np.all(np.diff(self.log_x) > 0):
            raise DataError(f"the brightness of {called} must increase; see row {int(np.argmin(np.diff(self.log_x)))}")
        if self.area[0] < 0 or not self.area[-1] > 0:
            raise DataError(f"{called} must start at 0 or above and end above 0, got {self.area[0]:g} to {self.area[-1]:g} deg2")
        fall = np.diff(self.area)
        if np.any(fall < -1e-9 * self.area[-1]):
            row = int(np.argmin(fall))
            raise DataError(
                f"{called} falls from {self.area[row]:g} to {self.area[row + 1]:g} deg2 after log x = {self.log_x[row]:g}: a "
                "brighter source is detected wherever a fainter one is. Are the columns in order, and is it cumulative?"
            )

    @property
    def total(self) -> float:
        """Area of the whole survey [deg^2]."""
        return float(self.area[-1])

    @property
    def unit(self) -> str:
        """Unit of the brightness."""
        return QUANTITIES[self.quantity]

    def at(self, log_x: ArrayLike) -> Array:
        """Area [deg^2] at log10 brightnesses of any shape."""
        return np.asarray(np.interp(np.asarray(log_x, dtype=float), self.log_x, self.area, left=0.0))

    def level(self, fraction: float) -> float:
        """log10 of the brightness at which the area reaches a fraction of the whole."""
        if not 0 < fraction <= 1:
            raise DataError(f"a fraction of the area lies between 0 and 1, got {fraction:g}")
        wanted = fraction * self.total
        above = int(np.argmax(self.area >= wanted))
        if above == 0:
            return float(self.log_x[0])
        (x0, x1), (a0, a1) = self.log_x[above - 1 : above + 1], self.area[above - 1 : above + 1]
        return float(x0 + (x1 - x0) * (wanted - a0) / (a1 - a0))

    @classmethod
    def summed(cls, curves: Iterable[AreaCurve], name: str = "") -> Self:
        """The sum of curves of one quantity and band, such as those of the fields of a survey.

        Raises
        ------
        DataError
            Where quantities or bands differ.
        """
        every = list(curves)
        if len({(c.quantity, c.band) for c in every}) != 1:
            raise DataError(f"area curves of {', '.join(f'{c.quantity} at {c.band}' for c in every)} cannot be added")
        log_x = np.unique(np.concatenate([np.concatenate([c.log_x, [np.nextafter(c.log_x[0], -np.inf)]]) for c in every]))
        return cls(
            log_x=log_x,
            area=sum(c.at(log_x) for c in every),
            quantity=every[0].quantity,
            band=every[0].band,
            relative_error=max(c.relative_error for c in every),
            name=name,
        )

    @property
    def digest(self) -> str:
        """Identity of the numbers."""
        return json_digest([array_digest(self.log_x), array_digest(self.area), self.quantity, str(self.band)])

    def to_table(self) -> Any:
        """Brightness and area, as an astropy QTable."""
        from astropy import units as u
        from astropy.table import QTable

        table = QTable({self.quantity: 10**self.log_x * u.Unit(self.unit), "area": self.area * u.deg**2})
        table.meta |= {"band": str(self.band), "relative_error": self.relative_error, "name": self.name}
        return table
