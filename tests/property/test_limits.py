"""Limits of counts and fractions: order, symmetry, and coverage by exact enumeration."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from faintsky.core.intervals import binomial_limit, poisson_limit

LEVEL = st.floats(0.5, 0.999)
COUNTS = st.floats(0, 500)


@given(COUNTS, st.floats(0.01, 50), LEVEL, st.sampled_from(["exact", "gehrels"]))
def test_more_counts_raise_both_limits(n, more, level, method):
    found = poisson_limit([n, n + more], level, method)
    assert found.upper[0] < found.upper[1]
    assert found.lower[0] <= found.lower[1]
    assert np.all(found.lower <= found.upper)


@given(COUNTS, LEVEL)
def test_a_higher_level_widens(n, level):
    some, more = poisson_limit(n, level), poisson_limit(n, level + 5e-4)
    assert more.upper > some.upper
    assert more.lower <= some.lower


@given(
    st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), LEVEL, st.sampled_from(["exact", "gehrels"])
)
def test_successes_and_failures_change_places(numbers, level, method):
    # K of n succeed where n - K fail.
    k, n = numbers
    of_k, of_failures = binomial_limit(k, n, level, method), binomial_limit(n - k, n, level, method)
    assert of_k.upper == pytest.approx(1 - of_failures.lower, rel=1e-9, abs=1e-12)
    assert of_k.lower == pytest.approx(1 - of_failures.upper, rel=1e-9, abs=1e-12)


@given(st.integers(1, 300), LEVEL, st.floats(0.002, 0.998))
def test_exact_limits_of_fractions_cover(n, level, truth):
    k = np.arange(n + 1)
    found, probability = binomial_limit(k, n, level), stats.binom.pmf(k, n, truth)
    assert probability[found.upper >= truth].sum() >= level - 1e-9
    assert probability[found.lower <= truth].sum() >= level - 1e-9
    assert np.all(np.diff(found.upper) > 0)


@given(LEVEL, st.floats(0.01, 60))
def test_exact_limits_of_counts_cover(level, truth):
    n = np.arange(200)
    found, probability = poisson_limit(n, level), stats.poisson.pmf(n, truth)
    assert probability[found.upper >= truth].sum() >= level - 1e-9
    assert probability[found.lower <= truth].sum() >= level - 1e-9
