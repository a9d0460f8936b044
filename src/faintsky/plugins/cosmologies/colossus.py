"""colossus: the default cosmology, and the package of the Kaminsky paper."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from faintsky.core.component import component
from faintsky.core.cosmology import Cosmology, CosmologyTables
from faintsky.core.flat_lcdm import FlatLCDM

__all__ = ["Colossus"]


@component(references=["Diemer2018", "EisensteinHu1998"])
@frozen(kw_only=True)
class Colossus(FlatLCDM, Cosmology):
    """colossus: Eisenstein and Hu transfer function with wiggles, growth with radiation.

    The transfer function is good to 4 % in P(k) against a Boltzmann code, 2 % in a bias. colossus keeps a current cosmology for
    the whole process and writes a cache to the home folder; neither is used here.
    """

    def tables(self) -> CosmologyTables:
        """Tables by colossus, turned from units of h."""
        from colossus.cosmology import cosmology

        n = self.numbers
        engine = cosmology.Cosmology(
            name="faintsky",
            H0=n["h0"],
            Om0=n["omega_m0"],
            Ob0=n["omega_b0"],
            sigma8=n["sigma8"],
            ns=n["ns"],
            persistence="",
            print_warnings=False,
        )
        h = n["h0"] / 100
        # Its growth is interpolated, and 3e-5 short of 1 today.
        growth = np.asarray(engine.growthFactor(self.grid()))
        z = self.grid()
        k = np.geomspace(1e-5, 1e6, 1401)
        return CosmologyTables(
            h=h,
            omega_m0=n["omega_m0"],
            z=z,
            hubble=np.asarray(engine.Hz(z)),
            distance=np.asarray(engine.comovingDistance(np.zeros_like(z), z)) / h,
            growth_factor=growth / growth[0],
            k=k,
            power=np.asarray(engine.matterPowerSpectrum(k / h)) / h**3,
        )
