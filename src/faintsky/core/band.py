"""An energy band."""

from __future__ import annotations

import math
import re
from typing import Any

from attrs import field, frozen

from faintsky.core.errors import DataError
from faintsky.core.units import canonical

__all__ = ["BOLOMETRIC", "Band"]

_TEXT = re.compile(r"^\s*([\d.eE+]+)\s*(?:-|to)\s*([\d.eE+]+)\s*([A-Za-z]+)\s*$")


def _kev(value: Any) -> float:
    return float(canonical(value, "keV"))


@frozen
class Band:
    """Photon energies from `low` (inclusive) to `high` (exclusive).

    Parameters
    ----------
    low, high : float
        [keV]

    Raises
    ------
    DataError
        Where the band is empty or reversed.

    Examples
    --------
    >>> Band.parse("0.5-2 keV")
    Band(low=0.5, high=2.0)
    """

    low: float = field(converter=_kev)
    high: float = field(converter=_kev)

    def __attrs_post_init__(self) -> None:
        if self.low < 0 or self.high == self.low:
            raise DataError(f"the band {self} holds no energies")
        if self.high < self.low:
            raise DataError(f"the band {self} is reversed: write '{self.high:g}-{self.low:g} keV'")

    @classmethod
    def parse(cls, text: str) -> Band:
        """Read ``"0.5-2 keV"`` (keV, eV or MeV).

        Raises
        ------
        DataError
            Where the text is no band with a unit.
        """
        found = _TEXT.match(text)
        if found is None:
            raise DataError(f"{text!r} is not a band: write it as '0.5-2 keV'")
        low, high, unit = found.groups()
        return cls(canonical(f"{low} {unit}", "keV"), canonical(f"{high} {unit}", "keV"))

    @classmethod
    def of(cls, value: Any) -> Any:
        """A text as a band; anything else as it is (an attrs converter)."""
        return cls.parse(value) if isinstance(value, str) else value

    @classmethod
    def several(cls, value: Any) -> Any:
        """A list of texts or bands as a tuple of bands; anything else as it is (an attrs converter)."""
        return tuple(cls.of(item) for item in value) if isinstance(value, list | tuple) else value

    @property
    def centre(self) -> float:
        """Middle of the band [keV]."""
        return 0.5 * (self.low + self.high)

    def __str__(self) -> str:
        return f"{self.low:g}-{self.high:g} keV"


#: All energies. It is equal to no X-ray band, so that a sample of X-ray luminosities refuses a bolometric luminosity function.
BOLOMETRIC: Band = Band(0.0, math.inf)
