"""The built-in responses keep the contract of their kind."""

from typing import ClassVar

import numpy as np
import pytest

from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.registry import make
from faintsky.core.response import Response
from faintsky.testing.ogip_files import gaussian_rows, write_arf, write_rmf
from faintsky.testing.responses import ResponseConformance

CURVE = {"energy": ("0.3 keV", "1.5 keV", "11 keV"), "area": ("100 cm2", "600 cm2", "20 cm2"), "epoch": "any"}
EDGES = np.linspace(0.3, 9.0, 241)
CHANNELS = np.stack([np.linspace(0.1, 9.9, 197)[:-1], np.linspace(0.1, 9.9, 197)[1:]], axis=1)


class TestEffectiveArea(ResponseConformance):
    component = "effective-area"
    options: ClassVar = CURVE


class TestIdealEffectiveArea(ResponseConformance):
    component = "effective-area"
    options: ClassVar = {**CURVE, "fwhm": "0 keV", "step": "50 eV", "band": "0.4-8 keV"}


class TestOgip(ResponseConformance):
    component = "ogip"

    @pytest.fixture(autouse=True)
    def _files(self, tmp_path_factory):
        folder = tmp_path_factory.mktemp("ogip")
        type(self).options = {
            "arf": write_arf(folder / "a.arf", EDGES, 300 + 100 * np.sin(EDGES[1:])),
            "rmf": write_rmf(folder / "a.rmf", EDGES, CHANNELS, gaussian_rows(EDGES, CHANNELS)),
            "epoch": "Cycle 18",
        }


class TestSherpa(TestOgip):
    component = "sherpa"

    @pytest.fixture(autouse=True)
    def _sherpa(self):
        pytest.importorskip("sherpa", reason="needs the extra sherpa")

    def test_it_is_the_response_of_ogip(self, response):
        own = make("responses", "ogip", **self.options).load(Context())
        assert own.digest == response.digest
        photons = self.photons(own)
        np.testing.assert_allclose(own.fold(photons), response.fold(photons), rtol=1e-10, atol=1e-14 * own.fold(photons).max())


def curve(**options) -> Response:
    return make("responses", "effective-area", **{**CURVE, **options}).load(Context())


def test_an_ideal_detector_counts_every_photon_in_its_own_channel():
    response = curve(fwhm=0.0, area=(250.0, 250.0, 250.0))
    photons = np.random.default_rng(2).uniform(1, 2, response.nchan)
    np.testing.assert_array_equal(response.fold(photons), 250 * photons)
    np.testing.assert_array_equal(response.channel_edges[:, 0], response.edges[:-1])
    assert response.nchan == 1070  # (11 - 0.3) / 0.01


def test_the_area_is_linear_in_the_logarithm_of_energy():
    response = curve(step=1e-3)
    middle = 0.5 * (response.edges[1:] + response.edges[:-1])
    halfway = np.argmin(np.abs(middle - np.sqrt(1.5 * 11)))
    assert response.area[halfway] == pytest.approx((600 + 20) / 2, rel=1e-3)


def test_a_line_has_the_width_that_is_asked_for():
    response = curve(fwhm=0.15, area=(1.0, 1.0, 1.0))
    line = np.zeros(len(response.area))
    line[500] = 1.0
    counts = response.fold(line)
    middle = response.channel_edges.mean(axis=1)
    mean = counts @ middle
    assert counts.sum() == pytest.approx(1, abs=1e-14)
    assert mean == pytest.approx(0.5 * (response.edges[500] + response.edges[501]), abs=1e-12)
    # The variance of a Gaussian in channels of width w is s^2 + w^2 / 12 (Sheppard).
    assert counts @ (middle - mean) ** 2 == pytest.approx((0.15 / 2.354820045) ** 2 + 0.01**2 / 12, rel=1e-6)
    far = curve(fwhm=0.15, area=(1.0, 1.0, 1.0)).fold(np.eye(len(line))[0])
    assert far.sum() == pytest.approx(0.5, abs=0.1), "half of what falls on the end of the band is lost beyond it"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"area": ("1 cm2", "2 cm2")}, "energy holds 3 points, but area 2"),
        ({"energy": ("2 keV", "1 keV", "3 keV")}, "rising energies"),
        ({"band": "0.1-8 keV"}, "0.1-8 keV reaches beyond the effective area, 0.3-11 keV"),
        ({"step": "20 keV"}, "into none or more than"),
        ({"step": "1e-6 keV"}, "into none or more than"),
        ({"area": ("1 cm2", "-2 cm2", "3 cm2")}, "area must be >= 0"),
    ],
)
def test_curves_that_cannot_be_are_refused(options, message):
    with pytest.raises((DataError, ValueError), match=message):
        make("responses", "effective-area", **{**CURVE, **options})
