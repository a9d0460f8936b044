"""The luminosity-dependent density evolution of Miyaji et al. 2015."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import component
from faintsky.models.luminosity_functions.evolution import LN10, log_broken_evolution
from faintsky.models.luminosity_functions.evolution_parameters import (
    break_luminosity,
    break_redshift,
    break_slope,
    index,
    pivot_luminosity,
)
from faintsky.models.luminosity_functions.published_form import PublishedForm

__all__ = ["Miyaji15"]

Array = NDArray[np.float64]


@component(references=["Miyaji2015"])
@frozen(kw_only=True)
class Miyaji15(PublishedForm):
    """Luminosity-dependent density evolution of Miyaji et al. 2015: phi = DPL(L) e(z, L), two breaks, two changing indices.

    e goes as (1 + z)^(p1 + b1 log(L / Lp)) up to zb1(L), with the index p2 + b2 log(L / Lp) up to zb2 and p3 above, continuously.
    zb1(L) = zb1 (L / Lp)^alpha below Lb and constant above: zb1 is its value at Lp = 10^44 erg/s, not that at high luminosity.
    """

    form: ClassVar[str] = "miyaji15"

    p1: float = index(5.3, "index of (1 + z) below the first break, at Lp", r"$p_1$")
    b1: float = index(1.2, "change of p1 per decade of luminosity", r"$\beta_1$", low=-3.0, high=3.0)
    p2: float = index(-0.4, "index of (1 + z) between the breaks, at Lp", r"$p_2$")
    b2: float = index(1.5, "change of p2 per decade of luminosity", r"$\beta_2$", low=-3.0, high=3.0)
    p3: float = index(-5.6, "index of (1 + z) above the second break", r"$p_3$", low=-15.0, high=5.0)
    zb1: float = break_redshift(1.1, "redshift of the first break at Lp", r"$z_{b1}$", high=2.0)
    zb2: float = break_redshift(2.7, "redshift of the second break", r"$z_{b2}$", low=2.0, high=5.0)
    log_lb: float = break_luminosity(44.5, "log10 of the luminosity below which the first break moves", r"$\log L_b$")
    alpha: float = break_slope(0.18, "the first break goes as L^alpha below Lb", r"$\alpha$")
    log_lp: float = pivot_luminosity()

    def log_density(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """ln phi, for arguments and parameters that broadcast."""
        decades = np.asarray(log_l, dtype=float) - self.log_lp
        p1, p2 = self.p1 + self.b1 * decades, self.p2 + self.b2 * decades
        return self._log_power_law(log_l) + log_broken_evolution(z, p1, (self._zb1(log_l), p2), (self.zb2, self.p3))

    def log_l_breaks(self) -> Array:
        """Lb, shape (1,) or (n, 1)."""
        return self._of_luminosity(self.log_lb)

    def z_breaks(self, log_l: ArrayLike) -> Array:
        """zb1(L) and zb2, shape (2, m) or (2, n, m)."""
        return self._of_redshift(log_l, self._zb1(log_l), self.zb2)

    def _zb1(self, log_l: ArrayLike) -> Array:
        decades = np.minimum(np.asarray(log_l, dtype=float), self.log_lb) - self.log_lp
        return np.asarray(self.zb1 * np.exp(LN10 * self.alpha * decades))
