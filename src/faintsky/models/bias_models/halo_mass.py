"""The bias of haloes of one mass, and the mass that has a bias."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.bias_model import BiasModel
from faintsky.core.component import component, option, slot
from faintsky.core.cosmology import DELTA_COLLAPSE, Cosmology
from faintsky.core.errors import DataError
from faintsky.core.parameter import Parametric, parameter
from faintsky.core.prior import Uniform

__all__ = ["HaloMass", "halo_bias", "halo_mass_from_bias"]

Array = NDArray[np.float64]

_MODELS = ("sheth01", "tinker10")
#: Masses between which an inverse is looked for [Msun].
_RANGE = (1e6, 1e16)


def halo_bias(nu: ArrayLike, model: str) -> Array:
    """Bias of haloes of peak height `nu`.

    Parameters
    ----------
    nu : array_like
    model : {"sheth01", "tinker10"}
        Sheth, Mo and Tormen 2001 (eq. 8), or Tinker et al. 2010 (eq. 6 and table 2) for haloes of 200 times the mean density.
        colossus has both, but reads the mean density off the cosmology that is current in the process.
    """
    height = np.asarray(nu, dtype=float)
    if model == "sheth01":
        a, b, c = 0.707, 0.5, 0.6
        x = a * height**2
        pull = x**c / (x**c + b * (1 - c) * (1 - c / 2))
        return np.asarray(1 + (np.sqrt(a) * x + np.sqrt(a) * b * x ** (1 - c) - pull) / (np.sqrt(a) * DELTA_COLLAPSE))
    if model == "tinker10":
        y = np.log10(200.0)
        steep = np.exp(-((4 / y) ** 4))
        a = 0.44 * y - 0.88
        falling = (1 + 0.24 * y * steep) * height**a / (height**a + DELTA_COLLAPSE**a)
        return np.asarray(1 - falling + 0.183 * height**1.5 + (0.019 + 0.107 * y + 0.19 * steep) * height**2.4)
    raise DataError(f"no halo bias is called {model!r}; known: {', '.join(_MODELS)}")


@component(references=["ShethMoTormen2001", "Tinker2010"])
@frozen(kw_only=True)
class HaloMass(Parametric, BiasModel):
    """Sources in haloes of one mass: b(z) follows from the peak height of that mass."""

    cosmology: Cosmology = slot(help="the cosmology that gives the peak height")
    model: str = option("sheth01", choices=_MODELS, help="halo bias of Sheth, Mo and Tormen 2001 or Tinker et al. 2010")
    log_mass: float = parameter(
        12.0, prior=Uniform(low=8.0, high=15.0), unit="dex(Msun)", help="halo mass, log10 Msun", latex=r"$\log M$"
    )

    def b(self, z: ArrayLike) -> Array:
        """Bias of the haloes at `z`."""
        return halo_bias(self.cosmology.nu(10.0 ** np.asarray(self.log_mass), np.asarray(z, dtype=float)), self.model)


def halo_mass_from_bias(b: float, z: float, cosmology: Cosmology, model: str = "sheth01") -> float:
    """Halo mass [Msun] whose bias at `z` is `b`; NaN where no halo between 1e6 and 1e16 Msun has it.

    Bias rises with mass above its minimum; the branch above the minimum is taken.

    Parameters
    ----------
    b : float
    z : float
    cosmology : Cosmology
    model : {"sheth01", "tinker10"}
    """
    mass = np.geomspace(*_RANGE, 2001)
    found = halo_bias(cosmology.nu(mass, z), model)
    lowest = int(np.argmin(found))
    rising, masses = found[lowest:], mass[lowest:]
    if not rising[0] <= b <= rising[-1]:
        return float("nan")
    return float(np.exp(np.interp(b, rising, np.log(masses))))
