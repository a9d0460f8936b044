"""Luminosity and density evolution."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import component, option
from faintsky.models.luminosity_functions.evolution import LN10, log_double_power_law
from faintsky.models.luminosity_functions.evolution_parameters import break_redshift, index
from faintsky.models.luminosity_functions.published_form import PublishedForm

__all__ = ["Lade"]

Array = NDArray[np.float64]


@component(references=["Aird2010"])
@frozen(kw_only=True)
class Lade(PublishedForm):
    """Luminosity and density evolution (Aird et al. 2010): L* turns over with redshift, and the density falls exponentially.

    L*(z) = L0 / [((1 + zc) / (1 + z))^p1 + ((1 + zc) / (1 + z))^p2] and A(z) = A 10^(d (1 + z)) with ``norm = "aird10"``. Other
    codes write both such that they are L0 and A at z = 0, which is ``norm = "z0"``: the same surface, other values of L0 and A.
    p1 and p2 can be exchanged: their default priors, above and below 1, say which is which.
    """

    form: ClassVar[str] = "lade"

    norm: str = option("aird10", choices=("aird10", "z0"), help="what L0 and A are: as in Aird et al. 2010, or those at z = 0")
    p1: float = index(6.4, "L* goes as (1 + z)^p1 well below zc", r"$p_1$", low=1.0)
    p2: float = index(-0.2, "L* goes as (1 + z)^p2 well above zc", r"$p_2$", high=1.0)
    zc: float = break_redshift(0.75, "redshift at which the evolution of L* turns, smoothly", r"$z_c$", low=0.1)
    d: float = index(-0.2, "change of log A with redshift", r"$d$", low=-2.0, high=2.0)

    def log_density(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """ln phi, for arguments and parameters that broadcast."""
        at, turn = np.asarray(z, dtype=float), np.log1p(self.zc)
        before = turn - np.log1p(at)
        moved = -np.logaddexp(self.p1 * before, self.p2 * before)
        if self.norm == "z0":
            moved = moved + np.logaddexp(self.p1 * turn, self.p2 * turn)
        log_a = self.log_norm + self.d * (at if self.norm == "z0" else 1 + at)
        return log_double_power_law(log_l, log_a, self.log_l_star + moved / LN10, self.gamma1, self.gamma2)
