"""The conformance suite of the kind ``spectra``."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
import numpy as np
import pytest
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.parameter import at, free_parameters, values_of, with_values
from faintsky.testing.parametric import ParametricConformance

__all__ = ["SpectrumConformance"]

Array = NDArray[np.float64]

#: Falling, of no width, 0, negative, not finite, a single one, and in two dimensions.
WRONG_EDGES = ([2.0, 1.0], [1.0, 1.0], [0.0, 1.0], [-1.0, 1.0], [1.0, np.nan], [1.0, np.inf], [1.0], [[1.0, 2.0]])


class SpectrumConformance(ParametricConformance):
    """Photons that add up over bins, or factors; finite at all energies; a norm that multiplies; a redshift that only shifts.

    Examples
    --------
    >>> class TestMine(SpectrumConformance):
    ...     component = "cutoffpl"
    """

    kind: ClassVar[str] = "spectra"
    #: Whether the component gives photons.
    additive: ClassVar[bool] = True
    #: Energies [keV] between which it is finite, at redshift 0.
    energies: ClassVar[tuple[float, float]] = (0.1, 1000.0)
    #: Relative error that a wide bin may have against its parts.
    tolerance: ClassVar[float] = 1e-6
    #: Where a parameter `redshift` acts by E (1 + z): on photons divided by (1 + z), and on factors. None: by another rule.
    redshift: ClassVar[str | None] = None
    #: Largest factor of a multiplicative component.
    largest: ClassVar[float] = 1.0

    def grid(self, number: int = 40) -> Array:
        """Edges of logarithmic bins over the energies of the component."""
        return np.geomspace(*self.energies, number + 1)

    def evaluate(self, model: Any) -> Array:
        """The bins of the grid."""
        return np.asarray(model.photon_flux(self.grid()))

    def test_it_says_what_it_gives(self, model: Any) -> None:
        assert model.additive is self.additive

    def test_bins_have_the_shape_of_the_edges(self, model: Any) -> None:
        assert self.evaluate(model).shape == (40,)
        assert at(model, self.draws(model, 3)).photon_flux(self.grid(7)).shape == (3, 7)

    def test_it_is_finite_and_not_negative(self, model: Any) -> None:
        found = self.evaluate(at(model, self.draws(model, 20)))
        assert np.all(np.isfinite(found))
        assert np.all(found >= 0)
        assert np.any(found > 0)
        if not self.additive:
            assert np.all(found <= self.largest * (1 + 1e-12))

    def test_a_wide_bin_is_made_of_its_parts(self, model: Any) -> None:
        fine = self.grid(48)
        parts, wide = model.photon_flux(fine), model.photon_flux(fine[::4])
        width = np.diff(fine)
        if self.additive:
            expected = parts.reshape(-1, 4).sum(axis=1)
        else:
            expected = (parts * width).reshape(-1, 4).sum(axis=1) / width.reshape(-1, 4).sum(axis=1)
        np.testing.assert_allclose(wide, expected, rtol=self.tolerance, atol=1e-12 * np.max(expected))

    @pytest.mark.parametrize("edges", WRONG_EDGES)
    def test_wrong_edges_are_refused(self, model: Any, edges: Any) -> None:
        with pytest.raises(DataError, match="energ"):
            model.photon_flux(np.array(edges))

    def test_a_norm_multiplies(self, model: Any) -> None:
        if "norm" not in values_of(model):
            pytest.skip("no parameter norm")
        single, triple = (self.evaluate(with_values(model, {"norm": value})) for value in (1e-4, 3e-4))
        np.testing.assert_allclose(triple, 3 * single, rtol=1e-12)
        assert np.all(self.evaluate(with_values(model, {"norm": 0.0})) == 0)

    def test_a_redshift_shifts_energies(self, model: Any) -> None:
        if self.redshift is None:
            pytest.skip("no parameter redshift, or a rule of its own")
        edges = np.geomspace(self.energies[0], self.energies[1] / 3, 60)
        shifted = with_values(model, {self.redshift: 1.5}).photon_flux(edges)
        expected = with_values(model, {self.redshift: 0.0}).photon_flux(2.5 * edges) / (2.5 if self.additive else 1.0)
        np.testing.assert_allclose(shifted, expected, rtol=self.tolerance, atol=1e-15 * np.max(expected))

    def test_a_held_parameter_is_not_free_and_keeps_its_value(self, model: Any) -> None:
        first, *rest = free_parameters(model)
        value = float(first.prior.ppf(0.3))
        held = attrs.evolve(model, fixed={**model.fixed, first.name: value})
        assert [p.name for p in free_parameters(held)] == [p.name for p in rest]
        theta = self.draws(model, 3)
        theta[:, 0] = value
        expected = self.evaluate(at(model, theta))
        found = np.broadcast_to(self.evaluate(at(held, theta[:, 1:])), expected.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
