"""ln Z of the analytic problems against quadrature of their own likelihood, and against the published numbers."""

import numpy as np
import pytest
from scipy.special import gamma

from faintsky.testing.problems import BoxedGaussian, ConjugateGaussian, CorrelatedGaussian, EggBox, Shells


def panels(low, high, number, order=16):
    """Composite Gauss-Legendre nodes and weights."""
    node, weight = np.polynomial.legendre.leggauss(order)
    edges = np.linspace(low, high, number + 1)
    half = 0.5 * np.diff(edges)[:, None]
    return (edges[:-1, None] + half * (1 + node)).ravel(), (half * weight).ravel()


def plane(problem, low, high, number):
    """ln of the mean of L under a flat prior in two dimensions; `low` to `high` holds all of it."""
    x, w = panels(low, high, number)
    theta = np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1).reshape(-1, 2)
    values = problem.log_likelihood(theta)
    prior = np.ptp(problem.prior.support) ** 2
    return values.max() + np.log(np.exp(values - values.max()) @ np.outer(w, w).ravel() / prior)


@pytest.mark.parametrize(("dimensions", "published"), [(2, -4.6052), (5, -11.5129), (10, -23.0259)])
def test_the_gaussians_have_the_published_evidence(dimensions, published):
    # Issue 2: sigma 0.1, rho 0.5 in [-5, 5]^d.
    assert CorrelatedGaussian(dimensions=dimensions).log_z == pytest.approx(published, abs=5e-5)


@pytest.mark.parametrize("problem", [CorrelatedGaussian(), CorrelatedGaussian(rho=-0.3, centre=0.0), BoxedGaussian()])
def test_the_gaussian_in_the_plane(problem):
    assert problem.log_z == pytest.approx(plane(problem, -1, 1, 20), abs=1e-9)


@pytest.mark.parametrize("dimensions", [2, 5, 10])
def test_the_density_is_that_of_its_covariance(dimensions):
    from scipy.stats import multivariate_normal

    problem = CorrelatedGaussian(dimensions=dimensions, centre=1.0)
    theta = problem.prior_transform(np.random.default_rng(1).random((50, dimensions)))
    expected = multivariate_normal(problem.mean, problem.covariance).logpdf(theta)
    np.testing.assert_allclose(problem.log_likelihood(theta), expected, rtol=1e-10)


def test_the_egg_box():
    problem = EggBox()
    assert problem.log_z == pytest.approx(235.8559, abs=5e-5)
    assert problem.log_z == pytest.approx(plane(problem, 0, 10 * np.pi, 60), abs=1e-9)


@pytest.mark.parametrize(("dimensions", "published"), [(2, -1.7456), (5, -5.6736), (10, -14.5905)])
def test_the_shells(dimensions, published):
    problem = Shells(dimensions=dimensions)
    assert problem.log_z == pytest.approx(published, abs=5e-5)
    # Cylinder coordinates: x1 along the line of centres, and the distance from it with its sphere of d - 2 dimensions.
    x, wx = panels(-6, 6, 120)
    r, wr = panels(0, 6, 60)
    theta = np.zeros((x.size * r.size, dimensions))
    theta[:, 0], theta[:, 1] = (a.ravel() for a in np.meshgrid(x, r, indexing="ij"))
    surface = 2 * np.pi ** (0.5 * (dimensions - 1)) / gamma(0.5 * (dimensions - 1))
    total = np.exp(problem.log_likelihood(theta)) @ np.outer(wx, surface * r ** (dimensions - 2) * wr).ravel()
    assert problem.log_z == pytest.approx(np.log(total) - dimensions * np.log(12), abs=2e-6)


def test_the_conjugate_gaussian():
    problem = ConjugateGaussian(dimensions=1, sigma=0.8, measured=1.0)
    x, w = panels(-9, 9, 40)
    density = np.exp(problem.log_likelihood(x[:, None]) + problem.prior.logpdf(x)) * w
    z = density.sum()
    mean = density @ x / z
    assert problem.log_z == pytest.approx(np.log(z), abs=1e-12)
    assert problem.mean[0] == pytest.approx(mean, abs=1e-12)
    assert problem.covariance[0, 0] == pytest.approx(density @ (x - mean) ** 2 / z, abs=1e-12)
    assert ConjugateGaussian(dimensions=3).log_z == pytest.approx(3 * problem.log_z, abs=1e-12)
