"""The annealed swarm: it lies where the posterior is, also where the prior hardly meets it."""

import numpy as np
import pytest

from faintsky.plugins.samplers.annealing import annealed
from faintsky.plugins.samplers.budget import Budget
from faintsky.testing.problems import BoxedGaussian, ConjugateGaussian, CorrelatedGaussian, Shells


def swarm(problem, number=512, draws=6400, seed=1):
    rng = np.random.default_rng(seed)
    budget = Budget(problem)
    points = problem.prior_transform(rng.random((draws, problem.ndim)))
    values = budget.posterior(points)
    good = np.isfinite(values)
    return annealed(points[good], values[good], number, budget, rng), budget


@pytest.mark.parametrize(
    "problem",
    [CorrelatedGaussian(), CorrelatedGaussian(dimensions=5), BoxedGaussian(), ConjugateGaussian(dimensions=3)],
    ids=["gaussian-2", "gaussian-5", "boxed", "conjugate"],
)
def test_it_has_the_mean_and_the_widths_of_the_posterior(problem):
    # The Gaussians fill 1e-4 to 1e-10 of their priors. Mean of eight swarms; a start may be 15 per cent wide or narrow.
    found = [swarm(problem, seed=s)[0] for s in range(8)]
    sigma = np.sqrt(np.diag(problem.covariance))
    mean = np.mean([f.mean(axis=0) for f in found], axis=0)
    np.testing.assert_array_less(np.abs(mean - problem.mean) / sigma, 0.15)
    width = np.mean([f.std(axis=0) for f in found], axis=0)
    np.testing.assert_allclose(width / sigma, 1, atol=0.15)


def test_both_modes_are_kept():
    left = [np.mean(swarm(Shells(), seed=s)[0][:, 0] < 0) for s in range(8)]
    assert np.mean(left) == pytest.approx(0.5, abs=0.1)
    assert min(left) > 0.15


def test_no_point_is_impossible_or_outside_the_prior():
    problem = BoxedGaussian(reach=0.15)
    found, budget = swarm(problem)
    assert np.all(np.abs(found) <= 0.15)
    assert np.all(np.isfinite(budget.posterior(found)))


def test_the_same_generator_gives_the_same_swarm():
    np.testing.assert_array_equal(swarm(Shells(), seed=3)[0], swarm(Shells(), seed=3)[0])
