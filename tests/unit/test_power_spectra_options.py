"""Options, errors and refusals of the power spectrum estimators, against formulas written out here."""

import numpy as np
import pytest

from faintsky.core.bins import Bins
from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.grid import Grid
from faintsky.core.knox import knox_covariance, smooth_auto, smooth_cross
from faintsky.core.map import Map
from faintsky.core.units import ARCSEC
from faintsky.estimators.power_spectra.decoupled import Decoupled
from faintsky.estimators.power_spectra.fft import Fft
from faintsky.estimators.power_spectra.taper import tapered
from faintsky.estimators.power_spectra.two_point import TwoPoint

GRID = Grid((96, 96), "1.2 arcsec")
BINS = Bins(np.geomspace(2 * GRID.fundamental, GRID.nyquist, 8))
KEEP = (np.random.default_rng(0).random(GRID.shape) > 0.35).astype(float)


def field(seed, keep=KEEP, **more):
    return Map.from_array(np.random.default_rng(seed).normal(size=GRID.shape), grid=GRID, weight=keep, **more)


def test_mask_norm():
    m = field(1)
    normal, none = (Fft(mask_norm=n).estimate(m, m, BINS, Context()) for n in ("w2", "none"))
    np.testing.assert_allclose(none.power, normal.power * KEEP.mean(), rtol=1e-12)
    np.testing.assert_array_equal(none.power, none.pseudo)
    np.testing.assert_allclose(none.window.matrix, normal.window.matrix * KEEP.mean(), rtol=1e-12)
    assert normal.options == {"mask_norm": "w2", "error": "paper"}


@pytest.mark.parametrize("estimator", [Fft(), Decoupled(error="modes")])
def test_paper_errors(estimator):
    """P / sqrt(0.5 Nq) and sqrt(P1 P2 / Nq), as the papers print them."""
    a, b = field(1), field(2)
    one, two, cross = (estimator.estimate(x, y, BINS, Context()) for x, y in ((a, a), (b, b), (a, b)))
    np.testing.assert_allclose(one.error, one.power / np.sqrt(0.5 * one.modes), rtol=1e-12)
    np.testing.assert_allclose(cross.error, np.sqrt(one.power * two.power / cross.modes), rtol=1e-9)


@pytest.mark.parametrize("estimator", [Fft(error="narrow-kernel"), Decoupled(), TwoPoint()])
def test_errors_of_an_unmasked_white_field_are_those_of_its_modes(estimator):
    """2 P^2 / Nq, and (P1 P2 + P12^2) / Nq: Knox, full form."""
    shared = np.random.default_rng(3).normal(size=GRID.shape)
    a = Map.from_array(shared, grid=GRID)
    b = Map.from_array(shared + np.random.default_rng(4).normal(size=GRID.shape), grid=GRID)
    modes, pixel = BINS.modes(GRID), GRID.pixel_area
    many = modes > 500
    auto, cross = estimator.estimate(a, a, BINS, Context()), estimator.estimate(a, b, BINS, Context())
    np.testing.assert_allclose(auto.error[many], (pixel * np.sqrt(2 / modes))[many], rtol=0.1)
    np.testing.assert_allclose(cross.error[many], (pixel * np.sqrt((1 * 2 + 1) / modes))[many], rtol=0.1)
    assert len(auto.auto) == 1
    assert len(cross.auto) == 2


def test_errors_do_not_follow_the_fluctuation_of_a_bin_of_few_modes():
    """Among maps, the error of the lowest bins scatters far less than their power."""
    found = [Decoupled().estimate(m, m, BINS, Context()) for m in (field(s) for s in range(30))]
    few = BINS.modes(GRID) < 100
    power, error = (np.array([getattr(f, what)[few] for f in found]) for what in ("power", "error"))
    assert np.all(error.std(axis=0) / error.mean(axis=0) < 0.4 * power.std(axis=0) / power.mean(axis=0))
    assert np.all(np.abs(error.mean(axis=0) / power.std(axis=0, ddof=1) - 1) < 0.4)


def test_smoothing_is_unbiased_and_keeps_bins_of_many_modes():
    rng = np.random.default_rng(5)
    q, modes = np.geomspace(1, 100, 14), np.geomspace(6, 4e4, 14).astype(int)
    truth = 1 + 50 * q**-1.5
    smooth = np.array([smooth_auto(q, truth * rng.chisquare(modes) / modes, modes) for _ in range(3000)])
    raw = np.array([truth * rng.chisquare(modes) / modes for _ in range(3000)])
    assert np.all(np.abs(smooth.mean(axis=0) / truth - 1) < 0.08)
    assert smooth[:, 0].std() < 0.75 * raw[:, 0].std()
    one = truth * rng.chisquare(modes) / modes
    np.testing.assert_array_equal(smooth_auto(q, one, modes)[modes >= 200], one[modes >= 200])
    # A power law is a straight line there: without noise it is kept, but for the mean of ln chi^2 that is put back.
    many = np.full(14, 199)
    np.testing.assert_allclose(smooth_auto(q, q**-2, many), q**-2 * np.exp(1 / 199), rtol=1e-4)


def test_smooth_cross_power_stays_within_the_autos():
    q, modes = np.geomspace(1, 100, 8), np.array([4, 8, 16, 50, 100, 300, 900, 3000])
    one, two = np.full(8, 2.0), np.full(8, 8.0)
    cross = np.array([9.0, -9.0, 1, 1, 1, 1, 1, 1])
    smooth = smooth_cross(q, cross, one, two, modes)
    assert np.all(np.abs(smooth) <= 4 + 1e-12)
    np.testing.assert_array_equal(smooth[-3:], 1)


def test_knox_covariance():
    found = knox_covariance(np.array([2.0]), np.array([3.0]), np.array([1.0]), [10], 0.5)
    assert found.item() == pytest.approx((6 + 1) / 5)


def test_few_bins_and_silent_maps_are_left_alone():
    q, power = np.array([1.0, 2.0]), np.array([3.0, 5.0])
    np.testing.assert_array_equal(smooth_auto(q, power, [4, 4]), power)
    constant = Map.from_array(np.full(GRID.shape, 3.0), grid=GRID, weight=KEEP)
    found = Decoupled().estimate(constant, constant, BINS, Context())
    assert np.all(np.abs(found.power) < 1e-25)
    assert np.all(np.isfinite(found.error))


def test_taper_is_of_the_outer_edge_alone():
    m = field(6)
    width = 8 * GRID.scale[0]
    once = tapered(m, width)
    assert tapered(m, width) is once
    assert tapered(m, 0.0) is m
    inner = np.s_[8:-8, 8:-8]
    np.testing.assert_array_equal(once.weight[inner], m.weight[inner])
    # Half a cosine: the weight of the pixel at distance (i + 1/2) pixels from the edge.
    i = np.arange(8)
    expected = 0.5 - 0.5 * np.cos(np.pi * (i + 0.5) / 8)
    row = once.weight[:8, 48]
    np.testing.assert_allclose(row, expected * m.weight[:8, 48], rtol=1e-6)


def test_taper_cures_the_leakage_of_a_steep_field():
    """P ~ q^-3, cut from a box of 4 times the side: sharp edges double the power of small scales."""
    import scipy.fft

    rng, side = np.random.default_rng(7), 4 * 96
    step = GRID.scale[0]
    q = 2 * np.pi * np.hypot(scipy.fft.fftfreq(side, step)[:, None], scipy.fft.rfftfreq(side, step))
    truth = lambda q: (np.maximum(q, 1e-3) / GRID.fundamental) ** -3.0  # noqa: E731
    shape = np.sqrt(truth(q)) / step
    shape[0, 0] = 0
    sharp, soft = [], []
    for _ in range(12):
        box = scipy.fft.irfft2(scipy.fft.rfft2(rng.standard_normal((side, side))) * shape, s=(side, side))
        m = Map.from_array(box[:96, :96], grid=GRID)
        sharp.append(Decoupled().estimate(m, m, BINS, Context()).power)
        soft.append(Decoupled(taper=10 * step).estimate(m, m, BINS, Context()).power)
    modes = 2 * np.pi * np.hypot(np.fft.fftfreq(96, step)[:, None], np.fft.fftfreq(96, step))
    ring = np.digitize(modes, BINS.edges) - 1
    expected = np.array([truth(modes[ring == b]).mean() for b in range(len(BINS))])
    small_scales = slice(-3, None)
    assert np.all((np.mean(sharp, axis=0) / expected)[small_scales] > 1.6)
    np.testing.assert_allclose(np.mean(soft, axis=0)[small_scales], expected[small_scales], rtol=0.1)


def test_a_taper_wider_than_the_field_is_refused_or_leaves_a_peak():
    m = field(8)
    assert tapered(m, 10 * GRID.scale[0] * 96).weight.max() < 0.1
    nothing = Map.from_array(np.ones((2, 2)), "1 arcsec", weight=np.eye(2))
    with pytest.raises(ValueError, match="taper must be >= 0"):
        Decoupled(taper=-1.0)
    assert tapered(nothing, 100 * ARCSEC).weight.any()


@pytest.mark.parametrize("estimator", [Fft(), Decoupled(), TwoPoint()])
def test_masks_that_share_no_pixel_are_refused(estimator):
    left = np.zeros(GRID.shape)
    left[:, :40] = 1
    with pytest.raises(DataError, match="share no pixel"):
        estimator.estimate(field(1, left), field(2, np.fliplr(left)), BINS, Context())


def test_bins_that_a_mask_cannot_resolve():
    """A small patch of the grid sees no difference between neighbouring fundamental modes."""
    patch = np.zeros(GRID.shape)
    patch[30:42, 50:62] = 1
    narrow = Bins(np.arange(1.0, 40.0, 1.0) * GRID.fundamental)
    m = field(3, patch)
    with pytest.raises(DataError, match=r"cannot be undone .*fewer bins per decade"):
        Decoupled().estimate(m, m, narrow, Context())
    quarter = np.zeros(GRID.shape)
    quarter[:24, :24] = 1
    with pytest.warns(FaintskyWarning, match="nearly singular"):
        Decoupled().estimate(field(3, quarter), field(3, quarter), narrow, Context())


def test_flags():
    bins = Bins(np.array([0.4, 1.2, 4, 40, 60]) * GRID.fundamental)
    m = field(4)
    found = Decoupled().estimate(m, m, bins, Context())
    assert found.flags == {
        "beyond_nyquist": (False, False, False, True),
        "wider_than_field": (True, False, False, False),
    }


def test_names_and_units():
    a = field(1, unit="nW / (m2 sr)", meta={"name": "ir"})
    b = field(2, unit="erg / (s cm2 sr)", meta={"name": "x"})
    found = Decoupled().estimate(a, b, BINS, Context())
    assert found.names == ("ir", "x")
    from astropy import units as u

    assert u.Unit(found.unit).is_equivalent(u.Unit("nW erg / (m2 s cm2 sr)"))
    assert found.noise is None


@pytest.mark.parametrize(("cls", "name"), [(Fft, "mask_norm"), (Fft, "error"), (Decoupled, "precision"), (Decoupled, "error")])
def test_unknown_choices(cls, name):
    with pytest.raises(ValueError, match=f"{name} must be one of"):
        cls(**{name: "papr"})
