"""The conformance suite of the kind ``bias_models``."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from faintsky.core.parameter import at, free_parameters
from faintsky.testing.parametric import ParametricConformance

__all__ = ["BiasModelConformance"]

Array = NDArray[np.float64]


class BiasModelConformance(ParametricConformance):
    """Finite and not negative wherever its priors allow, alike one by one and in a batch.

    Examples
    --------
    >>> class TestMine(BiasModelConformance):
    ...     component = "constant"
    """

    kind: ClassVar[str] = "bias_models"
    z: ClassVar[Array] = np.linspace(0.0, 13.0, 60)

    def evaluate(self, model: Any) -> Array:
        """The bias at 60 redshifts from 0 to 13."""
        return np.asarray(model.b(self.z))

    def test_a_bias_has_the_shape_of_z(self, model: Any) -> None:
        assert model.b(self.z).shape == self.z.shape

    def test_it_is_not_negative(self, model: Any) -> None:
        ends = np.array([p.prior.ppf([1e-9, 1 - 1e-9]) for p in free_parameters(model)]).T
        assert np.all(self.evaluate(at(model, np.concatenate([self.draws(model), ends]))) >= 0)
