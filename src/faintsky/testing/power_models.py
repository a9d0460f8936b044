"""The conformance suite of the kind ``power_models``."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.parameter import Parametric, at, free_parameters
from faintsky.core.units import ARCSEC
from faintsky.testing.subject import ComponentConformance

__all__ = ["PowerModelConformance"]

Array = NDArray[np.float64]


class PowerModelConformance(ComponentConformance):
    """Finite wherever its priors allow, alike one by one and in a batch, with named parameters that obey a study.

    Examples
    --------
    >>> class TestMine(PowerModelConformance):
    ...     component = "shot-plus-power-law"
    """

    kind: ClassVar[str] = "power_models"
    #: Wavenumbers of 2 arcsec to 2 degrees [rad^-1].
    q: ClassVar[Array] = 2 * np.pi / (np.geomspace(2.0, 7200.0, 40) * ARCSEC)

    @pytest.fixture
    def model(self) -> Any:
        return self.ready(self.made())

    def ready(self, component: Any) -> Any:
        """The model that is evaluated; override it where a component needs a spectrum first (`PowerModel.for_spectrum`)."""
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

    def test_power_has_the_shape_of_q(self, model: Any) -> None:
        assert np.broadcast_to(model.power(self.q), self.q.shape).shape == self.q.shape

    def test_a_batch_is_the_loop_over_its_rows(self, model: Any) -> None:
        theta = self.draws(model)
        together = at(model, theta).power(self.q)
        assert together.shape == (len(theta), self.q.size)
        one_by_one = np.array([at(model, row).power(self.q) for row in theta])
        np.testing.assert_allclose(together, one_by_one, rtol=1e-12)

    def test_it_is_finite_all_over_its_priors(self, model: Any) -> None:
        ends = np.array([p.prior.ppf([1e-9, 0.5, 1 - 1e-9]) for p in free_parameters(model)]).T
        theta = np.concatenate([self.draws(model), ends])
        assert np.all(np.isfinite(at(model, theta).power(self.q)))

    def test_every_free_parameter_moves_it(self, model: Any) -> None:
        theta = self.draws(model, 2)
        reference = at(model, theta[:1]).power(self.q)
        for i, parameter in enumerate(free_parameters(model)):
            moved = theta[:1].copy()
            moved[0, i] = theta[1, i]
            assert not np.array_equal(at(model, moved).power(self.q), reference), parameter.name

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
