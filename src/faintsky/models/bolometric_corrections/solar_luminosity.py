"""The solar luminosity that a paper measured luminosities in."""

from __future__ import annotations

from typing import Any

from faintsky.core.component import option

__all__ = ["solar_luminosity"]


def solar_luminosity(default: float = 3.828e33) -> Any:
    """The option `lsun`.

    Papers take 3.9e33, 3.85e33 or 3.828e33 erg/s (the nominal one, IAU 2015 resolution B3) and seldom say which. The choice
    shifts a correction along the luminosity axis by 0.0056 dex (3.9 against 3.85) to 0.0081 dex (3.9 against 3.828).
    """
    return option(
        default, gt=0, help="solar luminosity of the published coefficients [erg/s]; 3.9e33 or 3.828e33: 0.008 dex apart"
    )
