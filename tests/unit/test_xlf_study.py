"""The study ``xlf``: samples and images of known truth through to densities, classes and accretion; files that cannot be used."""

import re

import numpy as np
import pytest

import faintsky
from faintsky.core.errors import StudyError
from faintsky.core.registry import make
from faintsky.core.study_file import load_study
from faintsky.studies.xlf.fit import density_between

COSMOLOGY = '{ use = "flat", h0 = 70.0, omega_m0 = 0.3 }'
RESPONSE = """
use = "effective-area"
epoch = "test"
energy = ["0.4 keV", "1.5 keV", "8 keV"]
area = ["50 cm2", "400 cm2", "100 cm2"]
step = "0.05 keV"
"""
# All that a fit of two parameters needs: everything else stays as the sources were drawn.
HELD = ", ".join(
    f"{name} = {value}"
    for name, value in {
        "log_l_star": 43.97, "gamma1": 0.96, "gamma2": 2.71, "b1": 0.84, "p2": -1.5, "p3": -6.2, "zc1": 1.86, "log_la1": 44.61,
        "a1": 0.29, "zc2": 3.0, "log_la2": 44.0, "a2": -0.1,
    }.items()
)  # fmt: skip
SAMPLES = f"""
study = "xlf"
name = "samples"
seed = 3
binned_luminosity_functions = ["nobs-nmdl", "page-carrera", "vmax"]
bolometric_corrections = "shen20"
samplers = {{ use = "nestle", nlive = 30 }}

[samples.field]
use = "simulated"
area = "0.8 deg2"
z = [0.1, 4.0]
log_l = [42.0, 46.0]
cosmology = {COSMOLOGY}
population = {{ use = "ldde2", published = "ueda14" }}

[bins]
z = [0.5, 1.5, 3.0]
log_l = [43.0, 43.5, 44.0, 44.5, 45.0]
[density]
z = 1.0
log_l = [43.5, 44.5]
[fiducial]
use = "ldde2"
published = "ueda14"
[compared.vito14]
use = "ldde-highz"
published = "vito14"
outside = "ignore"
[compared.ueda14]
use = "ldde2"
published = "ueda14"

[[luminosity_functions]]
use = "ldde2"
published = "ueda14"
outside = "ignore"
fixed = {{ {HELD} }}
[[luminosity_functions]]
use = "pde"
published = "ueda03-pde"
outside = "ignore"
fixed = {{ log_l_star = 44.11, gamma1 = 0.93, gamma2 = 2.23, zc = 1.14 }}

[likelihoods]
use = "pdf"
z_range = [0.05, 10.0]
log_l_range = [41.0, 47.0]
mode = "grid"
grid = [100, 100]
nodes = 32
[fit]
draws = 60
prior_widths = [2.0]
"""


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    return faintsky.run(SAMPLES, out=tmp_path_factory.mktemp("xlf") / "run", executor="serial")


def test_the_density_of_the_simulation_is_found_by_fit_and_in_bins(fitted):
    assert fitted.failures == {}
    truth = float(np.log10(density_between(make("luminosity_functions", "ldde2", published="ueda14"), (43.5, 44.5), 1.0)[0]))
    row = next(r for r in fitted.table("densities") if r["luminosity_functions"] == "ldde2")
    assert abs(row["log_density"] - truth) < 3 * 0.5 * (row["low"] + row["high"])
    # Bins of estimators that know no model agree with the one that does, within their own errors.
    binned = fitted.table("binned")
    phi = {m: binned[binned["binned_luminosity_functions"] == m] for m in ("nobs-nmdl", "page-carrera", "vmax")}
    rich = phi["nobs-nmdl"]["n_obs"] > 8
    assert rich.sum() >= 3
    for name in ("page-carrera", "vmax"):
        away = np.abs(phi[name]["phi"] - phi["nobs-nmdl"]["phi"])[rich]
        assert np.all(away < 2 * (phi["nobs-nmdl"]["phi_high"] - phi["nobs-nmdl"]["phi_low"])[rich])


def test_the_headline_is_the_fit_and_knows_the_truth_of_the_simulation(fitted):
    headline = fitted.study.headline(fitted.cells[0])
    row = fitted.table("densities")[0]
    assert headline.value == pytest.approx(row["log_density"])
    model = make("luminosity_functions", "ldde2", published="ueda14")
    assert headline.truth == pytest.approx(np.log10(density_between(model, (43.5, 44.5), 1.0)[0]))


def test_models_are_ranked_by_evidence_again_with_other_priors_and_the_scale_is_named(fitted):
    table = fitted.table("evidences")
    assert table.meta["scale"] == "Kass & Raftery 1995"
    for width in (1.0, 2.0):
        rows = {r["luminosity_functions"]: r for r in table if r["prior_width"] == width}
        # The sources were drawn from the first one.
        assert rows["ldde2"]["ln_bayes_factor"] == 0
        assert rows["pde"]["ln_bayes_factor"] < -5
        assert rows["pde"]["against_it"] == "very strong"


def test_numbers_in_bins_are_predicted(fitted):
    rows = [r for r in fitted.table("predicted") if r["luminosity_functions"] == "ldde2"]
    found, low, high = (np.array([r[name] for r in rows]) for name in ("found", "predicted_low", "predicted_high"))
    # 1 sigma ranges: of eight bins, half at the very least.
    assert np.mean((found > low - 1) & (found < high + 1)) >= 0.5
    assert found.sum() == pytest.approx(sum(r["predicted"] for r in rows), rel=0.2)


def test_models_are_compared_with_their_errors_where_there_are_some(fitted):
    rows = {r["model"]: r for r in fitted.table("compared")}
    assert rows["vito14"]["beyond"].startswith("measured at 3 < z < 5")
    assert rows["ueda14"]["errors"] == "published"
    assert rows["ueda14"]["beyond"] == ""


def test_accretion_names_its_correction(fitted):
    rows = fitted.table("accretion")
    assert set(rows["of"]) == {"fit", "vito14", "ueda14"}
    assert set(rows["correction"]) == {"shen20, 2-10 keV"}
    fit = next(r for r in rows if r["of"] == "fit" and r["z"] == "0.5-1.5")
    model = next(r for r in rows if r["of"] == "ueda14" and r["z"] == "0.5-1.5")
    assert fit["log_bhad"] == pytest.approx(model["log_bhad"], abs=0.1)


SPECTRUM = """
use = "formula"
formula = "wabs * zwabs * zpowerlaw"
fixed = { "wabs.nh" = 0.0178, "zpowerlaw.photon_index" = 1.9 }
tied = { "zwabs.redshift" = "zpowerlaw.redshift" }
"""
IMAGES = f"""
study = "xlf"
name = "images"
seed = 1
bolometric_corrections = "shen20"
cosmology = {COSMOLOGY}

[imaging]
use = "simulated"
area = "0.03 deg2"
exposure = "1500 ks"
absorber = "zwabs.nh"
nh_classes = {{ "21.5" = 0.5, "23.8" = 0.5 }}
z = [0.2, 8.0]
cosmology = {COSMOLOGY}
population = {{ use = "ldde2", published = "ueda14", outside = "ignore" }}
[imaging.spectrum]{SPECTRUM}
[imaging.response]{RESPONSE}
[imaging.galaxies]
density = "1e5 1/deg2"

[matchers]
use = "bayes"
priors = ["Ks", "ch1-ch2"]
[[selections]]
use = "blind"
[[selections]]
use = "extracted"
z_min = 2.0

[conversion.spectrum]
use = "formula"
formula = "wabs * zpowerlaw"
fixed = {{ "wabs.nh" = 0.0178, "zpowerlaw.photon_index" = 1.9 }}
[conversion.responses]{RESPONSE}

[bins]
z = [1.0, 2.0, 4.0]
log_l = [42.5, 43.0, 43.5, 44.0, 44.5, 45.0]
[density]
z = 1.5
log_l = [43.0, 44.0]
[fiducial]
use = "ldde2"
published = "ueda14"
[obscuration]
absorber = "zwabs.nh"
log_nh_edges = [23.0]
log_nh = [21.5, 23.8]
names = ["unabsorbed", "absorbed"]
draws = 20000
[obscuration.fiducial]
use = "ldde2"
published = "ueda14"
[obscuration.spectrum]{SPECTRUM}
"""


@pytest.fixture(scope="module")
def imaged(tmp_path_factory):
    pytest.importorskip("photutils", reason="needs the extra detection")
    return faintsky.run(IMAGES, out=tmp_path_factory.mktemp("xlf") / "run", executor="serial")


def test_extraction_adds_sources_and_area(imaged):
    assert imaged.failures == {}
    rows = {r["selections"]: r for r in imaged.table("samples")}
    assert rows["extracted"]["threshold"] > rows["blind"]["threshold"] == 4e-6
    assert rows["extracted"]["extracted"] > 0
    assert rows["extracted"]["log_x_50"] < rows["blind"]["log_x_50"]
    assert rows["blind"]["sources"] > 30


def test_classes_and_fractions_are_those_of_the_simulation(imaged):
    # Half of the AGN were drawn behind 10^23.8, far from the edge: within three sigma of the pooled posterior.
    rows = [r for r in imaged.table("fractions") if r["recipe"] == "gamma_posterior" and "pooled" in r["range"]]
    assert len(rows) == 2
    for row in rows:
        sigma = 0.5 * (row["high"] - row["low"])
        assert abs(row["median"] - 0.5) < 3 * sigma < 0.45


def test_the_corrected_function_is_nearer_to_the_truth_than_what_was_observed(imaged):
    model = make("luminosity_functions", "ldde2", published="ueda14")
    observed, corrected = imaged.table("binned"), imaged.table("corrected")
    keep = (np.asarray(observed["n_obs"]) > 3) & (np.asarray(corrected["n_obs"]) > 3)
    middle = 0.5 * (observed["log_l_low"] + observed["log_l_high"]), 0.5 * (observed["z_low"] + observed["z_high"])
    truth = model.evaluate(*(np.asarray(m) for m in middle))
    assert keep.sum() >= 6
    off = [np.mean(np.log10(np.asarray(t["phi"])[keep] / truth[keep])) for t in (observed, corrected)]
    assert off[0] < -0.1
    assert abs(off[1]) < abs(off[0])


def test_counterparts_are_calibrated(imaged):
    row = imaged.table("counterparts")[0]
    assert row["subset"] == "all"
    assert row["false_fraction"] <= 0.1
    assert row["true_completeness"] > 0.9
    assert row["purity"] > 0.9


OTHER_BAND = '[compared.hard]\nuse = "fotopoulou16"\npublished = "fotopoulou16"\n'


def broken(change, text=SAMPLES):
    with pytest.raises(StudyError) as error:
        load_study(change(text))
    return str(error.value)


@pytest.mark.parametrize(
    ("change", "text", "message"),
    [
        (lambda t: t.replace("[samples.field]", "[imaging]"), SAMPLES, "needs the option .spectrum."),
        (lambda t: t.replace(f"cosmology = {COSMOLOGY}\n\n[imaging]", "[imaging]"), IMAGES, "cosmology"),
        (lambda t: t.replace("z = [0.5, 1.5, 3.0]", "z = [1.5, 0.5, 3.0]"), SAMPLES, "increasing edges"),
        (lambda t: t.replace("log_nh = [21.5, 23.8]", "log_nh = [21.5]"), IMAGES, "representatives"),
        (lambda t: t.replace('published = "ueda14" }\n\n[bins]', 'published = "ueda41" }\n\n[bins]'), SAMPLES, "ueda14"),
        (lambda t: t.replace("[compared.vito14]", OTHER_BAND + "[compared.vito14]"), SAMPLES, "5-10 keV luminosities"),
    ],
    ids=["no images", "no cosmology", "bins", "classes", "no such set", "another band"],
)  # fmt: skip
def test_what_is_wrong_is_told_before_anything_runs(change, text, message):
    assert re.search(message, broken(change, text))


def test_the_ends_of_a_published_set_serve_where_none_are_given():
    assert load_study(SAMPLES.replace("z_range = [0.05, 10.0]\n", "")).cells
    bare = SAMPLES.replace('published = "ueda03-pde"', "").replace("z_range = [0.05, 10.0]\n", "")
    assert "give z_range = [low, high]" in broken(lambda text: text, bare)


def test_images_and_samples_are_not_both_given():
    both = SAMPLES + IMAGES[IMAGES.index("[imaging]") : IMAGES.index("[matchers]")]
    assert "give [imaging] or [samples.NAME], not both" in broken(lambda t: t, both)
