"""The sampler nestle."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.likelihood import Likelihood
from faintsky.core.sampler import Posterior, Sampler
from faintsky.plugins.samplers.budget import Budget, SpentError
from faintsky.plugins.samplers.nested import NestedRun, nested_posterior, refuse_plateau

__all__ = ["Nestle"]

#: Above this number of dimensions ln Z of nestle was measured 2 to 4 units too high, with a quoted error of 0.5.
_SOUND_DIMENSIONS = 8


@component(references=["Skilling2004", "Mukherjee2006", "Feroz2009", "nestle"])
@frozen(kw_only=True)
class Nestle(Sampler):
    """Nested sampling with nestle: small and quick in few dimensions.

    It takes no checkpoints, so an interrupted task starts anew. Its ln Z is biased high above some eight dimensions.
    """

    nlive: int = option(400, ge=10, help="live points")
    method: str = option(
        "multi", choices=("multi", "single", "classic"), help="how new points are drawn: ellipsoids or random walks"
    )
    dlogz: float = option(0.1, gt=0, help="stop when what is left can add no more than this to ln Z")
    enlarge: float = option(1.2, ge=1, help="factor on the volume of the bounding ellipsoids")
    repeats: int = option(1, ge=1, help="independent runs; they must agree within 3 sigma in ln Z")
    max_calls: int = option(0, ge=0, help="limit of likelihood calls; 0 = none")
    max_seconds: float = option(0.0, unit="s", ge=0, help="limit of CPU time; 0 = none")

    def run(self, likelihood: Likelihood, ctx: Context) -> Posterior:
        """Sample the posterior, and integrate ln Z.

        Raises
        ------
        LikelihoodError
            Where the likelihood is NaN, or zero or equal all over the prior.
        """
        import nestle

        if likelihood.ndim > _SOUND_DIMENSIONS:
            ctx.warn(
                f"nestle in {likelihood.ndim} dimensions: its ln Z is biased high above {_SOUND_DIMENSIONS} (by 2 to 4, "
                "measured); compare with another engine"
            )

        def once(budget: Budget, number: int) -> NestedRun:
            rng = ctx.rng(f"nestle:{number}")
            refuse_plateau(likelihood, budget, rng, min(self.nlive, 200))
            seen: dict[str, Any] = {}

            def callback(said: dict[str, Any]) -> None:
                seen.update(said)
                if said["it"] % 100 == 0:
                    ctx.progress(said["it"], 0, f"ln Z = {said['logz']:.2f}, {budget.calls} calls")

            more = {"enlarge": self.enlarge} if self.method != "classic" else {}
            theta: list[np.ndarray] = []
            values: list[float] = []

            def recorded(point: np.ndarray) -> float:
                value = budget.one(point)
                theta.append(np.array(point, dtype=float))
                values.append(value)
                return value

            try:
                with ctx.captured("nestle.log"):
                    found = nestle.sample(
                        recorded,
                        likelihood.prior_transform,
                        likelihood.ndim,
                        npoints=self.nlive,
                        method=self.method,
                        dlogz=self.dlogz,
                        rstate=np.random.RandomState(rng.integers(2**32, dtype=np.uint64)),
                        callback=callback,
                        **more,
                    )
            except SpentError as spent:
                return _partial(likelihood, theta, values, spent.reason)
            return NestedRun(
                samples=found.samples,
                log_likelihood=found.logl,
                weights=found.weights / found.weights.sum(),
                log_z=float(found.logz),
                log_z_error=float(found.logzerr),
                status="converged",
            )

        return nested_posterior(
            once,
            likelihood,
            ctx,
            repeats=self.repeats,
            max_calls=self.max_calls,
            max_seconds=self.max_seconds,
            version=f"nestle {nestle.__version__}",
            notes=("nestle takes no checkpoints: an interrupted task starts anew",),
        )


def _partial(likelihood: Likelihood, theta: list[Any], values: list[float], reason: str) -> NestedRun:
    """What was seen so far, the last tenth, by likelihood: a hint where the mass lies, and no posterior."""
    order = np.argsort(values)[-max(1, len(values) // 10) :]
    samples = np.array([theta[i] for i in order]).reshape(len(order), likelihood.ndim)
    log_l = np.array([values[i] for i in order])
    weights = np.exp(log_l - log_l.max())
    return NestedRun(
        samples=samples,
        log_likelihood=log_l,
        weights=weights / weights.sum(),
        log_z=None,
        log_z_error=None,
        status=reason,
    )
