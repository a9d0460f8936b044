"""The built-in power spectrum estimators keep the contract of their kind."""

from typing import ClassVar

import pytest

from faintsky.testing.power_spectra import PowerSpectrumConformance


class TestDecoupled(PowerSpectrumConformance):
    component = "decoupled"


class TestDecoupledInFloat32(PowerSpectrumConformance):
    component = "decoupled"
    options: ClassVar = {"precision": "float32"}
    #: The coupling is good to single precision.
    parseval = 1e-5
    symmetry = 1e-5


class TestFft(PowerSpectrumConformance):
    component = "fft"
    parseval = 1e-12


class TestFftWithGaussianErrors(PowerSpectrumConformance):
    component = "fft"
    options: ClassVar = {"error": "narrow-kernel"}


class TestTwoPoint(PowerSpectrumConformance):
    component = "two-point"
    #: The kernels of the rings are those of continuous lags, and long lags are left out.
    parseval = 0.01


class TestTreeCorr(PowerSpectrumConformance):
    component = "treecorr"
    parseval = 0.03
    #: A tree splits a turned catalogue elsewhere, so that other pairs fall outside their ring.
    symmetry = 0.2
    realisations = 16

    @pytest.fixture(autouse=True)
    def _installed(self):
        pytest.importorskip("treecorr")


@pytest.mark.slow
class TestExactTreeCorr(PowerSpectrumConformance):
    component = "treecorr"
    options: ClassVar = {"bin_slop": 0.0, "rings_per_decade": 25.0}
    parseval = 0.03
    symmetry = 1e-2
    realisations = 6

    @pytest.fixture(autouse=True)
    def _installed(self):
        pytest.importorskip("treecorr")


class TestNamaster(PowerSpectrumConformance):
    component = "namaster"

    @pytest.fixture(autouse=True)
    def _installed(self):
        pytest.importorskip("pymaster", reason="NaMaster is not installed (it needs system libraries)")
