"""The sampler dynesty."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.likelihood import Likelihood
from faintsky.core.sampler import Posterior, Sampler
from faintsky.plugins.samplers.budget import Budget, SpentError
from faintsky.plugins.samplers.nested import NestedRun, nested_posterior, refuse_plateau

__all__ = ["Dynesty"]

#: Above this number of dimensions ln Z of dynesty's random walks was measured 3 to 9 units too high.
_SOUND_DIMENSIONS = 12


@component(references=["Speagle2020", "Skilling2004", "Feroz2009"])
@frozen(kw_only=True)
class Dynesty(Sampler):
    """Nested sampling with dynesty.

    Its checkpoints are pickles that do not promise to be read again, so an interrupted task starts anew.
    """

    nlive: int = option(400, ge=10, help="live points")
    dlogz: float = option(0.1, gt=0, help="stop when what is left can add no more than this to ln Z")
    bound: str = option("multi", choices=("none", "single", "multi", "balls", "cubes"), help="how the live points are bounded")
    sample: str = option("auto", choices=("auto", "unif", "rwalk", "slice", "rslice"), help="how new points are drawn")
    walks: int = option(0, ge=0, help="steps of a random walk (rwalk); 0 = dynesty's own choice")
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
        import dynesty

        if likelihood.ndim > _SOUND_DIMENSIONS and not self.walks:
            ctx.warn(
                f"dynesty in {likelihood.ndim} dimensions: its ln Z is biased high above {_SOUND_DIMENSIONS} (by 3 to 9, "
                "measured); raise walks, use repeats = 2, and compare with another engine"
            )

        def once(budget: Budget, number: int) -> NestedRun:
            rng = ctx.rng(f"dynesty:{number}")
            refuse_plateau(likelihood, budget, rng, min(self.nlive, 200))
            status = "converged"
            with ctx.captured("dynesty.log"):
                engine = dynesty.NestedSampler(
                    budget.one,
                    likelihood.prior_transform,
                    likelihood.ndim,
                    nlive=self.nlive,
                    bound=self.bound,
                    sample=self.sample,
                    rstate=rng,
                    **({"walks": self.walks} if self.walks else {}),
                )

                def said(state: object, iteration: int, calls: int, **_: object) -> None:
                    if iteration % 100 == 0:
                        ctx.progress(iteration, 0, f"{budget.calls} calls")

                try:
                    engine.run_nested(dlogz=self.dlogz, print_progress=True, print_func=said)
                except SpentError as spent:
                    status = spent.reason
            found = engine.results
            log_w = np.asarray(found.logwt, dtype=float)
            if log_w.size == 0:
                raise RuntimeError(f"the limit {status} was reached before the first iteration of dynesty")
            weights = np.exp(log_w - log_w.max())
            done = status == "converged"
            return NestedRun(
                samples=np.asarray(found.samples),
                log_likelihood=np.asarray(found.logl),
                weights=weights / weights.sum(),
                log_z=float(found.logz[-1]) if done else None,
                log_z_error=float(found.logzerr[-1]) if done else None,
                status=status,
            )

        return nested_posterior(
            once,
            likelihood,
            ctx,
            repeats=self.repeats,
            max_calls=self.max_calls,
            max_seconds=self.max_seconds,
            version=f"dynesty {dynesty.__version__}",
            notes=("dynesty's checkpoints are not relied on: an interrupted task starts anew",),
        )
