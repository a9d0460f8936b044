"""Luminosity-dependent density evolution with a smooth turnover."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import component
from faintsky.models.luminosity_functions.evolution import turning_redshift
from faintsky.models.luminosity_functions.evolution_parameters import break_luminosity, break_redshift, break_slope, index
from faintsky.models.luminosity_functions.published_form import PublishedForm

__all__ = ["Fotopoulou16"]

Array = NDArray[np.float64]


@component(references=["Fotopoulou2016"])
@frozen(kw_only=True)
class Fotopoulou16(PublishedForm):
    """Luminosity-dependent density evolution with a smooth turnover (Fotopoulou et al. 2016): phi = DPL(L) e(z, L).

    e = [(1 + zc)^p1 + (1 + zc)^p2] / [((1 + z) / (1 + zc))^-p1 + ((1 + z) / (1 + zc))^-p2], which is 1 at z = 0, with
    zc(L) = zc (L / La)^alpha below La and zc from there on. It has no kink in redshift. p1 and p2 can be exchanged: their default
    priors, above and below 0, say which is which.
    """

    form: ClassVar[str] = "fotopoulou16"

    p1: float = index(5.9, "index of (1 + z) well below the turnover", r"$p_1$", low=0.0)
    p2: float = index(-2.3, "index of (1 + z) well above the turnover", r"$p_2$", high=0.0)
    zc: float = break_redshift(2.1, "redshift of the turnover at high luminosity", r"$z_c$")
    log_la: float = break_luminosity(44.5, "log10 of the luminosity below which the turnover moves", r"$\log L_a$")
    alpha: float = break_slope(0.24, "the turnover goes as L^alpha below La", r"$\alpha$")

    def log_density(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """ln phi, for arguments and parameters that broadcast."""
        turn = np.log1p(turning_redshift(log_l, self.zc, self.log_la, self.alpha))
        beyond = np.log1p(np.asarray(z, dtype=float)) - turn
        norm = np.logaddexp(self.p1 * turn, self.p2 * turn)
        return np.asarray(self._log_power_law(log_l) + norm - np.logaddexp(-self.p1 * beyond, -self.p2 * beyond))

    def log_l_breaks(self) -> Array:
        """La, shape (1,) or (n, 1)."""
        return self._of_luminosity(self.log_la)
