"""The conformance suite of the kind ``samplers``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import attrs
import numpy as np
import pytest
from numpy.typing import NDArray

from faintsky.core.component import options
from faintsky.core.context import Context
from faintsky.core.errors import LikelihoodError
from faintsky.core.likelihood import Likelihood
from faintsky.core.parameter import Parameter
from faintsky.core.sampler import STATUS, Posterior
from faintsky.testing.problems import AnalyticProblem, BoxedGaussian, ConjugateGaussian, CorrelatedGaussian
from faintsky.testing.subject import ComponentConformance

__all__ = ["CountingLikelihood", "SamplerConformance"]

Array = NDArray[np.float64]


class CountingLikelihood(Likelihood):
    """A likelihood that counts the rows it is asked for, and may go wrong.

    Parameters
    ----------
    inner : Likelihood
    fail_at : int
        Raise KeyboardInterrupt after so many rows, as an interrupted process would; 0 = never.
    nan_above : float
        NaN where the first parameter lies above.
    """

    def __init__(self, inner: Likelihood, fail_at: int = 0, nan_above: float = np.inf) -> None:
        self.inner, self.fail_at, self.nan_above = inner, fail_at, nan_above
        self.rows = 0

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Those of the inner likelihood."""
        return self.inner.parameters

    def log_likelihood(self, theta: Array) -> Array:
        """Those of the inner likelihood, counted."""
        assert theta.ndim == 2, "a likelihood is asked for batches of shape (n, d)"
        self.rows += len(theta)
        if self.fail_at and self.rows >= self.fail_at:
            raise KeyboardInterrupt
        return np.where(theta[:, 0] > self.nan_above, np.nan, self.inner.log_likelihood(theta))

    def fingerprint(self) -> str:
        """That of the inner likelihood."""
        return self.inner.fingerprint()


class SamplerConformance(ComponentConformance):
    """Right on analytic problems, seeded, quiet, within its limits, honest about what it does not know.

    Examples
    --------
    >>> class TestMine(SamplerConformance):
    ...     component = "nestle"
    ...     options = {"nlive": 200}
    """

    kind: ClassVar[str] = "samplers"
    #: Whether the sampler gives ln Z.
    evidence: ClassVar[bool] = True
    #: Whether another seed gives other samples.
    stochastic: ClassVar[bool] = True
    #: A correlated Gaussian away from 0, in parameters with a unit.
    problem: ClassVar[AnalyticProblem] = CorrelatedGaussian(centre=3.0, unit="keV")
    _once: ClassVar[tuple[CountingLikelihood, Posterior]]

    def run(self, likelihood: Likelihood, seed: int = 1, folder: Path | None = None, **more: Any) -> Posterior:
        """The posterior of the component with its options, and `more` of them."""
        return self.made_with(**more).run(self.posed(likelihood), Context(seed=seed, folder=folder))  # type: ignore[no-any-return]

    def posed(self, likelihood: Likelihood) -> Likelihood:
        """What the component is given for a likelihood: override it for a sampler that takes only some kind of them."""
        return likelihood

    def made_with(self, **more: Any) -> Any:
        """The component with some options replaced."""
        return attrs.evolve(self.made(), **more)

    def has(self, option: str) -> bool:
        """Whether the component has an option."""
        return option in [o.name for o in options(type(self.made()))]

    def once(self) -> tuple[CountingLikelihood, Posterior]:
        """One run on the problem, made once for all tests of the class."""
        cls = type(self)
        if "_once" not in cls.__dict__:
            counted = CountingLikelihood(self.problem)
            cls._once = (counted, self.run(counted))
        return cls._once

    @pytest.fixture
    def counted(self) -> CountingLikelihood:
        return self.once()[0]

    @pytest.fixture
    def posterior(self) -> Posterior:
        return self.once()[1]

    def check(self, posterior: Posterior, problem: AnalyticProblem) -> None:
        """Mean, covariance and ln Z are those of the problem, within five (three for ln Z) of their errors."""
        assert problem.mean is not None
        assert problem.covariance is not None
        assert posterior.ess > 200, "too few independent samples to judge: raise the options of the test"
        sigma = np.sqrt(np.diag(problem.covariance))
        assert np.all(np.abs(posterior.mean - problem.mean) < 5 * sigma / np.sqrt(posterior.ess))
        # The variance of a Gaussian's sample (co)variance is 2 / n (or less) in units of sigma^2 sigma^2.
        error = np.abs(posterior.covariance - problem.covariance) / np.outer(sigma, sigma)
        assert error.max() < 5 * np.sqrt(2 / posterior.ess)
        if self.evidence:
            assert posterior.log_z is not None
            assert posterior.log_z_error is not None
            assert 0 < posterior.log_z_error < 0.5
            assert abs(posterior.log_z - problem.log_z) < 3 * posterior.log_z_error

    def test_a_correlated_gaussian(self, posterior: Posterior) -> None:
        assert posterior.status == "converged", posterior.notes
        self.check(posterior, self.problem)

    def test_a_prior_that_matters_counts_once(self) -> None:
        problem = ConjugateGaussian()
        self.check(self.run(problem), problem)

    def test_a_prior_that_is_mostly_impossible(self) -> None:
        problem = BoxedGaussian()
        found = self.run(problem)
        self.check(found, problem)
        assert np.all(np.isfinite(found.log_likelihood[found.weights > 0]))

    def test_no_evidence_is_none(self, posterior: Posterior) -> None:
        assert (posterior.log_z is not None) == self.evidence
        assert (posterior.log_z_error is not None) == self.evidence

    def test_the_posterior_says_what_it_is(self, posterior: Posterior) -> None:
        n = len(posterior.samples)
        assert posterior.samples.shape == (n, self.problem.ndim)
        assert posterior.weights.shape == posterior.log_likelihood.shape == (n,)
        assert posterior.weights.sum() == pytest.approx(1, abs=1e-9)
        assert np.all(posterior.weights >= 0)
        assert posterior.names == self.problem.names
        assert posterior.units == ("keV",) * self.problem.ndim
        assert posterior.latex == tuple(p.latex for p in self.problem.parameters)
        assert posterior.fingerprint == self.problem.fingerprint()
        assert posterior.status in STATUS
        assert posterior.version, "the engine and its version"
        assert posterior.cpu_seconds > 0
        for value in posterior.diagnostics.values():
            assert isinstance(value, float)

    def test_log_likelihoods_are_those_of_the_samples(self, posterior: Posterior) -> None:
        np.testing.assert_allclose(posterior.log_likelihood, self.problem.log_likelihood(posterior.samples), atol=1e-9)

    def test_calls_are_counted_where_they_happen(self, posterior: Posterior, counted: CountingLikelihood) -> None:
        assert posterior.calls == counted.rows

    def test_same_seed_same_answer(self, posterior: Posterior) -> None:
        np.random.seed(1)  # noqa: NPY002  (the global state must not matter)
        again = self.run(self.problem)
        np.testing.assert_array_equal(again.samples, posterior.samples)
        np.testing.assert_array_equal(again.weights, posterior.weights)
        assert again.log_z == posterior.log_z
        assert again.calls == posterior.calls

    def test_another_seed_another_answer(self, posterior: Posterior) -> None:
        if not self.stochastic:
            pytest.skip("the sampler draws no random numbers")
        other = self.run(self.problem, seed=2)
        assert not np.array_equal(other.samples[:50], posterior.samples[:50])

    def test_it_leaves_no_trace(self, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        before = np.random.get_state(legacy=False)  # noqa: NPY002
        errors = np.geterr()
        here = sorted(Path.cwd().iterdir())
        self.run(self.problem, folder=tmp_path)
        self.run(self.problem)
        said = capfd.readouterr()
        assert said.out == ""
        assert said.err == ""
        after = np.random.get_state(legacy=False)  # noqa: NPY002
        np.testing.assert_equal(after, before)
        assert np.geterr() == errors
        assert sorted(Path.cwd().iterdir()) == here

    def test_an_interrupted_task_ends_as_an_undisturbed_one(self, posterior: Posterior, tmp_path: Path) -> None:
        with pytest.raises(KeyboardInterrupt):
            self.run(CountingLikelihood(self.problem, fail_at=posterior.calls * 3 // 4), folder=tmp_path)
        again = self.run(self.problem, folder=tmp_path)
        np.testing.assert_array_equal(again.samples, posterior.samples)
        np.testing.assert_array_equal(again.weights, posterior.weights)
        assert again.log_z == posterior.log_z
        assert again.calls == posterior.calls

    @pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
    def test_a_limit_of_calls_is_kept(self, posterior: Posterior, share: float) -> None:
        if not self.has("max_calls"):
            pytest.skip("the sampler has no option max_calls")
        limit = max(7, int(share * posterior.calls))
        counted = CountingLikelihood(self.problem)
        found = self.run(counted, max_calls=limit)
        assert found.status == "max_calls"
        assert counted.rows == found.calls <= limit
        assert found.log_z is None
        assert found.log_z_error is None
        assert len(found.samples) > 0
        assert found.weights.sum() == pytest.approx(1, abs=1e-9)

    def test_a_limit_of_time_is_kept(self) -> None:
        if not self.has("max_seconds"):
            pytest.skip("the sampler has no option max_seconds")
        found = self.run(self.problem, max_seconds=1e-3)
        assert found.status == "max_seconds"
        assert found.log_z is None
        assert found.weights.sum() == pytest.approx(1, abs=1e-9)

    def test_nan_is_refused_with_the_parameters(self) -> None:
        with pytest.raises(LikelihoodError, match=r"NaN at x1 = [3-8].*, x2 = "):
            self.run(CountingLikelihood(self.problem, nan_above=3.0001))

    def test_a_likelihood_that_is_impossible_everywhere_is_refused(self) -> None:
        with pytest.raises(LikelihoodError, match="the prior"):
            self.run(BoxedGaussian(reach=0.0))
