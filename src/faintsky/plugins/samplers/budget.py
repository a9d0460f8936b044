"""The likelihood as an engine sees it: calls counted where they happen, limits kept, NaN refused."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faintsky.core.likelihood import Likelihood

__all__ = ["Budget", "SpentError"]

Array = NDArray[np.float64]

#: How many of the best points are kept, for a run that a limit ends before it has a posterior.
_KEPT = 1000


class SpentError(Exception):
    """The budget is spent; `reason` is a status of a Posterior."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Budget:
    """Counts the evaluations of a likelihood and stops them at a limit.

    Parameters
    ----------
    likelihood : Likelihood
    max_calls : int
        0 = no limit. It is never exceeded: of a batch that does not fit, what fits is evaluated.
    max_seconds : float
        CPU seconds; 0 = no limit. The first batch is always evaluated.
    """

    def __init__(self, likelihood: Likelihood, max_calls: int = 0, max_seconds: float = 0.0) -> None:
        self.likelihood, self.max_calls, self.max_seconds = likelihood, max_calls, max_seconds
        self.calls = 0
        #: CPU seconds of earlier processes that a checkpoint brings.
        self.earlier = 0.0
        self._started = time.process_time()
        self._theta: list[Array] = []
        self._values: list[Array] = []
        self._rows = 0

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds spent so far."""
        return self.earlier + time.process_time() - self._started

    def batch(self, theta: Array) -> Array:
        """ln L at `theta` of shape (n, d), shape (n,).

        Raises
        ------
        SpentError
            Where a limit is reached; engines that know no limits meet it here.
        LikelihoodError
            Where ln L is NaN.
        """
        if self.max_seconds and self.calls and self.cpu_seconds >= self.max_seconds:
            raise SpentError("max_seconds")
        room = max(self.max_calls - self.calls, 0) if self.max_calls else len(theta)
        asked, values = theta[:room], np.empty(0)
        if len(asked):
            self.calls += len(asked)
            values = self.likelihood.checked(asked)
            self._remember(asked, values)
        if room < len(theta):
            raise SpentError("max_calls")
        return values

    def one(self, theta: Any) -> float:
        """ln L at one point."""
        return float(self.batch(np.array(theta, dtype=float)[None, :])[0])

    def posterior(self, theta: Array) -> Array:
        """ln L + ln prior at `theta` of shape (n, d); L is only asked inside the prior."""
        prior = self.likelihood.log_prior(theta)
        inside = np.isfinite(prior)
        result = np.full(len(theta), -np.inf)
        if inside.any():
            result[inside] = prior[inside] + self.batch(theta[inside])
        return result

    def _remember(self, theta: Array, values: Array) -> None:
        if not self.max_calls and not self.max_seconds:
            return
        self._theta.append(np.array(theta))
        self._values.append(values)
        self._rows += len(values)
        if self._rows > 8 * _KEPT:
            best_theta, best_values = self.best()
            self._theta, self._values, self._rows = [best_theta], [best_values], len(best_values)

    def best(self) -> tuple[Array, Array]:
        """The best points so far, (n, d), and their ln L, (n,): a hint where the mass lies, and no posterior."""
        theta = np.concatenate(self._theta) if self._theta else np.empty((0, self.likelihood.ndim))
        values = np.concatenate(self._values) if self._values else np.empty(0)
        order = np.argsort(values, kind="stable")[-_KEPT:]
        return theta[order], values[order]
