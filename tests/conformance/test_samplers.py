"""The built-in samplers keep the contract of their kind."""

from typing import ClassVar

import numpy as np
import pytest

from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.registry import make
from faintsky.testing.local_blocks import LocalBlocks
from faintsky.testing.problems import ConjugateGaussian
from faintsky.testing.samplers import CountingLikelihood, SamplerConformance


class TestEmcee(SamplerConformance):
    component = "emcee"
    options: ClassVar = {"steps": 1000}
    evidence = False


class TestDynesty(SamplerConformance):
    component = "dynesty"
    options: ClassVar = {"nlive": 150, "sample": "unif"}


class TestNestle(SamplerConformance):
    component = "nestle"
    options: ClassVar = {"nlive": 200}


class TestNestleSingle(SamplerConformance):
    component = "nestle"
    options: ClassVar = {"nlive": 150, "method": "single"}


class TestQuadrature(SamplerConformance):
    component = "quadrature"
    stochastic = False


class TestLaplaceIs(SamplerConformance):
    component = "laplace-is"
    options: ClassVar = {"draws": 4000, "round_draws": 1000}


class TestFactorised(SamplerConformance):
    component = "factorised"
    options: ClassVar = {"samples": 2000}

    def posed(self, likelihood):
        # Reduced to itself; the calls that count are those of the reduced likelihood, not those that complete the samples.
        plain = likelihood.inner if isinstance(likelihood, CountingLikelihood) else likelihood
        return LocalBlocks(outer=plain, blocks=0, asked=likelihood)


def test_quadrature_is_exact_in_one_dimension_and_refuses_three():
    for d in (1, 2):
        problem = ConjugateGaussian(dimensions=d)
        found = make("samplers", "quadrature").run(problem, Context())
        assert found.log_z == pytest.approx(problem.log_z, abs=1e-4)
        np.testing.assert_allclose(found.mean, problem.mean, atol=1e-4)
    with pytest.raises(DataError, match="one or two free parameters, not 3: fix some"):
        make("samplers", "quadrature").run(ConjugateGaussian(dimensions=3), Context())
