"""The sampler dynesty."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.diagnostics import insertion_rank_p
from faintsky.core.likelihood import Likelihood
from faintsky.core.sampler import Posterior, Sampler
from faintsky.plugins.samplers.budget import Budget
from faintsky.plugins.samplers.nested import NestedRun, nested_posterior, refuse_plateau

__all__ = ["Dynesty"]

#: Above this number of dimensions ln Z of dynesty's random walks was measured 3 to 9 units too high.
_SOUND_DIMENSIONS = 12

#: What dynesty writes for ln L = -inf.
_FLOOR = -1e300


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

                engine.run_nested(dlogz=self.dlogz, print_progress=True, print_func=said)
            found = engine.results
            log_w = np.asarray(found.logwt, dtype=float)
            weights = np.exp(log_w - log_w.max())
            log_l = np.asarray(found.logl, dtype=float)
            return NestedRun(
                samples=np.asarray(found.samples, dtype=float),
                log_likelihood=np.where(log_l <= _FLOOR, -np.inf, log_l),
                weights=weights / weights.sum(),
                log_z=float(found.logz[-1]),
                log_z_error=float(found.logzerr[-1]),
                insertion_p=insertion_rank_p(_ranks(log_l, np.asarray(found.samples_id), self.nlive), self.nlive),
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


def _ranks(log_l: NDArray[np.float64], slots: NDArray[np.int64], live: int) -> NDArray[np.int64]:
    """Ranks of new points among the live ones, from the order in which points died and the slots that they held."""
    queues: list[list[float]] = [[] for _ in range(live)]
    for value, slot in zip(log_l, slots, strict=True):
        queues[slot].append(value)
    held = np.array([queue[0] for queue in queues])
    used = np.zeros(live, dtype=int)
    ranks = []
    for worst, slot in zip(log_l, slots[: len(log_l) - live], strict=False):
        used[slot] += 1
        new = queues[slot][used[slot]]
        held[slot] = np.inf
        if worst > _FLOOR:  # Among impossible points, all of which stand on one level, a rank means nothing.
            ranks.append(int(np.count_nonzero(held < new)))
        held[slot] = new
    return np.array(ranks, dtype=np.int64)
