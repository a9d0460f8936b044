"""The conformance suite of the kind ``luminosity_functions``."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import attrs
import numpy as np
import pytest
from numpy.typing import NDArray

from faintsky.core.band import Band
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.luminosity_function import AssumedCosmology, LuminosityFunction, Provenance
from faintsky.core.parameter import at
from faintsky.core.validity import OUTSIDE, Validity
from faintsky.testing.parametric import ParametricConformance
from faintsky.testing.subject import ComponentConformance

__all__ = ["LuminosityFunctionConformance", "ParametricLuminosityFunctionConformance"]

Array = NDArray[np.float64]

#: Steps of the search for kinks: in ln(1 + z), and in log L.
_STEP = 2e-4
#: Largest third difference that is no kink: a third derivative of 1e4 makes less than a tenth of it, a slope that changes by 0.05
#: at a kink five times as much.
_KINK = 2e-6


class LuminosityFunctionConformance(ComponentConformance):
    """Density, its logarithm, breaks and policies of any luminosity function.

    Attributes
    ----------
    log_l, z : tuple of float
        Where the suite evaluates it.

    Examples
    --------
    >>> class TestMine(LuminosityFunctionConformance):
    ...     component = "tabulated"
    ...     options = {"path": "mine.ecsv"}
    """

    kind: ClassVar[str] = "luminosity_functions"
    log_l: ClassVar[tuple[float, float]] = (42.0, 46.0)
    z: ClassVar[tuple[float, float]] = (0.1, 5.0)

    @pytest.fixture
    def model(self) -> Any:
        return self.made()

    def points(self, number: int = 60) -> tuple[Array, Array]:
        """Luminosities and redshifts all over the range, shape (number,) each."""
        rng = np.random.default_rng(6)
        return rng.uniform(*self.log_l, number), rng.uniform(*self.z, number)

    def test_it_says_what_it_holds_for(self, model: Any) -> None:
        assert isinstance(model, LuminosityFunction)
        assert isinstance(model.band, Band)
        assert isinstance(model.cosmology, AssumedCosmology)
        assert isinstance(model.validity, Validity)
        assert isinstance(model.provenance, Provenance)
        assert model.outside in OUTSIDE
        assert model.name

    def test_density_is_the_exponential_of_its_logarithm(self, model: Any) -> None:
        found = _quiet(model).evaluate(*self.points())
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, np.exp(model.log_density(*self.points())), rtol=1e-13)

    def test_arguments_broadcast(self, model: Any) -> None:
        log_l, z = self.points()
        grid = model.log_density(log_l[:, None], z)
        assert grid.shape == (log_l.size, z.size)
        np.testing.assert_allclose(np.diagonal(grid), model.log_density(log_l, z), rtol=1e-13, atol=1e-12)
        assert np.shape(model.log_density(log_l[0], z[0])) == ()
        assert float(model.log_density(log_l[0], z[0])) == pytest.approx(grid[0, 0], rel=1e-13)

    def test_breaks_have_their_shapes(self, model: Any) -> None:
        log_l, _ = self.points()
        assert model.log_l_breaks().ndim == 1
        found = model.z_breaks(log_l)
        assert found.shape == (found.shape[0], log_l.size)

    def test_there_is_no_kink_in_redshift_but_at_breaks(self, model: Any) -> None:
        x = np.arange(np.log1p(self.z[0]), np.log1p(self.z[1]), _STEP)
        for log_l in np.linspace(*self.log_l, 5) + 0.0137:
            if log_l >= self.log_l[1]:
                continue
            breaks = np.log1p(model.z_breaks(np.array([log_l]))[:, 0])
            away = np.all(np.abs(x[:, None] - breaks) > 4 * _STEP, axis=1)
            _no_kink(model.log_density(log_l, np.expm1(x)), away)

    def test_there_is_no_kink_in_luminosity_but_at_breaks(self, model: Any) -> None:
        log_l = np.arange(*self.log_l, _STEP)
        inner = np.all(np.abs(log_l[:, None] - model.log_l_breaks()) > 4 * _STEP, axis=1)
        z_breaks = model.z_breaks(log_l)
        for breaks in z_breaks:
            _no_kink(breaks, inner)
        for z in np.linspace(*self.z, 5)[:-1] + 0.0137:
            # A break that moves with luminosity passes a redshift: there the density has a kink in luminosity as well.
            passes = np.any(np.sign(z_breaks[:, 1:] - z) != np.sign(z_breaks[:, :-1] - z), axis=0)
            near = np.convolve(np.append(passes, False), np.ones(9), mode="same") > 0
            _no_kink(model.log_density(log_l, z), inner & ~near)

    def test_outside_of_its_validity_the_policy_holds(self, model: Any) -> None:
        inside, beyond = _ends(model.validity)
        if beyond is None:
            assert np.all(model.validity.holds(*self.points()))
            return
        log_l, z = np.array([inside, beyond]).T
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            quiet = _quiet(model).log_evaluate(log_l, z)
            blank = attrs.evolve(model, outside="nan").log_evaluate(log_l, z)
        np.testing.assert_array_equal(quiet, model.log_density(log_l, z))
        assert np.isfinite(blank[0])
        assert np.isnan(blank[1])
        with pytest.warns(FaintskyWarning, match="extrapolation"):
            attrs.evolve(model, outside="warn").evaluate(log_l, z)
        with pytest.raises(DataError, match="was measured at"):
            attrs.evolve(model, outside="raise").evaluate(log_l, z)


class ParametricLuminosityFunctionConformance(LuminosityFunctionConformance, ParametricConformance):
    """Luminosity functions with parameters: also finite over their priors, and alike one by one and in a batch.

    Examples
    --------
    >>> class TestMine(ParametricLuminosityFunctionConformance):
    ...     component = "ldde1"
    """

    @pytest.fixture
    def model(self) -> Any:
        return self.made()

    def evaluate(self, model: Any) -> Array:
        """ln phi at 60 points of luminosity and redshift."""
        return np.asarray(model.log_density(*self.points()))

    def test_a_batch_evaluates_to_the_densities_of_its_rows(self, model: Any) -> None:
        theta = self.draws(model, 20)
        together = np.exp(self.evaluate(at(model, theta)))
        for row, one in zip(together, theta, strict=True):
            np.testing.assert_allclose(row, np.exp(self.evaluate(at(model, one))), rtol=1e-13)

    def test_breaks_of_a_batch_are_those_of_its_rows(self, model: Any) -> None:
        log_l, _ = self.points()
        theta = self.draws(model, 20)
        batch = at(model, theta)
        in_l, in_z = batch.log_l_breaks(), batch.z_breaks(log_l)
        rows = [at(model, row) for row in theta]
        if in_l.size:
            assert in_l.shape == (len(theta), in_l.shape[-1])
            np.testing.assert_allclose(in_l, [row.log_l_breaks() for row in rows], rtol=1e-13)
        if in_z.size:
            assert in_z.shape == (in_z.shape[0], len(theta), log_l.size)
            np.testing.assert_allclose(in_z, np.stack([row.z_breaks(log_l) for row in rows], axis=1), rtol=1e-13)
        own = np.broadcast_to(log_l, (len(theta), log_l.size))
        np.testing.assert_array_equal(batch.z_breaks(own), in_z if in_z.size else batch.z_breaks(own))


def _no_kink(values: Array, away: NDArray[np.bool_]) -> None:
    """No step in the second differences of points that are all `away` from breaks."""
    jumps = np.abs(np.diff(values, n=3))
    clear = away[:-3] & away[1:-2] & away[2:-1] & away[3:]
    assert np.max(jumps[clear], initial=0.0) < _KINK, "a kink that is no break"


def _ends(validity: Validity) -> tuple[tuple[float, float], tuple[float, float] | None]:
    """A point inside, and one beyond the first end that is finite, each (log L, z); None where there is none."""
    low, high = max(validity.log_l[0], 40.0), min(validity.log_l[1], 47.0)
    first, last = max(validity.z[0], 0.01), min(validity.z[1], 8.0)
    inside = 0.5 * (low + high), 0.5 * (first + last)
    if np.isfinite(validity.z[1]):
        return inside, (inside[0], 1.1 * validity.z[1])
    return inside, (validity.log_l[1] + 0.5, inside[1]) if np.isfinite(validity.log_l[1]) else None


def _quiet(model: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FaintskyWarning)
        return attrs.evolve(model, outside="ignore")
