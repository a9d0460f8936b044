"""The sampler emcee."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from attrs import asdict, frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.diagnostics import autocorrelation_time, split_rhat
from faintsky.core.digest import json_digest
from faintsky.core.errors import DataError, LikelihoodError
from faintsky.core.likelihood import Likelihood
from faintsky.core.sampler import Posterior, Sampler
from faintsky.core.storage import write_atomically
from faintsky.plugins.samplers.annealing import annealed
from faintsky.plugins.samplers.budget import Budget, SpentError

__all__ = ["Emcee"]

Array = NDArray[np.float64]

#: Walkers of a chain of 50 autocorrelation times have a split R-hat of 1.02.
_RHAT = 1.1


@frozen(kw_only=True, eq=False)
class _Chain:
    """Steps so far: positions (steps, walkers, d), ln posterior (steps, walkers), state of the generator, cost."""

    positions: Array
    log_posterior: Array
    random_state: Any
    calls: int
    cpu_seconds: float

    def save(self, path: Path, identity: str) -> None:
        """Write it with the identity of likelihood and sampler."""
        _, keys, *rest = self.random_state

        def write(target: Path) -> None:
            with open(target, "wb") as handle:
                np.savez(
                    handle,
                    positions=self.positions,
                    log_posterior=self.log_posterior,
                    keys=keys,
                    rest=np.array(rest, dtype=float),
                    calls=self.calls,
                    cpu_seconds=self.cpu_seconds,
                    identity=identity,
                )

        write_atomically(path, write)

    @classmethod
    def load(cls, path: Path, identity: str) -> _Chain:
        """Read it back.

        Raises
        ------
        DataError
            Where it is the chain of another likelihood, seed or sampler.
        """
        with np.load(path) as found:
            if str(found["identity"]) != identity:
                raise DataError(
                    f"the checkpoint {path} is that of another likelihood, seed, version or options of emcee: remove it "
                    "to start anew"
                )
            position, has_gauss, cached = found["rest"]
            state = ("MT19937", found["keys"], int(position), int(has_gauss), float(cached))
            return cls(
                positions=found["positions"],
                log_posterior=found["log_posterior"],
                random_state=state,
                calls=int(found["calls"]),
                cpu_seconds=float(found["cpu_seconds"]),
            )


@component(references=["ForemanMackey2013", "GoodmanWeare2010"])
@frozen(kw_only=True)
class Emcee(Sampler):
    """Affine-invariant ensemble MCMC with emcee; it gives no evidence.

    An interrupted task goes on from its last checkpoint and ends with the same samples as an undisturbed one. The first
    part of the chain is dropped: `burn`, or at least five autocorrelation times.
    """

    walkers: int = option(32, ge=4, help="walkers; at least twice the number of parameters")
    steps: int = option(2000, ge=20, help="steps of every walker")
    burn: float = option(0.2, ge=0, lt=1, help="fraction of the chain that is dropped at its start, at least 5 tau")
    thin: int = option(1, ge=1, help="keep every n-th step")
    start: str = option(
        "adapted",
        choices=("adapted", "prior"),
        help="walkers start where an annealed swarm finds the posterior, or at draws from the prior",
    )
    moves: str = option(
        "auto",
        choices=("auto", "stretch", "differential", "kde"),
        help="proposals; kde mixes kernel density, differential, stretch; auto: kde up to 5 parameters, then differential",
    )
    max_calls: int = option(0, ge=0, help="limit of likelihood calls; 0 = none")
    max_seconds: float = option(0.0, unit="s", ge=0, help="limit of CPU time; 0 = none")

    def run(self, likelihood: Likelihood, ctx: Context) -> Posterior:
        """Sample the posterior; ln Z is None.

        Raises
        ------
        LikelihoodError
            Where the likelihood is NaN, or zero all over the prior.
        DataError
            Where there are fewer walkers than twice the parameters.
        """
        import emcee

        if self.walkers < 2 * likelihood.ndim:
            raise DataError(
                f"emcee needs at least {2 * likelihood.ndim} walkers for {likelihood.ndim} parameters, got {self.walkers}"
            )
        budget = Budget(likelihood, self.max_calls, self.max_seconds)
        with ctx.captured("emcee.log"):
            chain, status = self._chain(emcee, likelihood, budget, ctx)
        return self._posterior(likelihood, chain, budget, status, f"emcee {emcee.__version__}")

    def _chain(self, emcee: Any, likelihood: Likelihood, budget: Budget, ctx: Context) -> tuple[_Chain | None, str]:
        checkpoint = None if ctx.folder is None else ctx.folder / "emcee.npz"
        engine = emcee.EnsembleSampler(
            self.walkers, likelihood.ndim, budget.posterior, vectorize=True, moves=self._moves(emcee, likelihood.ndim)
        )
        options = {a: v for a, v in asdict(self).items() if a not in ("max_calls", "max_seconds")}
        same = json_digest([likelihood.fingerprint(), likelihood.names, ctx.seed, ctx.task, options, emcee.__version__])
        if checkpoint is not None and checkpoint.exists():
            chain = _Chain.load(checkpoint, same)
            budget.calls, budget.earlier = chain.calls, chain.cpu_seconds
        else:
            rng = ctx.rng("emcee")
            try:
                start = self._start(likelihood, budget, rng)
                log_posterior = budget.posterior(start)
            except SpentError as spent:
                return None, spent.reason
            state = np.random.RandomState(rng.integers(2**32, dtype=np.uint64)).get_state(legacy=True)
            chain = _Chain(
                positions=start[None],
                log_posterior=log_posterior[None],
                random_state=state,
                calls=budget.calls,
                cpu_seconds=budget.cpu_seconds,
            )
        part = max(20, self.steps // 20)
        while len(chain.positions) <= self.steps:
            number = min(part, self.steps + 1 - len(chain.positions))
            engine.reset()
            state = emcee.State(chain.positions[-1], log_prob=chain.log_posterior[-1], random_state=chain.random_state, copy=True)
            try:
                last = engine.run_mcmc(state, number)
            except SpentError as spent:
                return (self._longer(chain, engine, chain.random_state, budget) if engine.iteration else chain), spent.reason
            chain = self._longer(chain, engine, last.random_state, budget)
            ctx.progress(len(chain.positions) - 1, self.steps, f"{budget.calls} calls")
            if checkpoint is not None:
                chain.save(checkpoint, same)
        return chain, "converged"

    @staticmethod
    def _longer(chain: _Chain, engine: Any, random_state: Any, budget: Budget) -> _Chain:
        """The chain with the steps that the engine holds."""
        return _Chain(
            positions=np.concatenate([chain.positions, engine.get_chain()]),
            log_posterior=np.concatenate([chain.log_posterior, engine.get_log_prob()]),
            random_state=random_state,
            calls=budget.calls,
            cpu_seconds=budget.cpu_seconds,
        )

    def _moves(self, emcee: Any, ndim: int) -> list[tuple[Any, float]]:
        """Curved posteriors, such as shot noise against slope, catch walkers of the stretch move for good."""
        chosen = self.moves if self.moves != "auto" else ("kde" if ndim <= 5 else "differential")
        if chosen == "stretch":
            return [(emcee.moves.StretchMove(), 1.0)]
        if chosen == "differential":
            # Never emcee's DESnookerMove: its Hastings factor is wrong, variances in ten dimensions come out at 0.54.
            return [(emcee.moves.DEMove(), 0.9), (emcee.moves.DEMove(gamma0=1.0), 0.1)]
        return [(emcee.moves.KDEMove(), 0.34), (emcee.moves.DEMove(), 0.33), (emcee.moves.StretchMove(), 0.33)]

    def _start(self, likelihood: Likelihood, budget: Budget, rng: np.random.Generator) -> Array:
        """Distinct points of finite posterior.

        A walker that starts in a thin, far branch of the posterior may stay there for the whole chain; so the walkers are
        brought to where the mass is first.
        """
        points, values = self._prior_draws(likelihood, budget, rng)
        if self.start == "prior":
            return points[: self.walkers]
        swarm = np.unique(annealed(points, values, self._draws(8, 64), budget, rng), axis=0)
        if len(swarm) < self.walkers:
            return points[np.argsort(-values, kind="stable")[: self.walkers]]
        return np.asarray(swarm[rng.permutation(len(swarm))[: self.walkers]])

    def _draws(self, per_walker: int, share: int) -> int:
        """So many draws per walker, but no more than one in `share` of all the calls that are allowed."""
        number = per_walker * self.walkers
        return max(4 * self.walkers, min(number, self.max_calls // share)) if self.max_calls else number

    def _prior_draws(self, likelihood: Likelihood, budget: Budget, rng: np.random.Generator) -> tuple[Array, Array]:
        """Draws from the prior with a likelihood above zero, and their ln posterior."""
        number = self._draws(200, 8) if self.start == "adapted" else self.walkers
        points, values = np.empty((0, likelihood.ndim)), np.empty(0)
        for _ in range(100):
            drawn = likelihood.prior_transform(rng.random((number, likelihood.ndim)))
            value = budget.posterior(drawn)
            good = np.isfinite(value)
            points, values = np.concatenate([points, drawn[good]]), np.concatenate([values, value[good]])
            if len(points) >= 4 * self.walkers:
                return points, values
        raise LikelihoodError(
            f"only {len(points)} of {100 * number} points drawn from the prior have a likelihood above zero: check them"
        )

    def _posterior(self, likelihood: Likelihood, chain: _Chain | None, budget: Budget, status: str, version: str) -> Posterior:
        diagnostics: dict[str, float] = {}
        notes: tuple[str, ...] = ()
        if chain is None:
            theta, log_l = budget.best()
            notes = ("a limit ended the run before the first step: the samples are the best points seen, and no posterior",)
        else:
            theta, log_l, diagnostics = self._kept(likelihood, chain)
        length = diagnostics.get("length", 0.0)
        if status == "converged" and not length >= 50:
            status = "not_converged"
            notes = (f"the chain is {length:.0f} autocorrelation times long; errors need some 50: raise steps",)
        if status == "converged" and not diagnostics["rhat"] <= _RHAT:
            status = "not_converged"
            notes = (f"the walkers disagree: split R-hat is {diagnostics['rhat']:.2f}; modes or branches hold them apart",)
        return Posterior(
            names=likelihood.names,
            units=tuple(p.unit for p in likelihood.parameters),
            latex=tuple(p.latex for p in likelihood.parameters),
            samples=theta,
            weights=np.full(len(theta), 1 / len(theta)),
            log_likelihood=log_l,
            calls=budget.calls,
            cpu_seconds=budget.cpu_seconds,
            diagnostics=diagnostics,
            status=status,
            notes=notes,
            version=version,
            fingerprint=likelihood.fingerprint(),
        )

    def _kept(self, likelihood: Likelihood, chain: _Chain) -> tuple[Array, Array, dict[str, float]]:
        """Samples after the burn-in, their ln L, and the diagnostics of the chain."""
        moved = chain.positions[1:] if len(chain.positions) > 1 else chain.positions
        log_posterior = chain.log_posterior[1:] if len(chain.positions) > 1 else chain.log_posterior
        steps = len(moved)
        burn = int(self.burn * steps)
        tau = max((autocorrelation_time(moved[burn:, :, i]) for i in range(likelihood.ndim)), default=np.nan)
        if np.isfinite(tau):
            burn = min(max(burn, int(5 * tau)), steps // 2)
        kept = moved[burn :: self.thin]
        theta = kept.reshape(-1, likelihood.ndim)
        log_l = log_posterior[burn :: self.thin].reshape(-1) - likelihood.log_prior(theta)
        diagnostics = {
            "tau": float(tau),
            "ess": float((steps - burn) * self.walkers / tau) if tau > 0 else float("nan"),
            "rhat": max(split_rhat(moved[burn:, :, i]) for i in range(likelihood.ndim)),
            "burn": float(burn),
            "length": float((steps - burn) / tau) if tau > 0 else float("nan"),
        }
        return theta, log_l, diagnostics
