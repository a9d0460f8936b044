"""An emission line of a redshifted source."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.special import ndtr

from faintsky.core.component import component
from faintsky.core.energy_bins import checked_edges
from faintsky.core.parameter import Parametric, parameter
from faintsky.core.prior import LogUniform, Uniform
from faintsky.core.source_frame import norm, redshift, source_edges
from faintsky.core.spectrum import Spectrum

__all__ = ["ZGauss"]

Array = NDArray[np.float64]


@component()
@frozen(kw_only=True)
class ZGauss(Parametric, Spectrum):
    """Gaussian emission line of a redshifted source, such as iron K alpha; `norm` photons cm^-2 s^-1 are observed in it."""

    line: float = parameter(
        6.4,
        prior=Uniform(low=5.5, high=7.5),
        unit="keV",
        gt=0,
        frozen=True,
        help="energy of the line in the frame of the source",
        latex="$E_l$",
        xspec="LineE",
    )
    sigma: float = parameter(
        0.01,
        prior=LogUniform(low=1e-3, high=1.0),
        unit="keV",
        gt=0,
        frozen=True,
        help="standard deviation in the frame of the source",
        latex=r"$\sigma_l$",
        xspec="Sigma",
    )
    redshift: float = redshift()
    norm: float = norm(unit="photons / (cm2 s)", help="photons observed in the line")

    @property
    def additive(self) -> bool:
        """True."""
        return True

    def photon_flux(self, edges_kev: Array) -> Array:
        """Photons in each bin [photons cm^-2 s^-1], exact."""
        edges = source_edges(checked_edges(edges_kev), self.redshift)
        below = ndtr((edges - self.line) / self.sigma)
        return np.asarray(self.norm * np.diff(below, axis=-1))
