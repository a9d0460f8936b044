"""The built-in cosmologies keep the contract of their kind."""

from typing import ClassVar

import pytest

from faintsky.testing.cosmologies import CosmologyConformance


class TestColossus(CosmologyConformance):
    component = "colossus"
    options: ClassVar = {"name": "planck18"}

    def test_the_current_cosmology_of_the_process_stays(self):
        from colossus.cosmology import cosmology

        cosmology.setCosmology("WMAP9", persistence="")
        self.made().tables()
        assert cosmology.getCurrent().name == "WMAP9"


class TestCcl(CosmologyConformance):
    component = "ccl"
    options: ClassVar = {"name": "planck18"}

    @pytest.fixture(autouse=True)
    def _installed(self):
        pytest.importorskip("pyccl", reason="needs the extra ccl")


class TestCamb(CosmologyConformance):
    component = "camb"
    options: ClassVar = {"name": "planck18"}

    @pytest.fixture(autouse=True)
    def _installed(self):
        pytest.importorskip("camb", reason="needs the extra camb")
