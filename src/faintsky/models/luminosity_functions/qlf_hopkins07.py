"""The bolometric quasar luminosity function of Hopkins, Richards & Hernquist 2007: luminosity evolution."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import component, option
from faintsky.models.bolometric_corrections.solar_luminosity import solar_luminosity
from faintsky.models.luminosity_functions.evolution import LN10, log_double_power_law
from faintsky.models.luminosity_functions.published_qlf import CoefficientSets, PublishedQlf, coefficient

__all__ = ["QlfHopkins07"]

Array = NDArray[np.float64]

_NAMES = ("log_phi_star", "log_l_star", "k1", "k2", "k3", "gamma1", "k_gamma1", "gamma2", "k_gamma2_1", "k_gamma2_2")
#: ``full`` with the digits of the authors' public code, the others as printed in their table 3.
_SETS = {
    name: dict(zip(_NAMES, values, strict=True))
    for name, values in {
        "full": (
            -4.8250643, 13.035753, 0.63150872, -11.763560, -14.249833, 0.41698725, -0.62298947, 2.1744386, 1.4599393, -0.79280099,
        ),
        "ple": (-4.733, 12.965, 0.749, -8.03, -4.40, 0.517, 0.0, 2.096, 0.0, 0.0),
        "faint": (-4.630, 12.892, 0.717, -8.10, -3.90, 0.272, -0.972, 2.048, 0.0, 0.0),
        "bright": (-4.930, 13.131, 0.360, -11.63, -10.68, 0.605, 0.0, 2.350, 1.53, -0.745),
        "scatter": (-4.815, 13.064, 0.356, -11.69, -9.18, 0.351, -0.826, 2.359, 1.534, -0.889),
    }.items()
}  # fmt: skip
#: The bright-end slope falls no further.
_LEAST_SLOPE = 1.3
#: A redshift that stands for none.
_NEVER = 1e4


def _coefficient(name: str, low: float, high: float, help: str) -> float:
    return coefficient(_SETS, name, low, high, help)  # type: ignore[no-any-return]


@component(references=["Hopkins2007"])
@frozen(kw_only=True)
class QlfHopkins07(PublishedQlf):
    """Bolometric quasar luminosity function of Hopkins et al. 2007: a double power law whose break and slopes evolve.

    phi = phi* / [(L / L*)^g1 + (L / L*)^g2] with x = (1 + z) / 3, xi = log10 x and

    * log10 L* / Lsun = log_l_star + k1 xi + k2 xi^2 + k3 xi^3;
    * g1 = gamma1 x^k_gamma1;
    * g2 = 2 gamma2 / (x^k_gamma2_1 + x^k_gamma2_2), never below 1.3, where the light of the bright end would diverge: the limit
      is reached at z = 5.03 in ``full``, a kink.

    Their eqs 9, 10 and 17 to 20. It counts all AGN, Compton-thick ones included. Density evolution is ``qlf-hopkins07-ldde``.
    """

    sets: ClassVar[CoefficientSets] = _SETS
    source: ClassVar[str] = "Hopkins2007 table 3"
    verified: ClassVar[str] = "the authors' public code; for full and ple also public copies of the table"
    z_max: ClassVar[float] = 6.0

    published: str = option(
        "full",
        choices=tuple(_SETS),
        help="row of table 3: full (the best fit), ple (slopes do not evolve), faint, bright (one does), scatter (wider errors)",
    )
    log_phi_star: float = _coefficient("log_phi_star", -7.0, -3.0, "log10 phi* [Mpc^-3 dex^-1]")
    log_l_star: float = _coefficient("log_l_star", 11.0, 15.0, "log10 L* / Lsun at z = 2")
    k1: float = _coefficient("k1", -5.0, 5.0, "log10 L*: linear in xi")
    k2: float = _coefficient("k2", -20.0, 0.0, "log10 L*: quadratic in xi")
    k3: float = _coefficient("k3", -30.0, 10.0, "log10 L*: cubic in xi")
    gamma1: float = _coefficient("gamma1", 0.0, 1.5, "faint-end slope at z = 2")
    k_gamma1: float = _coefficient("k_gamma1", -3.0, 1.0, "its power of 1 + z")
    gamma2: float = _coefficient("gamma2", 1.5, 4.0, "bright-end slope at z = 2")
    k_gamma2_1: float = _coefficient("k_gamma2_1", 0.0, 3.0, "its first power of 1 + z")
    k_gamma2_2: float = _coefficient("k_gamma2_2", -3.0, 0.0, "its second power of 1 + z")
    lsun: float = solar_luminosity(3.9e33)

    def log_density(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """ln phi."""
        ln_x = np.log((1 + np.asarray(z, dtype=float)) / 3)
        xi = ln_x / LN10
        log_star = self.log_l_star + xi * (self.k1 + xi * (self.k2 + xi * self.k3)) + np.log10(self.lsun)
        powers = np.exp(self.k_gamma2_1 * ln_x) + np.exp(self.k_gamma2_2 * ln_x)
        faint, bright = self.gamma1 * np.exp(self.k_gamma1 * ln_x), np.maximum(2 * self.gamma2 / powers, _LEAST_SLOPE)
        return log_double_power_law(log_l, self.log_phi_star, log_star, faint, bright)

    def z_breaks(self, log_l: ArrayLike) -> Array:
        """Where the bright-end slope reaches 1.3 below and above z = 2, shape (2, m) or (2, n, m); 10^4 where it never does."""
        most = np.asarray(2 * self.gamma2 / _LEAST_SLOPE, dtype=float)
        first, second = np.asarray(self.k_gamma2_1, dtype=float), np.asarray(self.k_gamma2_2, dtype=float)
        found = [3 * np.exp(ln_x) - 1 for ln_x in (-_rise(-second, -first, most), _rise(first, second, most))]
        kept = [np.where((z > 0) & (z < _NEVER), z, _NEVER) for z in found]
        shape = np.broadcast_shapes(kept[0].shape, np.shape(log_l))
        return np.stack([np.broadcast_to(z, shape) for z in kept])


def _rise(up: Array, down: Array, most: Array) -> Array:
    """The positive u at which exp(up u) + exp(down u) has risen to `most`, infinite where there is none; Newton from above."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        u = np.log(most) / up
        for _ in range(30):
            one, other = np.exp(up * u), np.exp(down * u)
            u = u - (one + other - most) / (up * one + down * other)
    return np.where(np.isfinite(u) & (u > 0), u, np.inf)
