"""The sampler `laplace-is`: importance sampling of all parameters from a mixture adapted to the posterior."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, runtime_checkable

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.likelihood import Likelihood
from faintsky.core.sampler import Posterior, Sampler
from faintsky.estimators.samplers.adaptation import adapted
from faintsky.estimators.samplers.counted_likelihood import CountedLikelihood, LimitError
from faintsky.estimators.samplers.importance import integrated
from faintsky.estimators.samplers.mixture_proposal import Density, PriorDensity, fitted
from faintsky.estimators.samplers.normal_scores import NormalScores

__all__ = ["LaplaceIs", "Started"]

Array = NDArray[np.float64]

#: Least draws of a round of the adaptation for each parameter: covariances need them.
_ROUND_EACH = 150

#: Starts asked for, and how far below the best of them ln L may lie, for each parameter.
_STARTS, _DEEP = 2000, 3.0


@runtime_checkable
class Started(Protocol):
    """A likelihood that knows where its posterior may lie."""

    @abstractmethod
    def starts(self, number: int, rng: np.random.Generator) -> Array:
        """Points near every mode there may be, shape (number, d)."""


@component(references=["Cappe2008", "Cornuet2012", "Vehtari2024", "ZhangStephens2009"])
@frozen(kw_only=True)
class LaplaceIs(Sampler):
    """Importance sampling of all parameters from Student-t kernels adapted to the posterior: ln Z up to some thirty dimensions.

    As in a Laplace approximation the posterior is described by centres and covariances, of as many kernels as it needs, and
    what they miss is corrected by the weights; the prior takes a share of the draws. The kernels are found by population Monte
    Carlo while the likelihood is raised to powers from 0 to 1. A likelihood with a method ``starts(number, rng)`` tells where
    to begin. Independent repeats check each other; a posterior that the kernels cannot describe, or find anew in each repeat, is
    flagged by them and by the tail of the weights. A mode that every repeat misses is not.
    """

    draws: int = option(30000, ge=1000, help="first draws from the final proposals, of all repeats; more as needed")
    round_draws: int = option(8000, ge=500, help="draws of a round of the adaptation; more of them find more of many modes")
    target_error: float = option(0.05, gt=0, help="error of ln Z at which a run ends")
    min_ess: float = option(1000.0, gt=0, help="effective number of draws, of all repeats, at which a run ends")
    repeats: int = option(2, ge=2, help="independent runs; they must agree within 3 sigma in ln Z")
    defence: float = option(0.1, gt=0, le=0.9, help="least share of the proposal that is the prior")
    max_draws: int = option(240000, ge=1000, help="most draws from the final proposals, of all repeats")
    max_calls: int = option(0, ge=0, help="limit of likelihood calls; 0 = none")
    max_seconds: float = option(0.0, unit="s", ge=0, help="limit of CPU time; 0 = none")

    @property
    def checks_itself(self) -> bool:
        """Its repeats, and the tail of its weights."""
        return True

    def run(self, likelihood: Likelihood, ctx: Context) -> Posterior:
        """Sample the posterior, and integrate ln Z.

        Raises
        ------
        LikelihoodError
            Where the likelihood is NaN, or zero all over the prior.
        """
        scored = NormalScores(likelihood=likelihood)
        asked = CountedLikelihood(scored, self.max_calls, self.max_seconds)
        log_z: float | None = None
        error: float | None = None
        diagnostics: dict[str, float] = {}
        try:
            rngs = [ctx.rng(f"laplace-is:{i}") for i in range(self.repeats)]
            proposals = []
            for i, rng in enumerate(rngs):
                proposals.append(self._proposal(scored, asked, rng))
                ctx.progress(i + 1, self.repeats + 1, f"adapted, {asked.calls} calls")
            found = integrated(
                asked,
                proposals,
                rngs,
                draws=self.draws,
                max_draws=self.max_draws,
                target_error=self.target_error,
                min_ess=self.min_ess,
            )
            scores, values, weights = found.theta, found.log_likelihood, found.weights
            log_z, error, diagnostics, notes = found.log_z, found.error, found.diagnostics, found.doubts
            status = "unreliable" if notes else "converged"
        except LimitError as limit:
            scores, values, weights = asked.best_seen()
            status, notes = limit.status, ("a limit ended the run: the samples are the best points seen, and no posterior",)
        return Posterior(
            names=likelihood.names,
            units=tuple(p.unit for p in likelihood.parameters),
            latex=tuple(p.latex for p in likelihood.parameters),
            samples=scored.values(scores),
            weights=weights,
            log_likelihood=values,
            log_z=log_z,
            log_z_error=error,
            calls=asked.calls,
            cpu_seconds=asked.cpu_seconds,
            diagnostics=diagnostics,
            status=status,
            notes=notes,
            sampler="laplace-is",
            version="laplace-is",
            fingerprint=likelihood.fingerprint(),
        )

    def _proposal(self, scored: NormalScores, asked: CountedLikelihood, rng: np.random.Generator) -> Density:
        prior = PriorDensity(likelihood=scored)
        first: Density = prior
        if isinstance(scored.likelihood, Started):
            first = _around(asked, scored.scores(scored.likelihood.starts(_STARTS, rng)), prior, rng)
        number = max(self.round_draws, _ROUND_EACH * scored.ndim)
        return adapted(asked, first, prior, number=number, defence=self.defence, rng=rng)


def _around(asked: CountedLikelihood, starts: Array, prior: PriorDensity, rng: np.random.Generator) -> Density:
    """The prior, and kernels around those starts that are not hopeless."""
    values, _ = asked.inside(starts)
    good = values > values.max() - _DEEP * asked.ndim
    if np.count_nonzero(good) <= 2 * asked.ndim:
        return prior
    # All alike: the density that starts come from is not known, and every mode shall have its kernel.
    return fitted(starts[good], np.zeros(np.count_nonzero(good)), prior, 0.3, rng)[0]
