"""Clumps of young stars in the discs of galaxies."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import option
from faintsky.core.errors import DataError
from faintsky.models.cutouts.sersic_shape import SersicShape
from faintsky.models.cutouts.sky_source import SkySource

__all__ = ["ClumpPopulation"]

Array = NDArray[np.float64]


@frozen(kw_only=True)
class ClumpPopulation:
    """Small discs of young stars, between half and one and a half radii from the centre of a galaxy that forms stars.

    Guo et al. (2015) see clumps with 8 per cent or more of the ultraviolet light in some 15 to 60 per cent of such galaxies,
    depending on mass and redshift; the default ones are fainter and less rare than theirs in massive galaxies.
    """

    share: float = option(0.4, ge=0, le=1, help="share of the star-forming hosts and companions that have clumps")
    number: tuple[int, int] = option((1, 4), ge=1, help="fewest and most of them in one galaxy")
    light: tuple[float, float] = option(
        (0.02, 0.08), ge=0, le=1, help="range of their light in the band of shortest wavelength, over that of the galaxy"
    )
    radius: float = option("0.15 kpc", unit="kpc", gt=0, help="half-light radius")

    def __attrs_post_init__(self) -> None:
        for name in ("number", "light"):
            low, high = getattr(self, name)
            if low > high:
                raise DataError(f"{name} of clumps must be [low, high], got [{low:g}, {high:g}]")

    def drawn(self, host: SkySource, young: Array, kpc_per_pixel: float, rng: np.random.Generator) -> tuple[SkySource, ...]:
        """The clumps of one galaxy.

        Parameters
        ----------
        host : SkySource
            With a shape.
        young : ndarray, shape (b,)
            Fluxes of young stars per solar mass [uJy / Msun], the band of shortest wavelength first.
        """
        if rng.random() >= self.share or host.shape is None:
            return ()
        radius = np.full(young.size, max(self.radius / kpc_per_pixel, 0.5))
        shape = SersicShape(radius=radius, index=np.ones(young.size), ellipticity=0.0, angle=0.0)
        found = []
        for _ in range(rng.integers(self.number[0], self.number[1] + 1)):
            away, phase = float(np.mean(host.shape.radius)) * rng.uniform(0.5, 1.5), rng.uniform(0, 2 * np.pi)
            along, across = away * np.cos(phase), away * np.sin(phase) * (1 - host.shape.ellipticity)
            cos, sin = np.cos(host.shape.angle), np.sin(host.shape.angle)
            mass = host.galaxy[0] * rng.uniform(*self.light) / young[0]
            found.append(
                SkySource(
                    kind="clump",
                    x=host.x + along * cos - across * sin,
                    y=host.y + along * sin + across * cos,
                    redshift=host.redshift,
                    galaxy=mass * young,
                    point=np.zeros(young.size),
                    shape=shape,
                    log_mass=float(np.log10(mass)),
                )
            )
        return tuple(found)
