"""How old the universe was."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.cosmology import Cosmology

__all__ = ["age_of_universe"]

#: A gigayear times a km/s/Mpc: Julian years of 365.25 days, and kilometres in a megaparsec.
_GYR = 1e9 * 365.25 * 86400 / 3.0856775814913673e19
#: Where matter alone is taken to be older, and how many steps lead there.
_Z_FAR, _STEPS = 15.0, 2000


def age_of_universe(cosmology: Cosmology, z: ArrayLike) -> NDArray[np.float64]:
    """Age [Gyr], the integral of dz / (1 + z) / H; of matter alone before redshift 15, which is right to 1 % there.

    Parameters
    ----------
    cosmology : Cosmology
    z : array_like
        From 0 to 15.
    """
    x = np.linspace(0, np.log1p(_Z_FAR), _STEPS)
    rate = cosmology.H(np.expm1(x)) * _GYR
    mean = 0.5 * (1 / rate[1:] + 1 / rate[:-1])
    since = np.concatenate([[0.0], np.cumsum(mean[::-1])])[::-1] * (x[1] - x[0]) + 2 / (3 * rate[-1])
    return np.asarray(np.interp(np.log1p(np.asarray(z, dtype=float)), x, since))
