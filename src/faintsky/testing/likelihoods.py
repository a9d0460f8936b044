"""The conformance suite of likelihoods: what samplers take, whatever it was bound from."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from faintsky.core.likelihood import Likelihood

__all__ = ["LikelihoodConformance"]


class LikelihoodConformance:
    """Batched, finite or -inf, identified by its data and priors.

    A subclass says how the likelihood is bound: `bound`, and `bound_to_other_data`.

    Examples
    --------
    >>> from faintsky.testing.problems import CorrelatedGaussian
    >>> class TestMine(LikelihoodConformance):
    ...     def bound(self):
    ...         return CorrelatedGaussian()
    ...     def bound_to_other_data(self):
    ...         return CorrelatedGaussian(centre=1.0)
    """

    @abstractmethod
    def bound(self) -> Likelihood:
        """The likelihood; a new object at each call."""

    @abstractmethod
    def bound_to_other_data(self) -> Likelihood:
        """The same likelihood of slightly other data, or with another prior."""

    def points(self, number: int = 300) -> NDArray[np.float64]:
        """Draws from the prior, and the corners of the prior's central 1 - 2e-9."""
        likelihood = self.bound()
        cube = np.random.default_rng(5).random((number, likelihood.ndim))
        corners = np.array(np.meshgrid(*[[1e-9, 1 - 1e-9]] * min(likelihood.ndim, 6))).reshape(min(likelihood.ndim, 6), -1).T
        far = np.full((len(corners), likelihood.ndim), 0.5)
        far[:, : corners.shape[1]] = corners
        return likelihood.prior_transform(np.concatenate([cube, far]))

    def test_a_batch_is_the_loop_over_its_rows(self) -> None:
        theta, likelihood = self.points(), self.bound()
        together = likelihood.log_likelihood(theta)
        assert together.shape == (len(theta),)
        np.testing.assert_allclose([likelihood.log_likelihood(row[None])[0] for row in theta], together, rtol=1e-10, atol=1e-10)

    def test_the_order_of_rows_does_not_matter(self) -> None:
        theta, likelihood = self.points(), self.bound()
        order = np.random.default_rng(6).permutation(len(theta))
        np.testing.assert_allclose(
            likelihood.log_likelihood(theta[order]), likelihood.log_likelihood(theta)[order], rtol=1e-10, atol=1e-10
        )

    def test_it_is_finite_or_minus_infinity(self) -> None:
        values = self.bound().log_likelihood(self.points())
        assert not np.isnan(values).any()
        assert not np.any(values == np.inf)
        assert np.isfinite(values).any()

    def test_it_leaves_its_input_alone(self) -> None:
        theta = self.points()
        kept = theta.copy()
        theta.flags.writeable = False
        self.bound().log_likelihood(theta)
        np.testing.assert_array_equal(theta, kept)

    def test_its_parameters_are_named_once_and_have_priors(self) -> None:
        likelihood = self.bound()
        assert likelihood.ndim > 0
        assert len(set(likelihood.names)) == likelihood.ndim
        assert np.all(np.isfinite(likelihood.log_prior(self.points())))

    def test_the_prior_transform_stays_in_the_support(self) -> None:
        theta = self.points()
        for values, parameter in zip(theta.T, self.bound().parameters, strict=True):
            low, high = parameter.prior.support
            assert np.all((values >= low) & (values <= high))

    def test_the_fingerprint_is_that_of_data_and_priors(self) -> None:
        assert self.bound().fingerprint() == self.bound().fingerprint()
        assert self.bound().fingerprint() != self.bound_to_other_data().fingerprint()
