"""Normalisation of power spectra: identities, white noise, Poisson sources."""

import numpy as np
import pytest

from faintsky.core.bins import Bins
from faintsky.core.context import Context
from faintsky.core.grid import Grid
from faintsky.core.map import Map
from faintsky.core.registry import make

GRID = Grid((512, 512), "1.2 arcsec")
ESTIMATORS = ["decoupled", "fft", "two-point"]


def holes(shape, radius, fraction, rng):
    """A mask of discs of `radius` pixels that leaves `fraction` of the pixels."""
    keep = np.ones(shape, dtype=bool)
    reach = int(radius) + 1
    while keep.mean() > fraction:
        cy, cx = rng.random(2) * shape
        y, x = np.ogrid[
            max(0, int(cy) - reach) : min(shape[0], int(cy) + reach + 2),
            max(0, int(cx) - reach) : min(shape[1], int(cx) + reach + 2),
        ]
        keep[y[0, 0] : y[-1, 0] + 1, x[0, 0] : x[0, -1] + 1] &= (y - cy) ** 2 + (x - cx) ** 2 > radius**2
    return keep


@pytest.fixture(scope="module", params=[1.0, 0.65], ids=["unmasked", "35 % masked"])
def keep(request):
    mask = holes(GRID.shape, 7 / 1.2, request.param, np.random.default_rng(1)) if request.param < 1 else np.ones(GRID.shape)
    assert np.mean(mask) == pytest.approx(request.param, abs=0.002)
    return mask


@pytest.fixture(scope="module")
def bins():
    return Bins(np.geomspace(4 * GRID.fundamental, GRID.nyquist, 11))


def level(result):
    """Mean power of all bins, weighted with their modes: 2e5 modes, so that white noise of one map is known to 0.3-0.4 %."""
    return float(result.modes @ result.power / result.modes.sum())


@pytest.mark.parametrize("name", ESTIMATORS)
def test_white_noise(name, keep, bins):
    """White noise of variance s^2 per pixel has P = s^2 x pixel solid angle."""
    values = np.random.default_rng(2).normal(5.0, 3.0, GRID.shape)
    m = Map.from_array(values, grid=GRID, weight=keep)
    found = make("power_spectra", name).estimate(m, m, bins, Context())
    assert level(found) == pytest.approx(9.0 * GRID.pixel_area, rel=0.01)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_poisson_sources(name, keep, bins):
    """N Poisson sources of flux f have P = N f^2 / A, and `shot_noise` of the map says so too."""
    flux = 3e-9
    number = np.random.default_rng(3).poisson(0.8, GRID.shape)
    intensity = flux / GRID.pixel_area
    m = Map.from_array(number * intensity, grid=GRID, weight=keep, variance=number * intensity**2)
    truth = 0.8 * GRID.size * flux**2 / GRID.area
    found = make("power_spectra", name).estimate(m, m, bins, Context())
    assert level(found) == pytest.approx(truth, rel=0.01)
    assert m.shot_noise() == pytest.approx(truth, rel=0.01)
    np.testing.assert_allclose(found.noise[3:], m.shot_noise(), rtol=0.01)


def every_mode():
    corner = np.sqrt(2) * GRID.nyquist * (1 + 1e-9)
    return Bins(np.geomspace(0.9 * GRID.fundamental, corner, 25))


@pytest.mark.parametrize("name", ["fft", "decoupled"])
def test_parseval(name):
    """Unmasked, sum N_q P / A over all modes is the variance: an identity."""
    values = np.random.default_rng(4).gamma(2.0, 1.0, GRID.shape)
    m = Map.from_array(values, grid=GRID)
    bins, _ = every_mode().fitted(GRID)
    found = make("power_spectra", name).estimate(m, m, bins, Context())
    assert found.modes.sum() == GRID.size - 1
    assert found.modes @ found.power / GRID.area == pytest.approx(np.var(values), rel=1e-12)


def test_parseval_of_the_masked_map(keep):
    """The pseudo spectrum alone obeys it under a mask: the weighted variance over the grid."""
    values = np.random.default_rng(5).gamma(2.0, 1.0, GRID.shape)
    m = Map.from_array(values, grid=GRID, weight=keep)
    bins, _ = every_mode().fitted(GRID)
    found = make("power_spectra", "fft").estimate(m, m, bins, Context())
    field = m.weight * (m.values - m.mean)
    assert found.modes @ found.pseudo / GRID.area == pytest.approx(np.mean(field**2), rel=1e-12)


def splits_and_other(keep):
    """An X-ray map of two halves, and an infrared map that shares a part of its sky; another mask for each."""
    rng = np.random.default_rng(6)
    sky = rng.normal(size=GRID.shape)
    a, b = (sky + rng.normal(size=GRID.shape) for _ in range(2))
    xray = Map.from_array((a + b) / 2, grid=GRID, weight=keep, splits=(a, b))
    infrared = Map.from_array(sky + rng.normal(size=GRID.shape), grid=GRID, weight=np.roll(keep, 40, axis=0) * keep)
    return xray, infrared


@pytest.mark.parametrize("name", ESTIMATORS)
def test_split_identities(name, keep, bins):
    """P((A+B)/2) - P((A-B)/2) = P_AB, and IR x (A+B)/2 - IR x (A-B)/2 = IR x B: algebra, to 1e-10 of the auto-power."""
    xray, infrared = splits_and_other(keep)
    estimator, ctx = make("power_spectra", name), Context()
    total, difference, a, b = xray.half_sum(), xray.half_difference(), xray.split(0), xray.split(1)
    auto, noise = (estimator.estimate(m, m, bins, ctx).power for m in (total, difference))
    np.testing.assert_allclose(auto - noise, estimator.estimate(a, b, bins, ctx).power, atol=1e-10 * auto.max())
    cross, null, only_b = (estimator.estimate(infrared, m, bins, ctx).power for m in (total, difference, b))
    np.testing.assert_allclose(cross - null, only_b, atol=1e-10 * auto.max())


@pytest.mark.parametrize("name", ESTIMATORS)
def test_single_precision_maps(name, keep, bins):
    """Maps in float32, of a mean 100 times their rms, give the power of float64 to 1e-4."""
    values = np.random.default_rng(7).normal(100.0, 1.0, GRID.shape).astype(np.float32)
    single = Map.from_array(values, grid=GRID, weight=keep)
    double = Map.from_array(values.astype(float), grid=GRID, weight=keep)
    assert single.fourier.dtype == np.complex64
    estimator = make("power_spectra", name)
    one, two = (estimator.estimate(m, m, bins, Context()).power for m in (single, double))
    np.testing.assert_allclose(one, two, rtol=1e-4)


def test_single_precision_coupling(keep, bins):
    values = np.random.default_rng(8).normal(size=GRID.shape)
    m = Map.from_array(values, grid=GRID, weight=keep)
    single, double = (
        make("power_spectra", "decoupled", precision=p).estimate(m, m, bins, Context()) for p in ("float32", "float64")
    )
    np.testing.assert_allclose(single.power, double.power, rtol=1e-4)
    np.testing.assert_allclose(single.error, double.error, rtol=1e-4)


@pytest.mark.parametrize("name", ["decoupled", "fft"])
def test_turned_maps(name, keep, bins):
    """Transposed and flipped map and mask: the same power to 1e-12."""
    values = np.random.default_rng(9).normal(size=GRID.shape)
    estimator = make("power_spectra", name)
    found = []
    for turn in (np.array, np.transpose, np.flipud, np.fliplr):
        m = Map.from_array(turn(values), grid=GRID, weight=turn(np.asarray(keep)))
        found.append(estimator.estimate(m, m, bins, Context()).power)
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], rtol=1e-12)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_masked_pixels_and_scale(name, bins):
    """NaN or 1e30 in a masked pixel changes no bit; a map times 8 has 64 times the power, exactly."""
    keep = holes(GRID.shape, 7 / 1.2, 0.65, np.random.default_rng(1))
    values = np.random.default_rng(10).normal(size=GRID.shape)
    estimator = make("power_spectra", name)

    def power(values):
        m = Map.from_array(values, grid=GRID, weight=keep)
        return estimator.estimate(m, m, bins, Context()).power

    plain = power(values)
    for hidden in (np.nan, 1e30, -np.inf):
        np.testing.assert_array_equal(power(np.where(keep, values, hidden)), plain)
    np.testing.assert_array_equal(power(8 * values), 64 * plain)


def test_namaster_gives_the_same_bandpowers():
    """The community's code, where it is installed: 1e-8 of the power (measured once: 1e-11)."""
    pytest.importorskip("pymaster", reason="NaMaster is not installed (it needs system libraries)")
    grid = Grid((64, 64), "1.2 arcsec")
    keep = holes(grid.shape, 4, 0.65, np.random.default_rng(11))
    a, b = (Map.from_array(np.random.default_rng(s).normal(size=grid.shape), grid=grid, weight=keep) for s in (12, 13))
    bins = Bins(np.geomspace(2 * grid.fundamental, grid.nyquist, 7))
    ours, theirs = (make("power_spectra", n).estimate(a, b, bins, Context()) for n in ("decoupled", "namaster"))
    np.testing.assert_allclose(theirs.power, ours.power, atol=1e-8 * grid.pixel_area)
