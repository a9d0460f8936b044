"""One-sided limits of counts and fractions against pinned values and against their defining identities."""

import numpy as np
import pytest
from scipy import stats

from faintsky.core.errors import DataError
from faintsky.core.intervals import binomial_interval, binomial_limit, poisson_interval, poisson_limit


@pytest.mark.parametrize(("n", "poisson", "gehrels", "binomial"), [(62, 4.832, 4.788, 4.717), (21, 14.265, 14.135, 13.295)])
def test_no_dual_among_the_sources_of_the_paper(n, poisson, gehrels, binomial):
    # The paper quotes 4.8 % and about 14 %, to which all three methods round. The note pins -ln(0.05) / n, Gehrels' eq 9
    # (S = 1.6449; with S = 1.645 it is 14.137), and 1 - 0.05^(1/n), in percent.
    assert 100 * poisson_limit(0).upper / n == pytest.approx(poisson, abs=6e-4)
    assert 100 * poisson_limit(0, method="gehrels").upper / n == pytest.approx(gehrels, abs=6e-4)
    assert 100 * binomial_limit(0, n).upper == pytest.approx(binomial, abs=6e-4)
    assert (poisson_limit(0).lower, binomial_limit(0, n).lower) == (0, 0)


def test_the_pairs_of_the_jwst_survey():
    # Note, section 3: 38/571 = 6.655 %, binomial 1 sigma 5.61 to 7.87 %; Poisson 1 sigma of 38, 28, 10.
    found = binomial_interval(38, 571)
    assert 100 * found.low == pytest.approx(5.61, abs=6e-3)
    assert 100 * found.high == pytest.approx(7.87, abs=6e-3)
    counts = np.array([38, 28, 10])
    found = poisson_interval(counts)
    np.testing.assert_allclose(found.high - counts, [7.22, 6.35, 4.27], atol=6e-3)
    np.testing.assert_allclose(counts - found.low, [6.14, 5.26, 3.11], atol=6e-3)


@pytest.mark.parametrize("level", [0.3, 0.8413, 0.95, 0.999])
def test_exact_limits_by_their_definition(level):
    # At the upper limit P(N <= n) = 1 - level, at the lower one P(N >= n) is.
    n = np.array([0, 1, 2, 7, 30, 400])
    found = poisson_limit(n, level)
    np.testing.assert_allclose(stats.poisson.cdf(n, found.upper), 1 - level, rtol=1e-9)
    np.testing.assert_allclose(stats.poisson.sf(n[1:] - 1, found.lower[1:]), 1 - level, rtol=1e-9)
    k, trials = np.array([0, 1, 4, 9, 10]), 10
    fraction = binomial_limit(k, trials, level)
    np.testing.assert_allclose(stats.binom.cdf(k[:-1], trials, fraction.upper[:-1]), 1 - level, rtol=1e-9)
    np.testing.assert_allclose(stats.binom.sf(k[1:] - 1, trials, fraction.lower[1:]), 1 - level, rtol=1e-9)
    assert (fraction.lower[0], fraction.upper[-1]) == (0, 1)
    assert (fraction.level, fraction.method) == (level, "exact")


def test_two_limits_are_the_interval_of_both_tails():
    found, both = poisson_limit([0, 3.5, 12], 0.975), poisson_interval([0, 3.5, 12], 0.95)
    np.testing.assert_allclose([found.lower, found.upper], [both.low, both.high], rtol=1e-12)


@pytest.mark.parametrize(("level", "table"), [(0.8413, [1.841, 3.300, 8.382, 14.27]), (0.95, [2.996, 4.744, 10.51, 16.96])])
def test_gehrels_is_close_to_his_table(level, table):
    # Gehrels 1986, table 1, n = 0, 1, 5, 10; he quotes 1.5 % for this formula (eq 9).
    np.testing.assert_allclose(poisson_limit([0, 1, 5, 10], level, "gehrels").upper, table, rtol=0.015)
    np.testing.assert_allclose(poisson_limit([0, 1, 5, 10], level).upper, table, rtol=4e-4)


def test_gehrels_below():
    # His lower limit lacks the term of his table 3 here: at 95 % it errs to the safe side, and hardly from five counts on.
    n = np.arange(1.0, 200)
    ratio = poisson_limit(n, method="gehrels").lower / poisson_limit(n).lower
    assert np.all(ratio < 1 + 1e-5)
    assert ratio[0] == pytest.approx(0.77, abs=0.01)
    assert np.all(ratio[4:] > 0.997)


def test_gehrels_of_fractions():
    # Abramowitz & Stegun 26.5.22 against the exact inverse.
    k, n = np.arange(0, 63.0), 62
    for level in (0.8413, 0.95, 0.99):
        exact, found = binomial_limit(k, n, level), binomial_limit(k, n, level, "gehrels")
        np.testing.assert_allclose(found.upper, exact.upper, rtol=0.035)
        np.testing.assert_allclose(found.upper[5:], exact.upper[5:], rtol=0.003)
        np.testing.assert_allclose(1 - found.lower, 1 - exact.lower, rtol=0.05)
    assert binomial_limit(0, n, method="gehrels").upper == pytest.approx(1 - 0.05 ** (1 / n), rel=1e-12)


def test_numbers_need_not_be_whole():
    # The continuation is exact where P(N <= n) is read as Q(n + 1, mean), and lies between its whole neighbours.
    n = np.arange(0, 10.1, 0.1)
    found = poisson_limit(n)
    np.testing.assert_allclose(stats.gamma.sf(found.upper, n + 1), 0.05, rtol=1e-9)
    fraction = binomial_limit(2.5, 17.3)
    assert stats.beta.cdf(fraction.upper, 3.5, 14.8) == pytest.approx(0.95, rel=1e-9)
    assert stats.beta.cdf(fraction.lower, 2.5, 15.8) == pytest.approx(0.05, rel=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: poisson_limit(-1), "not negative"),
        (lambda: poisson_limit(1, 1.0), "between 0 and 1"),
        (lambda: poisson_limit(1, method="gerels"), "Did you mean 'gehrels'"),
        (lambda: binomial_limit(3, 2), "successes <= trials"),
        (lambda: binomial_limit(1, 2, method="exakt"), "Did you mean 'exact'"),
        (lambda: binomial_limit(0.5, 2, method="gehrels"), "method = 'exact' takes any"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(DataError, match=message):
        call()
