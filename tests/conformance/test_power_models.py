"""The built-in power models keep the contract of their kind."""

from typing import ClassVar

import numpy as np

from faintsky.core.flux_production import FluxProduction
from faintsky.core.power_spectrum import PowerSpectrum, Window
from faintsky.core.units import ARCSEC
from faintsky.plugins.cosmologies.colossus import Colossus
from faintsky.testing.power_models import PowerModelConformance


class TestShotPlusPowerLaw(PowerModelConformance):
    component = "shot-plus-power-law"


class TestAnotherPivot(PowerModelConformance):
    component = "shot-plus-power-law"
    options: ClassVar = {"theta0": "500 arcsec"}


class TestLimber(PowerModelConformance):
    component = "limber"
    options: ClassVar = {"cosmology": Colossus(name="planck18"), "free_shot": True}

    def ready(self, component):
        q = 2 * np.pi / (np.geomspace(7200.0, 2.0, 20) * ARCSEC)
        production = FluxProduction.of(lambda z: z * np.exp(-z), 0.01, 3.0)
        spectrum = PowerSpectrum(
            edges=np.append(q, 1.1 * q[-1]), q=q, modes=np.full(20, 40), power=np.ones(20),
            covariance=np.eye(20), pseudo=np.ones(20),
            window=Window(q=q, matrix=np.eye(20)), unit="sr", f_sky=1.0, names=("a", "a"), productions=(production,), shot=1.0,
        )  # fmt: skip
        return component.for_spectrum(spectrum, np.ones(20, bool))
