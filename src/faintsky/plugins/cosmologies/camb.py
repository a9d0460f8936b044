"""CAMB, the Boltzmann code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import component, option
from faintsky.core.cosmology import Cosmology, CosmologyTables
from faintsky.core.extras import require
from faintsky.core.flat_lcdm import FlatLCDM

__all__ = ["Camb", "default_accuracy"]

Array = NDArray[np.float64]

_KMAX = 100.0  # Mpc^-1
#: Redshifts of the power: CAMB takes no more than 256.
_REDSHIFTS = 100


@component(references=["Lewis2000"], extra="camb")
@frozen(kw_only=True)
class Camb(FlatLCDM, Cosmology):
    """CAMB: linear power of a Boltzmann code, rescaled to sigma8; its own halofit where asked for.

    Wanted where the 1 to 4 % of the Eisenstein and Hu transfer function are not enough. The tables take some seconds.
    CAMB's halofit of Takahashi et al. turns itself off at z > 8, where the nonlinear scale leaves its range, and gives linear
    power there; faintsky's own on CAMB's linear power (`nonlinear = "none"`) goes on.
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
        results = _results(self)
        z, coarse, k = self.grid(), self.grid(_REDSHIFTS), _wavenumbers()
        spectrum = _interpolator(results, nonlinear=False)
        today = spectrum.P(0.0, k)
        # Growth is read at one wavenumber; the rest of the table is its ratio to that.
        growth, on_grid = (np.sqrt(p / p[0]) for p in (spectrum.P(at, np.array([0.5]))[:, 0] for at in (z, coarse)))
        return CosmologyTables(
            h=n["h0"] / 100,
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
        """CAMB's own nonlinear power [Mpc^3], where `nonlinear` names one; a power law beyond 100 per Mpc, linear below 1e-4.

        Raises
        ------
        DataError
            Where a redshift lies beyond the tables.
        """
        if self.nonlinear == "none":
            return None
        linear = self.plin(k, z)
        boost, end = _boost(self), np.log(_KMAX)
        logk, x = np.broadcast_arrays(np.log(np.asarray(k, dtype=float)), np.log1p(np.asarray(z, dtype=float)))
        inside = np.clip(logk, np.log(_wavenumbers()[0]), end)
        found = boost(inside, x, grid=False)
        if np.any(logk > end):
            found = found + np.maximum(logk - end, 0) * boost(inside, x, dx=1, grid=False)
        return np.asarray(linear * np.exp(found))


def _wavenumbers() -> Array:
    return np.geomspace(1e-4, _KMAX, 700)


def _interpolator(results: Any, *, nonlinear: bool) -> Any:
    # The last wavenumber of the table may lie on either side of what was asked for.
    return results.get_matter_power_interpolator(
        nonlinear=nonlinear, hubble_units=False, k_hunit=False, extrap_kmax=2 * _KMAX, silent=True
    )


@lru_cache(maxsize=8)
def _boost(cosmology: Camb) -> Any:
    """ln of nonlinear over linear power, a spline in ln k and ln (1 + z)."""
    from scipy.interpolate import RectBivariateSpline

    z, k, results = cosmology.grid(_REDSHIFTS), _wavenumbers(), _results(cosmology)
    nonlinear, linear = (_interpolator(results, nonlinear=which).P(z, k) for which in (True, False))
    return RectBivariateSpline(np.log(k), np.log1p(z), np.log(nonlinear / linear).T)


@contextmanager
def default_accuracy(camb: Any) -> Iterator[None]:
    """CAMB's default accuracy inside, and what it was before afterwards.

    It is a setting of the whole process, which moves power by 0.1 %; CCL sets it to another value and leaves it so. CAMB 1 has
    none.
    """
    before = getattr(camb.config, "AccuracyTarget", None)
    if before is None:
        yield
        return
    camb.config.AccuracyTarget = 1
    try:
        yield
    finally:
        camb.config.AccuracyTarget = before


@lru_cache(maxsize=8)
def _results(cosmology: Camb) -> Any:
    """What CAMB computes, rescaled to sigma8."""
    camb = require("camb", "camb")
    n = cosmology.numbers
    h = n["h0"] / 100
    pars = camb.CAMBparams(WantCls=False, DoLensing=False)
    pars.set_cosmology(
        H0=n["h0"],
        ombh2=n["omega_b0"] * h**2,
        omch2=(n["omega_m0"] - n["omega_b0"]) * h**2,
        mnu=0.0,
        num_massive_neutrinos=0,
        nnu=3.046,
        TCMB=2.7255,
    )
    pars.InitPower.set_params(As=2e-9, ns=n["ns"])
    pars.set_matter_power(redshifts=list(cosmology.grid(_REDSHIFTS)[::-1]), kmax=_KMAX, silent=True)
    with default_accuracy(camb):
        # The transfer functions know no amplitude: they are solved once, and the power is made from them twice.
        results = camb.get_transfer_functions(pars)
        results.calc_power_spectra()
        results.Params.InitPower.As *= (n["sigma8"] / results.get_sigma8_0()) ** 2
        if cosmology.nonlinear != "none":
            results.Params.NonLinear = camb.model.NonLinear_both
            results.Params.NonLinearModel.set_params(halofit_version=cosmology.nonlinear)
        results.calc_power_spectra()
    return results
