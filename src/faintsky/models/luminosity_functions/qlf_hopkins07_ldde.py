"""The bolometric quasar luminosity function of Hopkins, Richards & Hernquist 2007: density evolution."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import component, option
from faintsky.models.luminosity_functions.evolution import log_broken_evolution, log_double_power_law, turning_redshift
from faintsky.models.luminosity_functions.published_qlf import CoefficientSets, PublishedQlf, coefficient

__all__ = ["QlfHopkins07Ldde"]

Array = NDArray[np.float64]

_NAMES = ("log_phi_star", "log_l_star", "gamma1", "gamma2", "log_lc", "zc", "alpha", "p1", "p2", "beta1", "beta2")
_SETS = {
    "ldde": dict(zip(_NAMES, (-6.20, 45.99, 0.933, 2.20, 46.72, 1.852, 0.274, 5.95, -1.65, 0.29, -0.62), strict=True)),
    "pde": dict(zip(_NAMES, (-6.66, 46.64, 0.858, 2.09, 46.00, 1.852, 0.0, 4.13, -2.53, 0.0, 0.0), strict=True)),
}


def _coefficient(name: str, low: float, high: float, help: str) -> float:
    return coefficient(_SETS, name, low, high, help)  # type: ignore[no-any-return]


@component(references=["Hopkins2007"])
@frozen(kw_only=True)
class QlfHopkins07Ldde(PublishedQlf):
    """Bolometric quasar luminosity function of Hopkins et al. 2007: density evolution, with or without luminosity.

    phi = phi* / [(L / L*)^gamma1 + (L / L*)^gamma2] e(L, z), e = (1 + z)^p1 up to zc(L) and (1 + zc)^p1 ((1 + z) / (1 + zc))^p2
    beyond, with p_i(L) = p_i + beta_i (log L - 46) and zc(L) = zc (L / Lc)^alpha below Lc, zc above (their eqs 13 to 16). They
    find it far worse than ``qlf-hopkins07``: chi^2 / nu = 1389 / 507 (``ldde``) and 3255 / 511 (``pde``) against 1007 / 508.
    """

    sets: ClassVar[CoefficientSets] = _SETS
    source: ClassVar[str] = "Hopkins2007 table 4"
    verified: ClassVar[str] = "the authors' public code and a public copy of the table"
    z_max: ClassVar[float] = 6.0

    published: str = option("ldde", choices=tuple(_SETS), help="row of their table 4: ldde, or pde without luminosity dependence")
    log_phi_star: float = _coefficient("log_phi_star", -9.0, -4.0, "log10 phi* at z = 0 [Mpc^-3 dex^-1]")
    log_l_star: float = _coefficient("log_l_star", 44.0, 48.0, "log10 L* [erg/s]")
    gamma1: float = _coefficient("gamma1", 0.0, 1.5, "faint-end slope")
    gamma2: float = _coefficient("gamma2", 1.5, 4.0, "bright-end slope")
    log_lc: float = _coefficient("log_lc", 44.0, 48.0, "log10 luminosity below which the peak moves to lower redshift [erg/s]")
    zc: float = _coefficient("zc", 0.5, 4.0, "redshift of the peak at high luminosity")
    alpha: float = _coefficient("alpha", 0.0, 1.0, "how the redshift of the peak falls with luminosity")
    p1: float = _coefficient("p1", 0.0, 10.0, "power of 1 + z below the peak, at 10^46 erg/s")
    p2: float = _coefficient("p2", -10.0, 3.0, "power of 1 + z beyond the peak, at 10^46 erg/s")
    beta1: float = _coefficient("beta1", -2.0, 2.0, "change of p1 per dex of luminosity")
    beta2: float = _coefficient("beta2", -2.0, 2.0, "change of p2 per dex of luminosity")

    def log_density(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """ln phi."""
        above = np.asarray(log_l, dtype=float) - 46
        evolution = log_broken_evolution(z, self.p1 + self.beta1 * above, (self._peak(log_l), self.p2 + self.beta2 * above))
        return log_double_power_law(log_l, self.log_phi_star, self.log_l_star, self.gamma1, self.gamma2) + evolution

    def log_l_breaks(self) -> Array:
        """Lc, shape (1,) or (n, 1)."""
        return np.atleast_1d(np.asarray(self.log_lc, dtype=float))

    def z_breaks(self, log_l: ArrayLike) -> Array:
        """zc(L), shape (1, m) or (1, n, m)."""
        return self._peak(log_l)[None]

    def _peak(self, log_l: ArrayLike) -> Array:
        return turning_redshift(log_l, self.zc, self.log_lc, self.alpha)
