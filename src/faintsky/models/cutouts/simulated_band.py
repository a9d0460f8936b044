"""A band of simulated images: filter, PSF, depth, photons, astrometry."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.ab_magnitude import from_ab_magnitude
from faintsky.core.bandpass import Bandpass
from faintsky.core.component import option
from faintsky.core.errors import DataError
from faintsky.core.units import ARCSEC

__all__ = ["SimulatedBand", "cosmos_web"]

Array = NDArray[np.float64]


@frozen(kw_only=True)
class SimulatedBand:
    """A filter, and what its images are like."""

    filter: str = option("", help="built-in name of its bandpass, or 'sedpy:CURVE'; default: the name of the band")
    fwhm: float = option(unit="rad", gt=0, help="FWHM of the PSF, the pixel included")
    depth: float = option(help="AB magnitude of a point source of 5 sigma in its best filter, by the background alone")
    electrons: float = option(
        40000.0, gt=0, help="electrons of the whole exposure for 1 uJy; inf: no Poisson noise of the sources"
    )
    offset: tuple[float, float] = option((0.0, 0.0), help="astrometric offset [x, y] of every image [pixel]")
    offset_scatter: float = option(0.0, ge=0, help="largest offset on top of it, uniform in a disc [pixel]")

    def __attrs_post_init__(self) -> None:
        if not np.isfinite(self.depth):
            raise DataError(f"the depth of a band is an AB magnitude, not {self.depth}")

    def bandpass(self, name: str) -> Bandpass:
        """The bandpass of the band of a name.

        Raises
        ------
        DataError
            Where nothing is known of the filter.
        """
        return _parsed(self.filter or name, name)

    def noise(self, psf: Array) -> float:
        """Background noise of a pixel [uJy].

        The best estimate of a point source's flux has the error s / sqrt(sum P^2) (King 1983), and the depth is five of
        those.

        Parameters
        ----------
        psf : ndarray, shape (m, n)
            Shares of the light in pixels.
        """
        return float(from_ab_magnitude(self.depth) / 5 * np.sqrt(np.sum(psf**2)))

    def drawn_offset(self, rng: np.random.Generator) -> tuple[float, float]:
        """Offset (x, y) of one image [pixel]."""
        radius, angle = self.offset_scatter * np.sqrt(rng.random()), 2 * np.pi * rng.random()
        return self.offset[0] + radius * np.cos(angle), self.offset[1] + radius * np.sin(angle)


def cosmos_web() -> dict[str, SimulatedBand]:
    """HST ACS and JWST NIRCam bands about as COSMOS-Web has them.

    Depths lie in the range of 27.5 to 28.2 mag of Li, Zhuang et al. (2025, section 2.1), offsets are those of their section 3.2.
    Electrons per uJy are exposures of some 1000 s (NIRCam) and 6000 s (ACS) times the sensitivity of the camera, good to 30 per
    cent.
    """
    rows = {
        "F814W": (0.10, 27.5, 39000.0, (1.1, 0.7), 0.1),
        "F115W": (0.06, 27.5, 28000.0, (0.0, 0.0), 0.3),
        "F150W": (0.06, 27.7, 41000.0, (0.0, 0.0), 0.3),
        "F277W": (0.11, 28.2, 46000.0, (0.0, 0.0), 0.0),
        "F444W": (0.16, 28.1, 46000.0, (0.0, 0.0), 0.3),
    }
    return {
        name: SimulatedBand(fwhm=fwhm * ARCSEC, depth=depth, electrons=electrons, offset=offset, offset_scatter=scatter)
        for name, (fwhm, depth, electrons, offset, scatter) in rows.items()
    }


@lru_cache(maxsize=32)
def _parsed(text: str, name: str) -> Bandpass:
    return Bandpass.parse(text, name)
