"""Galaxies of the field: a power law of number counts, and redshifts that grow with magnitude."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import option

__all__ = ["GalaxyCounts"]

Array = NDArray[np.float64]

#: Median of z over z0 where (z / z0)^1.5 follows a gamma distribution of shape 2.
_MEDIAN = 1.6783469900166612 ** (2 / 3)


@frozen(kw_only=True)
class GalaxyCounts:
    """N(< m) = density 10^(slope (m - 24)); n(z | m) proportional to z^2 exp[-(z / z0)^1.5] with a median that rises with m.

    The form of n(z) is that of Smail et al. 1995. The default numbers are round ones of the order of deep counts at 3 um; no
    table stands behind them.
    """

    density: float = option(35.0, gt=0, help="galaxies brighter than magnitude 24 [arcmin^-2]")
    slope: float = option(0.3, gt=0, help="of log N(< m)")
    median: float = option(1.3, gt=0, help="median redshift at magnitude 24")
    deepening: float = option(0.15, help="rise of the median redshift per magnitude")

    def below(self, magnitude: ArrayLike) -> Array:
        """Galaxies brighter than a magnitude [arcsec^-2]."""
        return np.asarray(self.density / 3600 * 10 ** (self.slope * (np.asarray(magnitude, dtype=float) - 24)))

    def magnitudes(self, faintest: Array, rng: np.random.Generator) -> Array:
        """Magnitudes of galaxies brighter than `faintest`, shape (n,)."""
        return np.asarray(faintest + np.log10(1 - rng.random(faintest.size)) / self.slope)

    def redshifts(self, magnitude: Array, rng: np.random.Generator) -> Array:
        """Redshifts of galaxies of these magnitudes, shape (n,)."""
        middle = np.maximum(self.median + self.deepening * (magnitude - 24), 0.2)
        return np.asarray(middle / _MEDIAN * rng.gamma(2.0, size=magnitude.size) ** (2 / 3))
