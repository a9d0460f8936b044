"""The spectrum of a cross-power: the table of Li et al. 2019, and spectra with a known answer."""

from pathlib import Path

import numpy as np
import pytest

import faintsky
from faintsky.core.band import Band
from faintsky.core.band_sed import BandSed
from faintsky.core.context import Context
from faintsky.core.registry import make
from faintsky.core.response import Response, redistribution
from faintsky.estimators.cross_sed.amplitude import best_amplitude, gaussian_sigma, scaled_at
from faintsky.estimators.cross_sed.colour_distance import colour_covariance, colour_distance

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "li19_sed.toml"
BANDS = tuple(Band.parse(f"{text} keV") for text in ("0.5-1", "1-2", "2-4", "4-7"))


@pytest.fixture(scope="module")
def li19(tmp_path_factory):
    return faintsky.run(EXAMPLE, out=tmp_path_factory.mktemp("li19") / "run", executor="serial")


def rows(run, table, **wanted):
    reference = {"responses": "cycle-18", "absorption": "mm83", "hardness_ratios": "linear"} | wanted
    return [r for r in run.table(table) if all(r[k] == v for k, v in reference.items())]


def test_the_hardness_ratios_are_those_of_the_printed_table(li19):
    # Reference note on spectra, section 7.1: equations 8-10 with linear errors, to the printed digits.
    expected = {
        "ir36": [(-0.6015, 0.1160), (-0.3978, 0.3931), (-0.6842, 1.8521)],
        "ir45": [(-0.4933, 0.1530), (-0.0146, 0.2112), (-0.7797, 0.8578)],
    }
    for sed, ratios in expected.items():
        found = rows(li19, "hardness", sed=sed)
        np.testing.assert_allclose([(r["value"], r["error"]) for r in found], ratios, atol=5.1e-5)
        assert [bool(r["ill_defined"]) for r in found] == [False, False, True]


def test_low_redshift_absorbed_agn_are_ruled_out_and_distant_ones_are_not(li19):
    # Their section 4.4: "we rule out the possibilities of low-z absorbed AGN"; models at z > 15 explain the measurements.
    for sed in ("ir36", "ir45"):
        found = {r["point"]: r["sigma"] for r in rows(li19, "exclusion", sed=sed, model="sed-thick")}
        assert found["zpowerlaw.redshift = 1"] > 4
        assert found["zpowerlaw.redshift = 3"] > 4
        assert found["zpowerlaw.redshift = 20"] < 2
        assert found["zpowerlaw.redshift = 15"] < 2
        thin = rows(li19, "exclusion", sed=sed, model="sed-thin")
        assert max(r["sigma"] for r in thin) < 2


def test_the_photon_index_is_of_the_order_of_2_to_3(li19):
    # Section 4.2: "a weakly absorbed power-law with a spectral index of the order Gamma ~ 2-3"; both bands within 1 sigma of it.
    for sed in ("ir36", "ir45"):
        (fit,) = rows(li19, "fits", sed=sed)
        assert fit["powerlaw.photon_index"] - fit["powerlaw.photon_index_low"] < 3
        assert fit["powerlaw.photon_index"] + fit["powerlaw.photon_index_high"] > 2
    headline = li19.comparison.reference
    assert headline.low < 1
    assert 0 < li19.comparison.systematic < headline.low


def test_apec_without_its_files_is_a_missing_row_and_brems_stands_under_its_own_name(li19):
    assert li19.failures == {}
    missing = li19.table("missing")
    assert set(missing["model"]) == {"hot-gas-apec"}
    assert "apec_v3.0.9_line.fits" in missing["why"][0]
    assert "hot-gas-brems" in set(li19.table("families")["model"])
    assert "hot-gas-apec" not in set(li19.table("families")["model"])
    assert any("hot-gas-apec is missing" in warning for warning in li19.warnings)


def test_models_scaled_at_the_reference_band_meet_it(li19):
    cell = li19.cells[0]
    sed, family = cell.results["sed ir36"], cell.results["family sed-thin"]
    scale = cell.results["exclusion"]["ir36 / sed-thin"].scale
    np.testing.assert_allclose(scale * family.bands[:, 1], sed.value[1], rtol=1e-12)


def test_the_best_amplitude_is_that_of_least_squares_and_never_negative():
    rng = np.random.default_rng(2)
    shape, value, error = rng.uniform(0.5, 2, (6, 4)), rng.normal(1, 1, 4), rng.uniform(0.2, 1, 4)
    fit = best_amplitude(shape, value, error)
    for i, row in enumerate(shape):
        grid = np.linspace(0, 5, 200001)
        chi2 = (((grid[:, None] * row - value) / error) ** 2).sum(axis=1)
        assert fit.chi2[i] == pytest.approx(chi2.min(), abs=1e-6)
    assert best_amplitude(shape, -np.abs(value), error).amplitude == pytest.approx(np.zeros(6))
    scaled = scaled_at(shape, value, error, 1)
    np.testing.assert_allclose(scaled.amplitude * shape[:, 1], value[1])
    assert np.all(scaled.chi2 >= fit.chi2 - ((fit.deviation[:, 1]) ** 2) - 1e-9)


def test_significances_are_those_of_a_gaussian():
    # 68.27, 95.45, 99.73 per cent of one degree of freedom; chi^2 = 11.83 of two is 3 sigma (Press et al., table of delta chi^2).
    np.testing.assert_allclose(gaussian_sigma(np.array([1.0, 4.0, 9.0]), 1), [1, 2, 3], rtol=1e-9)
    assert gaussian_sigma(np.array([11.83]), 2)[0] == pytest.approx(3.0, abs=1e-3)


def test_the_exclusion_of_the_true_model_has_the_right_rate():
    # 4,000 noisy spectra of a true shape: its chi^2 with a free amplitude is that of b - 1 degrees of freedom.
    rng = np.random.default_rng(7)
    shape, error = np.array([[5.0, 3.0, 1.5, 0.8]]), np.array([0.5, 0.3, 0.4, 0.6])
    sigma = np.array([best_amplitude(shape, shape[0] + error * rng.standard_normal(4), error).sigma[0] for _ in range(4000)])
    for level, share in ((1, 0.3173), (2, 0.0455)):
        expected = np.sqrt(share * (1 - share) / 4000)
        assert np.mean(sigma > level) == pytest.approx(share, abs=4 * expected)


def test_neighbouring_colours_are_correlated_as_draws_say():
    rng = np.random.default_rng(5)
    value, error = np.array([10.0, 8.0, 9.0]), np.array([0.2, 0.15, 0.2])
    draws = value + error * rng.standard_normal((200_000, 3))
    ratios = (draws[:, 1:] - draws[:, :-1]) / (draws[:, 1:] + draws[:, :-1])
    covariance = colour_covariance(value, error)
    np.testing.assert_allclose(covariance, np.cov(ratios.T), rtol=0.02)
    assert covariance[0, 1] < 0
    measured = ratios.mean(axis=0)
    distance = colour_distance(ratios, measured, covariance)
    assert np.mean(distance) == pytest.approx(2.0, rel=0.02)


def perfect_sed(index, error=0.05):
    edges = np.linspace(0.5, 7.0, 651)
    data, channels, starts = redistribution(np.eye(650))
    bounds = np.stack([edges[:-1], edges[1:]], axis=1)
    response = Response(edges=edges, area=np.ones(650), channel_edges=bounds, data=data, channels=channels, starts=starts)
    truth = response.collapse(BANDS).rates(make("spectra", "powerlaw", photon_index=index))
    return BandSed(bands=BANDS, value=truth, error=error * truth, response=response.collapse(BANDS), area=np.ones(4))


@pytest.mark.parametrize("index", [1.4, 2.0, 3.0])
def test_the_photon_index_of_a_power_law_is_found(index):
    bound = make("likelihoods", "gaussian-sed").bind(perfect_sed(index), make("spectra", "powerlaw"), Context())
    assert bound.names == ("photon_index",)
    posterior = make("samplers", "quadrature").run(bound, Context())
    value, low, high = posterior.summary("photon_index")
    assert value == pytest.approx(index, abs=0.01)
    # Band ratios with 5 per cent errors over a decade of energy: about 0.05 / ln(10).
    assert 0.02 < low < 0.06
    assert 0.02 < high < 0.06
