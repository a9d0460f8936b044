"""One kind of points where the posterior of reduced parameters is looked for first."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.prior import Prior
from faintsky.estimators.photons.pilot_places import PilotPlaces

__all__ = ["PilotKind"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class PilotKind:
    """A normalised density of separations and of everything else.

    Attributes
    ----------
    share : float
        Of the points.
    places : PilotPlaces or tuple of Prior
        Of each separation: around photons, or independent in x and y.
    apart : int
        Number of separations.
    rest : tuple of Prior
        Of the other parameters.
    """

    share: float
    places: PilotPlaces | tuple[Prior, Prior]
    apart: int
    rest: tuple[Prior, ...]

    def drawn(self, number: int, rng: np.random.Generator) -> Array:
        """Points, shape (number, d)."""
        found = [self._separations(number, rng) for _ in range(self.apart)]
        others = [prior.rvs(rng, number)[:, None] for prior in self.rest]
        return np.concatenate([*found, *others], axis=1)

    def _separations(self, number: int, rng: np.random.Generator) -> Array:
        if isinstance(self.places, PilotPlaces):
            return self.places.drawn(number, rng)
        return np.stack([prior.rvs(rng, number) for prior in self.places], axis=1)

    def log_density(self, theta: Array) -> Array:
        """ln of the density at `theta` of shape (n, d), shape (n,)."""
        total = np.zeros(len(theta))
        for j in range(0, 2 * self.apart, 2):
            if isinstance(self.places, PilotPlaces):
                total += self.places.log_density(theta[:, j : j + 2])
            else:
                total += self.places[0].logpdf(theta[:, j]) + self.places[1].logpdf(theta[:, j + 1])
        for i, prior in enumerate(self.rest):
            total += prior.logpdf(theta[:, 2 * self.apart + i])
        return total
