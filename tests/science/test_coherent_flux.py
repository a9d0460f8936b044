"""The coherent flux on fields and bandpowers of known coherence: it vanishes without any, and is the input rms at 1."""

import numpy as np
import pytest
from scipy.stats import chi2, ncx2, norm

from faintsky.core.bins import Bins
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.map import Map
from faintsky.core.registry import make
from faintsky.core.units import ARCSEC, DEG2_PER_SR
from faintsky.estimators.flux.coherent_flux import coherent_flux
from faintsky.estimators.flux.coherent_rms import coherent_rms
from faintsky.estimators.flux.gamma_bandpower import gamma_bandpower

# 20 bins over 10-1000" in 0.54 deg2, both maps shot noise and clustering, a beam of 4" (sigma); theory.md 1.7 has such a toy.
SCALES = np.geomspace(1000, 10, 20) * ARCSEC
Q = 2 * np.pi / SCALES
MODES = np.round(0.54 / DEG2_PER_SR * Q**2 * np.log(Q[1] / Q[0]) / (2 * np.pi))
IR = 1e-10 * (1 + (SCALES / ARCSEC / 100) ** 1.5)
XRAY = 1e-18 * (1 + (SCALES / ARCSEC / 100) ** 1.5)
BEAM = np.exp(-((Q * 4 * ARCSEC) ** 2))
ALL = (9 * ARCSEC, 1100 * ARCSEC)
REDUCTIONS = ("mean-q", "max", "sqrt-int-dlnq", "at-scale")


def knox(coherence):
    return np.diag(IR * XRAY * (1 + coherence) / MODES)


def bandpowers(coherence, realisations, rng):
    """Auto- and cross-power as measured on the same Gaussian modes.

    For modes u of the one map and r u + sqrt(1 - r^2) v of the other, the mean of u (r u + ...) is r <u^2> plus a Gaussian
    of variance (1 - r^2) <u^2> / N at fixed u: exact, and no mode need be drawn.
    """
    auto = IR * rng.gamma(MODES / 2, 2 / MODES, (realisations, MODES.size))
    own = np.sqrt((1 - coherence) * auto * XRAY / MODES) * rng.standard_normal(auto.shape)
    return auto, np.sqrt(coherence * XRAY / IR) * auto + own


def measure(auto, cross, covariance, reduction, sign="signed", draws=100, modes=MODES, rng=None):
    at = 300 * ARCSEC if reduction == "at-scale" else None
    options = {"theta": ALL, "sign": sign, "reduction": reduction, "at": at, "draws": draws}
    return coherent_flux(Q, cross, covariance, auto, modes, BEAM, **options, rng=rng or np.random.default_rng(3))


def many(coherence, reduction, sign, realisations=250):
    rng = np.random.default_rng(11)
    autos, crosses = bandpowers(coherence, realisations, rng)
    pairs = zip(autos, crosses, strict=True)
    return [measure(a, x, knox(coherence), reduction, sign, rng=rng) for a, x in pairs]


def significance(results):
    values = np.array([r.value for r in results])
    return values.mean() / values.std()


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_noise_has_no_coherent_flux(reduction):
    # T11 of theory.md: the mean over at least 200 null realisations lies within 0.3 of its scatter from 0 (here +-0.06).
    found = many(0.0, reduction, "signed")
    assert abs(significance(found)) < 0.3
    assert abs(np.mean([r.null / r.null_scatter for r in found])) < 0.05


@pytest.mark.parametrize("reduction", ["mean-q", "max", "sqrt-int-dlnq"])
def test_the_published_recipe_finds_a_flux_in_noise(reduction):
    # T11: more than 3 of its scatter from 0. The result itself tells it; its null draws auto- and cross-power independently
    # and has few medians of few draws here, so it is wider than the truth.
    found = many(0.0, reduction, "paper")
    assert significance(found) > 3
    assert np.mean([r.null / r.null_scatter for r in found]) > 2
    told = measure(IR, 0 * IR, knox(0.0), reduction, "paper", draws=10000)
    assert told.null / told.null_scatter > 3
    # Twice the noise variance in each draw, the same in the null as in the data.
    assert told.null == pytest.approx(np.mean([r.value for r in found]), rel=0.1)


def test_the_debiased_square_vanishes_and_its_mean_root_does_not():
    # E[P^2 - sigma^2] = 0. The signed root of x^2 - 1, x normal, is -0.2152 on average with a scatter of 0.960 (4e6 draws):
    # a mean over 17 bins of unlike weight is -0.6 to -1 of its scatter.
    rng = np.random.default_rng(5)
    auto, cross = np.ones((40_000, 1)), rng.standard_normal((40_000, 1))
    found = coherent_rms([np.sqrt(2 * np.pi)], cross, np.ones_like(cross), auto, [1.0], sign="debiased")
    square = np.sign(found) * found**2
    assert abs(square.mean()) < 4 * square.std() / 200
    assert found.mean() == pytest.approx(-0.2152, abs=4 * 0.960 / 200)
    assert found.std() == pytest.approx(0.960, rel=0.02)
    assert significance(many(0.0, "mean-q", "debiased")) < -0.5
    assert significance(many(0.1, "sqrt-int-dlnq", "debiased")) > 10


def test_a_flux_at_low_coherence_is_unbiased_and_its_interval_covers():
    truth = np.mean(np.sqrt(Q**2 / (2 * np.pi) * 0.1 * XRAY / BEAM)[BEAM >= 0.1]) / DEG2_PER_SR
    found = many(0.1, "mean-q", "signed", 400)
    value, low, high = np.array([(r.value, r.low, r.high) for r in found]).T
    assert abs(value.mean() - truth) < 4 * value.std() / 20
    # 68 % with a binomial error of 2.3 %, somewhat more as the interval is 10 % wide at C = 0.1.
    assert 0.62 < np.mean((value - low < truth) & (truth < value + high)) < 0.80
    assert 0.95 < np.mean(low + high) / 2 / value.std() < 1.25
    # The recipe adds the noise twice, and reads high.
    assert np.mean([r.value for r in many(0.1, "mean-q", "paper", 400)]) > truth + 0.3 * value.std()


def test_the_interval_of_a_mean_in_closed_form():
    # With an auto-power known exactly the signed mean is linear in the cross-power.
    exact = np.full(MODES.size, 1e12)
    found = measure(IR, np.sqrt(0.1 * IR * XRAY), knox(0.1), "mean-q", draws=40_000, modes=exact)
    good = BEAM >= 0.1
    each = (Q / np.sqrt(2 * np.pi * IR * BEAM) * np.sqrt(np.diag(knox(0.1))))[good]
    expected = np.sqrt(np.sum(each**2)) / good.sum() / DEG2_PER_SR
    assert found.low == pytest.approx(expected, rel=0.03)
    assert found.high == pytest.approx(expected, rel=0.03)
    assert found.null_scatter == pytest.approx(expected, rel=0.03)
    # The null is that of data without coherence, whatever was measured.
    assert abs(found.null) < 4 * expected / 200
    # Bins that fluctuate together do not average out.
    error = np.sqrt(np.diag(knox(0.1)))
    together = measure(IR, np.sqrt(0.1 * IR * XRAY), np.outer(error, error), "mean-q", draws=40_000, modes=exact)
    assert together.low == pytest.approx(each.mean() / DEG2_PER_SR, rel=0.03)


def one_bin(cross, error, modes, sign):
    """Bin 9 alone, with an auto-power and a beam power that make dF = |P| there [per sr]."""
    unit = Q[9] ** 2 / (2 * np.pi)
    options = {"theta": ALL, "sign": sign, "reduction": "at-scale", "at": SCALES[9], "draws": 40_000}
    powers = (np.full(20, cross), np.eye(20) * error**2, np.full(20, unit), np.full(20, modes), np.ones(20))
    return coherent_flux(Q, *powers, **options, rng=np.random.default_rng(2))


def test_the_interval_of_one_bin_in_closed_form():
    # Quantiles at -1, 0 and 1 sigma. A cross-power known exactly: dF = |P| / sqrt(chi^2_N / N).
    ends = norm.cdf([-1, 0, 1])
    found = one_bin(2.0, 0.0, 6.0, "signed")
    low, median, high = 2 / np.sqrt(chi2.ppf(1 - ends, 6) / 6)
    assert found.per_sr == pytest.approx((2, median - low, high - median), rel=0.03)
    # An auto-power known exactly, P = 1.5 sigma: a draw is chi^2 of one degree, not central, less the 2 sigma^2 of two noises.
    # The value is that of the data, 1.5^2 - 1; it is not the median of the draws.
    found = one_bin(1.5, 1.0, 1e12, "debiased")
    square = ncx2.ppf(ends, 1, 1.5**2) - 2
    low, median, high = np.sign(square) * np.sqrt(np.abs(square))
    assert found.per_sr == pytest.approx((np.sqrt(1.25), median - low, high - median), rel=0.03)
    assert abs(median / np.sqrt(1.25) - 1) > 0.2
    # The recipe's value is that median, of a square from which nothing is taken.
    low, median, high = np.sqrt(ncx2.ppf(ends, 1, 0.5**2))
    found = one_bin(0.5, 1.0, 1e12, "paper")
    assert found.per_sr == pytest.approx((median, median - low, high - median), rel=0.03)
    assert median > 1.5 * 0.5


@pytest.mark.parametrize("reduction", ["max", "sqrt-int-dlnq"])
def test_the_value_is_that_of_the_data_not_of_the_draws(reduction):
    # Resampling moves what is not linear.
    (auto, *_), (cross, *_) = bandpowers(0.003, 2, np.random.default_rng(1))
    found = measure(auto, cross, knox(0.003), reduction, draws=20_000)
    rms = coherent_rms(Q, cross, 0 * cross, auto, BEAM)[BEAM >= 0.1]
    total = np.sum(np.sign(rms) * rms**2) * np.log(Q[1] / Q[0])
    expected = {"max": rms[np.abs(rms).argmax()], "sqrt-int-dlnq": np.sign(total) * np.sqrt(abs(total))}
    assert found.per_sr[0] == pytest.approx(expected[reduction], rel=1e-9)


@pytest.fixture(scope="module")
def coherent_fields():
    """A red field in 4-20", its X-ray twin of 1e-9 times the brightness, and that twin under a beam of 1.3" (sigma)."""
    n, pixel = 512, ARCSEC
    grid = Grid((n, n), pixel)
    q = 2 * np.pi * np.hypot(np.fft.fftfreq(n, pixel)[:, None], np.fft.rfftfreq(n, pixel))
    band = (q > 2 * np.pi / (20 * ARCSEC)) & (q < 2 * np.pi / (4 * ARCSEC))
    modes = np.fft.rfft2(np.random.default_rng(8).standard_normal(grid.shape))
    modes *= np.divide(1, q, where=band, out=np.zeros_like(q))
    sky = np.fft.irfft2(modes, s=grid.shape)
    xray = 1e-9 * sky
    blurred = np.fft.irfft2(1e-9 * modes * make("psfs", "gaussian", sigma=1.3 * ARCSEC).transfer(q), s=grid.shape)
    return {name: Map.from_array(values, grid=grid) for name, values in (("ir", sky), ("xray", xray), ("blurred", blurred))}


def test_full_coherence_gives_the_input_rms(coherent_fields):
    # T12 of theory.md, through maps, estimator and beam: 1 %.
    ir, xray, blurred = (coherent_fields[name] for name in ("ir", "xray", "blurred"))
    bins = Bins.log(4 * ARCSEC, 20 * ARCSEC, per_decade=40)
    estimator = make("power_spectra", "fft")
    auto, cross, truth = (estimator.estimate(a, b, bins, Context()) for a, b in ((ir, ir), (ir, blurred), (xray, xray)))
    beam = make("psfs", "gaussian", sigma=1.3 * ARCSEC).transfer(auto.q) ** 2
    assert beam.min() < 0.02  # the beam matters
    rms = coherent_rms(auto.q, cross.power, cross.error, auto.power, beam, min_beam_power=0.01)
    np.testing.assert_allclose(rms, np.sqrt(auto.q**2 / (2 * np.pi) * truth.power), rtol=0.01)
    options = {"theta": (4 * ARCSEC, 20 * ARCSEC), "reduction": "sqrt-int-dlnq", "min_beam_power": 0.01, "draws": 100}
    arguments = (auto.q, cross.power, cross.covariance, auto.power, auto.modes, beam)
    found = coherent_flux(*arguments, **options, sign="signed", rng=np.random.default_rng(1))
    assert found.per_sr[0] == pytest.approx(xray.values.std(), rel=0.01)
    assert found.value * 3282.806350 == pytest.approx(found.per_sr[0], rel=1e-9)
    # With the usual floor the smallest scales are out of reach, and the result says how many bins that cost.
    cut = coherent_flux(*arguments, **(options | {"min_beam_power": 0.1}), sign="signed", rng=np.random.default_rng(1))
    assert cut.n_left_out == np.sum(beam < 0.1) == len(bins) - cut.n_bins
    assert 0 < cut.value < 0.95 * found.value


@pytest.mark.parametrize(
    ("cross", "auto", "fluxes"),
    [
        (17.2e-19, 1.18e-10, (8.3e-14, 5.0e-14, 2.5e-14)),
        (3.73e-19, 2.68e-11, (3.8e-14, 2.3e-14, 1.1e-14)),
        (1.47e-19, 1.26e-12, (6.9e-14, 4.1e-14, 2.1e-14)),
    ],
)
def test_the_units_of_the_published_averages(cross, auto, fluxes):
    # theory.md 1.7: table 1 and section 3.1 of Kaminsky et al. 2025 (F444W) at 300, 500 and 1000", without a beam [per deg2].
    q = 2 * np.pi / (np.array([300, 500, 1000]) * ARCSEC)
    found = coherent_rms(q, np.full(3, cross), np.zeros(3), np.full(3, auto), np.ones(3)) / DEG2_PER_SR
    np.testing.assert_allclose(found, fluxes, atol=0.06e-14)


@pytest.mark.parametrize("sign", ["signed", "debiased", "paper"])
def test_the_reductions_in_closed_form(sign):
    # Without noise, dF = 1 in every bin but one, where it is -3: 20 bins of equal width in ln q. The debiased square is that of
    # the cross-power, whose own sign is lost.
    f = np.ones(Q.size)
    f[4] = -3
    cross = f * np.sqrt(2 * np.pi * IR) / Q
    found = {}
    for name in REDUCTIONS:
        options = {"reduction": name, "at": SCALES[4] * 1.02 if name == "at-scale" else None, "theta": ALL, "sign": sign}
        noiseless = (Q, cross, np.zeros((20, 20)), IR, np.full(20, 1e14), np.ones(20))
        found[name] = coherent_flux(*noiseless, **options, draws=100, rng=np.random.default_rng(1))
    width, s = np.log(Q[1] / Q[0]), -1 if sign == "signed" else 1
    assert found["mean-q"].value * DEG2_PER_SR == pytest.approx((19 + s * 3) / 20, rel=1e-6)
    assert found["max"].value * DEG2_PER_SR == pytest.approx(s * 3, rel=1e-6)
    assert found["at-scale"].value * DEG2_PER_SR == pytest.approx(s * 3, rel=1e-6)
    assert found["sqrt-int-dlnq"].value * DEG2_PER_SR == pytest.approx(np.sqrt((19 + s * 9) * width), rel=1e-6)
    assert found["at-scale"].at == pytest.approx(SCALES[4])
    assert (found["at-scale"].n_bins, found["max"].n_bins) == (1, 20)


def test_bins_that_cannot_be_used_are_told():
    auto = np.where(np.arange(20) == 3, -1, 1) * IR
    rms = coherent_rms(Q, IR, IR, auto, BEAM)
    assert np.isnan(rms[3])
    np.testing.assert_array_equal(np.isnan(rms), (BEAM < 0.1) | (np.arange(20) == 3))
    found = measure(auto, np.sqrt(0.1 * IR * XRAY), knox(0.1), "mean-q")
    assert (found.n_bins, found.n_left_out) == (np.sum(BEAM >= 0.1) - 1, np.sum(BEAM < 0.1) + 1)


def test_gamma_draws_are_those_of_chi_squared_modes():
    # Mean P, variance 2 P^2 / N, third moment of chi^2: skewness sqrt(8 / N).
    power, modes = np.array([2.0, 5.0]), np.array([4.0, 60.0])
    drawn = gamma_bandpower(power, modes, np.random.default_rng(4), 400_000)
    assert drawn.min() > 0
    np.testing.assert_allclose(drawn.mean(axis=0), power, rtol=0.005)
    np.testing.assert_allclose(drawn.var(axis=0), 2 * power**2 / modes, rtol=0.02)
    skewness = np.mean(((drawn - power) / drawn.std(axis=0)) ** 3, axis=0)
    np.testing.assert_allclose(skewness, np.sqrt(8 / modes), rtol=0.06)


def test_draws_that_are_not_positive_are_drawn_again_and_counted(monkeypatch):
    cross = np.sqrt(0.1 * IR * XRAY)
    assert measure(IR, cross, knox(0.1), "mean-q", draws=2000).redrawn == 0
    # Gaussian draws, which the paper seems to have used: a share Phi(-sqrt(N / 2)) is negative.
    monkeypatch.setattr(
        "faintsky.estimators.flux.coherent_flux.gamma_bandpower",
        lambda power, modes, rng, size: power * (1 + np.sqrt(2 / modes) * rng.standard_normal((size, *power.shape))),
    )
    share = norm.cdf(-np.sqrt(MODES / 2))
    expected = 20_000 * np.sum(share / (1 - share))
    found = measure(IR, cross, knox(0.1), "mean-q", draws=20_000)
    assert found.redrawn == pytest.approx(expected, abs=5 * np.sqrt(expected))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sign": "sigend"}, "Did you mean 'signed'"),
        ({"reduction": "mean"}, "Did you mean 'mean-q'"),
        ({"theta": (2000 * ARCSEC, 3000 * ARCSEC)}, r'2000" to 3000": of 20 bins at 10" to 1000", 0 lie there'),
        ({"auto": -IR}, "20 lie there, and none of these has enough beam power, a positive auto-power"),
        ({"cross": IR[1:]}, r"cross of a coherent flux has shape \(19,\)"),
        ({"modes": MODES[1:]}, "modes of a coherent flux"),
        ({"cross_covariance": np.ones(20)}, r"20 bins need \(20, 20\)"),
        ({"cross_covariance": np.eye(20) - 0.5}, "eigenvalues"),
        ({"cross_covariance": -np.eye(20)}, "no variances"),
        ({"q": Q[::-1]}, "rising"),
        ({"at": 300 * ARCSEC}, "belongs to at-scale"),
        ({"reduction": "at-scale"}, "got None for at-scale"),
        ({"reduction": "at-scale", "at": 1.0}, "within theta"),
        ({"draws": 10}, "100 at least"),
        ({"modes": MODES * 1e-4}, "fewer than 0.1"),
    ],
)
def test_refusals(change, message):
    given = {"q": Q, "cross": IR, "cross_covariance": knox(0.0), "auto": IR, "modes": MODES, "beam_power": BEAM}
    given |= {"theta": ALL, "sign": "signed", "reduction": "mean-q", "draws": 100, "rng": np.random.default_rng(1)}
    with pytest.raises(DataError, match=message):
        coherent_flux(**(given | change))


def test_refusals_of_the_parts():
    with pytest.raises(DataError, match="beam_power of a coherent flux"):
        coherent_rms(Q, IR, IR, IR, 1.0)
    with pytest.raises(DataError, match="Did you mean 'debiased'"):
        coherent_rms(Q, IR, IR, IR, BEAM, sign="debias")
    with pytest.raises(DataError, match="not positive"):
        gamma_bandpower([1.0, 0.0], [4.0, 4.0], np.random.default_rng(1), 2)
