"""The parts of the study `coherence`: the grid and the bins it chooses, its mask, its null tests, what it refuses."""

import numpy as np
import pytest
from astropy.io import fits
from scipy.stats import chi2

from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.map import Map
from faintsky.core.mask import MaskRule
from faintsky.core.power_spectrum import PowerSpectrum, Window
from faintsky.core.registry import make
from faintsky.core.units import ARCSEC
from faintsky.models.maps.simulated import Simulated
from faintsky.studies.coherence.choices import BinChoice, FitChoice, GridChoice
from faintsky.studies.coherence.measurement import BeamChoice, MeasureChoice, NullChoice
from faintsky.studies.coherence.measuring import measure
from faintsky.studies.coherence.spectra import NullTest
from faintsky.studies.coherence.steps import common_mask, load_map, study_grid
from faintsky.studies.coherence.study import Coherence
from faintsky.testing.masks import sky_grid

GRID = sky_grid((20, 30))
CTX = Context()


def measured(maps, mask, bins, **choices):
    """The spectra of the maps by the default estimator."""
    given = {
        "estimator": make("power_spectra", "decoupled"),
        "choice": MeasureChoice(),
        "beams": BeamChoice(),
        "nulls": NullChoice(),
        "checked": (),
    }
    return measure(maps=maps, mask=mask, bins=bins, **(given | choices), title="", ctx=CTX)


def plain(values=None, keep=None, grid=GRID):
    values = np.random.default_rng(0).normal(size=grid.shape) if values is None else values
    return Map.from_array(values, grid=grid, weight=keep)


class Rows(MaskRule):
    """Leaves out the first rows."""

    def __init__(self, number):
        self.number = number

    def masked(self, maps, ctx):
        return np.arange(GRID.shape[0])[:, None] + np.zeros(GRID.shape) < self.number


def test_the_grid_of_a_wcs_file(tmp_path):
    path = tmp_path / "frame.fits"
    hdus = [fits.PrimaryHDU(), fits.ImageHDU(np.zeros(GRID.shape), fits.Header.fromstring(GRID.header))]
    fits.HDUList(hdus).writeto(path)
    found = GridChoice(wcs=path).explicit()
    found.check_same(GRID)
    assert found.shape == (20, 30)
    fits.PrimaryHDU().writeto(tmp_path / "empty.fits")
    with pytest.raises(DataError, match=r"empty\.fits holds no image"):
        GridChoice(wcs=tmp_path / "empty.fits").explicit()


def test_the_grid_is_like_a_map_or_the_first_that_has_one():
    sources = {"sky": Simulated(white=1.0), "ir": plain(), "x": plain(grid=sky_grid((40, 40)))}
    assert study_grid(sources=sources, choice=GridChoice(), ctx=CTX).shape == (20, 30)
    assert study_grid(sources=sources, choice=GridChoice(like="maps.x"), ctx=CTX).shape == (40, 40)
    assert study_grid(sources=sources, choice=GridChoice(pixel="3 arcsec", size=(8, 9)), ctx=CTX).shape == (8, 9)
    with pytest.raises(DataError, match="the map 'sky' has no native grid"):
        study_grid(sources=sources, choice=GridChoice(like="maps.sky"), ctx=CTX)
    with pytest.raises(DataError, match="none of the maps has a native grid"):
        study_grid(sources={"sky": sources["sky"]}, choice=GridChoice(), ctx=CTX)


def test_a_grid_that_is_given_twice_or_by_half_is_refused():
    with pytest.raises(DataError, match="given 2 times, by like and pixel"):
        GridChoice(like="maps.ir", pixel="1 arcsec", size=(8, 8))
    with pytest.raises(DataError, match="needs both pixel and size"):
        GridChoice(pixel="1 arcsec")


def test_a_map_is_never_interpolated():
    with pytest.raises(DataError, match=r"20x30 pixels but .* is 40x40"):
        load_map(source=plain(), grid=sky_grid((40, 40)), title="ir", ctx=CTX)


def test_bins_by_scale_and_by_edges():
    found, said = BinChoice(theta=("2 arcsec", "15 arcsec"), per_decade=5).bins(GRID)
    assert np.all(found.modes(GRID) > 0)
    assert said == ()
    edges = np.array([1.0, 2.0, 4.0]) * GRID.fundamental
    np.testing.assert_array_equal(BinChoice(edges=tuple(edges)).bins(GRID)[0].edges, edges)
    with pytest.raises(DataError, match="no Fourier mode"):
        BinChoice(theta=("2 arcsec", "2 deg"), empty="error").bins(GRID)
    _, said = BinChoice(theta=("2 arcsec", "600 arcsec"), per_decade=5).bins(GRID)
    assert "bins at the largest scales dropped, where no Fourier mode lies" in said[0]
    with pytest.raises(DataError, match=r"theta must be \[smallest, largest\], got \[15, 2\] arcsec"):
        BinChoice(theta=("15 arcsec", "2 arcsec"))


def test_the_mask_is_the_union_and_tells_the_share_of_each():
    keep = np.ones(GRID.shape, dtype=bool)
    keep[:, :3] = False
    found = common_mask(maps={"a": plain(), "b": plain(keep=keep)}, rules={"top": Rows(5), "more": Rows(2)}, ctx=CTX)
    truth = keep.copy()
    truth[:5] = False
    np.testing.assert_array_equal(found.keep, truth)
    assert found.shares == {"top": 0.25, "more": 0.1}
    assert found.masked_fraction == pytest.approx(1 - truth.mean())
    with pytest.raises(DataError, match=r"the masks leave no pixel: top 100\.0 %"):
        common_mask(maps={"a": plain()}, rules={"top": Rows(20)}, ctx=CTX)
    with pytest.raises(DataError, match=r"map 'a' .*20x30.* map 'b' is 40x40"):
        common_mask(maps={"a": plain(), "b": plain(grid=sky_grid((40, 40)))}, rules={}, ctx=CTX)


def test_every_pair_is_measured_once_and_halves_add_what_they_know():
    # The cross-power of a half-difference with itself and with the other map; P(A+B)/2 - P(A-B)/2 = P_AB.
    grid = sky_grid((32, 32))
    photons = Simulated(mean=5.0, exposure="1e12 cm2 s", splits=2).load(grid, CTX)
    maps = {"ir": plain(grid=grid), "x": photons}
    mask = common_mask(maps=maps, rules={}, ctx=CTX)
    bins = BinChoice(theta=("2.1 arcsec", "30 arcsec"), per_decade=6)
    found = measured(maps, mask, bins)
    names = ["ir", "x", "ir x x", "x signal (A x B)", "x noise (A - B)/2", "ir x x (A - B)/2", "ir rotated x x"]
    assert list(found.named()) == names
    scale = np.abs(found.auto["x"].power).max()
    np.testing.assert_allclose(found.auto["x"].power - found.noise["x"].power, found.signal["x"].power, atol=1e-10 * scale)
    # IR x (A + B)/2 - IR x (A - B)/2 = IR x B.
    alone = make("power_spectra", "decoupled").estimate(maps["ir"], photons.split(1), bins.bins(grid)[0], CTX)
    left = found.cross["ir x x"].power - found.null["ir x x (A - B)/2"].power
    np.testing.assert_allclose(left, alone.power, atol=1e-10 * np.abs(alone.power).max())
    assert set(found.shot) == {"x"}


def test_a_null_test_is_chi_square_with_its_covariance():
    rng = np.random.default_rng(5)
    root = rng.normal(size=(6, 6))
    covariance, power = root @ root.T, rng.normal(size=6)
    spectrum = PowerSpectrum(
        edges=np.arange(1.0, 8.0), q=np.arange(1.5, 7.0), modes=np.full(6, 10), power=power, covariance=covariance,
        pseudo=power, window=Window(q=np.arange(1.5, 7.0), matrix=np.eye(6)), unit="sr", f_sky=1.0,
    )  # fmt: skip
    found = NullTest.of("null", spectrum)
    expected = power @ np.linalg.inv(covariance) @ power
    assert found.chi2 == pytest.approx(expected)
    assert found.dof == 6
    assert found.pte == pytest.approx(chi2.sf(expected, 6))


def test_what_is_fitted_and_what_the_truth_is():
    common = {"sky": "s", "clustering": 1e-10, "slope": 1.5}
    maps = {"ir": Simulated(**common), "x": Simulated(**common, coherence=0.5)}
    study = Coherence(maps=maps)
    assert study.fitted == ("ir x x",)
    assert Coherence(maps={"ir": maps["ir"]}).fitted == ("ir",)
    assert Coherence(maps=maps, fit=FitChoice(spectra=("x", "ir"))).fitted == ("x", "ir")
    assert list(study.check()) == []
    (where, what), = Coherence(maps=maps, fit=FitChoice(spectra=("ir x y",))).check()  # fmt: skip
    assert where == "fit.spectra"
    assert "Did you mean 'ir x x'?" in what
    # 1e-10 (q / q0)^-1.5 x coherence at the pivot of the model, 100 arcsec, where q = q0.
    assert study._truth() == pytest.approx(0.5e-10)
    assert float(maps["ir"].true_cross(maps["x"], np.array([2 * np.pi / (100 * ARCSEC)]))[0]) == pytest.approx(0.5e-10)


def test_a_map_without_a_catalogue_is_told_where_its_flux_comes_from(tmp_path):
    from astropy.table import Table

    Table({"z": [0.0, 1.0, 2.0], "dF_dz": [0.0, 2.0, 0.0]}).write(tmp_path / "p.ecsv")
    maps = {"ir": plain(grid=sky_grid((32, 32)))}
    bins = BinChoice(theta=("2.1 arcsec", "30 arcsec"), per_decade=6)
    found = measured(
        maps, common_mask(maps=maps, rules={}, ctx=CTX), bins, choice=MeasureChoice(productions={"ir": tmp_path / "p.ecsv"})
    )
    (production,) = found.auto["ir"].productions
    assert production.total == pytest.approx(2.0, rel=1e-3)
    assert production.source == "p.ecsv"


def test_an_off_band_map_is_a_null_test():
    grid = sky_grid((32, 32))
    rng = np.random.default_rng(3)
    maps = {name: plain(rng.normal(size=grid.shape), grid=grid) for name in ("ir", "x", "off")}
    bins = BinChoice(theta=("2.1 arcsec", "30 arcsec"), per_decade=6)
    found = measured(maps, common_mask(maps=maps, rules={}, ctx=CTX), bins, nulls=NullChoice(rotated=False, maps=("off",)))
    assert set(found.cross) == {"ir x x"}
    assert set(found.null) == {"ir x off", "x x off"}


def test_beams_are_put_into_the_window_or_divided_out():
    grid = sky_grid((64, 64))
    beam = make("psfs", "gaussian", sigma="2 arcsec")
    rng = np.random.default_rng(3)
    maps = {"ir": plain(rng.normal(size=grid.shape), grid=grid)}
    maps["x"] = Map.from_array(rng.normal(size=grid.shape), grid=grid, beam=beam)
    bins = BinChoice(theta=("2.1 arcsec", "60 arcsec"), per_decade=6)
    mask = common_mask(maps=maps, rules={}, ctx=CTX)
    plain_, window, divided = (
        measured(maps, mask, bins, beams=BeamChoice(correct=c)).cross["ir x x"] for c in ("none", "window", "deconvolve")
    )
    np.testing.assert_allclose(window.window.matrix, plain_.window.matrix * beam.transfer(plain_.window.q), rtol=1e-12)
    np.testing.assert_array_equal(window.power, plain_.power)
    assert divided.beam == "deconvolved"
    good = np.isfinite(divided.power)
    assert np.all(np.abs(divided.power[good]) >= np.abs(plain_.power[good]))
