"""Samples, sets of surveys, bins of luminosity, and the validity of a luminosity function."""

import warnings

import attrs
import numpy as np
import pytest

from faintsky.core.aperture_photometry import AperturePhotometry
from faintsky.core.area_curve import AreaCurve
from faintsky.core.band import Band
from faintsky.core.binned_luminosity_function import BinnedLuminosityFunction
from faintsky.core.brightness_conversion import BrightnessConversion
from faintsky.core.catalogue import Catalogue
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.luminosity_bins import LuminosityBins
from faintsky.core.luminosity_function import AssumedCosmology, LuminosityFunction, Provenance
from faintsky.core.redshift import Redshifts
from faintsky.core.registry import make
from faintsky.core.source_sample import SourceSample
from faintsky.core.survey_set import SurveySet
from faintsky.core.validity import Validity

FULL, HARD = Band(0.5, 7.0), Band(2.0, 7.0)
FLAT = make("cosmologies", "flat", h0=70.0, omega_m0=0.3)


def conversion(**more):
    given = {"z": np.linspace(0.1, 9, 900), "log_factor": np.linspace(57, 61, 900), "quantity": "rate", "band": FULL}
    return BrightnessConversion(**{**given, "rest_band": Band(2, 10), **more})


def sample(**more):
    area = AreaCurve(log_x=(-17.0, -15.0), area=(0.0, 1.0), quantity="rate", band=FULL)
    grid = np.linspace(0, 10, 101)
    given = {
        "log_x": [-16.0, -15.5, np.nan],
        "z": [1.0, 4.5, np.nan],
        "area": area,
        "conversion": conversion(),
        "cosmology": FLAT,
        "redshifts": Redshifts.from_spec([1.0, 4.5, 7.0], grid),
        "photometry": AperturePhotometry(counts=[5, 9, 0], background=[1, 1, 1], exposure=[1e8] * 3, eef=[0.7] * 3),
        "table": Catalogue(columns={"z_gal": np.array([1.0, 4.5, np.nan])}),
        "name": "field",
    }
    return SourceSample(**{**given, **more})


def test_luminosities_are_brightness_times_factor_and_unknown_ones_are_nan():
    made = sample()
    expected = [-16 + conversion().at(1.0), -15.5 + conversion().at(4.5), np.nan]
    np.testing.assert_allclose(made.log_l(), expected)
    many = made.log_l(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, np.nan]]))
    assert many.shape == (3, 2)
    assert many[1, 1] == pytest.approx(-15.5 + conversion().at(4.0))
    assert np.isnan(many[2]).all()


def test_a_selection_keeps_all_columns_together():
    kept = sample().select(np.array([False, True, False]))
    assert (len(kept), kept.z[0], kept.photometry.counts[0], kept.table["z_gal"][0]) == (1, 4.5, 9, 4.5)
    assert kept.redshifts.probability(4, 5) == pytest.approx([1.0])
    assert kept.digest == sample().select(np.array([1])).digest != sample().digest


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"z": [1.0, -99.0, 2.0]}, "redshift of source 1 is -99.*as NaN"),
        ({"z": [1.0, 2.0]}, "rows of one length"),
        ({"conversion": conversion(band=HARD)}, "area curve is against rate at 0.5-7 keV, the conversion takes rate at 2-7 keV"),
        ({"conversion": conversion(quantity="flux")}, "takes flux"),
    ],
)
def test_what_is_no_sample_is_refused(change, match):
    with pytest.raises(DataError, match=match):
        sample(**change)


def test_areas_of_a_set_add_up_and_luminosities_of_two_bands_do_not():
    one, two = sample(), sample(name="other")
    both = SurveySet(samples={"a": one, "b": two})
    assert both.area_at(43.0, 2.0) == pytest.approx(2 * one.area_at(43.0, 2.0))
    assert len(both) == 6
    soft = sample(conversion=conversion(rest_band=Band(0.5, 2)))
    with pytest.raises(DataError, match="different rest-frame bands"):
        SurveySet(samples={"a": one, "b": soft})
    with pytest.raises(DataError, match="different cosmologies"):
        SurveySet(samples={"a": one, "b": sample(cosmology=make("cosmologies", "flat", h0=68.0, omega_m0=0.3))})
    with pytest.raises(DataError, match="at least one sample"):
        SurveySet(samples={})


class Plain(LuminosityFunction):
    """phi = 1e-5 at all luminosities and redshifts."""

    band = Band(2, 10)
    cosmology = AssumedCosmology()
    validity = Validity(log_l=(42, 46), z=(0, 5))
    provenance = Provenance(source="a test")
    outside = "warn"

    def log_density(self, log_l, z):
        return np.log(1e-5) + 0 * np.asarray(log_l, dtype=float) + 0 * np.asarray(z, dtype=float)


def test_a_model_of_another_band_or_universe_is_refused():
    surveys = SurveySet.of(sample())
    surveys.check(Plain())
    other = Plain()
    other.band = Band(5, 10)
    with pytest.raises(DataError, match="function of 5-10 keV luminosities, those of the sample are 2-10 keV"):
        surveys.check(other)
    planck = SurveySet.of(sample(cosmology=make("cosmologies", "flat", h0=67.66, omega_m0=0.3111)))
    with pytest.raises(DataError, match=r"H0 = 70 and Omega_m = 0.3, the survey is analysed with H0 = 67.66"):
        planck.check(Plain())


def test_leaving_the_validity_warns_gives_nan_raises_or_is_ignored():
    model = Plain()
    with pytest.warns(FaintskyWarning, match=r"asked for at z = 6, log L = 43: an extrapolation"):
        assert model.evaluate(43.0, [4.0, 6.0]) == pytest.approx([1e-5, 1e-5])
    model.outside = "nan"
    np.testing.assert_array_equal(np.isnan(model.evaluate(43.0, [4.0, 6.0])), [False, True])
    model.outside = "raise"
    with pytest.raises(DataError, match="allow it with outside"):
        model.evaluate(43.0, 6.0)
    model.outside = "ignore"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.evaluate(43.0, 6.0)


def test_bins_count_sources_with_known_redshift_and_luminosity():
    bins = LuminosityBins(z=[4, 5, 7], log_l=[43, 44, 45])
    found = bins.counts(np.array([43.0, 44.0, 45.0, np.nan]), np.array([4.0, 4.9, 7.0, 4.5]))
    assert found.tolist() == [[1, 1], [0, 1]]
    assert (bins.z_label(1), bins.z_centre.tolist()) == ("5-7", [4.5, 6.0])
    with pytest.raises(DataError, match="increasing edges"):
        LuminosityBins(z=[5, 4], log_l=[43, 44])


def test_a_binned_function_is_never_infinite():
    bins = LuminosityBins(z=[4, 5], log_l=[43, 44])
    fine = np.ones((1, 1))
    given = {"bins": bins, "n_obs": 0 * fine, "n_mdl": fine, "phi": 0 * fine, "low": 0 * fine, "high": fine}
    made = BinnedLuminosityFunction(**given, interval="garwood", reasons=(("",),), band=Band(2, 10), estimator="test")
    assert made.is_limit.all()
    assert made.to_table()["limit"][0]
    with pytest.raises(DataError, match="is NaN with its reason"):
        attrs.evolve(made, high=np.full((1, 1), np.inf))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"counts": [1.5, 2, 3]}, "counts of source 0, .*1.5: counts are whole numbers"),
        ({"background": [1.0, 0.0, 1.0]}, "background of source 1"),
        ({"exposure": [1.0, np.nan, 1.0]}, "exposure of source 1"),
        ({"eef": [0.7, 0.7, 1.2]}, "share of the light"),
        ({"counts": [1, 2]}, "rows of one length"),
    ],
)
def test_photometry_that_cannot_be_is_refused(change, match):
    given = {"counts": [1, 2, 3], "background": [1.0, 1.0, 1.0], "exposure": [1e8] * 3, "eef": [0.7] * 3}
    with pytest.raises(DataError, match=match):
        AperturePhotometry(**{**given, **change})


def test_a_source_that_was_not_observed_has_no_rate_and_is_no_detection():
    made = AperturePhotometry(counts=[0, 9], background=[0, 1], exposure=[0, 1e8], eef=[0.7, 0.7])
    assert np.isnan(made.rate[0])
    assert made.false_probability[0] == 1
    assert made.rate[1] == pytest.approx(8 / 0.7e8)
