"""How many photons of sources and background are expected in each observation."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.errors import DataError, nearest
from faintsky.core.owned_array import owned_floats
from faintsky.core.photon_set import PhotonSet
from faintsky.models.photons.sky_sources import SkySources

__all__ = ["SHARES", "ExpectedPhotons"]

Array = NDArray[np.float64]

#: How photons are shared among observations.
SHARES = ("own", "exposure")


@frozen(kw_only=True, eq=False)
class ExpectedPhotons:
    """Expected photons inside the box of each observation.

    Attributes
    ----------
    sources, background : ndarray, shape (K,)
        In the order of the observations.
    """

    sources: Array = field(converter=owned_floats)
    background: Array = field(converter=owned_floats)

    @classmethod
    def observed(cls, data: PhotonSet, sources: SkySources, share: str = "own") -> ExpectedPhotons:
        """As many as were observed.

        ``own`` (the default): each observation expects the photons that it has, background included. They hold what exposure
        does not tell: vignetting, chip gaps, the contamination that grew over the years, and a source that varies. The paper
        simulates with the detector position, pointing, exposure and spectrum of each observation, so that the numbers of photons
        closely match the observed ones (Sandoval et al. 2024, section 4.1); of what photons and exposures alone tell, this comes
        nearest. ``exposure``: the photons of the sources in all observations together are shared by exposure, as of a constant
        source under one effective area; better where observations have so few photons that their own numbers are mostly noise.

        Raises
        ------
        DataError
            Where the background was not measured and no `SkySources.background_fraction` is given, or takes all photons.
        """
        if share not in SHARES:
            raise DataError(f"photons are shared by {' or '.join(SHARES)}, not {share!r}. {nearest(share, SHARES)}".rstrip())
        observed = np.array([len(box) for box in data.observations], dtype=float)
        exposure = np.array([box.exposure for box in data.observations])
        if sources.counts is not None:
            weights = observed if observed.sum() > 0 else exposure
            observed = sources.counts * weights / weights.sum()
        if sources.background_fraction is not None:
            background = observed * sources.background_fraction / (1 + sources.background_fraction)
        else:
            background = np.array([box.background for box in data.observations])
            blind = [box.name for box in data.observations if not np.isfinite(box.background)]
            if blind:
                raise DataError(
                    f"source {data.name}: the background of observation {blind[0]} was not measured; measure it, or give "
                    "SkySources(background_fraction=...)"
                )
        net = observed - background
        if not net.sum() > 0:
            raise DataError(
                f"source {data.name}: {observed.sum():.0f} photons are expected, but the background alone gives "
                f"{background.sum():.1f}: nothing is left for point sources"
            )
        if share == "exposure":
            return cls(sources=net.sum() * exposure / exposure.sum(), background=background)
        # An observation below its background gives none; the sum stays.
        above = np.maximum(net, 0.0)
        return cls(sources=above * net.sum() / above.sum(), background=background)

    @property
    def total(self) -> float:
        """Of sources and background in all observations."""
        return float(self.sources.sum() + self.background.sum())

    def numbers(self, rng: np.random.Generator, *, total: int | None = None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Photons of sources and of background, each of shape (K,): Poisson, or a multinomial of `total` photons."""
        if total is None:
            return rng.poisson(self.sources), rng.poisson(self.background)
        both = np.concatenate([self.sources, self.background])
        drawn = rng.multinomial(total, both / both.sum())
        return drawn[: len(self.sources)], drawn[len(self.sources) :]
