"""From radiated power to accreted mass."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError

__all__ = ["efficiency_factor"]

#: Speed of light [cm/s] (SI, exact), Julian year [s] (exact), solar mass [g] (Particle Data Group 2018; a newer G makes it
#: 3e-5 smaller, and the factor as much larger).
_LIGHT, _YEAR, _SUN = 2.99792458e10, 3.15576e7, 1.98847e33


def efficiency_factor(efficiency: ArrayLike) -> NDArray[np.float64]:
    """(1 - e) / (e c^2) [Msun/yr per erg/s]: the mass that stays in the black hole for each erg that it radiates.

    Parameters
    ----------
    efficiency : array_like
        Share of the accreted rest energy that is radiated, between 0 and 1.

    Raises
    ------
    DataError
        Where it is not.

    References
    ----------
    Soltan 1982, MNRAS 200, 115.

    Examples
    --------
    >>> f"{efficiency_factor(0.1):.5e}"
    '1.58923e-46'
    """
    share = np.asarray(efficiency, dtype=float)
    if not np.all((share > 0) & (share < 1)):
        raise DataError(f"the efficiency of accretion is a share of the rest energy, between 0 and 1; got {share.tolist()}")
    return np.asarray((1 - share) / share * (_YEAR / (_LIGHT**2 * _SUN)))
