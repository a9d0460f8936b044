"""The conformance suite of the kind ``power_models``."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.parameter import at, free_parameters
from faintsky.core.units import ARCSEC
from faintsky.testing.parametric import ParametricConformance

__all__ = ["PowerModelConformance"]

Array = NDArray[np.float64]


class PowerModelConformance(ParametricConformance):
    """Finite wherever its priors allow, alike one by one and in a batch, with named parameters that obey a study.

    Examples
    --------
    >>> class TestMine(PowerModelConformance):
    ...     component = "shot-plus-power-law"
    """

    kind: ClassVar[str] = "power_models"
    #: Wavenumbers of 2 arcsec to 2 degrees [rad^-1].
    q: ClassVar[Array] = 2 * np.pi / (np.geomspace(2.0, 7200.0, 40) * ARCSEC)

    def evaluate(self, model: Any) -> Array:
        """The power at 40 wavenumbers."""
        return np.asarray(model.power(self.q))

    def test_power_has_the_shape_of_q(self, model: Any) -> None:
        assert np.broadcast_to(model.power(self.q), self.q.shape).shape == self.q.shape

    def test_a_fixed_parameter_is_not_free(self, model: Any) -> None:
        first, *rest = free_parameters(model)
        value = float(first.prior.ppf(0.3))
        held = self.ready(self.made_with(fixed={first.name: value}))
        assert [p.name for p in free_parameters(held)] == [p.name for p in rest]
        theta = self.draws(model, 5)
        theta[:, 0] = value
        np.testing.assert_allclose(at(held, theta[:, 1:]).power(self.q), at(model, theta).power(self.q), rtol=1e-12)

    def test_an_unknown_parameter_is_refused(self) -> None:
        with pytest.raises(DataError, match="has no parameter 'no-such-thing'"):
            self.made_with(fixed={"no-such-thing": 1.0})

    def made_with(self, **more: Any) -> Any:
        """The component with some options replaced."""
        import attrs

        return attrs.evolve(self.made(), **more)
