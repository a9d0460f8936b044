"""What the study `coherence` does for the fluctuation papers: small surveys through the whole chain, and what it refuses."""

import numpy as np
import pytest

import faintsky
from faintsky.core.errors import StudyError
from faintsky.core.study_file import load_study

SURVEY = """
study = "coherence"
name = "small"
seed = 3
truth = 5.0
samplers = "quadrature"

[power_models]
use = "limber"
matter = "linear"
cosmology = { use = "colossus", name = "planck18" }

[fit]
spectra = ["near", "far"]
wider_priors = 2.0

[catalogues.survey]
use = "simulated"
size = ["20 arcmin", "20 arcmin"]
outliers = 0.0
detected = false
cosmology = { use = "colossus", name = "planck18" }

[catalogues.survey.populations.near]
density = "3e5 1/deg2"
z = [1.0, 3.0]
bias = 5.0
shells = 3
xray = 2e-13

[catalogues.survey.populations.far]
density = "3e4 1/deg2"
z = [3.0, 6.0]
bias = 8.0
shells = 3
xray = 1e-13

[grid]
pixel = "6 arcsec"
size = [200, 200]
centre = ["150.1 deg", "2.2 deg"]

[maps.near]
use = "catalogue"
catalogue = "survey"
magnitude = "m"
wavelength = "4.4 micron"
z = [0.0, 3.0]

[maps.far]
use = "catalogue"
catalogue = "survey"
magnitude = "m"
wavelength = "4.4 micron"
z = [3.0, 13.0]

[maps.xray]
use = "photons"
catalogue = "survey"
exposure = "2e9 cm2 s"
background = 1e-8
beam = { use = "gaussian", sigma = "3 arcsec" }

[masks.holes]
use = "random-discs"
radius = "20 arcsec"
fraction = 0.2

[bins]
theta = ["15 arcsec", "1200 arcsec"]
per_decade = 5

[spectra]
with_maps = ["xray"]
jackknife = 9

[broadband.all]
theta = ["30 arcsec", "1200 arcsec"]
weights = ["modes", "sigma", "q2", "uniform", "inverse-variance"]

[panels.autos]
spectra = ["near", "far"]
quantity = "p"

[xray]
xray = "xray"
infrared = ["near", "far"]
theta = ["30 arcsec", "1200 arcsec"]
bias_at = "200 arcsec"
cosmology = { use = "colossus", name = "planck18" }
matter = "linear"

[xray.mass]
infrared = "far"
z = 4.0
alpha = 0.9
efficiency = 0.1
bolometric_fraction = 0.1
band = [0.5, 2.0]
observed_band = [0.5, 2.0]

[xray.counts]
infrared = "far"
s0 = 4.2e-18
s_lim = 4.2e-18

[xray.resolved]
unresolved = [9.7e-13, 1.8e-13, 1.6e-13]
total = [7.56e-12, 1.1e-13, 1.1e-13]
reference = "Cappelluti et al. 2017"
"""

FIELDS = """
study = "coherence"
seed = 2
samplers = "quadrature"

[power_models]
use = "shot-plus-power-law"
fixed = { shot = 0.0, slope = 1.5 }

[fit]
spectra = ["ir x hard"]

[bins]
theta = ["20 arcsec", "1500 arcsec"]
per_decade = 4

[spectra]
with_maps = ["soft", "hard"]
backgrounds = { hard = "stowed" }

[broadband.large]
theta = ["60 arcsec", "1500 arcsec"]
weights = ["q2"]

[hardness]
bands = ["soft", "hard"]
infrared = ["ir"]
broadband = "large"

[fields.wide]
grid = { pixel = "8 arcsec", size = [160, 160] }
masks.holes = { use = "random-discs", radius = "20 arcsec", fraction = 0.3 }
maps.ir = { use = "simulated", sky = "wide", clustering = 1e-10, white = 1e-11 }
maps.soft = { use = "simulated", sky = "wide", unit = "ph / (cm2 s sr)", mean = 5.0, clustering = 2e-9, exposure = "3e9 cm2 s" }
maps.hard = { use = "simulated", sky = "wide", unit = "ph / (cm2 s sr)", mean = 5.0, clustering = 5e-10, exposure = "3e9 cm2 s" }
maps.stowed = { use = "simulated", unit = "ph / (cm2 s sr)", mean = 3.0, exposure = "3e9 cm2 s" }

[fields.deep]
grid = { pixel = "5 arcsec", size = [120, 120] }
maps.ir = { use = "simulated", sky = "deep", clustering = 1e-10, white = 1e-11 }
maps.soft = { use = "simulated", sky = "deep", unit = "ph / (cm2 s sr)", mean = 5.0, clustering = 2e-9, exposure = "3e9 cm2 s" }
maps.hard = { use = "simulated", sky = "deep", unit = "ph / (cm2 s sr)", mean = 5.0, clustering = 5e-10, exposure = "3e9 cm2 s" }
maps.stowed = { use = "simulated", unit = "ph / (cm2 s sr)", mean = 3.0, exposure = "3e9 cm2 s" }
"""


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    return faintsky.run(SURVEY, out=tmp_path_factory.mktemp("runs") / "survey")


@pytest.fixture(scope="module")
def fields(tmp_path_factory):
    return faintsky.run(FIELDS, out=tmp_path_factory.mktemp("runs") / "fields")


def test_the_chain_from_catalogue_to_mass_is_done(survey):
    assert survey.done
    assert survey.failures == {}
    assert {"maps", "fits", "biases", "broadband-all", "xray-flux", "xray-derived", "coherence", "jackknife", "nulls"} <= set(
        survey.tables
    )
    for name in survey.study.figures():
        assert survey.figure(name) is not None


def test_the_biases_are_those_of_the_populations(survey):
    table = survey.table("biases")
    for row, truth in zip(table, (5.0, 8.0), strict=True):
        # A field of 20 arcmin with a few hundred modes: 4 sigma, and photo-z mixing of some per cent.
        assert abs(row["bias"] - truth) < 4 * max(row["bias_low"], row["bias_high"]) + 0.1 * truth
        # The posterior of b is skewed where few modes know it; the root of the best b^2 is its mode.
        assert abs(row["analytic"] - row["bias"]) < 0.6 * max(row["bias_low"], row["bias_high"])
        assert abs(row["wider_priors_move_it_by_sigma"]) < 0.01
        assert row["nonlinear_at_smallest"] > row["nonlinear_at_largest"] > 1
    assert 1 < table["z_effective"][0] < 3 < table["z_effective"][1] < 6


def test_broadband_means_of_every_weighting_stand_side_by_side(survey):
    table = survey.table("broadband-all")
    assert set(table["weights"]) == {"modes", "sigma", "q2", "uniform", "inverse-variance"}
    assert set(table["spectrum"]) == {"near x xray", "far x xray"}
    best = table[table["weights"] == "inverse-variance"]
    for row in table:
        (least,) = best[best["spectrum"] == row["spectrum"]]["error"]
        assert row["error"] >= 0.7 * least  # bins are correlated a little, so the least error is not quite that of 1/sigma^2


def test_fluxes_and_what_follows(survey):
    flux = survey.table("xray-flux")
    signed = flux[flux["form"] == "signed"]
    paper = flux[flux["form"] == "paper (recipe)"]
    for row in signed:
        assert abs(row["null"]) < 0.3 * row["null_scatter"]  # T11
    assert np.all(paper["null"] > 3 * paper["null_scatter"])
    (total,) = flux[flux["form"] == "sum"]["flux"]
    assert total == pytest.approx(np.sum(signed["flux"]))
    derived = {row["quantity"]: row for row in survey.table("xray-derived")}
    (far,) = signed[signed["map"] == "far"]["flux"]
    if far > 0:
        assert derived["sources above S0"]["value"] == pytest.approx(far / (3 * 4.2e-18))
        assert "r = 1" in derived["accreted mass density"]["assuming"]


def test_null_tests_pass(survey, fields):
    for run in (survey, fields):
        pte = np.asarray(run.table("nulls")["pte"])
        assert np.all(pte > 1e-4)
        assert len(pte) >= 3
    names = set(survey.table("nulls")["null"])
    assert {"near rotated x xray", "near shuffled x xray", "near x xray (A - B)/2"} <= names


def test_fields_are_stacked_bin_by_bin(fields):
    spectra = fields.cells[0].results
    one, two, both = (spectra[name].cross["ir x soft"] for name in ("spectra wide", "spectra deep", "spectra"))
    shared = np.isin(np.round(both.edges[:-1], 6), np.round(two.edges[:-1], 6)) & np.isin(
        np.round(both.edges[:-1], 6), np.round(one.edges[:-1], 6)
    )
    where = [np.searchsorted(np.round(s.edges[:-1], 6), np.round(both.edges[:-1][shared], 6)) for s in (one, two)]
    np.testing.assert_allclose(both.power[shared], 0.5 * (one.power[where[0]] + two.power[where[1]]), rtol=1e-10)
    np.testing.assert_allclose(both.error[shared] ** 2, 0.25 * (one.error[where[0]] ** 2 + two.error[where[1]] ** 2), rtol=1e-10)


def test_the_background_is_subtracted_and_its_cross_spectrum_is_a_null_test(fields):
    spectra = fields.cells[0].results["spectra wide"]
    assert "ir x stowed" in spectra.null
    assert "ir x stowed" not in spectra.cross
    plain = np.hypot(spectra.cross["ir x soft"].error, 0)
    assert np.all(spectra.cross["ir x hard"].error[-3:] > 0)
    assert plain.shape == spectra.cross["ir x hard"].error.shape
    hardness = fields.table("hardness")
    assert set(hardness["field"]) == {"wide", "deep", "STACK"}
    means = fields.table("broadband-large")
    (soft,), (hard,) = (
        means[(means["field"] == "STACK") & (means["spectrum"] == f"ir x {b}")]["value"] for b in ("soft", "hard")
    )
    (ratio,) = hardness[hardness["field"] == "STACK"]["value"]
    assert ratio == pytest.approx((hard - soft) / (hard + soft))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("z = [3.0, 13.0]", "z = [2.0, 13.0]", "the redshift bins of 'near' .* overlap"),
        ('with_maps = ["xray"]', 'with_maps = ["xrays"]', "there is no map 'xrays'. Did you mean 'xray'"),
        ('catalogue = "survey"\nmagnitude', 'catalogue = "suvrey"\nmagnitude', r"there is no catalogue 'suvrey'.*survey"),
        ('spectra = ["near", "far"]\nquantity', 'spectra = ["near", "fra"]\nquantity', "there is no spectrum 'fra'"),
        (
            'matter = "linear"\ncosmology = { use = "colossus", name = "planck18" }',
            'matter = "linear"',
            "needs the option 'cosmology'",
        ),
        ('name = "planck18" }\n\n[fit]', "h0 = 70.0 }\n\n[fit]", "cosmology is not given .omega_m0, omega_b0, sigma8, ns"),
        ('weights = ["modes", "sigma"', 'weights = ["mode", "sigma"', "no weighting is called 'mode'. Did you mean 'modes'"),
        ('infrared = "far"\nz = 4.0', 'infrared = "fra"\nz = 4.0', "there is no redshift bin 'fra'"),
        ("z = [0.0, 3.0]", "z = [3.0, 0.0]", r"z must be \[low, high\]"),
        ('reference = "Cappelluti et al. 2017"', "", "needs the option 'reference'"),
        ('wavelength = "4.4 micron"\nz = [0.0', "z = [0.0", "magnitudes need the wavelength"),
    ],
)
def test_bad_input_is_told_before_anything_runs(old, new, message):
    assert old in SURVEY
    with pytest.raises(StudyError, match=f"(?s){message}"):
        load_study(SURVEY.replace(old, new, 1))


def test_fields_with_other_maps_are_refused():
    text = FIELDS.replace("maps.stowed", "maps.stored", 1)
    with pytest.raises(StudyError, match="fields are stacked map by map"):
        load_study(text)
    with pytest.raises(StudyError, match="not both"):
        load_study(FIELDS + '\n[maps.ir]\nuse = "simulated"\n')
