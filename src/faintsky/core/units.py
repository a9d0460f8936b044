"""Units at the edges: quantities and strings come in, plain floats in the canonical unit go on.

The angle of every interface is the radian, the energy the keV, the wavenumber rad^-1; a field's own unit
stands in its metadata. Inside, arrays are plain: a Quantity in an inner loop costs a factor 20.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from faintsky.core.errors import DataError

__all__ = ["ARCMIN", "ARCSEC", "DEG2_PER_SR", "canonical", "converter", "per", "per_steradian", "same_dimension", "unit_factor"]

#: One arcsecond in radian.
ARCSEC: float = float(np.pi / 180.0 / 3600.0)
#: One arcminute in radian.
ARCMIN: float = 60.0 * ARCSEC
#: Square degrees in one steradian, (180/pi)^2 = 3282.806.
DEG2_PER_SR: float = float((180.0 / np.pi) ** 2)


@lru_cache(maxsize=256)
def _unit(text: str) -> Any:
    from astropy import units as u

    try:
        return u.Unit(text)
    except (ValueError, TypeError) as error:
        raise DataError(f"{text!r} is not a unit that astropy knows: {str(error).splitlines()[0]}") from None


@lru_cache(maxsize=256)
def unit_factor(given: str, wanted: str) -> float:
    """The number that turns a value in `given` into one in `wanted`.

    Raises
    ------
    DataError
        Where the dimensions differ; the message names both.

    Examples
    --------
    >>> round(unit_factor("arcmin", "arcsec"))
    60
    """
    from astropy import units as u

    try:
        return float(_unit(given).to(_unit(wanted)))
    except u.UnitConversionError:
        raise DataError(f"the unit {given!r} cannot be turned into {wanted!r}: another dimension") from None


def same_dimension(given: str, wanted: str) -> bool:
    """Whether the two units measure the same thing."""
    return bool(_unit(given).is_equivalent(_unit(wanted)))


def per(unit: str, other: str) -> str:
    """The unit over another one, as a text.

    Examples
    --------
    >>> per("Jy", "keV")
    'Jy / keV'
    """
    return str((_unit(unit) / _unit(other)).to_string())


def per_steradian(unit: str) -> str:
    """The unit of the surface brightness of sources whose fluxes are in `unit`.

    Examples
    --------
    >>> per_steradian("Jy")
    'Jy / sr'
    """
    return per(unit, "sr")


def canonical(value: Any, unit: str) -> Any:
    """A plain float (or float array) in the canonical unit.

    Parameters
    ----------
    value : float, str, Quantity, or a sequence of them
        A bare number is taken as canonical; a string is ``"7 arcsec"``.
    unit : str
        The canonical unit.

    Raises
    ------
    DataError
        Where the text holds no number, or the dimension is another one.

    Examples
    --------
    >>> canonical("1 deg", "arcmin")
    60.0
    """
    if isinstance(value, str):
        from astropy import units as u

        try:
            quantity = u.Quantity(value)
        except (TypeError, ValueError):
            raise DataError(f"{value!r} is not a number with a unit, such as '1 {unit}'") from None
        if quantity.unit == u.dimensionless_unscaled and unit:
            raise DataError(f"{value!r} has no unit; it must be given in {unit!r} or a unit of its kind")
        return float(quantity.value) * unit_factor(str(quantity.unit), unit)
    if hasattr(value, "unit") and hasattr(value, "to_value"):
        factor = unit_factor(value.unit.to_string(), unit)
        number = np.asarray(value.value, dtype=float) * factor
        return float(number) if number.ndim == 0 else number
    if isinstance(value, list | tuple):
        return tuple(canonical(item, unit) for item in value)
    if isinstance(value, np.ndarray):
        return value.astype(float, copy=False)
    return value if value is None else float(value)


def converter(unit: str) -> Callable[[Any], Any]:
    """An attrs converter to the canonical unit; what it cannot read it leaves to the validator."""

    def convert(value: Any) -> Any:
        if isinstance(value, bool):
            return value
        return canonical(value, unit)

    return convert
