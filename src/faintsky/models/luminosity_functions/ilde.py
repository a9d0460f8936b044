"""Independent evolution of luminosity and density."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import component
from faintsky.models.luminosity_functions.evolution import LN10, log_double_power_law
from faintsky.models.luminosity_functions.evolution_parameters import index, pivot_redshift
from faintsky.models.luminosity_functions.published_form import PublishedForm

__all__ = ["Ilde"]

Array = NDArray[np.float64]


@component(references=["Yencho2009", "Vito2014"])
@frozen(kw_only=True)
class Ilde(PublishedForm):
    """Independent luminosity and density evolution: L* goes as [(1 + z) / (1 + z_pivot)]^p, A as [(1 + z) / (1 + z_pivot)]^q."""

    form: ClassVar[str] = "ilde"

    p: float = index(0.0, "index of (1 + z) of the break luminosity", r"$p$")
    q: float = index(-6.0, "index of (1 + z) of the density", r"$q$", low=-20.0, high=10.0)
    z_pivot: float = pivot_redshift(3.0)

    def log_density(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """ln phi, for arguments and parameters that broadcast."""
        growth = np.log1p(np.asarray(z, dtype=float)) - np.log1p(self.z_pivot)
        moved = self.log_l_star + self.p * growth / LN10
        return np.asarray(log_double_power_law(log_l, self.log_norm, moved, self.gamma1, self.gamma2) + self.q * growth)
