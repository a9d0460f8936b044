"""The sampler nestle."""

from __future__ import annotations

import zlib
from typing import Any

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

__all__ = ["Nestle"]

#: Above this number of dimensions ln Z of nestle was measured 2 to 4 units too high, with a quoted error of 0.5.
_SOUND_DIMENSIONS = 8

#: Below every ln L that is not -inf; nestle itself starts ln Z at this number.
_FLOOR = -1e300


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
            watch = _Watch()

            def callback(said: dict[str, Any]) -> None:
                watch.inserted()
                if said["it"] % 100 == 0:
                    ctx.progress(said["it"], 0, f"ln Z = {said['logz']:.2f}, {budget.calls} calls")

            def ranked(point: NDArray[np.float64]) -> float:
                value = budget.one(point)
                if value == -np.inf:
                    value = _below_everything(point)
                watch.last = value
                if len(watch.initial) < self.nlive:
                    watch.initial.append(value)
                return value

            more = {"enlarge": self.enlarge} if self.method != "classic" else {}
            with ctx.captured("nestle.log"):
                found = nestle.sample(
                    ranked,
                    likelihood.prior_transform,
                    likelihood.ndim,
                    npoints=self.nlive,
                    method=self.method,
                    dlogz=self.dlogz,
                    rstate=np.random.RandomState(rng.integers(2**32, dtype=np.uint64)),
                    callback=callback,
                    **more,
                )
            # A random walk of `classic` ends at a point that need not be the last one asked for.
            ranks = np.array(watch.ranks if self.method != "classic" else [], dtype=np.int64)
            log_l = np.asarray(found.logl, dtype=float)
            return NestedRun(
                samples=np.asarray(found.samples, dtype=float),
                log_likelihood=np.where(log_l <= _FLOOR, -np.inf, log_l),
                weights=found.weights / found.weights.sum(),
                log_z=float(found.logz),
                log_z_error=float(found.logzerr),
                insertion_p=insertion_rank_p(ranks, self.nlive),
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


def _below_everything(point: NDArray[np.float64]) -> float:
    """A stand-in for ln L = -inf: below every real value, and no two of them alike.

    nestle takes a new point that is as likely as the worst one; with equal stand-ins it would go round among impossible
    points, shrinking its volume with each, and ln Z would come out far too low.
    """
    return _FLOOR * (1 + zlib.crc32(point.tobytes()) / 2**32)


class _Watch:
    """Follows the live points of nestle, which tells nothing of them: the last point asked for replaces the worst."""

    def __init__(self) -> None:
        self.initial: list[float] = []
        self.ranks: list[int] = []
        self.last = -np.inf
        self._held: NDArray[np.float64] | None = None

    def inserted(self) -> None:
        """Take the last point asked for as the one that was put in."""
        if self._held is None:
            self._held = np.array(self.initial)
        worst = int(np.argmin(self._held))
        self._held[worst] = np.inf
        self.ranks.append(int(np.count_nonzero(self._held < self.last)))
        self._held[worst] = self.last
