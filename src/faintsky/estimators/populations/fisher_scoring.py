"""The maximum of the likelihood of a population, by Fisher's method of scoring."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError
from faintsky.estimators.populations.bound_population import BoundPopulation

__all__ = ["BestFit", "fisher_scoring"]

Array = NDArray[np.float64]

#: Shares of a step that are tried, and the gain in ln L below which the maximum is found.
_SHARES, _GAIN = np.array([1.0, 0.5, 0.25, 0.1, 0.03]), 1e-4


@frozen(kw_only=True, eq=False)
class BestFit:
    """The maximum of ln L.

    Attributes
    ----------
    theta : ndarray, shape (d,)
    covariance : ndarray, shape (d, d)
        Inverse of Fisher's information there: that of sources at known luminosities and redshifts, which densities widen.
    log_likelihood : float
    steps : int
    converged : bool
    """

    theta: Array
    covariance: Array
    log_likelihood: float
    steps: int
    converged: bool

    @property
    def sigma(self) -> Array:
        """1 sigma errors, shape (d,)."""
        return np.sqrt(np.diag(self.covariance))


def fisher_scoring(likelihood: BoundPopulation, start: ArrayLike, scale: ArrayLike, max_steps: int = 40) -> BestFit:
    """Climb to a maximum of ln L by steps along the inverse of the information matrix; half a dozen are the rule.

    Parameters
    ----------
    likelihood : BoundPopulation
    start : array_like, shape (d,)
        Where to begin; priors are not part of it.
    scale : array_like, shape (d,)
        Steps of the derivatives of ln phi: about a tenth of the expected errors.
    max_steps : int

    Raises
    ------
    DataError
        Where ln L is not finite at the start.
    """
    theta, step = np.array(start, dtype=float), np.asarray(scale, dtype=float)
    best = float(likelihood.log_likelihood(theta[None])[0])
    if not np.isfinite(best):
        raise DataError(f"ln L is {best} at the start {theta.tolist()}: begin where all sources are possible")
    for done in range(max_steps):  # noqa: B007
        covariance: Array = np.asarray(np.linalg.inv(likelihood.information(theta, step)), dtype=np.float64)
        sigma = np.sqrt(np.diag(covariance))
        ends = likelihood.log_likelihood(np.concatenate([theta + 0.1 * np.diag(sigma), theta - 0.1 * np.diag(sigma)]))
        slope = (ends[: theta.size] - ends[theta.size :]) / (0.2 * sigma)
        move = covariance @ slope
        if converged := bool(slope @ move < _GAIN):
            break
        values = likelihood.log_likelihood(theta + _SHARES[:, None] * move)
        if not (values > best).any():
            converged = bool(slope @ move < 100 * _GAIN)  # a kink of ln L: a source passes a break of the model
            break
        first = int(np.argmax(values > best))
        theta, best = theta + _SHARES[first] * move, float(values[first])
    return BestFit(theta=theta, covariance=covariance, log_likelihood=best, steps=done, converged=converged)
