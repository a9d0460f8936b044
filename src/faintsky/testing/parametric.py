"""What the suites of kinds with parameters share: power models, bias models."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from faintsky.core.parameter import Parametric, at, free_parameters
from faintsky.testing.subject import ComponentConformance

__all__ = ["ParametricConformance"]

Array = NDArray[np.float64]


class ParametricConformance(ComponentConformance):
    """Named free parameters; finite wherever the priors allow; alike one by one and in a batch; each parameter moves it."""

    @abstractmethod
    def evaluate(self, model: Any) -> Array:
        """The model on the grid of the suite, (m,), or (n, m) where the parameters are columns."""

    @pytest.fixture
    def model(self) -> Any:
        return self.ready(self.made())

    def ready(self, component: Any) -> Any:
        """The model that is evaluated; override it where a component needs data first (`PowerModel.for_spectrum`)."""
        return component

    def draws(self, model: Any, number: int = 200) -> Array:
        """Draws from the priors of the free parameters, shape (n, d)."""
        rng = np.random.default_rng(8)
        return np.stack([p.prior.rvs(rng, number) for p in free_parameters(model)], axis=1)

    def test_it_has_named_free_parameters(self, model: Any) -> None:
        assert isinstance(model, Parametric)
        names = [p.name for p in free_parameters(model)]
        assert names
        assert len(set(names)) == len(names)
        assert all(p.source for p in free_parameters(model))

    def test_a_batch_is_the_loop_over_its_rows(self, model: Any) -> None:
        theta = self.draws(model)
        together = self.evaluate(at(model, theta))
        assert together.shape == (len(theta), np.size(self.evaluate(at(model, theta[0]))))
        np.testing.assert_allclose(together, [self.evaluate(at(model, row)) for row in theta], rtol=1e-12)

    def test_it_is_finite_all_over_its_priors(self, model: Any) -> None:
        ends = np.array([p.prior.ppf([1e-9, 0.5, 1 - 1e-9]) for p in free_parameters(model)]).T
        assert np.all(np.isfinite(self.evaluate(at(model, np.concatenate([self.draws(model), ends])))))

    def test_every_free_parameter_moves_it(self, model: Any) -> None:
        theta = self.draws(model, 2)
        reference = self.evaluate(at(model, theta[:1]))
        for i, parameter in enumerate(free_parameters(model)):
            moved = theta[:1].copy()
            moved[0, i] = theta[1, i]
            assert not np.array_equal(self.evaluate(at(model, moved)), reference), parameter.name
