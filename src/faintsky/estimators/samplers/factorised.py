"""The sampler `factorised`: only the parameters that cannot be integrated out are sampled."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError, LikelihoodError
from faintsky.core.likelihood import Likelihood
from faintsky.core.reduced_likelihood import IntegralCheck, ReducedLikelihood, Reducible
from faintsky.core.sampler import Posterior, Sampler, equal_weight
from faintsky.estimators.samplers.adaptation import adapted, drawn
from faintsky.estimators.samplers.counted_likelihood import CountedLikelihood, LimitError
from faintsky.estimators.samplers.importance import integrated
from faintsky.estimators.samplers.mixture_proposal import Defended, Density, PilotDensity, PriorDensity, fitted, kish
from faintsky.estimators.samplers.quadrature import Quadrature

__all__ = ["Factorised"]

Array = NDArray[np.float64]

#: Share of the prior in the broad density, beside the pilot.
_PRIOR_SHARE = 0.1

#: Draws of the first round and of the later ones of the adaptation, per dimension from the fifth on.
_PILOT, _ROUND = 1000, 300

#: Draws, for each repeat, that tell whether the broad density serves as it is, and the effective share that is enough: from there
#: on an adaptation costs more than it saves.
_PROBE, _ENOUGH = 200, 0.12

#: Multiples of the first number of draws after which proposals are fitted anew, where ln Z is not good enough.
_STAGES = (4, 8)

#: Points of the quadrature of one parameter.
_POINTS = 240


@frozen(kw_only=True, eq=False)
class _Integral:
    """ln Z of the reduced likelihood, and its posterior."""

    theta: Array
    weights: Array
    log_z: float
    error: float
    diagnostics: dict[str, float]
    doubts: tuple[str, ...] = ()


@component(references=["Cappe2008", "Cornuet2012", "Vehtari2024", "ZhangStephens2009"])
@frozen(kw_only=True)
class Factorised(Sampler):
    """Importance sampling of the few parameters that are left when the others are integrated out: ln Z of the full problem.

    For likelihoods that can be reduced (`faintsky.core.reduced_likelihood.Reducible`), such as that of photons of point sources
    in several observations, whose shifts only appear in one observation each. Proposals are mixtures of Student-t kernels
    adapted to the posterior, defended by the likelihood's own pilot and by the prior. One parameter is integrated by quadrature.
    Independent repeats check each other.

    The calls that it counts and limits are those of the reduced likelihood.
    """

    draws: int = option(1000, ge=200, help="first draws from the final proposals, of all repeats; more as needed")
    target_error: float = option(0.06, gt=0, help="error of ln Z at which a run ends")
    min_ess: float = option(300.0, gt=0, help="effective number of draws, of all repeats, at which a run ends")
    repeats: int = option(2, ge=2, help="independent runs; they must agree within 3 sigma in ln Z")
    defence: float = option(0.3, gt=0, le=0.9, help="least share of the proposal that is the pilot and the prior")
    max_draws: int = option(40000, ge=200, help="most draws from the final proposals, of all repeats")
    samples: int = option(500, ge=10, help="samples of the full posterior, of equal weight")
    max_calls: int = option(0, ge=0, help="limit of calls of the reduced likelihood; 0 = none")
    max_seconds: float = option(0.0, unit="s", ge=0, help="limit of CPU time; 0 = none")

    @property
    def checks_itself(self) -> bool:
        """Its repeats, and the tail of its weights."""
        return True

    def run(self, likelihood: Likelihood, ctx: Context) -> Posterior:
        """Sample the posterior, and integrate ln Z.

        Raises
        ------
        DataError
            Where the likelihood cannot be reduced.
        LikelihoodError
            Where the likelihood is NaN, or zero all over the prior.
        """
        if not isinstance(likelihood, Reducible):
            raise DataError(
                f"{type(likelihood).__name__} cannot be reduced: none of its {likelihood.ndim} parameters is integrated out. "
                "Use the sampler laplace-is, which takes any likelihood, or dynesty"
            )
        reduced = likelihood.reduced()
        asked = CountedLikelihood(reduced, self.max_calls, self.max_seconds)
        status, doubts = "converged", list[str]()
        try:
            found = self._quadrature(asked) if reduced.ndim <= 1 else self._sampling(reduced, asked, ctx)
        except LimitError as limit:
            theta, _, weights = asked.best_seen()
            found = _Integral(theta=theta, weights=weights, log_z=np.nan, error=np.nan, diagnostics={"ess": 0.0})
            status, doubts = limit.status, ["a limit ended the run: the samples are the best points seen, and no posterior"]
        # Draws without weight need not be completed.
        theta = found.theta[equal_weight(found.weights, self.samples, ctx.rng("factorised:thinned").random())]
        integrals = IntegralCheck()
        if status == "converged":
            integrals = reduced.judged(theta)
            doubts = [*found.doubts, *integrals.doubts]
            status = "unreliable" if doubts else status
        samples, log_likelihood = reduced.completed(theta, ctx.rng("factorised:completed"))
        limited = bool(np.isnan(found.log_z))
        return Posterior(
            names=likelihood.names,
            units=tuple(p.unit for p in likelihood.parameters),
            latex=tuple(p.latex for p in likelihood.parameters),
            samples=samples,
            weights=np.full(len(samples), 1 / len(samples)),
            log_likelihood=log_likelihood,
            log_z=None if limited else found.log_z,
            log_z_error=None if limited else float(np.hypot(found.error, integrals.error)),
            calls=asked.calls,
            cpu_seconds=asked.cpu_seconds,
            # The samples are fewer than the draws that the integral was made of.
            diagnostics={
                **found.diagnostics,
                "ess": 1 / (1 / max(found.diagnostics["ess"], 1e-300) + 1 / len(samples)),
                "integral_ess": found.diagnostics["ess"],
                "integral_error": integrals.error,
            },
            status=status,
            notes=tuple(doubts),
            sampler="factorised",
            version="factorised",
            fingerprint=likelihood.fingerprint(),
        )

    def _sampling(self, reduced: ReducedLikelihood, asked: CountedLikelihood, ctx: Context) -> _Integral:
        prior = PriorDensity(likelihood=reduced)
        broad = Defended(broad=prior, narrow=PilotDensity(likelihood=reduced), share=_PRIOR_SHARE)
        more = max(1.0, reduced.ndim / 4)
        rngs = [ctx.rng(f"factorised:{i}") for i in range(self.repeats)]
        proposals: list[Density] = []
        for i, rng in enumerate(rngs):
            number, pilot = int(_ROUND * more), int(_PILOT * more)
            if kish(drawn(asked, broad, _PROBE, rng).log_weights) >= _ENOUGH * _PROBE:
                proposals.append(broad)
            else:
                proposals.append(adapted(asked, broad, broad, number=number, defence=self.defence, rng=rng, pilot=pilot))
            ctx.progress(i + 1, self.repeats + 1, f"adapted, {asked.calls} calls")
        for most in (*(stage * self.draws for stage in _STAGES), self.max_draws):
            all_ = integrated(
                asked,
                proposals,
                rngs,
                draws=self.draws,
                max_draws=min(most, self.max_draws),
                target_error=self.target_error,
                min_ess=self.min_ess,
            )
            if not all_.doubts and all_.error <= self.target_error:
                break
            # What the draws have met and no pilot had: a fit to them replaces the proposals, and new draws follow.
            with np.errstate(divide="ignore"):
                log_weights = np.log(all_.weights)
            again = fitted(all_.theta, log_weights, broad, self.defence, rngs[0])[0]
            proposals = [again] * self.repeats
        return _Integral(
            theta=all_.theta,
            weights=all_.weights,
            log_z=all_.log_z,
            error=all_.error,
            diagnostics=all_.diagnostics,
            doubts=all_.doubts,
        )

    def _quadrature(self, asked: CountedLikelihood) -> _Integral:
        """The integral over one parameter, or over none."""
        if asked.ndim == 1:
            grid = Quadrature(points=_POINTS).run(asked, Context())
            assert grid.log_z is not None
            assert grid.log_z_error is not None
            return _Integral(
                theta=grid.samples, weights=grid.weights, log_z=grid.log_z, error=grid.log_z_error, diagnostics={"ess": grid.ess}
            )
        log_z = float(asked.log_likelihood(np.empty((1, 0)))[0])
        if log_z == -np.inf:
            raise LikelihoodError("the likelihood is impossible everywhere in the prior")
        n = self.samples
        return _Integral(
            theta=np.empty((n, 0)), weights=np.full(n, 1 / n), log_z=log_z, error=1e-4, diagnostics={"ess": float(n)}
        )
