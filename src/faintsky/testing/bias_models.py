"""The conformance suite of the kind ``bias_models``."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from faintsky.core.parameter import Parametric, at, free_parameters
from faintsky.testing.subject import ComponentConformance

__all__ = ["BiasModelConformance"]


class BiasModelConformance(ComponentConformance):
    """Finite and not negative wherever its priors allow, alike one by one and in a batch.

    Examples
    --------
    >>> class TestMine(BiasModelConformance):
    ...     component = "constant"
    """

    kind: ClassVar[str] = "bias_models"
    z: ClassVar[Any] = np.linspace(0.0, 13.0, 60)

    @pytest.fixture
    def model(self) -> Any:
        return self.made()

    def draws(self, model: Any, number: int = 50) -> Any:
        """Draws from the priors of the free parameters, shape (n, d)."""
        rng = np.random.default_rng(8)
        return np.stack([p.prior.rvs(rng, number) for p in free_parameters(model)], axis=1)

    def test_it_has_named_free_parameters(self, model: Any) -> None:
        assert isinstance(model, Parametric)
        names = [p.name for p in free_parameters(model)]
        assert names
        assert len(set(names)) == len(names)

    def test_a_batch_is_the_loop_over_its_rows(self, model: Any) -> None:
        theta = self.draws(model)
        together = at(model, theta).b(self.z)
        assert together.shape == (len(theta), self.z.size)
        np.testing.assert_allclose(together, [at(model, row).b(self.z) for row in theta], rtol=1e-12)
        assert model.b(self.z).shape == self.z.shape

    def test_it_is_finite_and_not_negative_all_over_its_priors(self, model: Any) -> None:
        found = at(model, self.draws(model)).b(self.z)
        assert np.all(np.isfinite(found))
        assert np.all(found >= 0)

    def test_every_free_parameter_moves_it(self, model: Any) -> None:
        theta = self.draws(model, 2)
        reference = at(model, theta[:1]).b(self.z)
        for i, parameter in enumerate(free_parameters(model)):
            moved = theta[:1].copy()
            moved[0, i] = theta[1, i]
            assert not np.array_equal(at(model, moved).b(self.z), reference), parameter.name
