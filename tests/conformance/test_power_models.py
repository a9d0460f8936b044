"""The built-in power models keep the contract of their kind."""

from typing import ClassVar

from faintsky.testing.power_models import PowerModelConformance


class TestShotPlusPowerLaw(PowerModelConformance):
    component = "shot-plus-power-law"


class TestAnotherPivot(PowerModelConformance):
    component = "shot-plus-power-law"
    options: ClassVar = {"theta0": "500 arcsec"}
