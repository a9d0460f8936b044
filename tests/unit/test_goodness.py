"""Goodness of fit: chi2 of the best sample, its probability, the warning."""

import numpy as np
import pytest
from scipy.stats import chi2

from faintsky.core.context import Context
from faintsky.core.errors import FaintskyWarning
from faintsky.core.goodness import probability_to_exceed, with_goodness
from faintsky.core.registry import make
from faintsky.testing.problems import ConjugateGaussian


class Measured(ConjugateGaussian):
    """Forty measurements of one number."""

    wrong = 0.0

    def residuals(self, theta):
        data = np.random.default_rng(1).standard_normal(40) + self.wrong
        return np.broadcast_to(data, (len(theta), 40)) - 0 * theta[:, :1]


class Shifted(Measured):
    wrong = 2.0


@pytest.mark.parametrize(("value", "dof"), [(0.0, 3), (3.0, 3), (40.0, 10), (700.0, 300)])
def test_the_probability_is_that_of_chi_square(value, dof):
    assert probability_to_exceed(value, dof) == pytest.approx(chi2.sf(value, dof), rel=1e-10)


def test_no_degrees_of_freedom_have_no_probability():
    assert np.isnan(probability_to_exceed(1.0, 0))


def test_a_good_fit_is_told_and_a_bad_one_warned_of():
    problem = Measured(dimensions=1)
    found = make("samplers", "nestle", nlive=50).run(problem, Context())
    judged = with_goodness(found, problem, Context())
    data = np.random.default_rng(1).standard_normal(40)
    assert judged.diagnostics["chi2"] == pytest.approx(np.sum(data**2))
    assert judged.diagnostics["dof"] == 39
    assert judged.diagnostics["pte"] == pytest.approx(chi2.sf(np.sum(data**2), 39))
    assert judged.diagnostics["ess"] == found.diagnostics.get("ess", judged.diagnostics["ess"])
    with pytest.warns(FaintskyWarning, match=r"chi2 = \d+\.\d for 39 degrees of freedom .*does not describe the data"):
        with_goodness(found, Shifted(dimensions=1), Context())


def test_a_likelihood_without_residuals_is_left_alone():
    problem = ConjugateGaussian(dimensions=1)
    found = make("samplers", "nestle", nlive=50).run(problem, Context())
    assert with_goodness(found, problem, Context()) is found
