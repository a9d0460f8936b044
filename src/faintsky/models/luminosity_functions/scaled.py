"""A luminosity function times a factor."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import Band
from faintsky.core.component import component, option, slot
from faintsky.core.luminosity_function import AssumedCosmology, LuminosityFunction, Provenance
from faintsky.core.parameter import Parametric, parameter
from faintsky.core.prior import LogUniform
from faintsky.core.validity import OUTSIDE, Validity
from faintsky.models.luminosity_functions.breaks import spread_log_l_breaks, spread_z_breaks

__all__ = ["Scaled"]

Array = NDArray[np.float64]


@component()
@frozen(kw_only=True)
class Scaled(Parametric, LuminosityFunction):
    """Another luminosity function times a factor: phi = gamma phi_of(L, z), such as the class of one column density.

    Where `of` has a free normalisation of its own, hold one of the two: a fit cannot tell them apart.
    """

    gamma: float = parameter(1.0, prior=LogUniform(low=1e-4, high=1e4), ge=0.0, help="factor", latex=r"$\gamma$")
    of: LuminosityFunction = slot(help="the luminosity function that is scaled")
    outside: str = option("warn", choices=OUTSIDE, help="what evaluate does where it was never measured")

    @property
    def band(self) -> Band:
        """That of what is scaled."""
        return self.of.band

    @property
    def cosmology(self) -> AssumedCosmology:
        """That of what is scaled."""
        return self.of.cosmology

    @property
    def validity(self) -> Validity:
        """That of what is scaled."""
        return self.of.validity

    @property
    def provenance(self) -> Provenance:
        """That of what is scaled, no longer verified but for a factor of 1."""
        known = self.of.provenance
        return (
            known if np.all(np.asarray(self.gamma) == 1) else Provenance(source=f"scaled: {known.source}" if known.source else "")
        )

    def log_density(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """ln gamma + ln phi; -inf for gamma = 0."""
        with np.errstate(divide="ignore"):
            factor = np.log(self.gamma)
        return np.asarray(factor + self.of.log_density(log_l, z))

    def log_l_breaks(self) -> Array:
        """Those of what is scaled."""
        return spread_log_l_breaks(self.of.log_l_breaks(), np.shape(self.gamma)[:-1])

    def z_breaks(self, log_l: ArrayLike) -> Array:
        """Those of what is scaled."""
        return spread_z_breaks(self.of.z_breaks(log_l), np.broadcast_shapes(np.shape(self.gamma), np.shape(log_l)))
