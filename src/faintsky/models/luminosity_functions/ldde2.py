"""Luminosity-dependent density evolution with two breaks in redshift."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import component
from faintsky.models.luminosity_functions.evolution import log_broken_evolution, turning_redshift
from faintsky.models.luminosity_functions.evolution_parameters import (
    break_luminosity,
    break_redshift,
    break_slope,
    index,
    pivot_luminosity,
)
from faintsky.models.luminosity_functions.published_form import PublishedForm

__all__ = ["Ldde2"]

Array = NDArray[np.float64]


@component(references=["Ueda2014", "Aird2015"])
@frozen(kw_only=True)
class Ldde2(PublishedForm):
    """Luminosity-dependent density evolution with two breaks (Ueda et al. 2014; Aird et al. 2015): phi = DPL(L) e(z, L).

    e goes as (1 + z)^(p1 + b1 log(L / Lp)) up to zc1(L), with the index p2 up to zc2(L) and p3 above, continuously, and
    zc_i(L) = zc_i (L / La_i)^a_i below La_i and zc_i from there on. Where a fit moves the breaks past each other, the
    slopes change by p2 - p1 at zc1 and by p3 - p2 at zc2 all the same.
    """

    form: ClassVar[str] = "ldde2"

    p1: float = index(4.8, "index of (1 + z) below the first break, at Lp", r"$p_1$")
    b1: float = index(0.0, "change of p1 per decade of luminosity", r"$\beta_1$", low=-3.0, high=3.0)
    p2: float = index(-1.5, "index of (1 + z) between the breaks", r"$p_2$")
    p3: float = index(-6.2, "index of (1 + z) above the second break", r"$p_3$", low=-15.0, high=5.0)
    zc1: float = break_redshift(1.9, "redshift of the first break at high luminosity", r"$z_{c1}$", high=2.7)
    log_la1: float = break_luminosity(44.6, "log10 of the luminosity below which the first break moves", r"$\log L_{a1}$")
    a1: float = break_slope(0.3, "the first break goes as L^a1 below La1", r"$\alpha_1$")
    zc2: float = break_redshift(3.0, "redshift of the second break at high luminosity", r"$z_{c2}$", low=2.5, high=5.0)
    log_la2: float = break_luminosity(44.0, "log10 of the luminosity below which the second break moves", r"$\log L_{a2}$")
    a2: float = break_slope(-0.1, "the second break goes as L^a2 below La2", r"$\alpha_2$")
    log_lp: float = pivot_luminosity()

    def log_density(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """ln phi, for arguments and parameters that broadcast."""
        first, second = self._zc(log_l)
        p1 = self.p1 + self.b1 * (np.asarray(log_l, dtype=float) - self.log_lp)
        return self._log_power_law(log_l) + log_broken_evolution(z, p1, (first, self.p2), (second, self.p3))

    def log_l_breaks(self) -> Array:
        """La1 and La2, shape (2,) or (n, 2)."""
        return self._of_luminosity(self.log_la1, self.log_la2)

    def z_breaks(self, log_l: ArrayLike) -> Array:
        """zc1(L) and zc2(L), shape (2, m) or (2, n, m)."""
        return self._of_redshift(log_l, *self._zc(log_l))

    def _zc(self, log_l: ArrayLike) -> tuple[Array, Array]:
        first = turning_redshift(log_l, self.zc1, self.log_la1, self.a1)
        return first, turning_redshift(log_l, self.zc2, self.log_la2, self.a2)
