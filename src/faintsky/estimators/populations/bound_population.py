"""Surveys bound to a luminosity function: the likelihood of an inhomogeneous Poisson process."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.digest import json_digest
from faintsky.core.identity import identity
from faintsky.core.likelihood import Likelihood
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.parameter import Parameter, at, free_parameters
from faintsky.core.survey_set import SurveySet
from faintsky.estimators.populations.expected_number import ExpectedNumber
from faintsky.estimators.populations.projected_sources import ProjectedSources
from faintsky.estimators.populations.source_nodes import SourceNodes

__all__ = ["BoundPopulation"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class BoundPopulation(Likelihood):
    """ln L = sum_i ln int p(D_i | L, z) phi dV/dz dlogL dz - N, with N the number that the model expects to be detected.

    Attributes
    ----------
    model : LuminosityFunction
    expected : ExpectedNumber
    sources : SourceNodes or ProjectedSources
    data : SurveySet
    rule : object
        The component that bound it, with its options.
    completeness : float
        Share of the sources of `data` that the likelihood holds.
    """

    model: LuminosityFunction
    expected: ExpectedNumber
    sources: SourceNodes | ProjectedSources
    data: SurveySet
    rule: object
    completeness: float = 1.0
    _free: tuple[Parameter, ...] = field(init=False)
    _fixed: tuple[Array, Array, Array] | None = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_free", free_parameters(self.model))
        object.__setattr__(self, "_fixed", self.expected.fixed(self.model))

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The free parameters of the model."""
        return self._free

    def expected_number(self, theta: Array) -> Array:
        """Number of detected sources that the model expects at `theta` of shape (n, d), shape (n,)."""
        return np.array([self._expected(at(self.model, row)) for row in theta])

    def log_likelihood(self, theta: Array) -> Array:
        """ln L at `theta` of shape (n, d), shape (n,); -inf where a source is impossible or the expected number overflows."""
        found = np.empty(len(theta))
        for i, row in enumerate(theta):
            model = at(self.model, row)
            number = self._expected(model)
            found[i] = self.sources.total(model) - number if np.isfinite(number) else -np.inf
        return found

    def information(self, theta: Array, step: Array) -> Array:
        """Fisher's information of sources at known luminosities and redshifts, shape (d, d).

        I_ab = int (d ln phi / d theta_a) (d ln phi / d theta_b) phi A dV/dz dlogL dz; central differences of half width `step`.

        Parameters
        ----------
        theta, step : ndarray, shape (d,)
        """
        now = at(self.model, theta)
        log_l, z, weight = self.expected.nodes_of(now)
        weight = weight * np.exp(now.log_density(log_l, z))
        ends = [[at(self.model, theta + s * row).log_density(log_l, z) for s in (1, -1)] for row in np.diag(step)]
        slopes = np.array([(up - down) / (2 * h) for (up, down), h in zip(ends, step, strict=True)])
        return np.asarray((slopes * weight) @ slopes.T)

    def _expected(self, model: LuminosityFunction) -> float:
        if self._fixed is None:
            return self.expected.of(model)
        log_l, z, weight = self._fixed
        with np.errstate(over="ignore"):
            return float(np.vdot(np.exp(model.log_density(log_l, z)), weight))

    def fingerprint(self) -> str:
        """Digest of rule, surveys, ranges, model and priors."""
        priors = [[p.name, identity(p.prior)] for p in self.parameters]
        ranges = [self.expected.log_l, self.expected.z]
        return json_digest([identity(self.rule), self.data.digest, ranges, identity(self.model), priors])
