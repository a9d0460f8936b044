"""Who stands in front and behind: galaxies of the field, and stars."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import option
from faintsky.core.errors import DataError
from faintsky.models.pairs.galaxy_counts import GalaxyCounts

__all__ = ["FieldPopulation"]

Array = NDArray[np.float64]

#: Smallest redshift of a galaxy: a nearer one would fill the frame.
_NEAREST = 0.05


@frozen(kw_only=True)
class FieldPopulation:
    """Galaxies and stars at random places, Poisson in number.

    The default counts of galaxies, N(< m) = 36 / arcmin^2 10^(0.25 (m - 24)), come to 1.3e6 / deg^2 at 28 mag, the density of the
    7e5 galaxies in 0.54 deg^2 of COSMOS2025 (Shuntov et al. 2025); the slope is about right, so that they are good to 50 per
    cent from 22 to 28 mag. Redshifts and stars are rough.
    """

    counts: GalaxyCounts = option(
        factory=lambda: GalaxyCounts(density=36.0, slope=0.25), help="number and redshifts of galaxies; each is an interloper"
    )
    galaxy_mag: tuple[float, float] = option(
        (19.0, 28.0), help="brightest and faintest AB magnitude of galaxies in the reference band; [0, 0]: none"
    )
    quiescent_share: float = option(0.15, ge=0, le=1, help="share of them that form no stars")
    stars: float = option("2e4 1/deg2", unit="1/deg2", ge=0, help="density of stars to the faintest magnitude")
    star_mag: tuple[float, float] = option((18.0, 26.0), help="their AB magnitudes in the reference band")
    star_slope: float = option(0.12, gt=0, help="slope of log10 of their number")

    def __attrs_post_init__(self) -> None:
        for name in ("galaxy_mag", "star_mag"):
            low, high = getattr(self, name)
            if not low < high and (name, low, high) != ("galaxy_mag", 0, 0):
                raise DataError(f"{name} must be [bright, faint], got [{low:g}, {high:g}]")

    @property
    def density(self) -> float:
        """Galaxies between the limits [arcsec^-2]."""
        bright, faint = (float(self.counts.below(m)) for m in self.galaxy_mag)
        return faint - bright

    def drawn_galaxies(self, area: float, rng: np.random.Generator) -> tuple[Array, Array]:
        """AB magnitudes and redshifts of the galaxies in an area [arcsec^2]."""
        bright, faint = self.galaxy_mag
        number = rng.poisson(float(self.counts.below(faint)) * area) if bright < faint else 0
        magnitude = self.counts.magnitudes(np.full(number, faint), rng)
        redshift = np.maximum(self.counts.redshifts(magnitude, rng), _NEAREST)
        seen = magnitude > bright
        return magnitude[seen], redshift[seen]

    def drawn_stars(self, area: float, rng: np.random.Generator) -> Array:
        """AB magnitudes of the stars in an area [arcsec^2]; their number goes as 10^(slope m)."""
        bright, faint = self.star_mag
        share = rng.random(rng.poisson(self.stars * area / 3600**2))
        low = 10 ** (self.star_slope * (bright - faint))
        return np.asarray(faint + np.log10(low + (1 - low) * share) / self.star_slope)
