"""The likelihood as an engine sees it: calls counted where they happen, limits kept, NaN refused."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faintsky.core.likelihood import Likelihood

__all__ = ["Budget", "SpentError"]


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
        0 = no limit.
    max_seconds : float
        CPU seconds; 0 = no limit.
    """

    def __init__(self, likelihood: Likelihood, max_calls: int = 0, max_seconds: float = 0.0) -> None:
        self.likelihood, self.max_calls, self.max_seconds = likelihood, max_calls, max_seconds
        self.calls = 0
        self.started = time.process_time()

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds since the start."""
        return time.process_time() - self.started

    def check(self) -> None:
        """Raise `SpentError` where a limit is reached; engines without limits meet it in their likelihood calls."""
        if self.max_calls and self.calls >= self.max_calls:
            raise SpentError("max_calls")
        if self.max_seconds and self.cpu_seconds >= self.max_seconds:
            raise SpentError("max_seconds")

    def batch(self, theta: NDArray[np.float64]) -> NDArray[np.float64]:
        """ln L at `theta` of shape (n, d), shape (n,)."""
        self.check()
        self.calls += len(theta)
        return self.likelihood.checked(theta)

    def one(self, theta: Any) -> float:
        """ln L at one point; -1e300 stands for -inf, which nested samplers cannot rank."""
        value = float(self.batch(np.asarray(theta, dtype=float)[None, :])[0])
        return max(value, -1e300)

    def posterior(self, theta: NDArray[np.float64]) -> NDArray[np.float64]:
        """ln L + ln prior at `theta` of shape (n, d); L is only asked inside the prior."""
        prior = self.likelihood.log_prior(theta)
        inside = np.isfinite(prior)
        result = np.full(len(theta), -np.inf)
        if inside.any():
            result[inside] = prior[inside] + self.batch(theta[inside])
        return result
