"""Simulated photons: what is asked for, what is refused, and the sample of the paper."""

import attrs
import numpy as np
import pytest
from astropy.table import Table

from faintsky.core.band import Band
from faintsky.core.box import Box
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.photon_box import PhotonBox
from faintsky.core.photon_cautions import cautions, piled_up
from faintsky.core.photon_set import PhotonSet
from faintsky.core.psf import Place
from faintsky.core.psf_asymmetry import asymmetry_region, position_angle, secondary_on_asymmetry
from faintsky.core.registry import make
from faintsky.core.source_cuts import SourceCuts
from faintsky.core.structure import structure
from faintsky.models.photons.energy_pools import EnergyPools, spectrum_energies
from faintsky.models.photons.expected_photons import ExpectedPhotons
from faintsky.models.photons.paper_sample import FIELDS, drawn_plan
from faintsky.models.photons.simulated_sample import SimulatedPhotons
from faintsky.models.photons.simulation import drawn_from_mixture, simulated_like
from faintsky.models.photons.sky_sources import SkySources
from faintsky.models.photons.systems import System, expected_counts

KING = make("psfs", "king", core="0.5 arcsec", slope=2.0)
RESPONSE = make(
    "responses", "effective-area", energy=(0.3, 1.5, 4.0, 9.0), area=(20.0, 500.0, 300.0, 60.0), step="0.05 keV", epoch="a test"
)
POWERLAW = make("spectra", "powerlaw", photon_index=1.7)
ABSORBED = make("spectra", "formula", formula="zwabs * zpowerlaw")
ARCMIN = float(np.deg2rad(1 / 60))
#: The cuts of Sandoval et al. (2024), section 2.
PAPER = SourceCuts(redshift=(2.5, 3.5), min_counts=50, max_off_axis=5 * ARCMIN)


def box(name="1", exposure=5e4, number=100, seed=1, **said):
    """Photons about the origin, of 1 keV within 1.5 arcsec, of 5 keV elsewhere."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(0, 0.4, (2, number))
    x[::4], y[::4] = rng.uniform(-10, 10, (2, x[::4].size))
    given = {
        "box": Box.square(20),
        "place": Place(off_axis=2 * ARCMIN, observation=name),
        "energy": np.where(np.hypot(x, y) < 1.5, 1.0, 5.0),
        "background_counts": 130.0,
        "background_area": 2100.0,
        "frame_time": 3.1,
        "subpixel": "edser",
    }
    return PhotonBox(x=x, y=y, exposure=exposure, **(given | said))


def photons(*boxes):
    return PhotonSet(name="S", ra=150.0, dec=2.0, observations=boxes or (box(),))


# --- sources -------------------------------------------------------------------------------------------------------------------


def test_a_dual_source_is_where_its_position_angle_says():
    # North through east, while x runs to the west: at 90 deg (east) the second source has x = -separation.
    offsets = SkySources.dual(2.0, np.pi / 2, 0.5, 1.0, 3.0).offsets
    np.testing.assert_allclose(offsets, [[1, 3], [-1, 3]], atol=1e-12)
    np.testing.assert_allclose(position_angle(*(offsets[1] - offsets[0])), np.pi / 2)
    for angle in (0.1, 2.0, 4.0, 6.0):
        dx, dy = np.diff(SkySources.dual(0.7, angle, 1.0).offsets, axis=0)[0]
        assert position_angle(dx, dy) == pytest.approx(angle)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"offsets": [[0, 0]] * 4, "ratios": [1] * 4}, "one to three sources"),
        ({"offsets": [[0, 0]], "ratios": [1, 1]}, "as many ratios"),
        ({"offsets": [[0, 0], [1, 1]], "ratios": [0.5, 1]}, "first ratio is that of the first source to itself"),
        ({"offsets": [[0, 0], [1, 1]], "ratios": [1, -1]}, "not negative"),
        ({"offsets": [[0, 0]], "ratios": [1], "counts": -3.0}, "counts must be a number that is not negative"),
    ],
)
def test_impossible_sources_are_refused(said, message):
    with pytest.raises(DataError, match=message):
        SkySources(**said)


# --- like observed ones --------------------------------------------------------------------------------------------------------


def test_what_is_no_photon_stays_as_it_was():
    data = photons(box("1"), box("2", 3e4, seed=2))
    found = simulated_like(data, SkySources.single(), KING, np.random.default_rng(1), name="T")
    assert (found.name, found.ra, found.dec) == ("T", 150.0, 2.0)
    for mine, theirs in zip(found.observations, data.observations, strict=True):
        same = ("box", "place", "exposure", "background_area", "frame_time", "subpixel", "background_shape")
        assert all(getattr(mine, name) == getattr(theirs, name) for name in same)
        assert mine.digest != theirs.digest


def test_fixed_counts_are_those_of_each_observation():
    data = photons(box("1", number=97), box("2", 3e4, number=31, background_counts=20.0))
    found = simulated_like(data, SkySources.single(), KING, np.random.default_rng(1), counts="fixed")
    assert [len(b) for b in found.observations] == [97, 31]


def test_one_stream_gives_one_simulation():
    one, two, other = (simulated_like(photons(), SkySources.single(), KING, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert one.digest == two.digest != other.digest


def test_photons_are_shared_as_observed_or_by_exposure():
    # 100 and 60 photons over a background of 130 * 400 / 2100 = 24.76 in each box.
    data = photons(box("1", 5e4), box("2", 2.5e4, number=60))
    stray = 130 * 400 / 2100
    own = ExpectedPhotons.observed(data, SkySources.single())
    np.testing.assert_allclose(own.background, stray)
    np.testing.assert_allclose(own.sources, [100 - stray, 60 - stray])
    timed = ExpectedPhotons.observed(data, SkySources.single(), "exposure")
    np.testing.assert_allclose(timed.sources, (160 - 2 * stray) * np.array([2, 1]) / 3)
    assert own.total == pytest.approx(timed.total) == pytest.approx(160)
    scaled = ExpectedPhotons.observed(data, SkySources.single(counts=320.0, background_fraction=0.25))
    np.testing.assert_allclose([scaled.sources, scaled.background], [[160, 96], [40, 24]])


def test_an_observation_below_its_background_gives_no_source_photons():
    data = photons(box("1"), box("2", 3e4, number=10))
    expected = ExpectedPhotons.observed(data, SkySources.single())
    assert expected.sources[1] == 0
    assert expected.total == pytest.approx(110)


@pytest.mark.parametrize(
    ("data", "sources", "options", "message"),
    [
        (photons(box(background_area=0.0)), SkySources.single(), {}, r"background of observation 1 was not measured.*fraction"),
        (photons(box(number=10)), SkySources.single(), {}, "nothing is left for point sources"),
        (photons(), SkySources.single(), {"counts": "fixd"}, "Did you mean 'fixed'"),
        (photons(), SkySources.single(), {"share": "time"}, "own or exposure"),
        (photons(), SkySources.single(), {"shifts": [[0, 0]] * 2}, r"shape \(1, 2\)"),
        (photons(), SkySources.single(100.0), {}, "less than 1 in 100000 photons"),
    ],
)
def test_simulations_that_cannot_be_are_refused(data, sources, options, message):
    psf = make("psfs", "gaussian", sigma="0.4 arcsec")
    with pytest.raises(DataError, match=message):
        simulated_like(data, sources, psf, np.random.default_rng(1), **options)


def test_energies_are_those_near_the_source_and_of_the_background():
    # In `box` photons within 1.5 arcsec have 1 keV and the others 5 keV; r90 at 2 arcmin is 1.4 arcsec.
    energies = EnergyPools.observed(photons())
    assert set(energies.sources) == {1.0}
    assert set(energies.background) == {5.0}
    known = EnergyPools.observed(photons(box(background_energy=[7.0, 7.5])))
    assert set(known.background) == {7.0, 7.5}
    with pytest.raises(DataError, match="no photon to take energies from"):
        EnergyPools.observed(photons(box(number=0)))


def test_energies_of_a_spectrum_are_its_quantiles():
    # Through a flat area without blur a power law of index 0 gives equal counts at all energies: uniform quantiles.
    flat = make("responses", "effective-area", energy=(0.5, 8.0), area=(100.0, 100.0), fwhm=0.0, step="0.01 keV", epoch="flat")
    response = flat.load(Context())
    found = spectrum_energies(make("spectra", "powerlaw", photon_index=0.0), response, Band(1, 5), 1000)
    np.testing.assert_allclose(found, 1 + 4 * (np.arange(1000) + 0.5) / 1000, atol=1e-6)


# --- from the likelihood -------------------------------------------------------------------------------------------------------


def test_a_draw_from_the_likelihood_keeps_what_it_takes_as_given():
    data = photons(box("1"), box("2", 3e4, number=40))
    found = drawn_from_mixture(data, [0.0, 0.0, -0.5, 1.0, 0.5], 1, KING, np.random.default_rng(1))
    for mine, theirs in zip(found.observations, data.observations, strict=True):
        np.testing.assert_array_equal(mine.energy, theirs.energy)
        assert mine.background_counts == theirs.background_counts


@pytest.mark.parametrize(("theta", "number"), [([0, 0, -1, 0], 1), ([0, 0, -1], 2), ([0, 0, -1], 4)])
def test_parameters_of_another_model_are_refused(theta, number):
    with pytest.raises(DataError, match="positions, log_f_bkg, further log_f"):
        drawn_from_mixture(photons(), theta, number, KING, np.random.default_rng(1))


# --- the sample ----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def paper():
    return make("photon_samples", "simulated", psf=KING).load(PAPER, Context(seed=5))


def test_the_sample_is_like_that_of_the_paper(paper):
    # Sandoval et al. (2024), section 2: 62 sources, 34 with less than 100 counts in their boxes, 41 with a mean off-axis angle
    # above 3 arcmin (section 5.1: 21 below), at most 10 observations. Table 1: sources of each field.
    sources = paper.sources
    counts = np.array([len(s) for s in sources])
    mean = np.array([s.off_axis for s in sources]) / ARCMIN
    assert len(sources) == 62
    assert (int(np.sum(counts < 100)), int(counts.min() >= 50)) == (34, 1)
    assert (int(np.sum(mean > 3)), int(np.sum(mean < 3))) == (41, 21)
    assert max(len(s.observations) for s in sources) == 10
    assert all(b.place.off_axis < 5 * ARCMIN for s in sources for b in s.observations)
    assert all(2.5 < s.redshift < 3.5 for s in sources)
    named = [s.name for s in sources]
    assert [sum(n.startswith(f) for n in named) for f in ("AEGISXD", "CDFS", "COSMOS", "XUDS")] == [9, 13, 36, 4]
    # Section 4: of 12 sources the 5 longest observations, 183 to 671 ks.
    cut = [s for s in sources if len(s.observations) == 5 and s.name.startswith(("AEGIS", "CDFS"))]
    assert len(cut) == 12
    assert all(183e3 <= s.exposure <= 671e3 for s in cut)
    assert np.all(paper.truth["number"] == 1)


def test_every_source_can_have_a_background_fraction_below_one(paper):
    # The paper's prior ends at log f_bkg = 0.
    assert all(s.background < 0.6 * len(s) for s in paper.sources)


@pytest.mark.parametrize("number", [5, 70])
def test_the_plan_has_any_number_of_sources(number):
    plan = drawn_plan(number, 3.2e-4, np.random.default_rng(1))
    assert len(plan) == len({s.name for s in plan}) == number
    assert sum(field.sources for field in FIELDS.values()) == 62


def test_another_psf_sees_the_same_sky(paper):
    wide = make("psfs", "king", core="3 arcsec", slope=2.0)
    other = make("photon_samples", "simulated", psf=wide).load(PAPER, Context(seed=5))
    np.testing.assert_array_equal(other.truth["x"], paper.truth["x"])
    assert [len(s) for s in other.sources] == [len(s) for s in paper.sources]
    spread = [np.median(np.abs(np.concatenate([b.x for b in s.sources[0].observations]))) for s in (paper, other)]
    assert spread[1] > spread[0]


def test_a_cut_does_not_change_the_other_sources(paper):
    fewer = make("photon_samples", "simulated", psf=KING).load(attrs.evolve(PAPER, redshift=(2.7, 3.2)), Context(seed=5))
    kept = {s.name: s.digest for s in fewer.sources}
    assert 0 < len(kept) < 62
    assert kept.items() <= {s.name: s.digest for s in paper.sources}.items()
    assert len(fewer.selection) == 62
    assert sum("outside 2.7-3.2" in reason for reason in fewer.selection["reason"]) == 62 - len(kept)


def test_a_study_file_can_ask_for_one_dual_source():
    said = {
        "psf": {"use": "king", "core": "0.5 arcsec"},
        "exposures": ["49 ks", "20 ks"],
        "off_axis": ["1 arcmin", "2 arcmin"],
        "counts": 300,
        "dual_fraction": 1,
        "separation": ["1.2 arcsec"],
        "ratio": [0.5],
        "position_angle": "30 deg",
        "background": "1e-6 1 / (s arcsec2)",
    }
    found = structure(said, SimulatedPhotons).load(SourceCuts(), Context(seed=1))
    (source,) = found.sources
    assert len(source) == 300
    assert [b.exposure for b in source.observations] == [49e3, 20e3]
    truth = [found.truth[name][0] for name in ("number", "separation", "ratio", "position_angle")]
    np.testing.assert_allclose(truth, [2, 1.2, 0.5, np.deg2rad(30)])


def test_a_study_file_can_list_systems():
    said = {
        "psf": {"use": "king", "core": "0.5 arcsec"},
        "number": 3,
        "spectrum": {"use": "formula", "formula": "zwabs * zpowerlaw"},
        "response": {"use": "effective-area", "energy": ["0.3 keV", "9 keV"], "area": ["400 cm2", "100 cm2"], "epoch": "a test"},
        "systems": [
            {
                "name": "pair",
                "fluxes": ["1e-14 erg / (s cm2)", "5e-15 erg / (s cm2)"],
                "flux_band": "0.5-10 keV",
                "nh": "1e23 cm-2",
                "separations": ["0.9 arcsec"],
                "redshift": 3,
                "exposures": ["49 ks"],
                "off_axis": ["0 arcmin", "3 arcmin"],
            }
        ],
    }
    found = structure(said, SimulatedPhotons).load(SourceCuts(), Context(seed=1))
    assert [s.name for s in found.sources] == ["pair-1", "pair-2", "pair-3"]
    assert len({s.off_axis for s in found.sources}) == 3
    np.testing.assert_allclose(found.truth["ratio"], 0.5)


def test_a_fraction_of_the_sources_is_dual():
    said = {
        "psf": KING,
        "number": 200,
        "exposures": ("10 ks",),
        "dual_fraction": 0.3,
        "separation": (0.5, 2.0),
        "ratio": (0.1, 1.0),
    }
    truth = make("photon_samples", "simulated", **said).load(SourceCuts(), Context(seed=2)).truth
    dual = truth["number"] == 2
    # Binomial: 60 +- 6.5, 4 sigma.
    assert abs(dual.sum() - 60) < 26
    assert np.all((truth["separation"][dual] >= 0.5) & (truth["separation"][dual] <= 2))
    assert np.all((truth["ratio"][dual] >= 0.1) & (truth["ratio"][dual] <= 1))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"exposures": ("50 ks",), "off_axis": (0.0, 0.0)}, "off_axis has 2 angles for 1 exposures"),
        ({"exposures": ("50 ks",), "systems": (System(name="a", fluxes=(1e-14,)),)}, "exposures or systems: give one of them"),
        ({"separation": (2.0, 1.0)}, r"separation is one value, or \[low, high\]"),
    ],
)
def test_contradicting_options_are_refused(said, message):
    with pytest.raises(ValueError, match=message):
        SimulatedPhotons(psf=KING, **said)


def test_a_source_fainter_than_its_background_is_refused():
    made = SimulatedPhotons(psf=KING, exposures=("500 ks",), counts=100.0)
    with pytest.raises(DataError, match=r"to have 100 photons, but the background alone gives 160"):
        made.load(SourceCuts(), Context())


def test_a_sample_without_survivors_says_what_took_them():
    with pytest.raises(DataError, match=r"none of the 4 candidates is left. Taken by the cuts: redshift 4"):
        make("photon_samples", "simulated", psf=KING, number=4).load(SourceCuts(redshift=(0, 1)), Context())


# --- a table -------------------------------------------------------------------------------------------------------------------


def table(path, **columns):
    given = {"name": ["a", "a"], "observation": [9459, 9738], "exposure": [69.55, 61.39], "off_axis": [3.797, 3.797]}
    Table(given | {"counts": [80.0, 70.0]} | columns).write(path, overwrite=True)
    return make("photon_samples", "simulated", psf=KING, table=path)


@pytest.mark.parametrize("name", ["sources.csv", "sources.fits", "sources.ecsv"])
def test_a_table_says_what_is_observed(tmp_path, name):
    made = table(tmp_path / name, redshift=[2.745] * 2, azimuth=[0.5, 0.6])
    (source,) = made.load(PAPER, Context(seed=1)).sources
    assert (source.name, len(source), source.redshift) == ("a", 150, 2.745)
    assert [b.name for b in source.observations] == ["9459", "9738"]
    np.testing.assert_allclose([b.exposure for b in source.observations], [69550, 61390])
    np.testing.assert_allclose([b.place.off_axis for b in source.observations], 3.797 * ARCMIN)
    np.testing.assert_allclose([b.place.azimuth for b in source.observations], [0.5, 0.6])


def test_columns_with_a_unit_are_converted(tmp_path):
    from astropy import units as u

    made = table(tmp_path / "t.ecsv", exposure=[5e4, 4e4] * u.s, off_axis=[60.0, 120.0] * u.arcsec)
    (source,) = made.load(SourceCuts(), Context()).sources
    np.testing.assert_allclose([b.exposure for b in source.observations], [5e4, 4e4])
    np.testing.assert_allclose([b.place.off_axis / ARCMIN for b in source.observations], [1, 2])


def test_wrong_tables_are_refused(tmp_path):
    made = table(tmp_path / "a.ecsv", exposure=[0.0, 1.0])
    with pytest.raises(DataError, match="row 1: exposure is 0"):
        made.load(SourceCuts(), Context())
    made = table(tmp_path / "b.ecsv", counts=[np.nan, 1.0])
    with pytest.raises(DataError, match="row 1: counts is nan"):
        made.load(SourceCuts(), Context())
    Table({"name": ["a"], "observation": ["1"], "exposur": [1.0], "off_axis": [1.0], "counts": [9.0]}).write(tmp_path / "c.ecsv")
    with pytest.raises(DataError, match=r"no column 'exposure'.*Did you mean 'exposur'"):
        make("photon_samples", "simulated", psf=KING, table=tmp_path / "c.ecsv").load(SourceCuts(), Context())
    (tmp_path / "d.fits").write_bytes(b"no table")
    with pytest.raises(DataError, match="no table that astropy can read"):
        make("photon_samples", "simulated", psf=KING, table=tmp_path / "d.fits").load(SourceCuts(), Context())


# --- systems -------------------------------------------------------------------------------------------------------------------


def test_counts_of_a_system_are_flux_times_exposure_over_flux_per_count():
    # Independent: normalise the power law to the flux by its integral of E N(E), fold it, and multiply by the time.
    system = System(name="a", fluxes=(1e-14, 2e-15), separations=(1.0,), exposures=("100 ks", "40 ks"))
    response = RESPONSE.load(Context())
    found = expected_counts(system, POWERLAW, response, Band(0.5, 8))
    energy = 1.602176634e-9 * (8**0.3 - 0.5**0.3) / 0.3
    edges, area = response.edges, response.area
    photons = (edges[1:] ** -0.7 - edges[:-1] ** -0.7) / -0.7
    inside = response.channels_of(Band(0.5, 8))
    rate = response.fold(photons, inside).sum() * 1e-14 / energy
    assert area.max() > 0
    np.testing.assert_allclose(found, rate * np.outer([1, 0.2], [1e5, 4e4]), rtol=1e-5)


def test_absorption_of_a_system_raises_the_counts_of_a_flux_only_where_photons_are_hard():
    # A fixed observed flux in fewer, harder photons: the counts per flux must change with N_H, and grow back at high redshift.
    response = RESPONSE.load(Context())
    base = System(name="a", fluxes=(1e-14,), exposures=("100 ks",), redshift=1.0, nh="0 cm-2")
    counts = {
        (nh, z): expected_counts(attrs.evolve(base, nh=nh, redshift=z), ABSORBED, response, Band(0.5, 8)).item()
        for nh in (0.0, 1e23)
        for z in (1.0, 3.0)
    }
    assert counts[1e23, 1.0] < counts[1e23, 3.0] < counts[0.0, 3.0]
    assert counts[0.0, 1.0] == pytest.approx(counts[0.0, 3.0], rel=1e-6)  # a power law has no redshift


@pytest.mark.parametrize(
    ("change", "spectrum", "response", "message"),
    [
        ({}, None, RESPONSE, "has no spectrum"),
        ({}, POWERLAW, None, "has no response"),
        ({"exposures": ()}, POWERLAW, RESPONSE, "has no exposure"),
        ({"nh": 1e22}, POWERLAW, RESPONSE, "absorbs nothing there"),
    ],
)
def test_what_counts_need_is_asked_for(change, spectrum, response, message):
    system = attrs.evolve(System(name="a", fluxes=(1e-14,), exposures=("1 ks",)), **change)
    made = SimulatedPhotons(psf=KING, systems=(system,), spectrum=spectrum, response=response)
    with pytest.raises(DataError, match=message):
        made.load(SourceCuts(), Context())


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"fluxes": ()}, "one to three sources"),
        ({"fluxes": (1e-14, 1e-14)}, "need 1 separations"),
        ({"fluxes": (1e-14, 1e-14), "separations": (1.0,), "position_angles": (1.0, 2.0)}, "one position angle"),
        ({"fluxes": (1e-14,), "off_axis": (0.1, 0.0)}, r"off_axis is \[low, high\]"),
    ],
)
def test_impossible_systems_are_refused(said, message):
    with pytest.raises(DataError, match=message):
        System(name="a", **said)


def test_a_triple_system_is_drawn_through():
    system = System(
        name="t", fluxes=(2e-14, 1e-14, 5e-15), separations=(0.8, 2.0), position_angles=(0.0, 1.0), exposures=("100 ks",)
    )
    made = SimulatedPhotons(psf=KING, systems=(system,), spectrum=POWERLAW, response=RESPONSE, number=2)
    found = made.load(SourceCuts(), Context())
    assert [s.name for s in found.sources] == ["t-1", "t-2"]
    np.testing.assert_allclose(found.truth["separation"], 0.8)
    np.testing.assert_allclose(found.truth["number"], 3)


# --- cautions ------------------------------------------------------------------------------------------------------------------


def test_good_data_raise_no_caution():
    assert cautions(photons(), KING) == ()


def test_positions_treated_otherwise_than_the_psf_are_named():
    data = photons(box("1", subpixel="randomize"), box("2", 4e4, subpixel=""), box("3", 3e4, subpixel="none"), box("4", 2e4))
    found = cautions(data, KING)
    assert len(found) == 3
    assert "observation 1: positions randomised within a pixel" in found[0]
    assert "observation 2: how positions were treated below a pixel is not known" in found[1]
    assert "observation 3: positions at the centres of pixels" in found[2]

    psf = make("psfs", "image-set", folder=".", pattern="{observation}.fits", subpixel="randomize")
    assert cautions(photons(box(subpixel="randomize")), psf) == ()
    assert "sub-pixel positions (EDSER)" in cautions(photons(), psf)[0]


def test_piled_up_events_are_those_of_several_photons():
    # P(n >= 2) / P(n >= 1) of Poisson numbers.
    from scipy.stats import poisson

    for rate in (0.01, 0.05, 0.1, 1.0):
        assert piled_up(rate) == pytest.approx(poisson.sf(1, rate) / poisson.sf(0, rate))
    assert piled_up(0.0) == 0


@pytest.mark.parametrize(("number", "said"), [(50, None), (120, "mild pile-up"), (250, "severe pile-up")])
def test_crowded_frames_are_named(number, said):
    # 100 photons in 5 ks with frames of 3.1 s: 0.062 a frame.
    found = cautions(photons(box(exposure=5e3, number=number)), KING)
    assert [text for text in found if "pile-up" in text] == list(found)
    assert (said in found[0]) if said else not found


def test_unknown_frames_raise_no_caution():
    assert cautions(photons(box(exposure=5e3, number=250, frame_time=0.0)), KING) == ()


def test_the_hook_turns_with_the_telescope():
    # CIAO's make_psf_asymmetry_region draws a pie from 90 + 195 - 25 - roll to 90 + 195 + 25 - roll deg, counter-clockwise from
    # west: 90 deg more than from north through east. The pie of the example in its help has radii of 4.5541 and 7.5901 pixels of
    # HRC-I (0.13175 arcsec).
    roll = 218.364
    region = asymmetry_region(np.deg2rad(roll))
    middle, half = np.rad2deg(region.position_angle), np.rad2deg(region.half_width)
    assert (middle - half + 90) % 360 == pytest.approx((90 + 195 - 25 - roll) % 360)
    assert (middle + half + 90) % 360 == pytest.approx((90 + 195 + 25 - roll) % 360)
    assert region.inner == pytest.approx(4.55407969639 * 0.13175, abs=1e-4)
    assert region.outer == pytest.approx(7.59013282732 * 0.13175, abs=1e-4)


def test_a_secondary_on_the_hook_is_found():
    roll = np.deg2rad(100)
    there = np.deg2rad(95)
    assert secondary_on_asymmetry(0.8, there, roll)
    assert secondary_on_asymmetry(0.8, there + 2 * np.pi, roll)
    assert secondary_on_asymmetry(1.1, there + np.deg2rad(30), roll)
    assert not secondary_on_asymmetry(1.1, there + np.deg2rad(30), roll, margin=0.0)
    assert not secondary_on_asymmetry(0.8, there + np.pi, roll)
    assert not secondary_on_asymmetry(2.0, there, roll)
    assert not secondary_on_asymmetry(0.8, there, roll + np.pi)
