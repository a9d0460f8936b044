"""Importance weights: what holds whatever the numbers are."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from faintsky.estimators.samplers.importance import ImportanceSample, joined
from faintsky.estimators.samplers.mixture_proposal import kish
from faintsky.estimators.samplers.pareto import pareto_khat

log_weights = st.lists(st.floats(-50, 50), min_size=30, max_size=200).map(np.array)


def sample(values):
    return ImportanceSample(theta=np.zeros((len(values), 1)), log_likelihood=np.zeros(len(values)), log_weights=values)


@given(log_weights, st.floats(-300, 300))
@settings(deadline=None, max_examples=50)
def test_a_factor_moves_ln_z_and_nothing_else(values, shift):
    one, moved = sample(values), sample(values + shift)
    np.testing.assert_allclose(moved.log_z, one.log_z + shift, atol=1e-9)
    np.testing.assert_allclose(moved.ess, one.ess, rtol=1e-9)
    np.testing.assert_allclose(moved.error, one.error, rtol=1e-6, atol=1e-6)


@given(log_weights)
@settings(deadline=None, max_examples=50)
def test_the_effective_number_lies_between_one_and_all(values):
    assert 1 - 1e-9 <= kish(values) <= len(values) * (1 + 1e-9)
    assert not np.isnan(pareto_khat(values))
    assert pareto_khat(values) >= -1.5


@given(log_weights, log_weights)
@settings(deadline=None, max_examples=50)
def test_joined_weights_give_each_repeat_its_evidence(one, other):
    found = joined([sample(one), sample(other)], 1.0, 1.0)
    assert np.isclose(found.weights.sum(), 1)
    z = np.array([sample(one).log_z, sample(other).log_z]) - found.log_z
    # The first repeat's share of the posterior is its share of Z.
    np.testing.assert_allclose(found.weights[: len(one)].sum(), np.exp(z[0]) / np.exp(z).sum(), atol=1e-9)
    np.testing.assert_allclose(np.exp(z).mean(), 1, atol=1e-9)
