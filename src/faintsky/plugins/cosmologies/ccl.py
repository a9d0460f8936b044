"""CCL, the Core Cosmology Library of the Dark Energy Science Collaboration."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
from attrs import frozen

from faintsky.core.component import component, option
from faintsky.core.cosmology import Cosmology, CosmologyTables
from faintsky.core.extras import require
from faintsky.core.flat_lcdm import FlatLCDM
from faintsky.plugins.cosmologies.camb import default_accuracy

__all__ = ["Ccl"]

_KMAX = 100.0  # Mpc^-1, of CAMB
_REDSHIFTS = 100


@component(references=["Chisari2019"], extra="ccl")
@frozen(kw_only=True)
class Ccl(FlatLCDM, Cosmology):
    """CCL: linear power by Eisenstein and Hu, or by CAMB within CCL.

    Left to itself, CCL asks CAMB for power up to 10 per Mpc only and extrapolates: wrong by 20 % at 100 per Mpc. Here the table
    reaches 100 per Mpc, like that of the component `camb`.
    """

    transfer: str = option(
        "eisenstein_hu", choices=("eisenstein_hu", "boltzmann_camb"), help="transfer function of the linear power"
    )

    def tables(self) -> CosmologyTables:
        """Tables by CCL, which is free of h itself.

        Raises
        ------
        PluginError
            Where CCL, or the CAMB it shall call, is not installed; the message is the line that installs it.
        """
        ccl = require("pyccl", "ccl")
        boltzmann = self.transfer == "boltzmann_camb"
        n = self.numbers
        engine = ccl.Cosmology(
            Omega_c=n["omega_m0"] - n["omega_b0"],
            Omega_b=n["omega_b0"],
            h=n["h0"] / 100,
            sigma8=n["sigma8"],
            n_s=n["ns"],
            T_CMB=2.7255,
            Neff=3.046,
            m_nu=0.0,
            transfer_function=self.transfer,
            matter_power_spectrum="linear",
            extra_parameters={"camb": {"kmax": _KMAX, "AccuracyTarget": 1}} if boltzmann else None,
        )
        with default_accuracy(require("camb", "camb")) if boltzmann else nullcontext():
            engine.compute_linear_power()
        z, coarse = self.grid(), self.grid(_REDSHIFTS)
        # CCL tabulates Eisenstein and Hu's formula too, from 5e-5 to 1000 per Mpc, and extrapolates beyond.
        k = np.geomspace(1e-4, _KMAX, 700) if boltzmann else np.geomspace(1e-5, 1e3, 1019)
        power = np.asarray(ccl.linear_matter_power(engine, k, 1.0))
        ratio = None
        if boltzmann:
            growth = np.asarray(ccl.growth_factor(engine, 1 / (1 + coarse)))
            then = np.stack([ccl.linear_matter_power(engine, k, a) for a in 1 / (1 + coarse)])
            ratio = then / (growth[:, None] ** 2 * power)
        # Its own densities, because its interpolated rate is off by 2e-5 near z = 8.
        dark, matter, radiation = engine["Omega_l"], engine["Omega_m"], engine["Omega_g"] + engine["Omega_nu_rel"]
        return CosmologyTables(
            h=n["h0"] / 100,
            omega_m0=n["omega_m0"],
            z=z,
            hubble=n["h0"] * np.sqrt(dark + matter * (1 + z) ** 3 + radiation * (1 + z) ** 4),
            distance=np.asarray(ccl.comoving_radial_distance(engine, 1 / (1 + z))),
            growth_factor=np.asarray(ccl.growth_factor(engine, 1 / (1 + z))),
            k=k,
            power=power,
            ratio=ratio,
        )
