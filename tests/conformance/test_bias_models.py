"""The built-in bias models keep the contract of their kind."""

from typing import ClassVar

import pytest

from faintsky.core.errors import DataError
from faintsky.core.registry import make
from faintsky.plugins.cosmologies.colossus import Colossus
from faintsky.testing.bias_models import BiasModelConformance


class TestConstant(BiasModelConformance):
    component = "constant"


class TestPowerLaw(BiasModelConformance):
    component = "power-law"


class TestPerBin(BiasModelConformance):
    component = "per-bin"
    options: ClassVar = {"edges": (3.0, 6.0)}

    def test_steps_lie_at_the_edges(self):
        model = make("bias_models", "per-bin", edges=(3.0, 6.0), b_1=1.0, b_2=5.0, b_3=12.0)
        assert model.b([0.0, 2.99, 3.0, 5.9, 6.0, 13.0]).tolist() == [1, 1, 5, 5, 12, 12]
        with pytest.raises(DataError, match="edges must increase"):
            make("bias_models", "per-bin", edges=(6.0, 3.0))


class TestHaloMass(BiasModelConformance):
    component = "halo-mass"
    options: ClassVar = {"cosmology": Colossus(name="planck18")}


class TestHaloMassOfTinker(BiasModelConformance):
    component = "halo-mass"
    options: ClassVar = {"cosmology": Colossus(name="planck18"), "model": "tinker10"}
