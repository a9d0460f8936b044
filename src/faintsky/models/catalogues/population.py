"""A population of simulated sources: how many, how bright, at which redshifts, how clustered, how bright in X-rays."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import option
from faintsky.core.errors import DataError
from faintsky.core.flux_production import FluxProduction

__all__ = ["Population"]

Array = NDArray[np.float64]


@frozen(kw_only=True)
class Population:
    """Sources between two redshifts with one bias.

    Magnitudes follow dN/dm ~ 10^(counts_slope m), redshifts dN/dz ~ z^rise exp(-z / fall) between the limits.
    """

    density: float = option(unit="1/deg2", gt=0, help="surface density over the whole magnitude range")
    mag: tuple[float, float] = option((25.0, 29.0), help="magnitude range in the first band")
    counts_slope: float = option(0.25, help="slope of log10 dN/dm")
    z: tuple[float, float] = option(help="redshift range")
    rise: float = option(0.0, ge=0, help="dN/dz rises as z^rise")
    fall: float = option(1.0, gt=0, help="and falls as exp(-z / fall)")
    bias: float = option(1.0, ge=0, help="linear bias")
    shells: int = option(8, ge=1, help="redshift shells, each with a density field of its own")
    xray: float = option(0.0, ge=0, help="surface brightness of its X-rays [erg / (s cm2 deg2)], all sources together")
    xray_fraction: float = option(1.0, gt=0, le=1, help="fraction of the sources that emit them")

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.z[0] < self.z[1]:
            raise DataError(f"z must be [low, high], got {list(self.z)}")
        if not self.mag[0] < self.mag[1]:
            raise DataError(f"mag must be [bright, faint], got {list(self.mag)}")

    @property
    def redshifts(self) -> FluxProduction:
        """dN/dz with an integral of 1."""
        low, high = self.z
        made = FluxProduction.of(
            lambda z: np.where(z > 0, z, 1e-9) ** self.rise * np.exp(-(z - low) / self.fall), max(low, 1e-3), high, points=2001
        )
        return made.normalised_to(1.0)

    @property
    def edges(self) -> Array:
        """Edges of the shells: equal numbers of sources in each would crowd the low redshifts, equal widths do not."""
        return np.linspace(max(self.z[0], 1e-3), self.z[1], self.shells + 1)

    def drawn_redshifts(self, low: float, high: float, number: int, rng: np.random.Generator) -> Array:
        """Redshifts of `number` sources between two redshifts."""
        z = np.linspace(low, high, 201)
        density = self.redshifts.at(z)
        cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]))])
        return np.interp(rng.random(number), cumulative / cumulative[-1], z)

    def drawn_magnitudes(self, number: int, rng: np.random.Generator) -> Array:
        """Magnitudes of `number` sources."""
        bright, faint = (10 ** (self.counts_slope * (m - self.mag[1])) for m in self.mag)
        return np.asarray(self.mag[1] + np.log10(bright + (faint - bright) * rng.random(number)) / self.counts_slope)
