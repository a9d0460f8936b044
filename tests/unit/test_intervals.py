"""Poisson and binomial intervals against their defining identities and against published tables."""

import numpy as np
import pytest
from scipy import stats

from faintsky.core.errors import DataError
from faintsky.core.intervals import ONE_SIGMA, binomial_interval, poisson_interval


@pytest.mark.parametrize(("n", "low", "high"), [(0, 0, 1.841), (1, 0.173, 3.300), (5, 2.840, 8.382), (10, 6.891, 14.27)])
def test_garwood_is_the_table_of_gehrels(n, low, high):
    # Gehrels 1986, tables 1 and 2, column 0.8413 (1 sigma).
    found = poisson_interval(n)
    assert found.low == pytest.approx(low, abs=1.5e-3)
    assert found.high == pytest.approx(high, abs=4e-3)
    assert found.method == "garwood"


@pytest.mark.parametrize("level", [0.5, ONE_SIGMA, 0.99])
def test_garwood_by_its_definition(level):
    # At the upper end P(N <= n) = (1 - level)/2, at the lower P(N >= n) is.
    n = np.array([0, 1, 2, 7, 30, 400])
    found = poisson_interval(n, level)
    np.testing.assert_allclose(stats.poisson.cdf(n, found.high), (1 - level) / 2, rtol=1e-9)
    np.testing.assert_allclose(stats.poisson.sf(n[1:] - 1, found.low[1:]), (1 - level) / 2, rtol=1e-9)
    assert found.low[0] == 0


@pytest.mark.parametrize("level", [0.68, 0.95])
def test_clopper_pearson_by_its_definition(level):
    k, n = np.array([0, 1, 4, 9, 10]), 10
    found = binomial_interval(k, n, level)
    np.testing.assert_allclose(stats.binom.cdf(k[:-1], n, found.high[:-1]), (1 - level) / 2, rtol=1e-9)
    np.testing.assert_allclose(stats.binom.sf(k[1:] - 1, n, found.low[1:]), (1 - level) / 2, rtol=1e-9)
    assert (found.low[0], found.high[-1]) == (0, 1)


def test_exact_intervals_cover_at_least_their_level():
    for mean in (0.3, 1.7, 6.0):
        n = np.arange(200)
        found = poisson_interval(n, 0.9)
        inside = (found.low <= mean) & (mean <= found.high)
        assert stats.poisson.pmf(n, mean)[inside].sum() >= 0.9


@pytest.mark.parametrize("method", ["root-n", "pearson", "sherpagehrels", "frequentist-confidence", "kraft-burrows-nousek"])
def test_the_methods_of_astropy_are_named_in_the_result(method):
    from astropy.stats import poisson_conf_interval

    known = {"background": 1.5} if method.startswith("kraft") else {}
    expected = poisson_conf_interval(4, interval=method, **known, **({"confidence_level": ONE_SIGMA} if known else {}))
    found = poisson_interval(4, method=method, **known)
    np.testing.assert_allclose([found.low, found.high], expected)
    assert found.method == method


def test_wilson_is_that_of_astropy():
    from astropy.stats import binom_conf_interval

    found = binomial_interval(3, 11, 0.95, "wilson")
    np.testing.assert_allclose([found.low, found.high], binom_conf_interval(3, 11, 0.95, interval="wilson"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: poisson_interval(-1), "not negative"),
        (lambda: poisson_interval(1, 1.2), "between 0 and 1"),
        (lambda: poisson_interval(1, method="gerwood"), "Did you mean 'garwood'"),
        (lambda: poisson_interval(1, 0.9, "root-n"), "1 sigma only"),
        (lambda: poisson_interval(1, background=2.0), "belongs to kraft-burrows-nousek"),
        (lambda: poisson_interval(1, method="kraft-burrows-nousek"), "got None for kraft-burrows-nousek"),
        (lambda: binomial_interval(3, 2), "successes <= trials"),
        (lambda: binomial_interval(0, 0), "at least one trial"),
        (lambda: binomial_interval(1, 2, method="wilsen"), "Did you mean 'wilson'"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(DataError, match=message):
        call()
