"""The built-in binned luminosity functions keep the contract of their kind."""

from typing import ClassVar

import attrs
import numpy as np
import pytest

from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.redshift import Redshifts
from faintsky.core.registry import make
from faintsky.core.survey_set import SurveySet
from faintsky.testing.binned_luminosity_functions import BinnedLuminosityFunctionConformance


class TestNobsNmdl(BinnedLuminosityFunctionConformance):
    component = "nobs-nmdl"


class TestNobsNmdlPosterior(BinnedLuminosityFunctionConformance):
    component = "nobs-nmdl"
    options: ClassVar = {"redshifts": "posterior", "level": 0.9, "interval": "frequentist-confidence"}

    # 0.9 is beyond what the suite allows for 1 sigma.
    def test_a_flat_density_is_recovered(self):
        found = [self.found(self.sample(seed)) for seed in range(1, 41)]
        inside = np.mean([(f.low <= self.truth.norm) & (self.truth.norm <= f.high) for f in found])
        assert 0.85 < inside < 0.98


class TestPageCarrera(BinnedLuminosityFunctionConformance):
    component = "page-carrera"


class TestVmax(BinnedLuminosityFunctionConformance):
    component = "vmax"


@pytest.mark.parametrize("name", ["nobs-nmdl", "page-carrera", "vmax"])
def test_densities_narrower_than_the_bins_count_like_points(name):
    suite = BinnedLuminosityFunctionConformance
    sample = suite().sample()
    grid = np.linspace(2.5, 6.5, 8001)
    narrow = Redshifts.from_pdf(grid, np.exp(-0.5 * ((grid - sample.z[:, None]) / 0.002) ** 2) / 0.0050132566, values="density")
    photometric = attrs.evolve(sample, redshifts=narrow, spectroscopic=np.zeros(len(sample), dtype=bool))
    points = make("binned_luminosity_functions", name).estimate(SurveySet.of(sample), suite.bins, suite.truth, Context())
    for redshifts in ("pdf", "posterior"):
        shared = make("binned_luminosity_functions", name, redshifts=redshifts).estimate(
            SurveySet.of(photometric), suite.bins, suite.truth, Context()
        )
        # A source within 0.006 of an edge may be shared; a width of 0.002 reaches 0.0016 dex in luminosity at most.
        np.testing.assert_allclose(shared.n_obs, points.n_obs, atol=1.0)
        assert shared.n_obs.sum() == pytest.approx(len(sample), abs=0.5)
        assert "not whole" in shared.meta["counts"]


def test_intervals_of_one_sigma_have_no_other_level():
    assert make("binned_luminosity_functions", "vmax", interval="pearson").level == pytest.approx(0.6827, abs=1e-4)
    with pytest.raises(DataError, match="pearson is an interval of 1 sigma only"):
        make("binned_luminosity_functions", "vmax", interval="pearson", level=0.9)


def test_sharing_out_needs_redshift_densities():
    sample = BinnedLuminosityFunctionConformance().sample()
    photometric = SurveySet.of(attrs.evolve(sample, spectroscopic=np.zeros(len(sample), dtype=bool)))
    suite = BinnedLuminosityFunctionConformance
    with pytest.raises(DataError, match="needs the redshift densities of field"):
        make("binned_luminosity_functions", "nobs-nmdl", redshifts="pdf").estimate(
            photometric, suite.bins, suite.truth, Context()
        )
