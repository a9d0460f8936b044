"""Luminosity-dependent density evolution with one break in redshift."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import component
from faintsky.models.luminosity_functions.evolution import log_broken_evolution, turning_redshift
from faintsky.models.luminosity_functions.evolution_parameters import break_luminosity, break_redshift, break_slope, index
from faintsky.models.luminosity_functions.published_form import PublishedForm

__all__ = ["Ldde1"]

Array = NDArray[np.float64]


@component(references=["Ueda2003"])
@frozen(kw_only=True)
class Ldde1(PublishedForm):
    """Luminosity-dependent density evolution with one break (Ueda et al. 2003): phi = DPL(L) e(z, L).

    e = (1 + z)^p1 up to zc(L), and (1 + zc)^p1 [(1 + z) / (1 + zc)]^p2 above, with zc(L) = zc (L / La)^alpha below La and zc from
    there on (Ueda et al. 2003, equations 16 and 17).
    """

    form: ClassVar[str] = "ldde1"

    p1: float = index(4.2, "index of (1 + z) below the break", r"$p_1$")
    p2: float = index(-1.5, "index of (1 + z) above the break", r"$p_2$")
    zc: float = break_redshift(1.9, "redshift of the break at high luminosity", r"$z_c$")
    log_la: float = break_luminosity(44.6, "log10 of the luminosity below which the break moves", r"$\log L_a$")
    alpha: float = break_slope(0.3, "the break goes as L^alpha below La", r"$\alpha$")

    def log_density(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """ln phi, for arguments and parameters that broadcast."""
        return self._log_power_law(log_l) + log_broken_evolution(z, self.p1, (self._zc(log_l), self.p2))

    def log_l_breaks(self) -> Array:
        """La, shape (1,) or (n, 1)."""
        return self._of_luminosity(self.log_la)

    def z_breaks(self, log_l: ArrayLike) -> Array:
        """zc(L), shape (1, m) or (1, n, m)."""
        return self._of_redshift(log_l, self._zc(log_l))

    def _zc(self, log_l: ArrayLike) -> Array:
        return turning_redshift(log_l, self.zc, self.log_la, self.alpha)
