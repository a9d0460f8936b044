"""Luminosity-dependent density evolution of high redshifts, around a pivot."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import component
from faintsky.models.luminosity_functions.evolution_parameters import index, pivot_luminosity, pivot_redshift
from faintsky.models.luminosity_functions.published_form import PublishedForm

__all__ = ["LddeHighZ"]

Array = NDArray[np.float64]


@component(references=["Vito2014", "Georgakakis2015"])
@frozen(kw_only=True)
class LddeHighZ(PublishedForm):
    """Luminosity-dependent density evolution of z > 3 (Vito et al. 2014): phi = DPL(L) [(1 + z) / (1 + z_pivot)]^(q + beta l).

    l is log10(L / Lp). It has no turnover: below z = 3 it diverges, so mind `validity`.
    """

    form: ClassVar[str] = "ldde-highz"

    q: float = index(-7.0, "index of (1 + z) at Lp", r"$q$", low=-20.0, high=5.0)
    beta: float = index(2.3, "change of the index per decade of luminosity", r"$\beta$", low=-5.0, high=8.0)
    z_pivot: float = pivot_redshift(3.0)
    log_lp: float = pivot_luminosity()

    def log_density(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """ln phi, for arguments and parameters that broadcast."""
        growth = np.log1p(np.asarray(z, dtype=float)) - np.log1p(self.z_pivot)
        power = self.q + self.beta * (np.asarray(log_l, dtype=float) - self.log_lp)
        return np.asarray(self._log_power_law(log_l) + power * growth)
