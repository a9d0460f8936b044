"""The energies that a cross-section is known for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faintsky.core.errors import DataError

__all__ = ["check_energies"]

Array = NDArray[np.float64]


def check_energies(energy_kev: Array, lowest: float, name: str, *, extrapolate: bool) -> None:
    """Refuse energies that are not positive, or lie below the fits.

    Parameters
    ----------
    energy_kev : ndarray, any shape
        Of bins, their lowest edges suffice [keV].
    lowest : float
        Where the fits begin [keV].
    name : str
        What the message calls the cross-section.
    extrapolate : bool
        Whether energies below `lowest` are wanted.

    Raises
    ------
    DataError
    """
    if energy_kev.size == 0:
        return
    softest = float(np.min(energy_kev))
    if not softest > 0:  # also true of NaN
        raise DataError(f"{name} is asked for at {softest:g} keV: energies are positive")
    if softest < lowest and not extrapolate:
        raise DataError(
            f"{name} is not known at {softest:g} keV, only from {lowest:g} keV on; extrapolate = true goes on below at your risk"
        )
