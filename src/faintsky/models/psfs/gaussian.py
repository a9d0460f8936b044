"""The Gaussian PSF."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import component, option
from faintsky.core.psf import PSF

__all__ = ["Gaussian"]

Array = NDArray[np.float64]


@component()
@frozen(kw_only=True)
class Gaussian(PSF):
    """A round Gaussian."""

    sigma: float = option(unit="rad", gt=0, help="standard deviation of one axis; FWHM = 2.3548 sigma")

    def density(self, dx: ArrayLike, dy: ArrayLike) -> Array:
        """exp(-r^2 / 2 sigma^2) / (2 pi sigma^2) [sr^-1]."""
        r2 = np.square(np.asarray(dx, dtype=float)) + np.square(np.asarray(dy, dtype=float))
        return np.asarray(np.exp(-0.5 * r2 / self.sigma**2) / (2 * np.pi * self.sigma**2))

    def encircled(self, radius: ArrayLike) -> Array:
        """1 - exp(-r^2 / 2 sigma^2)."""
        return np.asarray(-np.expm1(-0.5 * np.square(np.asarray(radius, dtype=float) / self.sigma)))

    def transfer(self, q: ArrayLike) -> Array:
        """exp(-q^2 sigma^2 / 2)."""
        return np.asarray(np.exp(-0.5 * np.square(np.asarray(q, dtype=float) * self.sigma)))

    @property
    def ellipse(self) -> tuple[float, float]:
        """Round."""
        return 1.0, 0.0

    def drawn(self, number: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Offsets [rad] of photons, drawn exactly."""
        dx, dy = rng.normal(0.0, self.sigma, (2, number))
        return dx, dy
