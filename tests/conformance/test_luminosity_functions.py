"""The built-in luminosity functions keep the contract of their kind."""

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from faintsky.core.registry import make, registry
from faintsky.testing.luminosity_functions import LuminosityFunctionConformance, ParametricLuminosityFunctionConformance


class TestDoublePowerLaw(ParametricLuminosityFunctionConformance):
    component = "dpl"


class TestLdde1(ParametricLuminosityFunctionConformance):
    component = "ldde1"


class TestLdde1OfUeda(ParametricLuminosityFunctionConformance):
    component = "ldde1"
    options: ClassVar = {"published": "ueda03"}


class TestLdde2(ParametricLuminosityFunctionConformance):
    component = "ldde2"


class TestLdde2OfUeda(ParametricLuminosityFunctionConformance):
    component = "ldde2"
    options: ClassVar = {"published": "ueda14"}


class TestMiyaji15(ParametricLuminosityFunctionConformance):
    component = "miyaji15"
    options: ClassVar = {"published": "miyaji15"}


class TestFotopoulou16(ParametricLuminosityFunctionConformance):
    component = "fotopoulou16"
    options: ClassVar = {"published": "fotopoulou16"}


class TestLddeHighZ(ParametricLuminosityFunctionConformance):
    component = "ldde-highz"
    options: ClassVar = {"published": "georgakakis15"}
    z = (3.0, 6.0)


class TestPde(ParametricLuminosityFunctionConformance):
    component = "pde"


class TestPdeOfUeda(ParametricLuminosityFunctionConformance):
    component = "pde"
    options: ClassVar = {"published": "ueda03-pde"}


class TestPle(ParametricLuminosityFunctionConformance):
    component = "ple"


class TestPleOfUeda(ParametricLuminosityFunctionConformance):
    component = "ple"
    options: ClassVar = {"published": "ueda03-ple"}


class TestIlde(ParametricLuminosityFunctionConformance):
    component = "ilde"


class TestLade(ParametricLuminosityFunctionConformance):
    component = "lade"
    options: ClassVar = {"published": "aird10-lade"}


class TestLadeOfRedshiftZero(ParametricLuminosityFunctionConformance):
    component = "lade"
    options: ClassVar = {"norm": "z0"}


class TestScaled(ParametricLuminosityFunctionConformance):
    component = "scaled"

    def made(self):
        return make(self.kind, self.component, of=make(self.kind, "ldde1", published="ueda03"), fixed={"of.log_norm": -5.3})


class TestSum(ParametricLuminosityFunctionConformance):
    component = "sum"

    def made(self):
        thin = make(self.kind, "scaled", gamma=0.6, of=make(self.kind, "ldde2", published="ueda14"))
        thick = make(self.kind, "pde", published="ueda03-pde")
        ranges = {"thin": (20.0, 22.0), "thick": (22.0, 24.0)}
        return make(self.kind, self.component, parts={"thin": thin, "thick": thick}, log_nh=ranges)


class TestTabulated(LuminosityFunctionConformance):
    component = "tabulated"
    folder: ClassVar[Path]
    log_l = (42.1, 46.9)
    z = (0.1, 3.9)

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def files(cls, tmp_path_factory):
        cls.folder = tmp_path_factory.mktemp("files")

    def made(self):
        path = self.folder / "table.npy"
        if not path.exists():
            model = make(self.kind, "ldde1", published="ueda03")
            log_l, z = np.linspace(42, 47, 26), np.linspace(0, 4, 9)
            np.save(path, model.log_density(log_l[:, None], z) / np.log(10))
        return make(self.kind, self.component, path=path, log_l_range=(42.0, 47.0), z_range=(0.0, 4.0))


def test_every_built_in_form_is_held_to_the_contract():
    # Bolometric ones are run by the suite beside the bolometric corrections.
    bolometric = {"bolometric", "qlf-shen20", "qlf-hopkins07", "qlf-hopkins07-ldde"}
    tested = {cls.component for cls in _below(LuminosityFunctionConformance)} | bolometric
    assert {entry.name for entry in registry.entries("luminosity_functions") if entry.dist == "faintsky"} <= tested


def _below(cls):
    return [found for sub in cls.__subclasses__() for found in (sub, *_below(sub))]
