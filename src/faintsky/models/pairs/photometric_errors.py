"""Errors of photometric redshifts that grow with magnitude, and the distributions that go with them."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from faintsky.core.component import option
from faintsky.core.errors import DataError
from faintsky.core.redshift import Redshifts

__all__ = ["PhotometricErrors"]

Array = NDArray[np.float64]

#: Points of the grid within the smallest error.
_NODES = 4


@frozen(kw_only=True)
class PhotometricErrors:
    """x = ln(1 + z) is seen with a normal error, or anywhere by a share of outliers that grows with magnitude.

    The distribution of a source is the probability of what was seen as a function of its redshift, for a prior that is flat in
    z, normalised on the grid: L(z) = (1 - eta) N(x; ln(1 + z), s) + eta / ln(1 + z_max).
    """

    magnitudes: tuple[float, float] = option((22.0, 25.0), help="between which errors and outliers grow, linearly")
    sigma: tuple[float, float] = option((0.04, 0.11), gt=0, help="error of ln(1 + z) at these magnitudes, and beyond")
    outliers: tuple[float, float] = option((0.0, 0.0), ge=0, lt=1, help="share seen anywhere at these magnitudes, and beyond")
    claimed: float = option(1.0, gt=0, help="error that the distributions claim over the true one; below 1: overconfident")
    z_max: float = option(7.0, gt=0, help="end of the redshift grid")

    def __attrs_post_init__(self) -> None:
        if not self.magnitudes[0] < self.magnitudes[1]:
            raise DataError(f"magnitudes: the first must be the brighter one, got {self.magnitudes}")

    @property
    def grid(self) -> Array:
        """Redshifts of the distributions, uniform in ln(1 + z), shape (m,)."""
        end = np.log1p(self.z_max)
        return np.expm1(np.linspace(0.0, end, 1 + int(np.ceil(_NODES * end / (min(self.sigma) * min(self.claimed, 1.0))))))

    def at(self, magnitude: ArrayLike) -> tuple[Array, Array]:
        """Error of ln(1 + z) and share of outliers."""
        m = np.asarray(magnitude, dtype=float)
        sigma, eta = (np.interp(m, self.magnitudes, ends) for ends in (self.sigma, self.outliers))
        return np.asarray(sigma), np.asarray(eta)

    def seen(self, z: Array, magnitude: Array, rng: np.random.Generator) -> Redshifts:
        """Distributions of sources of true redshifts `z` (n,); NaN: seen anywhere, as stars are."""
        sigma, eta = self.at(magnitude)
        end = np.log1p(self.z_max)
        x = np.log1p(z) + sigma * rng.standard_normal(z.size)
        lost = (rng.random(z.size) < eta) | np.isnan(z)
        x = np.where(lost, end * rng.random(z.size), x)[:, None]
        sigma, eta = (self.claimed * sigma)[:, None], eta[:, None]
        at = np.log1p(self.grid)
        # Integral of N(x; x', s) exp(x') over x' from 0; of the pedestal it is that of z.
        normal = np.exp(x + 0.5 * sigma**2) * (ndtr((at - x - sigma**2) / sigma) - ndtr((-x - sigma**2) / sigma))
        cdf = (1 - eta) * normal + eta * self.grid / end
        # Beyond the grid by many errors: all that is left of the distribution lies in its last cell, or in its first.
        empty = cdf[:, -1] <= 0
        cdf[empty] = np.where(x[empty] > end, at >= end, at > 0)
        cdf /= cdf[:, -1:]
        return Redshifts(z=self.grid, cdf=cdf, mass=cdf[:, -1], spectroscopic=np.zeros(z.size, dtype=bool), origin="pdf")
