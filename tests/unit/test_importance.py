"""Weights, their tails, proposals and coordinates of importance sampling."""

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import genpareto

from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.parameter import Parameter
from faintsky.core.prior import LogUniform, TruncatedNormal, Uniform
from faintsky.core.reduced_likelihood import IntegralCheck
from faintsky.core.registry import make
from faintsky.estimators.samplers.importance import ImportanceSample, joined
from faintsky.estimators.samplers.mixture_proposal import Defended, PriorDensity, StudentMixture, fitted
from faintsky.estimators.samplers.normal_scores import NormalScores
from faintsky.estimators.samplers.pareto import khat_limit, pareto_khat, pareto_shape
from faintsky.estimators.samplers.reweighted import checked, reweighted_log_z
from faintsky.testing.local_blocks import LocalBlocks
from faintsky.testing.problems import ConjugateGaussian, CorrelatedGaussian, PeakOnPlateau


def mixture():
    return StudentMixture(
        shares=np.array([0.25, 0.75]),
        centres=np.array([[-1.0, 0.0], [2.0, 1.0]]),
        lower=np.array([[[0.5, 0.0], [0.3, 0.2]], [[0.3, 0.0], [0.0, 0.4]]]),
    )


def sample(values, proposal_rows=None):
    n = len(values)
    return ImportanceSample(theta=np.zeros((n, 1)), log_likelihood=np.zeros(n), log_weights=values)


@pytest.mark.parametrize("shape", [-0.5, 0.0, 0.3, 0.7, 1.2])
def test_the_shape_of_a_known_pareto(shape):
    # scipy's c is k. The asymptotic error of the maximum likelihood is (1 + k) / sqrt(n): 0.03 at most here, mean of ten.
    found = [pareto_shape(genpareto.rvs(shape, size=500, random_state=s)) for s in range(10)]
    assert np.mean(found) == pytest.approx(shape, abs=4 * max(1 + shape, 0.5) / np.sqrt(5000) + 0.02)


def test_the_tail_of_weights():
    # A Pareto law of index a has k = 1 / a; ten pseudo-observations of 0.5 are part of the estimate.
    rng = np.random.default_rng(1)
    for k in (0.25, 0.5, 1.0):
        found = np.mean([pareto_khat(k * rng.exponential(size=20000)) for _ in range(5)])
        assert found == pytest.approx((424 * k + 5) / 434, abs=0.08)
    # Uniform weights have a flat tail, k = -1.
    assert pareto_khat(np.log(rng.random(20000))) == pytest.approx(-1 + 1.5 * 10 / 434, abs=0.15)


def test_the_tail_of_few_or_equal_weights():
    assert pareto_khat(np.zeros(1000)) == -1.0
    assert pareto_khat(np.zeros(20)) == np.inf
    assert pareto_khat(np.full(1000, -np.inf)) == np.inf


def test_the_limit_of_khat_depends_on_the_number():
    # Vehtari et al. 2024: min(1 - 1 / log10 S, 0.7).
    assert khat_limit(100) == pytest.approx(0.5)
    assert khat_limit(1000) == pytest.approx(2 / 3)
    assert khat_limit(10**6) == 0.7


def test_a_mixture_is_normalised_and_draws_what_it_says():
    found = mixture()
    x = np.linspace(-20, 20, 401)
    theta = np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1).reshape(-1, 2)
    # The tails beyond the box hold about 1e-6; the step of 0.1 is half of the smallest scale.
    assert np.exp(found.log_density(theta)).sum() * 0.1**2 == pytest.approx(1, abs=1e-3)
    drawn = found.draw(40000, np.random.default_rng(1))
    np.testing.assert_allclose(drawn.mean(axis=0), [0.25 * -1 + 0.75 * 2, 0.75], atol=0.01)
    # Covariance of a Student-t of five degrees: 5 / 3 of its scale.
    second = drawn[drawn[:, 0] > 0.7]
    assert np.var(second[:, 1]) == pytest.approx(0.16 * 5 / 3, rel=0.1)


def test_the_importance_ratio_of_a_mixture_with_itself_is_one():
    broad = PriorDensity(likelihood=CorrelatedGaussian())
    defended = Defended(broad=broad, narrow=mixture(), share=0.3)
    theta = defended.draw(1000, np.random.default_rng(1))
    # The prior stands first, with its share to within a draw.
    assert np.abs(theta[:300]).max() > 4
    # E_q[prior / q] = 1: the estimate has the error of its variance.
    ratio = np.exp(broad.log_density(theta) - defended.log_density(theta))
    assert ratio.mean() == pytest.approx(1, abs=0.02)
    assert ratio.max() <= 1 / 0.3 + 1e-9


def test_a_fit_finds_three_modes_and_what_is_flat():
    rng = np.random.default_rng(1)
    problem = CorrelatedGaussian(dimensions=2)
    places = np.array([[-3.0, -3.0], [0.0, 3.0], [3.0, 0.0]])
    peaks = places[rng.integers(0, 3, 1500)] + 0.05 * rng.standard_normal((1500, 2))
    theta = np.concatenate([peaks, rng.uniform(-5, 5, (1500, 2))])
    found, kernels = fitted(theta, np.zeros(3000), PriorDensity(likelihood=problem), 0.1, rng)
    assert found.share == pytest.approx(0.5, abs=0.05)
    for place in places:
        near = np.linalg.norm(kernels.centres - place, axis=1) < 0.2
        assert kernels.shares[near].sum() == pytest.approx(1 / 3, abs=0.06)


class Priors(CorrelatedGaussian):
    """A Gaussian likelihood under priors of several forms."""

    @property
    def parameters(self):
        return (
            Parameter(name="a", prior=Uniform(low=-1, high=2)),
            Parameter(name="b", prior=LogUniform(low=1e-3, high=10)),
            Parameter(name="c", prior=TruncatedNormal(mean=-1, sigma=0.5, low=-3, high=0)),
        )


def test_normal_scores_go_both_ways():
    scored = NormalScores(likelihood=Priors(dimensions=3))
    z = np.random.default_rng(1).standard_normal((200, 3))
    theta = scored.values(z)
    np.testing.assert_allclose(theta, scored.likelihood.prior_transform(ndtr(z)))
    np.testing.assert_allclose(scored.scores(theta), z, atol=1e-8)
    np.testing.assert_allclose(scored.log_likelihood(z), scored.likelihood.log_likelihood(theta))


def test_repeats_that_differ_and_tails_that_are_heavy_are_doubted():
    rng = np.random.default_rng(1)
    one, other = sample(0.1 * rng.standard_normal(1000)), sample(0.3 + 0.1 * rng.standard_normal(1000))
    assert joined([one, one], 100, 0.05).doubts == ()
    found = joined([one, other], 100, 0.5)
    assert "sigma in ln Z" in found.doubts[0]
    # The mean of both evidences, and an error that their scatter tells.
    assert found.log_z == pytest.approx(np.log(np.mean(np.exp([one.log_z, other.log_z]))))
    assert found.error == pytest.approx(abs(one.log_z - other.log_z) / 2)
    heavy = sample(1.5 * rng.exponential(size=1000))
    assert any("too heavy a tail" in d for d in joined([heavy, heavy], 0, 9).doubts)
    assert any("effective draws" in d for d in joined([one, one], 1e5, 9).doubts)


def test_factorised_refuses_what_cannot_be_reduced():
    with pytest.raises(DataError, match=r"ConjugateGaussian cannot be reduced.*laplace-is.*dynesty"):
        make("samplers", "factorised").run(ConjugateGaussian(), Context())


def test_doubts_of_the_integrals_are_told():
    said = "observation 3 is cut by its prior"
    problem = LocalBlocks(outer=ConjugateGaussian(dimensions=1), judged=IntegralCheck(doubts=(said,)))
    found = make("samplers", "factorised").run(problem, Context())
    assert found.status == "unreliable"
    assert found.notes == (said,)


def test_the_error_of_the_integrals_enters():
    outer = ConjugateGaussian(dimensions=1)
    exact, rough = (
        make("samplers", "factorised").run(LocalBlocks(outer=outer, judged=IntegralCheck(error=e)), Context()) for e in (0.0, 0.1)
    )
    assert (exact.status, rough.status) == ("converged", "converged")
    assert rough.log_z == exact.log_z
    assert rough.log_z_error == pytest.approx(np.hypot(exact.log_z_error, 0.1))
    assert rough.diagnostics["integral_error"] == 0.1


@pytest.mark.parametrize("dimensions", [0, 1, 2])
def test_factorised_in_few_dimensions(dimensions):
    outer = CorrelatedGaussian(dimensions=0) if dimensions == 0 else ConjugateGaussian(dimensions=dimensions)
    problem = LocalBlocks(outer=outer, blocks=2)
    found = make("samplers", "factorised").run(problem, Context(seed=3))
    assert found.status == "converged"
    assert found.names == problem.names
    assert found.samples.shape[1] == problem.ndim == dimensions + 4
    assert abs(found.log_z - (outer.log_z - problem.log_area)) < 4 * found.log_z_error
    np.testing.assert_allclose(found.log_likelihood, problem.log_likelihood(found.samples), rtol=1e-12)
    # The pairs follow the outer parameters.
    residual = (found.samples[:, dimensions:] - problem.centre(found.samples[:, :dimensions])) / problem.width(
        found.samples[:, :dimensions]
    )
    np.testing.assert_allclose(found.weights @ residual**2, 1, atol=0.25)
    if dimensions < 2:
        assert found.log_z == pytest.approx(outer.log_z - problem.log_area, abs=1e-4)


def test_laplace_is_uses_starts():
    class Guided(PeakOnPlateau):
        asked = 0

        def starts(self, number, rng):
            Guided.asked = number
            theta = self.prior_transform(rng.random((number, self.ndim)))
            theta[:, :2] = 0.1 * rng.standard_normal((number, 2))
            return theta

    # A peak of 0.05 in 40 wide priors, with half of the mass: 4e-5 of the prior, which few of the draws from it see.
    found = make("samplers", "laplace-is", draws=4000, round_draws=1000).run(Guided(dimensions=3), Context(seed=1))
    assert Guided.asked > 0
    assert found.status == "converged"
    assert abs(found.log_z) < 4 * found.log_z_error


def test_the_check_by_reweighting_knows_a_wrong_evidence():
    from attrs import evolve

    problem = ConjugateGaussian(dimensions=1)
    posterior = make("samplers", "quadrature").run(problem, Context(seed=1))
    good = checked(posterior, problem, Context(seed=1))
    assert good.status == "converged"
    assert good.diagnostics["reweighted_log_z"] == pytest.approx(problem.log_z, abs=0.05)
    # Its weights are nearly equal: the shape of their tail says nothing (-1.5 to 2.5 with the seed), its share of Z does.
    assert good.diagnostics["reweighted_error"] < 0.02
    wrong = evolve(posterior, log_z=problem.log_z + 1.5)
    found = checked(wrong, problem, Context(seed=1))
    assert found.status == "unreliable"
    assert f"{wrong.log_z:.3f}" in found.notes[-1]
    assert "by re-weighting its samples: they differ by" in found.notes[-1]
    # A status that is worse stays, and a posterior without ln Z is none to check.
    assert checked(evolve(wrong, status="max_calls"), problem, Context(seed=1)).status == "max_calls"
    without = evolve(posterior, log_z=None, log_z_error=None)
    assert checked(without, problem, Context()) is without
    with pytest.raises(DataError, match="a posterior is re-weighted with the likelihood"):
        reweighted_log_z(posterior, ConjugateGaussian(dimensions=2), Context())
