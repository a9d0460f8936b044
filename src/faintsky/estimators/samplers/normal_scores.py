"""A likelihood in coordinates in which its prior is a standard normal."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.special import ndtr

from faintsky.core.likelihood import Likelihood
from faintsky.core.parameter import Parameter
from faintsky.core.prior import Normal

__all__ = ["NormalScores"]

Array = NDArray[np.float64]

#: Beyond the second one a cumulative probability is 1 to rounding, and the prior's largest value may be infinite.
_LOWEST, _HIGHEST = -37.0, 8.1


@frozen(kw_only=True, eq=False)
class NormalScores(Likelihood):
    """Normal scores z for parameters theta, with ndtr(z) the cumulative prior probability of theta.

    Priors have no edges here, and no tail is flat: kernels that are nearly normal describe a posterior that fills its prior as
    well as one that fills a small part of it. ln Z is the same. The prior must be a product over the parameters.
    """

    likelihood: Likelihood

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Those of the likelihood, standard normal."""
        return tuple(Parameter(name=p.name, prior=Normal(mean=0.0, sigma=1.0)) for p in self.likelihood.parameters)

    def log_likelihood(self, theta: Array) -> Array:
        """ln L at normal scores of shape (n, d), shape (n,).

        Raises
        ------
        LikelihoodError
            Where it is NaN; the message holds the parameters, not the scores.
        """
        return self.likelihood.checked(self.values(theta))

    def fingerprint(self) -> str:
        """That of the likelihood."""
        return self.likelihood.fingerprint()

    def values(self, scores: Array) -> Array:
        """Parameters at normal scores, both of shape (n, d)."""
        return self.likelihood.prior_transform(ndtr(np.clip(scores, _LOWEST, _HIGHEST)))

    def scores(self, theta: Array) -> Array:
        """Normal scores of parameters, both of shape (n, d), by bisection of the priors' quantile functions."""
        low, high = np.full(theta.shape, _LOWEST), np.full(theta.shape, _HIGHEST)
        for _ in range(55):
            middle = 0.5 * (low + high)
            below = self.values(middle) < theta
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return np.asarray(0.5 * (low + high))
