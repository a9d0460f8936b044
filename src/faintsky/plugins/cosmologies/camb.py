"""CAMB, the Boltzmann code."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import component, option
from faintsky.core.cosmology import Cosmology, CosmologyTables
from faintsky.core.extras import require
from faintsky.core.flat_lcdm import FlatLCDM

__all__ = ["Camb"]

Array = NDArray[np.float64]

_KMAX = 100.0  # Mpc^-1
#: Redshifts of the power: CAMB takes no more than 256.
_REDSHIFTS = 100


@component(references=["Lewis2000"], extra="camb")
@frozen(kw_only=True)
class Camb(FlatLCDM, Cosmology):
    """CAMB: linear power of a Boltzmann code, rescaled to sigma8; its own halofit where asked for.

    Wanted where the 1 to 4 % of the Eisenstein and Hu transfer function are not enough. The tables take some seconds.
    """

    nonlinear: str = option(
        "none", choices=("none", "takahashi", "mead2020"), help="nonlinear power of CAMB's own; none: halofit on its linear"
    )

    def tables(self) -> CosmologyTables:
        """Tables by CAMB; growth depends on scale a little, where radiation still matters.

        Raises
        ------
        PluginError
            Where CAMB is not installed; the message is the line that installs it.
        """
        n = self.numbers
        results = _results(self, "none")
        z, h = self.grid(), n["h0"] / 100
        k = np.geomspace(1e-4, _KMAX, 700)
        coarse = np.expm1(np.linspace(0.0, np.log1p(self.z_max), _REDSHIFTS))
        spectrum = results.get_matter_power_interpolator(nonlinear=False, hubble_units=False, k_hunit=False, extrap_kmax=1e3)
        today = spectrum.P(0.0, k)
        # Growth is read at one wavenumber; the rest of the table is its ratio to that.
        growth, on_grid = (np.sqrt(p / p[0]) for p in (spectrum.P(at, np.array([0.5]))[:, 0] for at in (z, coarse)))
        return CosmologyTables(
            h=h,
            omega_m0=n["omega_m0"],
            z=z,
            hubble=np.asarray(results.hubble_parameter(z)),
            distance=np.asarray(results.comoving_radial_distance(z)),
            growth_factor=np.asarray(growth),
            k=k,
            power=np.asarray(today),
            ratio=np.asarray(spectrum.P(coarse, k) / (on_grid[:, None] ** 2 * today)),
        )

    def pnl(self, k: ArrayLike, z: ArrayLike) -> Array | None:
        """CAMB's own nonlinear power [Mpc^3], where `nonlinear` names one; beyond 100 per Mpc a power law."""
        if self.nonlinear == "none":
            return None
        wave, redshift = np.broadcast_arrays(np.asarray(k, dtype=float), np.asarray(z, dtype=float))
        return np.asarray(np.exp(_spline(self)(np.log(wave), np.log1p(redshift), grid=False)))


@lru_cache(maxsize=8)
def _spline(cosmology: Camb) -> Any:
    from scipy.interpolate import RectBivariateSpline

    results = _results(cosmology, cosmology.nonlinear)
    z = np.expm1(np.linspace(0.0, np.log1p(cosmology.z_max), _REDSHIFTS))
    k = np.geomspace(1e-4, 1e4, 800)
    spectrum = results.get_matter_power_interpolator(nonlinear=True, hubble_units=False, k_hunit=False, extrap_kmax=2e4)
    return RectBivariateSpline(np.log(k), np.log1p(z), np.log(spectrum.P(z, k)).T)


@lru_cache(maxsize=8)
def _results(cosmology: Camb, nonlinear: str) -> Any:
    """What CAMB computes, rescaled to sigma8."""
    camb = require("camb", "camb")
    n = cosmology.numbers
    h = n["h0"] / 100
    redshifts = np.expm1(np.linspace(0.0, np.log1p(cosmology.z_max), _REDSHIFTS))

    def run(amplitude: float) -> Any:
        pars = camb.CAMBparams()
        pars.set_cosmology(
            H0=n["h0"],
            ombh2=n["omega_b0"] * h**2,
            omch2=(n["omega_m0"] - n["omega_b0"]) * h**2,
            mnu=0.0,
            num_massive_neutrinos=0,
            nnu=3.046,
            TCMB=2.7255,
        )
        pars.InitPower.set_params(As=amplitude, ns=n["ns"])
        pars.set_matter_power(redshifts=list(redshifts[::-1]), kmax=_KMAX, silent=True)
        pars.NonLinear = camb.model.NonLinear_none if nonlinear == "none" else camb.model.NonLinear_both
        if nonlinear != "none":
            pars.NonLinearModel.set_params(halofit_version=nonlinear)
        return camb.get_results(pars)

    first = run(2e-9)
    return run(2e-9 * (n["sigma8"] / first.get_sigma8_0()) ** 2)
