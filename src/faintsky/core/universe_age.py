"""The age of the universe."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.cosmology import Cosmology

__all__ = ["universe_age"]

#: 1 / (km/s/Mpc) [Gyr], and the redshift that tables of cosmologies are sure to reach.
_HUBBLE_TIME, _EARLY = 977.7922, 15.0


def universe_age(cosmology: Cosmology, redshift: ArrayLike) -> NDArray[np.float64]:
    """Age of the universe [Gyr] at redshifts up to 15: the integral of dz / ((1 + z) H), with matter alone beyond."""
    log1p = np.linspace(0.0, np.log1p(_EARLY), 1601)
    rate = 1 / cosmology.H(np.minimum(np.expm1(log1p), _EARLY))
    steps = 0.5 * (rate[1:] + rate[:-1]) * np.diff(log1p)
    since = np.concatenate([np.cumsum(steps[::-1])[::-1], [0.0]])
    return np.asarray(_HUBBLE_TIME * np.interp(np.log1p(np.asarray(redshift, dtype=float)), log1p, since + 2 / 3 * rate[-1]))
