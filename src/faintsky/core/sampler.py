"""The Sampler interface and the Posterior that every engine returns."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.likelihood import Likelihood
from faintsky.core.one_sigma import QUANTILES

__all__ = ["STATUS", "Posterior", "Sampler", "equal_weight", "weighted_quantile"]

#: What became of a run of a sampler. `unreliable`: its own self-check failed.
STATUS = ("converged", "max_calls", "max_seconds", "not_converged", "unreliable")


def weighted_quantile(
    values: NDArray[np.float64], weights: NDArray[np.float64], q: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Quantiles of weighted samples (midpoint rule: exact for equal weights in the limit of many samples)."""
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order])
    cumulative = (cumulative - 0.5 * weights[order]) / cumulative[-1]
    return np.asarray(np.interp(q, cumulative, values[order]))


def equal_weight(weights: NDArray[np.float64], number: int, start: float = 0.5) -> NDArray[np.intp]:
    """Places of samples of equal weight, by systematic resampling from `start` in [0, 1), shape (number,)."""
    upto = np.cumsum(weights)
    places = np.searchsorted(upto / upto[-1], (np.arange(number) + start) / max(number, 1))
    return np.minimum(places, len(weights) - 1)


@frozen(kw_only=True, eq=False)
class Posterior:
    """Weighted samples of the free parameters.

    Attributes
    ----------
    names, units, latex : tuple of str, length d
    samples : ndarray, shape (n, d)
        In the parameters' units.
    weights : ndarray, shape (n,)
        Sum to 1.
    log_likelihood : ndarray, shape (n,)
    log_z : float or None
        Natural logarithm of the evidence; None for an engine that gives none.
    log_z_error : float or None
        The engine's own 1-sigma error of it (see `diagnostics` for the empirical one).
    calls : int
        Evaluations of the likelihood, counted where they happen.
    cpu_seconds : float
    diagnostics : mapping of str to float
        ``ess``, ``tau``, ``rhat``, ... as far as they are defined for the engine.
    status : str
        One of `STATUS`.
    sampler, version : str
        The component's canonical name, and the engine with its version.
    fingerprint : str
        Of the likelihood.
    """

    names: tuple[str, ...]
    samples: NDArray[np.float64]
    weights: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    calls: int
    cpu_seconds: float
    status: str
    units: tuple[str, ...] = ()
    latex: tuple[str, ...] = ()
    log_z: float | None = None
    log_z_error: float | None = None
    diagnostics: Mapping[str, float] = field(factory=dict)
    notes: tuple[str, ...] = ()
    sampler: str = ""
    version: str = ""
    fingerprint: str = ""

    def column(self, name: str) -> NDArray[np.float64]:
        """Samples of one parameter, shape (n,)."""
        return self.samples[:, self.names.index(name)]

    def quantile(self, name: str, q: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """Posterior quantiles of one parameter."""
        return weighted_quantile(self.column(name), self.weights, q)

    def summary(self, name: str) -> tuple[float, float, float]:
        """Median, and the distances down to the 15.87 and up to the 84.13 per cent quantiles."""
        low, median, high = self.quantile(name, np.array(QUANTILES))
        return float(median), float(median - low), float(high - median)

    @property
    def mean(self) -> NDArray[np.float64]:
        """Posterior mean, shape (d,)."""
        return np.asarray(self.weights @ self.samples)

    @property
    def covariance(self) -> NDArray[np.float64]:
        """Posterior covariance, shape (d, d)."""
        centred = self.samples - self.mean
        return np.asarray((centred * self.weights[:, None]).T @ centred)

    @property
    def best(self) -> NDArray[np.float64]:
        """The sample of the highest likelihood, shape (d,)."""
        return np.asarray(self.samples[int(np.argmax(self.log_likelihood))])

    def equal_weight(self, number: int, start: float = 0.5) -> NDArray[np.intp]:
        """Places of samples of equal weight, by systematic resampling from `start` in [0, 1), shape (number,)."""
        return equal_weight(self.weights, number, start)

    def drawn(self, number: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Samples of equal weight, by systematic resampling from a random start, shape (number, d)."""
        return np.asarray(self.samples[self.equal_weight(number, rng.random())])

    @property
    def ess(self) -> float:
        """Effective number of samples: the engine's own, or Kish's for the weights."""
        return float(self.diagnostics.get("ess", 1.0 / np.sum(self.weights**2)))

    def to_table(self) -> Any:
        """The samples as an astropy QTable (columns: parameters, ``weight``, ``log_likelihood``)."""
        from astropy.table import QTable

        table = QTable()
        for i, name in enumerate(self.names):
            table[name] = self.samples[:, i]
        table["weight"] = self.weights
        table["log_likelihood"] = self.log_likelihood
        return table


@runtime_checkable
class Sampler(Protocol):
    """A component of kind ``samplers``: draws from the posterior, and gives ln Z where it can."""

    @property
    def checks_itself(self) -> bool:
        """Whether its status tells when ln Z is not to be trusted; if not, a study may compare ln Z with importance sampling."""
        return False

    @abstractmethod
    def run(self, likelihood: Likelihood, ctx: Context) -> Posterior:
        """Sample the posterior.

        Raises
        ------
        LikelihoodError
            Where the likelihood returns NaN, or is impossible everywhere in the prior.
        """
