"""A constant factor."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component
from faintsky.core.energy_bins import checked_edges
from faintsky.core.parameter import Parametric, parameter
from faintsky.core.prior import LogUniform
from faintsky.core.spectrum import Spectrum

__all__ = ["Constant"]

Array = NDArray[np.float64]


@component()
@frozen(kw_only=True)
class Constant(Parametric, Spectrum):
    """A factor that is the same at all energies, such as the leaked or scattered fraction f of ``zwabs * zpo + f * zpo``."""

    factor: float = parameter(1.0, prior=LogUniform(low=1e-4, high=10.0), ge=0, help="the factor", latex="$f$", xspec="factor")

    @property
    def additive(self) -> bool:
        """False."""
        return False

    def photon_flux(self, edges_kev: Array) -> Array:
        """The factor in each bin."""
        return np.asarray(self.factor * np.ones(len(checked_edges(edges_kev)) - 1))
