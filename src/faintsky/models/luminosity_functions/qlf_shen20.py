"""The bolometric quasar luminosity function of Shen et al. 2020."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import component, option
from faintsky.models.bolometric_corrections.solar_luminosity import solar_luminosity
from faintsky.models.luminosity_functions.evolution import log_double_power_law
from faintsky.models.luminosity_functions.published_qlf import CoefficientSets, PublishedQlf, coefficient

__all__ = ["QlfShen20"]

Array = NDArray[np.float64]

#: The eight digits of the authors' public fit; their table 4 has them rounded, with errors.
_SETS = {
    "A": {
        "a0": 0.85686462, "a1": -0.26136104, "a2": 0.02002342, "b0": 2.53746532, "b1": -1.04245649, "b2": 1.12012268,
        "c0": 13.00876548, "c1": -0.57592176, "c2": 0.45544759, "d0": -3.5425939, "d1": -0.39355877,
    },
    "B": {
        "a0": 0.36527634, "a1": -0.60064129, "b0": 2.47087436, "b1": -0.99630954, "b2": 1.07159016,
        "c0": 12.96562063, "c1": -0.57580856, "c2": 0.46976787, "d0": -3.62755856, "d1": -0.34441621,
    },
}  # fmt: skip


def _coefficient(name: str, low: float, high: float, help: str) -> float:
    return coefficient(_SETS, name, low, high, help)  # type: ignore[no-any-return]


@component(references=["Shen2020"])
@frozen(kw_only=True)
class QlfShen20(PublishedQlf):
    """Bolometric quasar luminosity function of Shen et al. 2020, global fits A and B.

    phi = phi* / [(L / L*)^g1 + (L / L*)^g2] with x = (1 + z) / 3 and

    * g1 = a0 + a1 (1 + z) + a2 [2 (1 + z)^2 - 1], Chebyshev polynomials of 1 + z, in fit A; a0 x^a1 in fit B, which holds the
      faint end shallower at high redshift;
    * g2 = 2 b0 / (x^b1 + x^b2);
    * log10 L* / Lsun = 2 c0 / (x^c1 + x^c2);
    * log10 phi* = d0 + d1 (1 + z) [Mpc^-3 dex^-1].

    Their eqs 11, 14 and 16. It counts all AGN, Compton-thick ones included.
    """

    sets: ClassVar[CoefficientSets] = _SETS
    source: ClassVar[str] = "Shen2020 table 4"
    verified: ClassVar[str] = "the authors' public fit parameters and code; a public copy of table 4"
    z_max: ClassVar[float] = 7.0

    published: str = option(
        "A", choices=("A", "B"), help="the global fit: A, or B with a shallower faint end; also its form of g1"
    )
    a0: float = _coefficient("a0", -1.0, 2.0, "faint-end slope: constant, or value at z = 2 (fit B)")
    a1: float = _coefficient("a1", -1.5, 0.5, "faint-end slope: linear term, or power of (1 + z) (fit B)")
    a2: float = _coefficient("a2", -0.1, 0.1, "faint-end slope: quadratic term of fit A; held at 0 in fit B, which has none")
    b0: float = _coefficient("b0", 1.0, 4.0, "bright-end slope at z = 2")
    b1: float = _coefficient("b1", -3.0, 0.0, "bright-end slope: first power of (1 + z)")
    b2: float = _coefficient("b2", 0.0, 3.0, "bright-end slope: second power of (1 + z)")
    c0: float = _coefficient("c0", 11.0, 15.0, "log10 L* / Lsun at z = 2")
    c1: float = _coefficient("c1", -1.0, 0.0, "break: first power of (1 + z)")
    c2: float = _coefficient("c2", 0.0, 1.0, "break: second power of (1 + z)")
    d0: float = _coefficient("d0", -6.0, -1.0, "log10 phi* [Mpc^-3 dex^-1] at 1 + z = 0")
    d1: float = _coefficient("d1", -1.5, 0.5, "change of log10 phi* with redshift")
    lsun: float = solar_luminosity(3.9e33)

    def __attrs_post_init__(self) -> None:
        if self.published == "B" and "a2" not in self.fixed:
            object.__setattr__(self, "fixed", {**self.fixed, "a2": 0.0})
        super().__attrs_post_init__()

    def log_density(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """ln phi."""
        zp1 = 1 + np.asarray(z, dtype=float)
        ln_x = np.log(zp1 / 3)
        faint = (
            self.a0 + self.a1 * zp1 + self.a2 * (2 * zp1**2 - 1) if self.published == "A" else self.a0 * np.exp(self.a1 * ln_x)
        )
        bright = 2 * self.b0 / (np.exp(self.b1 * ln_x) + np.exp(self.b2 * ln_x))
        log_star = 2 * self.c0 / (np.exp(self.c1 * ln_x) + np.exp(self.c2 * ln_x)) + np.log10(self.lsun)
        return log_double_power_law(log_l, self.d0 + self.d1 * zp1, log_star, faint, bright)
