"""The exact posterior of one or two parameters, by quadrature."""

from __future__ import annotations

import time

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError, LikelihoodError
from faintsky.core.likelihood import Likelihood
from faintsky.core.sampler import Posterior, Sampler

__all__ = ["Quadrature"]

Array = NDArray[np.float64]

#: Where ln L is lower than its maximum by more than this, nothing is left of the posterior.
_DEEP = 30.0


@component()
@frozen(kw_only=True)
class Quadrature(Sampler):
    """Exact posterior and evidence of one or two parameters: the likelihood on a grid that closes in on its bulk.

    The midpoint rule in cumulative prior probability. What stochastic samplers of the same fit are measured against; for the
    bias of one spectrum it is the analytic solution.
    """

    points: int = option(2000, ge=50, help="points of one parameter; their square root times 10 on each axis of two")
    rounds: int = option(6, ge=1, help="how often the grid closes in on the posterior")

    def run(self, likelihood: Likelihood, ctx: Context) -> Posterior:
        """The posterior as weighted grid points.

        Raises
        ------
        DataError
            With no free parameter, or more than two.
        LikelihoodError
            Where the likelihood is NaN, or impossible everywhere.
        """
        d = likelihood.ndim
        if d not in (1, 2):
            raise DataError(f"quadrature is for one or two free parameters, not {d}: fix some, or use dynesty or emcee")
        began, calls = time.process_time(), 0
        # A third of the points are the midpoints of a coarser rule.
        number = 3 * int(np.ceil((self.points if d == 1 else 10 * np.sqrt(self.points)) / 3))
        low, high = np.zeros(d), np.ones(d)
        for _ in range(self.rounds):
            axes = [lo + (np.arange(number) + 0.5) * (hi - lo) / number for lo, hi in zip(low, high, strict=True)]
            cube = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, d)
            theta = likelihood.prior_transform(cube)
            found = likelihood.checked(theta)
            calls += len(cube)
            best = found.max()
            if not np.isfinite(best):
                raise LikelihoodError("the likelihood is impossible everywhere in the prior")
            alive = cube[found > best - _DEEP]
            step = (high - low) / number
            new_low, new_high = np.maximum(alive.min(axis=0) - step, 0), np.minimum(alive.max(axis=0) + step, 1)
            if np.all(new_high - new_low > 0.7 * (high - low)):
                break
            low, high = new_low, new_high
        weights = np.exp(found - best)
        log_z = float(best + np.log(weights.mean()) + np.log(np.prod(high - low)))
        kept = weights > 0
        return Posterior(
            names=likelihood.names,
            units=tuple(p.unit for p in likelihood.parameters),
            latex=tuple(p.latex for p in likelihood.parameters),
            samples=theta[kept],
            weights=weights[kept] / weights.sum(),
            log_likelihood=found[kept],
            log_z=log_z,
            log_z_error=self._error(weights, d, number),
            calls=calls,
            cpu_seconds=time.process_time() - began,
            diagnostics={},
            status="converged",
            sampler="quadrature",
            version="quadrature",
            fingerprint=likelihood.fingerprint(),
        )

    @staticmethod
    def _error(weights: Array, d: int, number: int) -> float:
        """What a third as many points an axis would have changed ln Z by; not less than 1e-4, which is all that is claimed."""
        coarse = weights.reshape((number,) * d)[(slice(1, None, 3),) * d]
        return max(1e-4, float(abs(np.log(coarse.mean() / weights.mean()))))
