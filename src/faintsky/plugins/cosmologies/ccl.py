"""CCL, the Core Cosmology Library of the Dark Energy Science Collaboration."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from faintsky.core.component import component, option
from faintsky.core.cosmology import Cosmology, CosmologyTables
from faintsky.core.extras import require
from faintsky.core.flat_lcdm import FlatLCDM

__all__ = ["Ccl"]


@component(references=["Chisari2019"], extra="ccl")
@frozen(kw_only=True)
class Ccl(FlatLCDM, Cosmology):
    """CCL: linear power by Eisenstein and Hu, or by CAMB within CCL.

    CAMB's table within CCL stops near 10 per Mpc and is extrapolated: wrong by 2 % up to 20 and by 9 % up to 50 per Mpc, which a
    background sees below some 20 arcsec. The component `camb` has no such end.
    """

    transfer: str = option(
        "eisenstein_hu", choices=("eisenstein_hu", "boltzmann_camb"), help="transfer function of the linear power"
    )

    def tables(self) -> CosmologyTables:
        """Tables by CCL, which is free of h itself.

        Raises
        ------
        PluginError
            Where CCL is not installed; the message is the line that installs it.
        """
        ccl = require("pyccl", "ccl")
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
        )
        z = self.grid()
        a = 1 / (1 + z)
        k = np.geomspace(1e-4, 1e3, 1001)
        return CosmologyTables(
            h=n["h0"] / 100,
            omega_m0=n["omega_m0"],
            z=z,
            hubble=n["h0"] * np.asarray(ccl.h_over_h0(engine, a)),
            distance=np.asarray(ccl.comoving_radial_distance(engine, a)),
            growth_factor=np.asarray(ccl.growth_factor(engine, a)),
            k=k,
            power=np.asarray(ccl.linear_matter_power(engine, k, 1.0)),
        )
