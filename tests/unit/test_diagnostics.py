"""Diagnostics of chains against processes whose autocorrelation is known."""

import numpy as np
import pytest

from faintsky.core.diagnostics import autocorrelation_time, insertion_rank_p, split_rhat


def autoregressive(phi, steps, chains, seed=0):
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((steps, chains)) * np.sqrt(1 - phi**2)
    made = np.empty((steps, chains))
    made[0] = rng.standard_normal(chains)
    for i in range(1, steps):
        made[i] = phi * made[i - 1] + noise[i]
    return made


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_the_time_of_an_autoregressive_process(phi):
    # AR(1): tau = (1 + phi) / (1 - phi).
    found = autocorrelation_time(autoregressive(phi, 20000, 16))
    assert found == pytest.approx((1 + phi) / (1 - phi), rel=0.05)


def test_a_chain_that_never_moves_has_no_time():
    assert np.isnan(autocorrelation_time(np.ones((100, 4))))
    assert np.isnan(split_rhat(np.ones((100, 4))))
    assert np.isnan(split_rhat(np.ones((3, 4))))


def test_rhat_of_chains_that_agree_drift_or_stay_apart():
    rng = np.random.default_rng(1)
    same = rng.standard_normal((2000, 8))
    assert split_rhat(same) == pytest.approx(1, abs=0.003)
    # Half of the chains lie 3 sigma off: R^2 = 1 + var of the means of the halves over the variance within, 16 of them.
    apart = same + 3.0 * (np.arange(8) < 4)
    assert split_rhat(apart) == pytest.approx(np.sqrt(1 + 2.25 * 16 / 15), rel=0.01)
    drift = same + np.linspace(-2, 2, 2000)[:, None]
    assert split_rhat(drift) > 1.2


def test_fair_ranks_are_uniform_and_crowded_ones_are_found():
    rng = np.random.default_rng(2)
    fair = [insertion_rank_p(rng.integers(0, 400, 4000), 400) for _ in range(200)]
    assert 0.3 < np.mean(fair) < 0.75
    assert np.mean(np.array(fair) < 0.05) < 0.1
    crowded = (400 * rng.random(4000) ** 1.3).astype(int)
    assert insertion_rank_p(crowded, 400) < 1e-6
    assert np.isnan(insertion_rank_p(np.arange(10), 400))
