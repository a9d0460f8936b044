"""The conformance suite of the kind ``priors``."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from faintsky.testing.subject import ComponentConformance

__all__ = ["PriorConformance"]

Array = NDArray[np.float64]


class PriorConformance(ComponentConformance):
    """Its quantiles, its density, its draws and its support are those of one distribution.

    Examples
    --------
    >>> class TestMine(PriorConformance):
    ...     component = "uniform"
    ...     options = {"low": 0.0, "high": 2.0}
    """

    kind: ClassVar[str] = "priors"
    #: Points of a panel: two neighbours hold the probability 1 / `panels`.
    panels: ClassVar[int] = 4000

    @pytest.fixture
    def prior(self) -> Any:
        return self.made()

    def panel(self, prior: Any) -> tuple[Array, Array, Array]:
        """Cumulative probabilities, their quantiles, and the probability in each panel by the density (Gauss-Legendre)."""
        u = np.linspace(1e-6, 1 - 1e-6, self.panels + 1)
        x = prior.ppf(u)
        node, weight = np.polynomial.legendre.leggauss(8)
        middle, half = 0.5 * (x[1:] + x[:-1]), 0.5 * np.diff(x)
        density = np.exp(prior.logpdf(middle[:, None] + half[:, None] * node))
        return u, x, half * (density @ weight)

    def test_the_density_integrates_to_the_quantiles(self, prior: Any) -> None:
        # The integral of the density between two quantiles is the difference of their probabilities: so the one inverts
        # the cumulative distribution of the other, and the total is 1. A kink within a panel costs a little.
        u, _, probability = self.panel(prior)
        np.testing.assert_allclose(np.cumsum(probability), u[1:] - u[0], atol=1e-6)
        assert probability.sum() == pytest.approx(1, abs=1e-5)

    def test_quantiles_grow(self, prior: Any) -> None:
        _, x, _ = self.panel(prior)
        assert np.all(np.diff(x) > 0)

    def test_the_ends_are_those_of_the_support(self, prior: Any) -> None:
        low, high = prior.support
        assert low < high
        assert float(prior.ppf(0.0)) == pytest.approx(low)
        assert float(prior.ppf(1.0)) == pytest.approx(high)

    def test_nothing_lies_outside_the_support(self, prior: Any) -> None:
        low, high = prior.support
        step = 1.0 if not np.isfinite(high - low) else high - low
        outside = np.array([low - 1e-3 * step, high + 1e-3 * step, low - 10 * step, high + 10 * step])
        outside = outside[np.isfinite(outside)]
        assert np.all(np.isneginf(prior.logpdf(outside)))

    def test_draws_follow_the_quantiles(self, prior: Any) -> None:
        draws = prior.rvs(np.random.default_rng(3), 20000)
        low, high = prior.support
        assert draws.shape == (20000,)
        assert np.all((draws >= low) & (draws <= high))
        for u in (0.05, 0.3, 0.5, 0.8, 0.99):
            # 5 sigma of a binomial share.
            assert abs(np.mean(draws <= prior.ppf(u)) - u) < 5 * np.sqrt(u * (1 - u) / 20000)
        np.testing.assert_array_equal(draws, prior.rvs(np.random.default_rng(3), 20000))

    def test_shapes_are_kept(self, prior: Any) -> None:
        u = np.random.default_rng(4).random((3, 4, 2))
        x = prior.ppf(u)
        assert x.shape == prior.logpdf(x).shape == (3, 4, 2)
        assert np.ndim(prior.ppf(0.3)) == 0
        assert np.ndim(prior.logpdf(float(prior.ppf(0.3)))) == 0
        assert prior.rvs(np.random.default_rng(0), (2, 5)).shape == (2, 5)
        assert float(prior.ppf(u)[1, 2, 0]) == float(prior.ppf(u[1, 2, 0]))
