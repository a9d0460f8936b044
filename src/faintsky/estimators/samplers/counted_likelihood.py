"""A likelihood as an importance sampler sees it: calls counted where they happen, limits kept, NaN refused."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from faintsky.core.likelihood import Likelihood
from faintsky.core.parameter import Parameter

__all__ = ["CountedLikelihood", "LimitError"]

Array = NDArray[np.float64]

#: Rows asked for at once: a limit of time is looked at between them.
_ROWS = 500

#: Points kept for a run that a limit ends.
_KEPT = 1000


class LimitError(Exception):
    """A limit is reached; `status` is that of the Posterior."""

    def __init__(self, status: str) -> None:
        self.status = status
        super().__init__(status)


class CountedLikelihood(Likelihood):
    """A likelihood that counts its calls, ends at a limit, and refuses NaN.

    Parameters
    ----------
    likelihood : Likelihood
    max_calls : int
        Never exceeded; 0 = no limit.
    max_seconds : float
        CPU seconds; 0 = no limit. The first batch is always evaluated.
    """

    def __init__(self, likelihood: Likelihood, max_calls: int = 0, max_seconds: float = 0.0) -> None:
        self.likelihood, self.max_calls, self.max_seconds = likelihood, max_calls, max_seconds
        self.calls = 0
        self._began = time.process_time()
        self._best: tuple[Array, Array] = np.empty((0, likelihood.ndim)), np.empty(0)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Those of the likelihood."""
        return self.likelihood.parameters

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds since it was made."""
        return time.process_time() - self._began

    def fingerprint(self) -> str:
        """That of the likelihood."""
        return self.likelihood.fingerprint()

    def log_prior(self, theta: NDArray[np.float64] | Sequence[float]) -> Array:  # type: ignore[override]
        """ln prior of the likelihood, which may be no product over its parameters."""
        return self.likelihood.log_prior(theta)

    def prior_transform(self, u: NDArray[np.float64]) -> Array:  # type: ignore[override]
        """That of the likelihood."""
        return self.likelihood.prior_transform(u)

    def log_likelihood(self, theta: Array) -> Array:
        """ln L at `theta` of shape (n, d), shape (n,).

        Raises
        ------
        LimitError
            Where a limit is reached; what fits below it is evaluated and kept.
        LikelihoodError
            Where ln L is NaN.
        """
        values = [np.empty(0)]
        for start in range(0, len(theta), _ROWS):
            if self.max_seconds and self.calls and self.cpu_seconds >= self.max_seconds:
                raise LimitError("max_seconds")
            part = theta[start : start + _ROWS]
            asked = part[: max(self.max_calls - self.calls, 0)] if self.max_calls else part
            if len(asked):
                self.calls += len(asked)
                values.append(self.likelihood.checked(asked))
                self._keep(asked, values[-1])
            if len(asked) < len(part):
                raise LimitError("max_calls")
        return np.concatenate(values)

    def inside(self, theta: Array) -> tuple[Array, Array]:
        """ln L, asked only inside the prior, and ln prior, both of shape (n,)."""
        prior = self.log_prior(theta)
        possible = np.isfinite(prior)
        value = np.full(len(theta), -np.inf)
        value[possible] = self.log_likelihood(theta[possible])
        return value, prior

    def _keep(self, theta: Array, values: Array) -> None:
        if self.max_calls or self.max_seconds:
            points, found = np.concatenate([self._best[0], theta]), np.concatenate([self._best[1], values])
            order = np.argsort(found, kind="stable")[-_KEPT:]
            self._best = points[order], found[order]

    def best_seen(self) -> tuple[Array, Array, Array]:
        """Points (n, d), ln L (n,) and weights (n,) where a limit ended a run: a hint where the mass lies, no posterior."""
        points, values = self._best
        top = values.max(initial=-np.inf)
        shares = np.exp(values - top) if np.isfinite(top) else np.ones(len(values))
        return points, values, shares / shares.sum()
