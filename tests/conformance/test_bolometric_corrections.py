"""The built-in bolometric corrections keep the contract of their kind, bolometric luminosity functions that of theirs."""

from typing import ClassVar

import pytest

from faintsky.core.band import Band
from faintsky.core.registry import make
from faintsky.models.luminosity_functions.qlf_hopkins07_ldde import QlfHopkins07Ldde
from faintsky.testing.bolometric_corrections import BolometricConformance
from faintsky.testing.luminosity_functions import ParametricLuminosityFunctionConformance


class TestShen20(BolometricConformance):
    component = "shen20"


class TestShen20Soft(BolometricConformance):
    component = "shen20"
    options: ClassVar = {"band": "soft"}


class TestShen20At1450(BolometricConformance):
    component = "shen20"
    options: ClassVar = {"band": "1450A"}


class TestHopkins07(BolometricConformance):
    component = "hopkins07"


class TestHopkins07Optical(BolometricConformance):
    component = "hopkins07"
    options: ClassVar = {"band": "B"}


class TestMarconi04(BolometricConformance):
    component = "marconi04"


class TestMarconi04Soft(BolometricConformance):
    component = "marconi04"
    options: ClassVar = {"band": "0.5-2 keV", "lsun": 3.9e33}


class TestDuras20(BolometricConformance):
    component = "duras20"


class TestLusso12(BolometricConformance):
    component = "lusso12"


class TestLusso12Type2(BolometricConformance):
    component = "lusso12"
    options: ClassVar = {"agn_type": 2}
    # The cubic has a meaning at 10^9.8 to 10^12.2 Lsun; below 10^37 erg/s its k drops under 1.
    log_bol = (42.0, 48.0)


@pytest.mark.parametrize("name", ["shen20", "hopkins07", "marconi04"])
def test_bands_go_by_name_or_by_energies(name):
    soft = make("bolometric_corrections", name, band="soft")
    assert soft.band == Band(0.5, 2.0)
    assert soft == make("bolometric_corrections", name, band="0.5-2 keV")


def test_a_band_without_coefficients_is_refused_with_those_that_have():
    with pytest.raises(ValueError, match=r"'2-10 keV' \(hard\), '0.5-2 keV' \(soft\); got '5-10 keV'"):
        make("bolometric_corrections", "marconi04", band="5-10 keV")


class TestQlfShen20(ParametricLuminosityFunctionConformance):
    component = "qlf-shen20"
    log_l = (43.0, 48.0)
    z = (0.1, 7.0)


class TestQlfShen20FitB(ParametricLuminosityFunctionConformance):
    component = "qlf-shen20"
    options: ClassVar = {"published": "B"}
    log_l = (43.0, 48.0)
    z = (0.1, 7.0)


class TestQlfHopkins07(ParametricLuminosityFunctionConformance):
    component = "qlf-hopkins07"
    log_l = (43.0, 48.0)
    z = (0.1, 6.0)


class TestQlfHopkins07Ple(ParametricLuminosityFunctionConformance):
    component = "qlf-hopkins07"
    options: ClassVar = {"published": "ple"}
    log_l = (43.0, 48.0)
    z = (0.1, 6.0)


class TestQlfHopkins07Ldde(ParametricLuminosityFunctionConformance):
    component = QlfHopkins07Ldde
    log_l = (43.0, 48.0)
    z = (0.1, 6.0)


class TestBolometric(ParametricLuminosityFunctionConformance):
    component = "bolometric"
    log_l = (43.0, 48.0)

    def made(self):
        of = make(self.kind, "ldde2", published="ueda14")
        return make(self.kind, self.component, of=of, correction=make("bolometric_corrections", "shen20"))
