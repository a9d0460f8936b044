"""The radius of 90 per cent of Chandra's light, as surveys take it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.units import ARCMIN

__all__ = ["chandra_r90"]


def chandra_r90(off_axis: ArrayLike) -> NDArray[np.float64]:
    """1 + 10 (theta / 10 arcmin)^2 [arcsec] at off-axis angles [rad] (Hickox & Markevitch 2006), shape of the input.

    A survey formula at low energies; here it only scales what is left out or taken in.

    Examples
    --------
    >>> chandra_r90(0.0).item()
    1.0
    """
    return np.asarray(1 + 10 * np.square(np.asarray(off_axis, dtype=float) / ARCMIN / 10))
