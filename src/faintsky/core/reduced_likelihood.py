"""Likelihoods most of whose parameters can be integrated out without sampling."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, runtime_checkable

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.likelihood import Likelihood

__all__ = ["IntegralCheck", "ReducedLikelihood", "Reducible"]

Array = NDArray[np.float64]


@frozen(kw_only=True)
class IntegralCheck:
    """What a reduced likelihood knows of the integrals that it is made of.

    Attributes
    ----------
    error : float
        1-sigma error of ln Z that they bring.
    doubts : tuple of str
        Why they should not be trusted; empty: all is well.
    """

    error: float = 0.0
    doubts: tuple[str, ...] = ()


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

    def judged(self, theta: Array) -> IntegralCheck:
        """How good the integrals are at `theta` of shape (n, d), a sample of the posterior; by default they are exact."""
        return IntegralCheck()


@runtime_checkable
class Reducible(Protocol):
    """A likelihood that can be reduced."""

    @abstractmethod
    def reduced(self) -> ReducedLikelihood:
        """The likelihood of the parameters that must be sampled."""
