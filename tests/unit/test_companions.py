"""Three runs of a detection merged, their report, and the cuts that make companions pairs."""

import sys
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from faintsky.core.angular_scale import kpc_per_arcsec
from faintsky.core.bandpass import Bandpass
from faintsky.core.catalogue import Catalogue
from faintsky.core.component import options
from faintsky.core.context import Context
from faintsky.core.cutout import Cutout
from faintsky.core.errors import DataError, FaintskyWarning, PluginError
from faintsky.core.grid import Grid
from faintsky.core.image_set import BandImage, ImageSet
from faintsky.core.pixel_psf import PixelPsf
from faintsky.core.registry import make
from faintsky.core.scene_image import galaxy_image, point_image
from faintsky.core.segments import Segmentation
from faintsky.core.storage import load, save
from faintsky.core.structure import structure, unstructure
from faintsky.core.units import ARCSEC
from faintsky.estimators.companions.cuts import PairCuts, took
from faintsky.estimators.companions.detection_run import DetectionRun
from faintsky.estimators.companions.merged import DetectionSettings, companions
from faintsky.testing.segmentations import gaussian_image

needs_sep = pytest.mark.skipif(find_spec("sep") is None, reason="SEP is not installed (extra detection)")

SHAPE = (180, 200)
#: The AGN stands here; a pixel is 0.03 arcsec, so that the core of 0.5 arcsec has a radius of 16.7 pixels.
X, Y = 90.0, 85.0
SIGMA = 0.0005
BANDS = {
    "F150W": (Bandpass.box("F150W", 1.33, 1.67), 1.8),
    "F277W": (Bandpass.box("F277W", 2.42, 3.13), 3.1),
}


def gaussian_psf(fwhm, size=41):
    y, x = np.indices((size, size)) - size // 2
    return PixelPsf.of(np.exp(-4 * np.log(2) * (x**2 + y**2) / fwhm**2))


PSFS = {name: gaussian_psf(fwhm) for name, (_, fwhm) in BANDS.items()}


def galaxy(x, y, radius, blue, red, index=1.0, ellipticity=0.3, angle=0.5):
    """Image of a galaxy by band; fluxes in uJy."""
    flux = {"F150W": blue, "F277W": red}
    return lambda band: flux[band] * galaxy_image(PSFS[band], x, y, radius, index, ellipticity, angle, SHAPE)


def point(x, y, blue, red):
    flux = {"F150W": blue, "F277W": red}
    return lambda band: flux[band] * point_image(PSFS[band], x, y, SHAPE)


HOST = (galaxy(X, Y, 10.0, 10.0, 20.0, index=1.5), point(X, Y, 5.0, 5.0))
COMPANION = galaxy(X + 50, Y + 10, 6.0, 2.0, 4.0)


def cutout(*parts, masked=None, bands=BANDS, x=X, y=Y, psf=True, seed=5):
    rng = np.random.default_rng(seed)
    images = {}
    for name in bands:
        values = sum(part(name) for part in parts) + SIGMA * rng.normal(size=SHAPE)
        sigma = np.where(np.zeros(SHAPE, dtype=bool) if masked is None else masked, np.inf, SIGMA)
        images[name] = BandImage(values=values, sigma=sigma, bandpass=BANDS[name][0], psf=PSFS[name] if psf else None)
    return Cutout(
        name="CID-1",
        images=ImageSet(bands=images, grid=Grid.tangential((150.0, 2.2), SHAPE, "0.03 arcsec")),
        x=x,
        y=y,
    )


def found(target, **settings):
    return companions(target, make("segmentations", "sep"), DetectionSettings(**settings), Context())


def near(result, x, y):
    """Row of the source whose peak lies within 2 pixels, or None."""
    away = np.hypot(result.sources["x_peak"] - x, result.sources["y_peak"] - y)
    return int(np.argmin(away)) if away.min() < 2 else None


def flags(result, row):
    return tuple(int(result.sources[name][row]) for name in ("in_reference", "in_core", "in_blue"))


@needs_sep
def test_an_agn_and_a_companion_that_all_runs_part_are_consistent():
    target = cutout(*HOST, COMPANION, point(X - 60, Y - 40, 2.0, 2.0))
    result = found(target)
    assert result.consistent
    assert (result.reference, result.blue) == ("F277W", "F150W")
    assert len(result.sources) == 3
    assert result.primary == near(result, X, Y)
    row, star = near(result, X + 50, Y + 10), near(result, X - 60, Y - 40)
    assert flags(result, row) == flags(result, star) == (1, 1, 1)
    assert result.sources["angle"][result.primary] == 0
    assert result.sources["angle"][row] == pytest.approx(0.03 * np.hypot(50, 10), abs=0.01)
    # The Kron ellipse of an exponential disc holds 1 - 6 exp(-5) = 96 %, and the wings of the host add a little.
    assert result.sources["auto_flux"][row] == pytest.approx(4.0, rel=0.06)
    np.testing.assert_array_equal(result.sources["point_like"], [float(i == star) for i in range(3)])
    assert result.sources["name"].tolist() == ["0", "1", "2"]
    # North is up and east to the left.
    step = 0.03 / 3600
    assert result.sources["dec"][row] - result.sources["dec"][result.primary] == pytest.approx(10 * step, abs=0.3 * step)
    assert result.sources["ra"][row] - result.sources["ra"][result.primary] == pytest.approx(-50 * step, abs=0.5 * step)


@needs_sep
def test_a_second_nucleus_in_the_core_is_parted_by_the_core_run_alone():
    # With 2 % of the light of the AGN, most of which lies below its saddle.
    result = found(cutout(*HOST, point(X + 10, Y, 0.0, 0.55)))
    row = near(result, X + 10, Y)
    assert flags(result, row) == (0, 1, 0)
    assert result.sources["angle"][row] == pytest.approx(0.3, abs=0.03)
    assert not result.consistent
    assert result.disagreements[0].startswith(f"source {row}, 0.30 arcsec from the AGN: not parted from its neighbour by the ref")
    # Pixels of the second nucleus are taken from the segment of the AGN, and no other.
    alone = found(cutout(*HOST, point(X + 10, Y, 0.0, 0.55)), core_contrast=0.005)
    np.testing.assert_array_equal(result.labels > 0, alone.labels > 0)
    assert result.sources["pixels"].sum() == alone.sources["pixels"].sum()


@needs_sep
def test_a_nucleus_that_only_the_blue_band_resolves_is_added_and_reported():
    result = found(cutout(*HOST, point(X + 10, Y, 0.25, 0.25)))
    row = near(result, X + 10, Y)
    assert flags(result, row) == (0, 0, 1)
    assert "not parted from its neighbour by the reference and the core run" in " ".join(result.disagreements)
    # Without the circle of the core nothing is added to the reference run.
    assert near(found(cutout(*HOST, point(X + 10, Y, 0.25, 0.25)), core_radius=0.0), X + 10, Y) is None


@needs_sep
def test_clumps_of_a_disc_are_parted_in_blue_reported_and_left_out():
    places = [(X + 30 * np.cos(t), Y + 30 * np.sin(t)) for t in (0.0, 1.5, 3.0, 4.5)]
    disc = (galaxy(X, Y, 20.0, 10.0, 20.0), point(X, Y, 5.0, 5.0))
    result = found(cutout(*disc, *(galaxy(x, y, 1.5, 0.15, 0.01) for x, y in places)))
    assert len(result.sources) == 1
    assert not result.consistent
    said = " ".join(result.disagreements)
    assert "the blue run" in said
    assert "splits source 0" in said
    assert said.count(" 0.9") + said.count(" 0.8") == 4
    assert found(cutout(*disc)).consistent


@needs_sep
def test_a_faint_source_outside_of_the_core_is_decided_by_the_reference_run():
    # 0.75 arcsec from the AGN, with 0.4 % of its light: the core run parts it, the reference run does not.
    faint = cutout(*HOST, point(X + 25, Y, 0.1, 0.1))
    assert near(found(faint, contrast=0.001), X + 25, Y) is not None
    result = found(faint)
    assert near(result, X + 25, Y) is None
    assert any("core run splits source 0: it has another peak at 0.7" in said for said in result.disagreements)


@needs_sep
def test_one_band_makes_two_runs_and_a_warning():
    with pytest.warns(FaintskyWarning, match="F277W is the reference and the blue band"):
        result = found(cutout(*HOST, COMPANION, bands=["F277W"]))
    assert result.blue == "F277W"
    assert result.consistent


@needs_sep
def test_without_a_psf_nothing_is_called_a_star():
    with pytest.warns(FaintskyWarning, match="F277W has no PSF"):
        result = found(cutout(point(X, Y, 2.0, 2.0), psf=False))
    assert result.sources["point_like"].tolist() == [0.0]


@needs_sep
def test_an_agn_that_is_not_there_is_an_error_which_says_what_to_do():
    masked = np.hypot(*(axis - place for axis, place in zip(np.indices(SHAPE), (Y, X), strict=True))) < 40
    with pytest.raises(
        DataError, match=r"CID-1: no source within 0.5 arcsec .* the nearest of 1 lies 1.5\d arcsec from it.*masked"
    ):
        found(cutout(*HOST, COMPANION, masked=masked))
    with pytest.raises(DataError, match="none is in the cutout at all"):
        found(cutout(lambda _: np.zeros(SHAPE)))
    with pytest.raises(DataError, match="outside of its cutout of 200 x 180 pixels"):
        found(cutout(*HOST, x=200.0))
    with pytest.raises(DataError, match="Did you mean 'F277W'"):
        found(cutout(*HOST), reference="F277")


@needs_sep
def test_the_result_is_stored_without_loss_and_known_by_its_digest(tmp_path):
    result = found(cutout(*HOST, COMPANION))
    save(result, tmp_path / "companions.h5")
    again = load(tmp_path / "companions.h5")
    assert again.digest == result.digest
    assert again.consistent == result.consistent
    assert found(cutout(*HOST, COMPANION)).digest == result.digest
    assert found(cutout(*HOST, COMPANION, seed=6)).digest != result.digest


@needs_sep
def test_angles_follow_pixels_that_are_not_square():
    target = cutout(*HOST, COMPANION)
    images = ImageSet(bands=target.images.bands, grid=Grid(SHAPE, (0.06 * ARCSEC, 0.03 * ARCSEC)))
    result = found(attrs.evolve(target, images=images))
    row = near(result, X + 50, Y + 10)
    assert result.sources["angle"][row] == pytest.approx(np.hypot(0.06 * 10, 0.03 * 50), abs=0.01)
    assert np.isnan(result.sources["ra"]).all()


def drawn(name, peaks, *rows):
    return DetectionRun(
        name=name,
        labels=np.array([[int(c) for c in row] for row in rows], dtype=np.int32),
        peaks=np.array(peaks, dtype=np.intp).reshape(-1, 2),
    )


COARSE = drawn("reference", [(1, 1)], "0000000", "0111110", "0000000")
FINE = drawn("core", [(1, 1), (1, 4), (2, 6)], "0000000", "0112220", "0000003")


def refined(where, radius=0.0):
    return COARSE.refined(FINE, np.array(where), np.ones((3, 7), dtype=bool), radius)


def test_a_finer_run_adds_its_own_pixels_where_it_is_asked_to():
    both = refined([True, True, True])
    assert both.labels.tolist() == [[0] * 7, [0, 1, 1, 2, 2, 2, 0], [0, 0, 0, 0, 0, 0, 3]]
    assert both.peaks.tolist() == [[1, 1], [1, 4], [2, 6]]
    assert refined([True, True, False]).labels.tolist()[2] == [0] * 7
    assert refined([True, False, False]).labels.tolist() == COARSE.labels.tolist()
    # Peaks three pixels away are one source where the radius says so, that on the sky lies farther off.
    assert len(refined([True, True, True], radius=3.0)) == 2


def test_partners_hold_each_others_peaks():
    assert COARSE.partners(FINE, 0.0).tolist() == [0]
    assert FINE.partners(COARSE, 0.0).tolist() == [0, -1, -1]
    moved = drawn("blue", [(1, 4)], "0000000", "0000110", "0000000")
    assert COARSE.partners(moved, 0.0).tolist() == [-1]
    assert COARSE.partners(moved, 3.0).tolist() == [0]
    nothing = drawn("blue", [], "0000000", "0000000", "0000000")
    assert COARSE.partners(nothing, 9.0).tolist() == [-1]
    assert nothing.partners(COARSE, 9.0).tolist() == []
    assert len(nothing.refined(FINE, np.array([True] * 3), np.ones((3, 7), dtype=bool), 0.0)) == 3


@pytest.mark.parametrize(
    "settings",
    [DetectionSettings(reference="F277W", core_radius="0.4 arcsec", match_radius="30 mas"), PairCuts(max_separation="20 kpc")],
)
def test_settings_are_tables_of_a_study_file(settings):
    table = {key: value for key, value in unstructure(settings).items() if key != "use"}
    assert structure(table, type(settings)) == settings
    assert [each.name for each in options(type(settings)) if not each.help] == []


FLAT = make("cosmologies", "flat", h0=70.0, omega_m0=0.3)


def test_fifteen_kpc_at_redshift_2_are_1_79_arcsec():
    # Li, Zhuang et al. (2025), section 3.1, round it to 1.8 arcsec.
    assert float(PairCuts().reach(2.0, FLAT)) == pytest.approx(1.79, abs=0.005)
    # kpc_proper_per_arcmin / 60 of astropy's FlatLambdaCDM(H0=70, Om0=0.3, Tcmb0=0).
    known = [4.454307254710356, 8.008707025690128, 8.370893333113617, 6.60512110489519]
    np.testing.assert_allclose(kpc_per_arcsec([0.3, 1.0, 2.0, 4.5], FLAT), known, rtol=1e-7)


def test_a_separation_without_cosmology_is_an_error_with_its_fix():
    table = Catalogue(columns={"angle": [1.0], "redshift": [2.0]})
    with pytest.raises(DataError, match=r'needs a cosmology.*use = "flat", h0 = 70, omega_m0 = 0.3'):
        PairCuts().select(table)
    with pytest.raises(DataError, match="needs the column separation"):
        PairCuts().select(Catalogue(columns={"angle": [1.0]}), FLAT)
    with pytest.raises(DataError, match="a redshift of 0 has no distance"):
        kpc_per_arcsec(0.0, FLAT)


def test_each_cut_names_its_reason_and_the_first_one_counts():
    verdicts = PairCuts().rows(
        separation=[15.0, 15.1, 1.0, 1.0, 1.0, 40.0, np.nan, 1.0, 1.0],
        magnitude=[23.0, 20.0, 23.01, 20.0, 20.0, 29.0, 20.0, np.nan, 16.0],
        host_magnitude=20.0,
        log_mass=[10.0, 10.0, 10.0, 9.2, 10.0, 8.0, 10.0, 10.0, 10.7],
        host_log_mass=10.0,
        star=[0, 0, 0, 0, 1, 1, 0, np.nan, np.nan],
    )
    assert [v and (v.cut, v.reason) for v in verdicts] == [
        None,  # both limits belong to the pairs
        ("separation", "15.1 kpc apart"),
        ("magnitude", "3.01 mag fainter than the host"),
        ("mass ratio", "mass ratio 1:6.3"),
        ("star", "looks like a star"),
        ("separation", "40.0 kpc apart"),
        ("separation", "no redshift of the AGN"),
        ("magnitude", "no magnitude of the companion or the host"),
        None,  # brighter than the host, 1:5 the other way round
    ]
    # The ratio is that of the lighter to the heavier: 10^0.8 = 6.3 either way.
    assert PairCuts().rows(log_mass=[10.8], host_log_mass=[10.0])[0].reason == "mass ratio 1:6.3"
    assert PairCuts(min_mass_ratio=0.0).rows(log_mass=[5.0], host_log_mass=[10.0]) == (None,)


def test_cuts_of_half_a_quantity_or_of_nothing_are_refused():
    with pytest.raises(DataError, match="magnitude and host_magnitude belong together"):
        PairCuts().rows(magnitude=[20.0])
    with pytest.raises(DataError, match="log_mass and host_log_mass belong together"):
        PairCuts().rows(separation=[2.0], host_log_mass=[10.0])
    with pytest.raises(DataError, match="nothing to cut on"):
        PairCuts().rows()


value = st.floats(-40, 40)


@hypothesis_settings(max_examples=30)
@given(st.lists(st.tuples(value, value, value, value, value, st.booleans()), min_size=1, max_size=8))
def test_two_stages_keep_what_one_keeps(rows):
    separation, magnitude, host, mass, host_mass, star = map(np.array, zip(*rows, strict=True))
    cuts = PairCuts()
    first = cuts.rows(separation=separation, magnitude=magnitude, host_magnitude=host)
    last = cuts.rows(log_mass=mass, host_log_mass=host_mass, star=star)
    whole = cuts.rows(
        separation=separation, magnitude=magnitude, host_magnitude=host, log_mass=mass, host_log_mass=host_mass, star=star
    )
    assert [a is None and b is None for a, b in zip(first, last, strict=True)] == [v is None for v in whole]


def test_a_simulated_table_is_cut_as_an_observed_one():
    table = Catalogue(
        columns={
            "angle": [1.79, 1.80, 0.5, 0.5, 0.5],
            "redshift": [2.0, 2.0, 2.0, np.nan, 2.0],
            "magnitude": [22.0, 22.0, 24.0, 22.0, 22.0],
            "host_magnitude": np.full(5, 20.5),
            "log_mass": np.full(5, 10.0),
            "host_log_mass": [10.5, 10.5, 10.5, 10.5, 11.0],
            "star": np.zeros(5),
        },
        units={"angle": "arcsec"},
    )
    cut = PairCuts().select(table, FLAT)
    assert cut["kept"].tolist() == [1, 0, 0, 0, 0]
    assert cut["cut"].tolist() == ["", "separation", "magnitude", "separation", "mass ratio"]
    assert took(cut) == {"separation": 2, "magnitude": 1, "mass ratio": 1}
    assert cut.units["separation"] == "kpc"
    # Given in kpc it needs no cosmology, and no rows are no error.
    given_kpc = attrs.evolve(table, columns={**table.columns, "separation": cut["separation"]})
    assert PairCuts().select(given_kpc)["kept"].tolist() == [1, 0, 0, 0, 0]
    assert len(PairCuts().select(table.select(np.zeros(5, dtype=bool)), FLAT)) == 0


class OldPhotutils(ModuleType):
    """The arguments of photutils 1.13, by which it was called before 3.0."""

    def __init__(self, calls):
        super().__init__("photutils.segmentation")
        self.calls = calls

    def detect_sources(self, data, threshold, npixels, connectivity=8, mask=None):
        self.calls["detect"] = (npixels, int(mask.sum()))
        return SimpleNamespace(data=(data > threshold).astype(np.int32))

    def deblend_sources(self, data, segment_img, npixels, *, nlevels=32, contrast=0.001, progress_bar=True):
        self.calls["deblend"] = (npixels, nlevels, contrast, progress_bar)
        return segment_img


class NewPhotutils(OldPhotutils):
    """And of photutils 3."""

    def detect_sources(self, data, threshold, n_pixels, *, connectivity=8, mask=None):
        return super().detect_sources(data, threshold, n_pixels, connectivity, mask)

    def deblend_sources(self, data, segmentation_image, n_pixels, *, n_levels=32, contrast=0.001, progress_bar=True):
        return super().deblend_sources(
            data, segmentation_image, n_pixels, nlevels=n_levels, contrast=contrast, progress_bar=progress_bar
        )


@pytest.mark.parametrize("engine", [OldPhotutils, NewPhotutils])
def test_photutils_is_called_by_the_names_that_its_version_has(engine, monkeypatch):
    calls = {}
    monkeypatch.setitem(sys.modules, "photutils", ModuleType("photutils"))
    monkeypatch.setitem(sys.modules, "photutils.segmentation", engine(calls))
    monkeypatch.setitem(sys.modules, "skimage", ModuleType("skimage"))
    image = gaussian_image([(60.0, 60.0, 100.0, 3.0, 3.0, 0.0)], sigma=1e-3)
    segments = make("segmentations", "photutils", levels=16, min_area=7, threshold=50.0).segment(image, 0.01, Context())
    assert len(segments.sources) == 1
    assert calls == {"detect": (7, 0), "deblend": (7, 16, 0.01, False)}


@pytest.mark.parametrize(("component", "module"), [("sep", "sep"), ("photutils", "skimage")])
def test_an_engine_that_is_missing_names_the_line_that_installs_it(component, module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    made = make("segmentations", component)
    assert isinstance(made, Segmentation)
    with pytest.raises(PluginError, match=r"pip install 'faintsky\[detection\]'"):
        made.segment(gaussian_image([(60.0, 60.0, 100.0, 3.0, 3.0, 0.0)]), 0.005, Context())


@needs_sep
def test_what_sep_cannot_hold_is_an_error_that_says_what_to_change(monkeypatch):
    import sep

    def full(*args, **kwargs):
        raise Exception("object deblending overflow: limit of 1024 sub-objects reached")

    monkeypatch.setattr(sep, "extract", full)
    with pytest.raises(DataError, match=r"F277W apart: object deblending overflow.*Raise the threshold, the contrast"):
        make("segmentations", "sep").segment(gaussian_image([]), 0.005, Context())


def test_the_default_filter_is_that_of_sextractor():
    # default.conv of SExtractor: 1 2 1, 2 4 2, 1 2 1.
    sep = make("segmentations", "sep")
    np.testing.assert_allclose(16 * sep.kernel, [[1, 2, 1], [2, 4, 2], [1, 2, 1]])
    # White noise in the filtered image: the root of the sum of squares, 6 / 16, as the documentation of the threshold says.
    assert np.sqrt((sep.kernel**2).sum()) == pytest.approx(0.375)
    assert make("segmentations", "sep", filter_fwhm=0.0).kernel is None
    assert make("segmentations", "sep", filter_fwhm=4.0).kernel.shape == (7, 7)
