"""The built-in cosmologies keep the contract of their kind."""

import re
import sys
from typing import ClassVar

import numpy as np
import pytest

from faintsky.core.comoving_volume import comoving_volume, log_luminosity_area
from faintsky.core.errors import DataError, PluginError
from faintsky.plugins.cosmologies.camb import Camb
from faintsky.plugins.cosmologies.ccl import Ccl
from faintsky.testing.cosmologies import CosmologyConformance


class TestColossus(CosmologyConformance):
    component = "colossus"
    options: ClassVar = {"name": "planck18"}


class TestFlat(CosmologyConformance):
    component = "flat"
    options: ClassVar = {"h0": 70.0, "omega_m0": 0.3}
    clusters = False

    def test_distances_are_those_of_astropy_without_radiation(self):
        from astropy.cosmology import FlatLambdaCDM

        z = np.linspace(0.02, 15.0, 300)
        made, reference = self.made(), FlatLambdaCDM(H0=70, Om0=0.3, Tcmb0=0)
        # Between the nodes of the table distances are splines: 1e-8.
        np.testing.assert_allclose(made.chi(z), reference.comoving_distance(z).value, rtol=2e-8)
        np.testing.assert_allclose(made.H(z), reference.H(z).value, rtol=1e-9)
        volume = reference.differential_comoving_volume(z).to("Mpc3 / deg2").value
        np.testing.assert_allclose(comoving_volume(made, z), volume, rtol=1e-7)
        light = np.log10(4 * np.pi * reference.luminosity_distance(z).to("cm").value ** 2)
        np.testing.assert_allclose(log_luminosity_area(made, z), light, atol=1e-8)

    def test_it_says_what_knows_matter_power(self):
        with pytest.raises(DataError, match="use = 'colossus'"):
            self.made().plin(0.1, 1.0)


class TestCcl(CosmologyConformance):
    component = "ccl"
    options: ClassVar = {"name": "planck18"}

    @pytest.fixture(autouse=True)
    def _installed(self):
        pytest.importorskip("pyccl", reason="needs the extra ccl")


@pytest.mark.slow
class TestCclWithCamb(CosmologyConformance):
    component = "ccl"
    options: ClassVar = {"name": "planck18", "transfer": "boltzmann_camb"}

    @pytest.fixture(autouse=True)
    def _installed(self):
        pytest.importorskip("pyccl", reason="needs the extra ccl")
        pytest.importorskip("camb", reason="needs the extra camb")

    def test_the_accuracy_of_camb_stays(self, monkeypatch):
        import camb

        monkeypatch.setattr(camb.config, "AccuracyTarget", 2, raising=False)
        Ccl(name="planck15", transfer="boltzmann_camb").tables()
        assert camb.config.AccuracyTarget == 2

    def test_it_is_camb_also_where_ccl_would_extrapolate(self, cosmology):
        k = np.geomspace(1e-5, 1e3, 100)
        for z in (0.0, 3.0, 10.0):
            np.testing.assert_allclose(cosmology.plin(k, z), Camb(name="planck18").plin(k, z), rtol=3e-3)


class TestCamb(CosmologyConformance):
    component = "camb"
    options: ClassVar = {"name": "planck18"}

    @pytest.fixture(autouse=True)
    def _installed(self):
        pytest.importorskip("camb", reason="needs the extra camb")


@pytest.mark.slow
class TestCambWithItsHalofit(TestCamb):
    options: ClassVar = {"name": "planck15", "nonlinear": "takahashi"}


@pytest.mark.parametrize(
    ("missing", "cosmology", "extra"),
    [
        ("pyccl", Ccl(name="wmap9"), "ccl"),
        ("camb", Camb(name="wmap9"), "camb"),
        ("camb", Ccl(name="wmap9", transfer="boltzmann_camb"), "camb"),
    ],
)
def test_an_absent_code_is_missed_with_the_line_that_installs_it(missing, cosmology, extra, monkeypatch):
    if missing == "camb" and isinstance(cosmology, Ccl):
        pytest.importorskip("pyccl", reason="needs the extra ccl")
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(PluginError, match=re.escape(f"pip install 'faintsky[{extra}]'")):
        cosmology.chi(1.0)
