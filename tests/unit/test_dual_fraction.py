"""False positives, two-sample statistics, sensitivity, limits and forecasts of the dual fraction, by identity and enumeration."""

import warnings

import numpy as np
import pytest
from scipy import stats

from faintsky.core.errors import DataError
from faintsky.core.evidence import BayesFactor
from faintsky.core.intervals import ONE_SIGMA, binomial_interval, binomial_limit, poisson_limit
from faintsky.core.storage import load, save
from faintsky.estimators.dual_fraction.aggregate import calibrated, paper_distribution
from faintsky.estimators.dual_fraction.dual_population import DualPopulation
from faintsky.estimators.dual_fraction.false_positives import FalsePositives, false_positives
from faintsky.estimators.dual_fraction.forecast import FutureSample, expected_completeness, forecast, required_sample
from faintsky.estimators.dual_fraction.fraction_limit import compared, fraction_limit
from faintsky.estimators.dual_fraction.fraction_posterior import fraction_posterior
from faintsky.estimators.dual_fraction.instrument import ACIS, AXIS
from faintsky.estimators.dual_fraction.roc import detection_threshold, roc
from faintsky.estimators.dual_fraction.sensitivity import Sensitivity
from faintsky.estimators.dual_fraction.two_sample import critical_values, two_sample

ARCMIN = np.deg2rad(1 / 60)


def factor(ln, error=0.1, status="converged"):
    return BayesFactor(ln=ln, error=error, status=status, models=("dual", "single"))


# False positives.


def test_rates_of_a_hundred_simulations():
    # Note, section 3: 10 of 100 have the 95 % interval 4.9 to 17.6 %.
    found = false_positives(2.0, np.concatenate([np.full(10, 3.0), np.full(90, 1.0)]), name="a")
    assert (found.k, found.n, found.unreliable) == (10, 100, 0)
    assert found.rate == 11 / 101
    assert found.paper_rate == 0.1
    assert 100 * found.interval(0.95).low == pytest.approx(4.9, abs=0.01)
    assert 100 * found.interval(0.95).high == pytest.approx(17.62, abs=0.01)
    assert found.rate_range == (found.rate, found.rate)
    assert found.row()["name"] == "a"


def test_a_simulation_as_high_as_the_measured_value_counts_except_in_the_rate_of_the_paper():
    found = false_positives(1.0, [1.0, 0.0, 2.0])
    assert (found.k, found.paper_rate) == (2, 1 / 3)


def test_unreliable_simulations_are_shown():
    simulated = [3.0, np.nan, 0.0, 0.5, -1.0]
    found = false_positives(1.0, simulated, ["converged", "failed", "unreliable", "converged", "converged"])
    assert (found.k, found.unreliable, found.k_range) == (2, 2, (1, 3))
    assert found.rate == 3 / 6
    assert found.rate_range == (2 / 6, 4 / 6)
    assert found.percentile(100) == np.inf
    assert found.percentile(50) == 0.5
    same = false_positives(
        factor(1.0), [factor(v, status="converged" if i not in (1, 2) else "failed") for i, v in enumerate(simulated)]
    )
    assert same.digest == false_positives(1.0, simulated, ["converged", "failed", "failed", "converged", "converged"]).digest


def test_percentiles_are_those_of_numpy():
    values = np.random.default_rng(1).normal(size=100)
    assert false_positives(0.0, values).percentile(90) == pytest.approx(np.percentile(values, 90), rel=1e-12)


def test_a_candidate_needs_both():
    quiet, loud = np.full(100, -1.0), np.full(100, 9.0)
    assert false_positives(5.0, quiet).candidate(factor(5.0, 1.0))
    assert not false_positives(5.0, quiet).candidate(factor(5.0, 1.8))
    assert not false_positives(5.0, loud).candidate(factor(5.0, 1.0))
    assert not false_positives(5.0, quiet).candidate(factor(5.0, 1.0, "unreliable"))
    # A rate of 1/10 can be reached with 9 simulations, not with 8.
    assert false_positives(5.0, quiet[:9]).candidate(factor(5.0))
    assert not false_positives(5.0, quiet[:8]).candidate(factor(5.0))
    # Ten simulations without value could all be false positives.
    some = false_positives(5.0, np.append(quiet[:90], np.full(10, np.nan)))
    assert not some.candidate(factor(5.0))
    with pytest.raises(DataError, match="is not that of"):
        some.candidate(factor(4.0))


def test_the_sequential_rule_by_its_definition():
    # The likelihood averaged over the rates below the threshold with Jeffreys' density, by quadrature.
    from scipy.integrate import quad

    from faintsky.estimators.dual_fraction.false_positives import _ln_evidence

    k, n, t = 3, 40, 0.1
    for side, ends in (("below", (0, t)), ("above", (t, 1))):
        prior = stats.beta(0.5, 0.5)
        top = quad(lambda q, prior=prior: prior.pdf(q) * stats.binom.pmf(k, n, q), *ends)[0]
        mass = prior.cdf(ends[1]) - prior.cdf(ends[0])
        assert _ln_evidence(side, k, n, t) == pytest.approx(np.log(top / mass / stats.binom.pmf(k, n, t)), rel=1e-6)


def test_decisions():
    none, all_of_them = np.full(40, -1.0), np.full(5, 1.0)
    assert false_positives(0.0, none).decision() == "below"
    assert false_positives(0.0, none[:10]).decision() == "undecided"
    assert false_positives(0.0, all_of_them).decision() == "above"
    assert not false_positives(0.0, none[:10]).decided()
    assert false_positives(0.0, none[:10]).decided_after() is None
    # The first decision stands, and comes when it is made: later simulations change neither.
    n = false_positives(0.0, none).decided_after()
    assert n < 40
    assert false_positives(0.0, none[:n]).decided()
    assert not false_positives(0.0, none[: n - 1]).decided()
    assert false_positives(0.0, np.append(none, all_of_them)).decided_after() == n
    # Unreliable ones count against either decision.
    assert false_positives(0.0, none, ["failed"] * 10 + ["converged"] * 30).decision() == "undecided"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: false_positives(np.nan, [1.0]), "nothing to compare"),
        (lambda: false_positives(1.0, []), "a status of each"),
        (lambda: false_positives(1.0, [1.0], ["converged"] * 2), "a status of each"),
        (lambda: false_positives(1.0, [1.0, np.nan], ["converged"] * 2), "simulation 1, counted from 0"),
        (lambda: false_positives(1.0, [1.0]).decision(1.5), "between 0 and 1"),
        (lambda: false_positives(1.0, [1.0]).percentile(120), "between 0 and 100"),
    ],
)
def test_refusals_of_false_positives(call, message):
    with pytest.raises(DataError, match=message):
        call()


# Two samples.


@pytest.mark.parametrize(("n", "m", "ties"), [(21, 21, False), (21, 21, True), (5, 60, True), (2, 2, False), (1, 9, True)])
def test_statistics_are_those_of_scipy(n, m, ties):
    rng = np.random.default_rng(n * 100 + m)
    first, second = rng.normal(size=(30, n)), rng.normal(0.3, 1.5, size=(30, m))
    if ties:
        first, second = np.round(first), np.round(second)
    ks, ad = two_sample("ks", first, second), two_sample("ad", first, second)
    for i in range(30):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # p-values at the end of its table, and a renamed option
            assert ad[i] == pytest.approx(stats.anderson_ksamp([first[i], second[i]]).statistic, rel=1e-10, abs=1e-10)
        assert ks[i] == pytest.approx(stats.ks_2samp(first[i], second[i], method="asymp").statistic, rel=1e-12)


def test_statistics_broadcast_and_vanish_for_equal_values():
    rng = np.random.default_rng(3)
    first, many = rng.normal(size=8), rng.normal(size=(2, 3, 8))
    found = two_sample("ad", first, many)
    assert found.shape == (2, 3)
    assert found[1, 2] == pytest.approx(two_sample("ad", first, many[1, 2]).item(), rel=1e-12)
    assert two_sample("ks", np.ones(4), np.ones(4)) == 0
    assert two_sample("ad", np.ones(4), np.ones(4)) < 0


def test_critical_values():
    # Note, section 3: asymptotic D, and the table of scipy for two samples.
    found = critical_values("ks", 21, 21)
    assert found[0.05] == pytest.approx(0.419, abs=5e-4)
    assert found[0.01] == pytest.approx(0.502, abs=5e-4)
    assert list(critical_values("ad", 21, 21).values()) == [0.325, 1.226, 1.961, 2.718, 3.752, 4.592, 6.546]


def test_draws_of_the_paper():
    # One simulation of each source: all draws are the same two samples.
    rng = np.random.default_rng(4)
    measured, simulated = rng.normal(size=21), rng.normal(size=(21, 1))
    found = paper_distribution(measured, simulated, "ks", draws=50, rng=rng)
    assert np.all(found.values == two_sample("ks", measured, simulated[:, 0]))
    assert found.share_below(0.05) == float(found.values[0] < found.critical[0.05])
    assert "no probability" in found.caveat
    with pytest.raises(DataError, match="no critical value"):
        found.share_below(0.2)


@pytest.mark.parametrize("statistic", ["ks", "ad"])
def test_the_measured_statistic_is_that_against_all_simulations(statistic):
    # Ragged numbers of simulations, with ties.
    rng = np.random.default_rng(5)
    measured = np.round(rng.normal(size=6), 1)
    simulated = [np.round(rng.normal(size=size), 1) for size in (3, 10, 7, 1, 20, 5)]
    found = calibrated(measured, simulated, statistic, draws=99, rng=rng)
    assert found.measured == pytest.approx(two_sample(statistic, measured, np.concatenate(simulated)).item(), rel=1e-12)
    assert found.p == (np.sum(found.drawn >= found.measured - 1e-12) + 1) / 100
    assert found.interval().low < found.p < found.interval().high


def test_calibrated_p_values_against_enumeration():
    # Two sources with two simulations each: 9 samples are equally likely, and the p-value tends to the share of those as extreme.
    measured, simulated = np.array([3.0, 0.5]), np.array([[1.0, 2.0], [0.0, 0.7]])
    table = np.column_stack([measured, simulated])
    values = []
    for i in range(3):
        for j in range(3):
            picked = np.array([table[0, i], table[1, j]])
            rest = np.concatenate([np.delete(table[0], i), np.delete(table[1], j)])
            values.append(two_sample("ks", picked, rest).item())
    exact = np.mean(np.array(values) >= values[0] - 1e-12)
    found = calibrated(measured, simulated, "ks", draws=20_000, rng=np.random.default_rng(6))
    assert found.p == pytest.approx(exact, abs=4 * np.sqrt(0.25 / 20_000))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: two_sample("kuiper", [1, 2], [3, 4]), "no statistic 'kuiper'"),
        (lambda: two_sample("ks", [1, np.nan], [3, 4]), "NaN"),
        (lambda: two_sample("ks", [1], [3, 4]), "four together"),
        (lambda: calibrated([1, 2], [[1.0]], rng=np.random.default_rng(0)), "simulations of 1"),
        (lambda: calibrated([1, 2], [[1.0], []], rng=np.random.default_rng(0)), "source 1, counted from 0"),
        (lambda: paper_distribution([1, 2], [[1.0], [2.0]], draws=0, rng=np.random.default_rng(0)), "draws = 0"),
    ],
)
def test_refusals_of_two_samples(call, message):
    with pytest.raises(DataError, match=message):
        call()


# The posterior of the fraction.


def test_sure_sources_make_a_beta_distribution():
    # k sources surely dual and n - k surely single: F^k (1 - F)^(n - k), Beta(k + 1, n - k + 1).
    for k in (0, 3):
        ln = np.where(np.arange(62) < k, 60.0, -60.0)
        found, exact = fraction_posterior(ln), stats.beta(k + 1, 63 - k)
        assert found.upper(0.95) == pytest.approx(exact.ppf(0.95), rel=2e-4)
        assert found.median == pytest.approx(exact.ppf(0.5), rel=2e-4)
        assert found.interval().low == pytest.approx(exact.ppf((1 - ONE_SIGMA) / 2), rel=3e-4)
        np.testing.assert_allclose(found.dual, np.arange(62) < k, atol=1e-12)


def test_the_evidence_of_a_free_fraction():
    # One source: the integral of (1 - F) + F BF is (1 + BF) / 2; and the source is dual with the probability BF / (1 + BF).
    found = fraction_posterior([np.log(7.0)])
    assert found.ln_bayes_factor == pytest.approx(np.log(4.0), rel=1e-6)
    assert found.dual[0] == pytest.approx(7 / 8, rel=1e-6)
    assert found.mode == 1
    with pytest.raises(DataError, match="finite"):
        fraction_posterior([np.inf])


# Sensitivity.


def grid(seed=0, **options):
    """A sensitivity of duals whose ln Bayes factors grow with separation, ratio and counts, and fall off axis."""
    rng = np.random.default_rng(seed)
    s, r, c, o = [0.3, 0.6, 1.2, 2.4], [0.1, 0.5, 1.0], [50.0, 200.0], np.array([0, 3.0]) * ARCMIN
    mean = 3 * np.log(np.multiply.outer(np.array(s) / 0.6, np.sqrt(r)))[..., None, None] + np.log(np.array(c) / 50)[:, None]
    mean = mean - np.array([0, 1.0])
    duals = mean[..., None] + rng.normal(size=(4, 3, 2, 2, 40))
    singles = rng.normal(-1, 1, (2, 2, 99))
    return Sensitivity(separation=s, ratio=r, counts=c, off_axis=o, duals=duals, singles=singles, **options)


def test_thresholds_are_those_of_candidates():
    # A value just above the threshold has a rate (k + 1) / (n + 1) of 10 %; one just below has a higher rate.
    for n in (9, 10, 19, 99, 100):
        singles = np.random.default_rng(n).normal(size=n)
        t = detection_threshold(singles, 0.1)
        assert false_positives(t + 1e-9, singles).rate <= 0.1
        assert false_positives(t - 1e-9, singles).rate > 0.1
    assert detection_threshold(np.arange(8), 0.1) == np.inf


def test_the_area_is_the_probability_of_the_right_order():
    rng = np.random.default_rng(7)
    singles, duals = np.round(rng.normal(size=60), 1), np.round(rng.normal(0.8, size=80), 1)
    found = roc(np.append(singles, np.nan), duals)
    u = stats.mannwhitneyu(duals, singles).statistic
    assert found.area == pytest.approx(u / (60 * 80), rel=1e-12)
    assert (found.false_positive[-1], found.true_positive[-1]) == (1, 1)
    assert np.all(np.diff(found.true_positive) >= 0)


def test_found_shares_and_their_errors():
    found = grid()
    cell = (2, 1, 0, 1)
    seen = found.duals[cell] > found.threshold[0, 1]
    assert found.fraction[cell] == seen.mean()
    both = binomial_interval(seen.sum(), 40)
    assert (found.interval().low[cell], found.interval().high[cell]) == (both.low, both.high)
    assert found.area[cell] == found.roc(*cell).area
    # The criterion of 3 sigma takes some away.
    strict = grid(errors=np.full(found.duals.shape, 0.5), sigma=3.0)
    assert np.all(strict.found <= found.found)
    np.testing.assert_array_equal(strict.found, np.sum(found.duals > np.maximum(found.threshold, 1.5)[..., None], axis=-1))
    table = found.to_table()
    assert len(table) == 48
    assert table["off_axis"].unit == "arcmin"
    assert table.meta["interval"] == "clopper-pearson"


def test_cells_without_simulations_are_nan():
    found = grid()
    duals = np.array(found.duals)
    duals[0, 0, 0, 0] = np.nan
    axes = {name: getattr(found, name) for name in ("separation", "ratio", "counts", "off_axis")}
    part = Sensitivity(**axes, duals=duals, singles=found.singles)
    assert np.isnan(part.fraction[0, 0, 0, 0])
    assert np.isnan(part.interval().low[0, 0, 0, 0])
    assert np.isnan(part.area[0, 0, 0, 0])
    assert len(part.to_table()) == 47
    one = DualPopulation.of([0.3], [0.1])
    with pytest.raises(DataError, match=r"nothing was simulated at 0\.3 arcsec, ratio 0\.1, 50 counts, 0 arcmin"):
        part.completeness(50, 0, one)
    assert part.completeness(200, 0, one).value == part.fraction[0, 0, 1, 0]


def test_completeness_at_and_between_nodes():
    found = grid()
    for cell in [(1, 2, 0, 0), (3, 0, 1, 1)]:
        s, r, c, o = (
            getattr(found, name)[i] for name, i in zip(("separation", "ratio", "counts", "off_axis"), cell, strict=True)
        )
        assert found.completeness(c, o, DualPopulation.of([s], [r])).value == pytest.approx(found.fraction[cell], rel=1e-12)
    # Half way in the logarithm of the counts and in the angle: the mean of four cells.
    half = found.completeness(100, 1.5 * ARCMIN, DualPopulation.of([1.2], [0.5]))
    assert half.value == pytest.approx(found.fraction[2, 1].mean(), rel=1e-12)
    assert 0 < half.error < 0.5 / np.sqrt(40)
    # Closer and fainter ones than those of the grid are not found, wider ones are as the widest are.
    outside = DualPopulation.of([0.1, 1.2, 5.0], [1.0, 0.05, 1.0], [1, 1, 2])
    assert found.completeness(50, 0, outside).value == pytest.approx(0.5 * found.fraction[3, 2, 0, 0], rel=1e-12)
    # More counts than simulated help no more.
    assert found.completeness(1e4, 0, outside).value == found.completeness(200, 0, outside).value
    with pytest.raises(DataError, match="the grid begins at 50"):
        found.completeness(30, 0, outside)
    with pytest.raises(DataError, match="the grid ends at 3"):
        found.completeness(60, 4 * ARCMIN, outside)


def test_the_contour_of_half():
    found = grid()
    at = found.separation_at(50, 0)
    column = found.fraction[:, 2, 0, 0]
    # Where the share, interpolated in the logarithm of the separation, is one half.
    assert np.interp(np.log(at[2]), np.log(found.separation), column) == pytest.approx(0.5, rel=1e-9)
    assert at[0] > at[1] > at[2] or np.isnan(at[0])
    assert np.all(np.isnan(found.separation_at(50, 0, share=1.1)))
    assert np.all(found.separation_at(50, 0, share=0.0) == 0.3)


def test_a_log_uniform_population():
    found = DualPopulation.log_uniform((0.3, 3.0), (0.1, 1.0), nodes=200)
    # Half of it lies below the geometric mean, and the mean of the separation is (b - a) / ln(b / a).
    assert found.weight[found.separation < np.sqrt(0.9)].sum() == pytest.approx(0.5, abs=1e-9)
    assert np.sum(found.weight * found.separation) == pytest.approx(2.7 / np.log(10), rel=1e-4)
    assert "log-uniform" in found.name
    np.testing.assert_allclose(found.seen_with(2.0).separation, found.separation / 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: grid(sigma=3.0), "go with `sigma`"),
        (lambda: grid(false_positive_rate=0.005), r"99 single sources of 50 counts, 0 arcmin off axis, cannot show"),
        (lambda: Sensitivity(separation=[2, 1], ratio=[1], counts=[9], off_axis=[0], duals=[], singles=[]), "'separation'"),
        (
            lambda: Sensitivity(separation=[1], ratio=[1], counts=[9], off_axis=[0], duals=[[1.0]], singles=[[[1.0]]]),
            r"needs duals of the shape \(1, 1, 1, 1, 'm'\)",
        ),
        (lambda: Sensitivity(separation=[1], ratio=[2], counts=[9], off_axis=[0], duals=[], singles=[]), "ratios up to 1"),
        (lambda: DualPopulation.of([1.0], [2.0]), "fainter source over the brighter"),
        (lambda: DualPopulation.of([1.0, 2.0], [0.5]), "the same m duals"),
        (lambda: DualPopulation.of([1.0], [0.5], [0.0]), "no weight"),
        (lambda: DualPopulation.log_uniform((0, 1), (0.1, 1)), "no range of positive numbers"),
        (lambda: roc([np.nan], [1.0]), "no simulated single source"),
    ],
)
def test_refusals_of_sensitivity(call, message):
    with pytest.raises(DataError, match=message):
        call()


# Limits.


@pytest.mark.parametrize(("k", "n"), [(0, 62), (3, 62), (40, 1333), (21, 21)])
def test_full_completeness_gives_the_plain_limits(k, n):
    sure = np.ones(n)
    exact, poisson = binomial_limit(k, n), poisson_limit(k)
    found = fraction_limit(k, sure)
    assert (found.lower, found.upper) == (pytest.approx(exact.lower, rel=1e-9), pytest.approx(exact.upper, rel=1e-9))
    found = fraction_limit(k, sure, method="poisson")
    assert (found.lower, found.upper) == (pytest.approx(poisson.lower / n), pytest.approx(min(poisson.upper / n, 1)))
    found = fraction_limit(k, sure, method="gehrels")
    assert found.upper == pytest.approx(min(poisson_limit(k, method="gehrels").upper / n, 1))
    assert found.method == "gehrels"


def test_limits_with_completeness_by_enumeration():
    # P(K <= 1) of three sources by all eight outcomes.
    c = np.array([0.9, 0.8, 0.7])
    found = fraction_limit(1, c, 0.8)

    def at_most_one(f):
        p = f * c
        return np.prod(1 - p) * (1 + np.sum(p / (1 - p)))

    assert at_most_one(found.upper) == pytest.approx(0.2, rel=1e-9)
    assert 1 - np.prod(1 - found.lower * c) == pytest.approx(0.2, rel=1e-9)
    assert found.at_most(0.3) == pytest.approx(at_most_one(0.3), rel=1e-12)
    assert found.estimate == pytest.approx(1 / 2.4)


def test_equal_completeness_scales_the_limit():
    # n sources of completeness c are n trials with probability F c; those of completeness 0 do not count.
    found = fraction_limit(2, np.append(np.full(50, 0.4), np.zeros(12)))
    assert found.upper == pytest.approx(binomial_limit(2, 50).upper / 0.4, rel=1e-9)
    assert found.row()["effective"] == pytest.approx(20)
    # Too few to tell: no fraction up to 1 is excluded.
    assert fraction_limit(0, [0.3, 0.3]).upper == 1
    assert fraction_limit(0, [0.3, 0.3], method="poisson").upper == 1
    # A sum of probabilities may stand for the number.
    assert fraction_limit(1.4, np.ones(30), method="poisson").upper == pytest.approx(poisson_limit(1.4).upper / 30)


def test_predictions_against_the_limit_of_the_paper():
    # 23 % (Perna et al.) with 62 sources: (1 - 0.23)^62 = 9e-8 to find none. 3 % gives none in 15 %.
    predictions = {"name": ["jwst", "horizon", "other z"], "z": [3.0, 3.0, 1.0], "fraction": [0.23, 0.03, 0.3]}
    limit = fraction_limit(0, np.ones(62))
    jwst, horizon = compared(limit, predictions, z=(2.5, 3.5))
    assert (jwst.verdict, horizon.verdict) == ("too high", "allowed")
    assert 1 - jwst.level_too_high == pytest.approx(0.77**62, rel=1e-6)
    assert horizon.level_too_high == pytest.approx(1 - 0.97**62, rel=1e-9)
    # The low end of 4 % is allowed, so the prediction is.
    with_ends = predictions | {"low": [0.04, np.nan, np.nan], "high": [0.5, np.nan, np.nan]}
    assert compared(limit, with_ends)[0].verdict == "allowed"
    assert compared(fraction_limit(40, np.ones(62)), predictions)[1].verdict == "too low"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fraction_limit(0, np.zeros(5)), "no dual could have been found"),
        (lambda: fraction_limit(2, [0.5, 0.0]), "2 duals were found around 1 sources"),
        (lambda: fraction_limit(0.5, [1.0]), "'poisson' takes any"),
        (lambda: fraction_limit(0, [1.2]), "between 0 and 1"),
        (lambda: fraction_limit(0, [1.0], method="poison"), "Did you mean 'poisson'"),
        (lambda: fraction_limit(0, [1.0], 1.0), "confidence level"),
        (lambda: compared(fraction_limit(0, [1.0]), {"name": ["a"], "z": [1.0]}), "no column fraction"),
        (lambda: compared(fraction_limit(0, [1.0]), {"name": ["a"], "z": [1.0], "fraction": [3.0]}), "not percent"),
        (lambda: compared(fraction_limit(0, [1.0]), {"name": ["a"], "z": [1.0, 2.0], "fraction": [0.1]}), "length 1"),
    ],
)
def test_refusals_of_limits(call, message):
    with pytest.raises(DataError, match=message):
        call()


# Forecasts.


def test_the_forecast_of_axis():
    # Paper, section 5.4: more than 1000 AGN, 3 %, "approximately 40" duals, the fraction "within < 1 %". 3 % of 1000 is 30, and
    # 40 are found among 1333. The 1-sigma interval is 1.2 % wide, and 1.0 % with 1360 AGN: the 1 % is its half.
    found = forecast(1000, 0.03)
    assert found.expected == pytest.approx(30)
    both = binomial_interval(30, 1000)
    assert found.asimov_width == pytest.approx(both.high - both.low)
    assert 0.010 < found.asimov_width < 0.012
    assert forecast(1333, 0.03).expected == pytest.approx(40, abs=0.05)
    assert required_sample(0.01, 0.03) == pytest.approx(1360, abs=2)
    assert forecast(required_sample(0.01, 0.03), 0.03).asimov_width == pytest.approx(0.01, rel=1e-6)


def test_percentiles_of_forecasts_by_simulation():
    found = forecast(400, 0.05, 0.6)
    k = np.random.default_rng(8).binomial(400, 0.03, 20_000)
    both = binomial_interval(k, 400)
    np.testing.assert_allclose(found.low, np.percentile(both.low / 0.6, [15.87, 50, 84.13]), atol=0.002)
    np.testing.assert_allclose(found.high, np.percentile(both.high / 0.6, [15.87, 50, 84.13]), atol=0.002)
    assert found.width[1] == pytest.approx(found.asimov_width, rel=0.05)
    # A lower completeness costs.
    assert found.asimov_width > forecast(400, 0.05).asimov_width
    assert found.row()["sample"] == 400


def test_samples_of_planned_surveys():
    # The field of AXIS has a diameter of 24 arcmin; the density that makes it 1000 AGN is 7958 per square degree.
    area = np.pi * (12 / 60) ** 2
    sample = FutureSample(area=area, flux_limit=8.7e-17, density=1000 / area)
    assert forecast(sample, 0.03).expected == pytest.approx(30)
    deeper = FutureSample(area=area, flux_limit=8.7e-18, density=lambda flux: 1000 / area * (flux / 8.7e-17) ** -0.6)
    assert deeper.size == pytest.approx(1000 * 10**0.6)


def test_telescopes():
    # Areas of the paper: 8.4 times that of ACIS at 1 keV, 4.15 times at 6 keV.
    assert AXIS.counts_ratio(ACIS, [1, 0]) == pytest.approx(8.4)
    assert AXIS.counts_ratio(ACIS, [0.5, 0.5], 2.0) == pytest.approx(8.4 + 4.15)
    assert AXIS.width(7.5 * ARCMIN) == 1.6
    assert ACIS.width(4 * ARCMIN) == pytest.approx(1.75)


def test_completeness_with_another_telescope():
    found, population = grid(), DualPopulation.of([1.2], [1.0])
    # Of the same width, area and exposure it is that of the reference on its axis.
    same = expected_completeness(found, population, 100, 0, instrument=ACIS, reference=ACIS, share=[0.7, 0.3])
    assert same.value == found.completeness(100, 0, population).value
    # AXIS on axis: separations in units of a PSF 1.5 / 0.8 as wide, counts times 8.4 (all of them at 1 keV), so at the end of
    # the grid.
    axis = expected_completeness(found, population, [60, 70], 0, instrument=AXIS, reference=ACIS, share=[1, 0])
    expected = found.completeness(200, 0, DualPopulation.of([1.2 * 0.8 / 1.5], [1.0])).value
    np.testing.assert_allclose(axis.value, np.repeat(expected, 2), rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: forecast(0, 0.03), "a sample of 0"),
        (lambda: forecast(10, 0.0), "fraction and completeness"),
        (lambda: forecast(10, 0.1, 1.5), "fraction and completeness"),
        (lambda: required_sample(1e-9, 0.5), "more than 1e"),
        (lambda: required_sample(2.0, 0.5), "lies between 0 and 1"),
        (lambda: FutureSample(area=0, flux_limit=1e-16, density=1).size, "positive"),
        (lambda: AXIS.counts_ratio(ACIS, [1, 1]), "with a sum of 1"),
        (lambda: AXIS.width(1.0), "up to 7.5 arcmin"),
    ],
)
def test_refusals_of_forecasts(call, message):
    with pytest.raises(DataError, match=message):
        call()


def test_results_go_to_a_file_and_back(tmp_path):
    rng = np.random.default_rng(9)
    results = (
        false_positives(1.0, [0.0, np.nan, 2.0]), grid(), fraction_posterior([0.3, -1.0]), fraction_limit(1, [0.5, 0.9]),
        paper_distribution([0.0, 1.0], [[1.0], [2.0, 3.0]], draws=5, rng=rng), forecast(100, 0.1),
    )  # fmt: skip
    save(results, tmp_path / "found.h5")
    same = load(tmp_path / "found.h5")
    assert isinstance(same[0], FalsePositives)
    assert (same[0].digest, same[1].digest) == (results[0].digest, results[1].digest)
    assert same[2].upper() == results[2].upper()
    assert same[3].row() == results[3].row()
    assert same[4].share_below(0.01) == results[4].share_below(0.01)
    assert same[5].row() == results[5].row()
