"""The Likelihood interface, and the kind ``likelihoods`` that binds data to a model."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.context import Context
from faintsky.core.errors import LikelihoodError
from faintsky.core.parameter import Parameter

__all__ = ["Likelihood", "LikelihoodRule"]

Data = TypeVar("Data", contravariant=True)
Model = TypeVar("Model", contravariant=True)


@runtime_checkable
class Likelihood(Protocol):
    """Data and model bound together: what every sampler takes. Batched is the only form."""

    @property
    @abstractmethod
    def parameters(self) -> tuple[Parameter, ...]:
        """The free parameters, in the order of the columns of `theta`."""

    @abstractmethod
    def log_likelihood(self, theta: NDArray[np.float64]) -> NDArray[np.float64]:
        """ln L at `theta` of shape (n, d); shape (n,). -inf where the model is impossible, never NaN."""

    def residuals(self, theta: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Residuals of unit variance at `theta` of shape (n, d), shape (n, number of data), or None where data are not Gaussian.

        A study tells the goodness of fit from them.
        """
        return None

    @abstractmethod
    def fingerprint(self) -> str:
        """Identity of data + priors: two evidences may be compared only where it is the same data."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(p.name for p in self.parameters)

    @property
    def ndim(self) -> int:
        """Number of free parameters."""
        return len(self.parameters)

    def prior_transform(self, u: ArrayLike) -> NDArray[np.float64]:
        """Parameters at the cumulative probabilities `u` of shape (..., d)."""
        cube = np.asarray(u, dtype=float)
        return np.stack([p.prior.ppf(cube[..., i]) for i, p in enumerate(self.parameters)], axis=-1)

    def log_prior(self, theta: ArrayLike) -> NDArray[np.float64]:
        """ln of the prior density at `theta` of shape (n, d); shape (n,)."""
        values = np.asarray(theta, dtype=float)
        total = np.zeros(values.shape[:-1])
        for i, p in enumerate(self.parameters):
            total = total + p.prior.logpdf(values[..., i])
        return total

    def checked(self, theta: ArrayLike) -> NDArray[np.float64]:
        """`log_likelihood`, refusing NaN.

        Raises
        ------
        LikelihoodError
            The message holds the parameters that gave NaN.
        """
        values = np.atleast_2d(np.asarray(theta, dtype=float))
        result = np.asarray(self.log_likelihood(values), dtype=float)
        if np.isnan(result).any():
            bad = values[np.isnan(result)][0]
            where = ", ".join(f"{name} = {x:.6g}" for name, x in zip(self.names, bad, strict=True))
            raise LikelihoodError(f"{type(self).__name__} returned NaN at {where}")
        return result


@runtime_checkable
class LikelihoodRule(Protocol[Data, Model]):
    """A component of kind ``likelihoods``: how data of one type are compared with a model of one type."""

    @abstractmethod
    def bind(self, data: Data, model: Model, ctx: Context) -> Likelihood:
        """The likelihood of the free parameters of `model` given `data`.

        Raises
        ------
        DataError
            Where the data cannot constrain the model at all (no bins in range, no finite errors).
        """
