"""A PSF whose images of counted rays are drawn anew, wherever it is asked for."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.digest import json_digest
from faintsky.core.psf import PSF, Place

__all__ = ["ResampledPsf", "is_noisy"]

Array = NDArray[np.float64]


@frozen(kw_only=True)
class ResampledPsf(PSF):
    """One realisation of the noise of a PSF: at each place the image is as another ray tracing would have made it.

    Attributes
    ----------
    psf : PSF
    realisation : int
        The same number gives the same noise at the same place.
    """

    psf: PSF
    realisation: int

    def placed(self, place: Place) -> PSF:
        """The PSF of the place with other noise; as it is, where it has none."""
        found = self.psf.placed(place)
        return found.resampled(_stream(place, self.realisation)) or found

    @property
    def energies(self) -> tuple[float, ...]:
        """Those of the PSF."""
        return self.psf.energies

    @property
    def ellipse(self) -> tuple[float, float] | None:
        """Noise has no shape."""
        return None

    def density(self, dx: ArrayLike, dy: ArrayLike) -> Array:
        """Of the PSF without a place."""
        return self.psf.density(dx, dy)

    def encircled(self, radius: ArrayLike) -> Array:
        """Of the PSF without a place."""
        return self.psf.encircled(radius)

    def transfer(self, q: ArrayLike) -> Array:
        """Of the PSF without a place."""
        return self.psf.transfer(q)


def is_noisy(psf: PSF, places: Iterable[Place]) -> bool:
    """Whether the PSF is made of counted rays at any of these places (and the first of its energies)."""
    energy = next(iter(psf.energies), 1.5)
    at = (attrs.evolve(place, energy=energy) for place in places)
    return any(psf.placed(place).resampled(_stream(place, 0)) is not None for place in at)


def _stream(place: Place, realisation: int) -> np.random.Generator:
    """Of the place alone, so that two hypotheses see the same noise."""
    return np.random.default_rng([realisation, int(json_digest(attrs.asdict(place))[:15], 16)])
