"""A counts spectrum bound to a model: what the likelihoods of counts share."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.digest import json_digest
from faintsky.core.errors import DataError
from faintsky.core.identity import identity
from faintsky.core.likelihood import Likelihood
from faintsky.core.observed_spectrum import ObservedSpectrum
from faintsky.core.parameter import Parameter, at, free_parameters
from faintsky.core.spectrum import Spectrum

__all__ = ["BoundCounts", "check_photons", "poisson_deviance"]

Array = NDArray[np.float64]

#: Rows of parameters that are folded at once: they and their photons fit the cache of a processor.
_AT_ONCE = 256


def check_photons(model: Spectrum) -> None:
    """Refuse a factor where photons are wanted.

    Raises
    ------
    DataError
        Where the model gives no photons.
    """
    if not model.additive:
        raise DataError(f"{model} is a factor and gives no photons: multiply it with a model such as powerlaw")


def poisson_deviance(counts: Array, expected: Array) -> Array:
    """2 (m - n + n ln(n / m)) of counts n and their expectation m, element by element; inf where n > 0 = m."""
    safe = np.where(expected > 0, expected, 1.0)
    ratio = np.where(counts > 0, np.maximum(counts, 1.0) / safe, 1.0)
    found = 2 * (expected - counts + counts * np.log(ratio))
    return np.where((counts > 0) & (expected <= 0), np.inf, found)


@frozen(kw_only=True, eq=False)
class BoundCounts(Likelihood):
    """Counts, response and model; ln L = -statistic / 2.

    Attributes
    ----------
    data : ObservedSpectrum
    model : Spectrum
    starts : ndarray of int, shape (ngroup,)
        First of the noticed channels of each group.
    """

    data: ObservedSpectrum
    model: Spectrum
    starts: NDArray[np.intp]
    _free: tuple[Parameter, ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        check_photons(self.model)
        object.__setattr__(self, "_free", free_parameters(self.model))

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The free parameters of the model."""
        return self._free

    def grouped(self, values: Array) -> Array:
        """Sums over the groups of what is known per noticed channel, (..., m) to (..., ngroup)."""
        if len(self.starts) == values.shape[-1]:
            return values
        return np.asarray(np.add.reduceat(values, self.starts, axis=-1))

    def expected(self, theta: Array) -> Array:
        """Source counts expected in the groups at `theta` of shape (n, d), shape (n, ngroup)."""
        found = self.data.expected(at(self.model, theta))
        return self.grouped(np.broadcast_to(found, (len(theta), found.shape[-1])))

    def statistic(self, theta: Array) -> Array:
        """The fit statistic at `theta` of shape (n, d), shape (n,)."""
        parts = [self.terms(self.expected(theta[i : i + _AT_ONCE])).sum(axis=1) for i in range(0, len(theta), _AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def terms(self, expected: Array) -> Array:
        """The statistic of each group, from expected source counts of shape (n, ngroup)."""
        raise NotImplementedError

    def simulated(self, expected: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """New data for expected source counts of shape (n, ngroup): counts in the source region, and their statistic."""
        raise NotImplementedError

    def log_likelihood(self, theta: Array) -> Array:
        """ln L at `theta` of shape (n, d), shape (n,); -inf where the model is impossible."""
        return np.asarray(-0.5 * self.statistic(theta))

    def fingerprint(self) -> str:
        """Digest of statistic, counts, response, groups, model and priors."""
        priors = [[p.name, identity(p.prior)] for p in self.parameters]
        return json_digest([type(self).__name__, self.data.digest, self.starts.tolist(), identity(self.model), priors])
