"""Likelihoods most of whose parameters can be integrated out without sampling."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from faintsky.core.likelihood import Likelihood

__all__ = ["Reducible", "ReducedLikelihood"]

Array = NDArray[np.float64]


class ReducedLikelihood(Likelihood, Protocol):
    """A likelihood of few parameters, the rest of the full one's integrated out: its evidence is that of the full one.

    Any sampler takes it; `factorised` also draws the other parameters with it.
    """

    def pilot(self, number: int, rng: np.random.Generator) -> Array:
        """Points all over the posterior, shape (number, d): where to look first. By default draws from the prior."""
        return self.prior_transform(rng.random((number, self.ndim)))

    def pilot_log_density(self, theta: Array) -> Array:
        """ln of the normalised density that `pilot` draws from, at `theta` of shape (n, d); shape (n,)."""
        return self.log_prior(theta)

    @abstractmethod
    def completed(self, theta: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """Draws of all parameters of the full likelihood, given these.

        Parameters
        ----------
        theta : ndarray, shape (n, d)

        Returns
        -------
        full : ndarray, shape (n, D)
            In the order of the full likelihood's parameters.
        log_likelihood : ndarray, shape (n,)
            The full ln L there.
        """

    def doubts(self, theta: Array) -> tuple[str, ...]:
        """Why the integrals at `theta` of shape (n, d), a sample of the posterior, should not be trusted; empty: all is well."""
        return ()


@runtime_checkable
class Reducible(Protocol):
    """A likelihood that can be reduced."""

    @abstractmethod
    def reduced(self) -> ReducedLikelihood:
        """The likelihood of the parameters that must be sampled."""
