"""The sampler `factorised`: only the parameters that cannot be integrated out are sampled."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError, LikelihoodError
from faintsky.core.likelihood import Likelihood
from faintsky.core.reduced_likelihood import ReducedLikelihood, Reducible
from faintsky.core.sampler import Posterior, Sampler
from faintsky.estimators.samplers.importance import CountedLikelihood, LimitError, adapted, importance_sample, joined
from faintsky.estimators.samplers.mixture_proposal import Defended, PilotDensity, PriorDensity
from faintsky.estimators.samplers.quadrature import Quadrature

__all__ = ["Factorised"]

Array = NDArray[np.float64]

#: Samples of the full posterior; more draws are thinned to so many of equal weight.
_SAMPLES = 4000

#: Share of the prior in the broad density, beside the pilot.
_PRIOR_SHARE = 0.25

#: Draws of the first round and of the later ones of the adaptation, per dimension from the fifth on.
_PILOT, _ROUND = 600, 300

#: Points of the quadrature of one parameter.
_POINTS = 400


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

    draws: int = option(500, ge=100, help="first number of draws from the final proposal of a repeat; doubled as needed")
    target_error: float = option(0.05, gt=0, help="error of ln Z at which a run ends")
    min_ess: float = option(400.0, gt=0, help="effective number of draws, of all repeats, at which a run ends")
    repeats: int = option(2, ge=2, help="independent runs; they must agree within 3 sigma in ln Z")
    defence: float = option(0.3, gt=0, le=0.9, help="least share of the proposal that is the pilot and the prior")
    max_draws: int = option(20000, ge=100, help="most draws from the final proposal of a repeat")
    max_calls: int = option(0, ge=0, help="limit of calls of the reduced likelihood; 0 = none")
    max_seconds: float = option(0.0, unit="s", ge=0, help="limit of CPU time; 0 = none")

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
        theta, weights = _thinned(found.theta, found.weights, ctx.rng("factorised:thinned"))
        if status == "converged":
            doubts = [*found.doubts, *reduced.doubts(theta)]
            status = "unreliable" if doubts else status
        samples, log_likelihood = reduced.completed(theta, ctx.rng("factorised:completed"))
        limited = bool(np.isnan(found.log_z))
        return Posterior(
            names=likelihood.names,
            units=tuple(p.unit for p in likelihood.parameters),
            latex=tuple(p.latex for p in likelihood.parameters),
            samples=samples,
            weights=weights,
            log_likelihood=log_likelihood,
            log_z=None if limited else found.log_z,
            log_z_error=None if limited else found.error,
            calls=asked.calls,
            cpu_seconds=asked.cpu_seconds,
            diagnostics=found.diagnostics,
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
        samples = []
        for i in range(self.repeats):
            rng = ctx.rng(f"factorised:{i}")
            proposal = adapted(
                asked, broad, broad, number=int(_ROUND * more), defence=self.defence, rng=rng, pilot=int(_PILOT * more)
            )
            samples.append(
                importance_sample(
                    asked,
                    proposal,
                    draws=self.draws,
                    max_draws=self.max_draws,
                    target_error=self.target_error * np.sqrt(self.repeats),
                    min_ess=self.min_ess / self.repeats,
                    rng=rng,
                )
            )
            ctx.progress(i + 1, self.repeats, f"ln Z = {samples[-1].log_z:.2f}, {asked.calls} calls")
        all_ = joined(samples, self.min_ess, self.target_error)
        return _Integral(
            theta=all_.theta,
            weights=all_.weights,
            log_z=all_.log_z,
            error=all_.error,
            diagnostics=all_.diagnostics,
            doubts=all_.doubts,
        )

    @staticmethod
    def _quadrature(asked: CountedLikelihood) -> _Integral:
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
        n = _SAMPLES
        return _Integral(
            theta=np.empty((n, 0)), weights=np.full(n, 1 / n), log_z=log_z, error=1e-4, diagnostics={"ess": float(n)}
        )


def _thinned(theta: Array, weights: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """At most so many samples: all of them with their weights, or a systematic resampling with equal ones."""
    if len(theta) <= _SAMPLES:
        return theta, weights
    upto = np.cumsum(weights)
    places = np.searchsorted(upto / upto[-1], (np.arange(_SAMPLES) + rng.random()) / _SAMPLES)
    return theta[np.minimum(places, len(theta) - 1)], np.full(_SAMPLES, 1 / _SAMPLES)
