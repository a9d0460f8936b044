"""The King (beta) PSF."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, kv

from faintsky.core.component import component, option
from faintsky.core.psf import PSF

__all__ = ["King"]

Array = NDArray[np.float64]


@component()
@frozen(kw_only=True)
class King(PSF):
    """A King profile, S ~ (1 + (r / core)^2)^-slope, with its full wings."""

    core: float = option(unit="rad", gt=0, help="core radius")
    slope: float = option(1.5, gt=1, help="slope; the wings fall as r^(-2 slope)")

    def density(self, dx: ArrayLike, dy: ArrayLike) -> Array:
        """(slope - 1) / (pi core^2) (1 + r^2 / core^2)^-slope [sr^-1]."""
        r2 = np.square(np.asarray(dx, dtype=float)) + np.square(np.asarray(dy, dtype=float))
        norm = (self.slope - 1) / (np.pi * self.core**2)
        return np.asarray(norm * (1 + r2 / self.core**2) ** -self.slope)

    def encircled(self, radius: ArrayLike) -> Array:
        """1 - (1 + r^2 / core^2)^(1 - slope)."""
        return np.asarray(-np.expm1((1 - self.slope) * np.log1p(np.square(np.asarray(radius, dtype=float) / self.core))))

    def transfer(self, q: ArrayLike) -> Array:
        """2 (x/2)^(slope - 1) K_(slope - 1)(x) / Gamma(slope - 1) with x = q core; exp(-x) for slope 3/2."""
        x = np.abs(np.asarray(q, dtype=float)) * self.core
        order = self.slope - 1
        safe = np.where(x > 1e-10, x, 1.0)
        bessel = kv(order, safe)  # overflows for steep profiles at small x: there its series takes over
        usable = (x > 1e-10) & np.isfinite(bessel)
        found = 2 * np.exp(order * np.log(safe / 2) - gammaln(order)) * np.where(usable, bessel, 0.0)
        series = 1 - x**2 / (4 * (order - 1)) + x**4 / (32 * (order - 1) * (order - 2)) if order > 2.5 else 1.0
        return np.where(usable, found, np.where(x > 1e-10, series, 1.0))

    @property
    def ellipse(self) -> tuple[float, float]:
        """Round."""
        return 1.0, 0.0

    def drawn(self, number: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Offsets [rad] of photons, drawn exactly: r = core sqrt((1 - s)^(1 / (1 - slope)) - 1) encloses the share s."""
        share, phi = rng.random(number), rng.uniform(0, 2 * np.pi, number)
        radius = self.core * np.sqrt(np.expm1(np.log1p(-share) / (1 - self.slope)))
        return radius * np.cos(phi), radius * np.sin(phi)
