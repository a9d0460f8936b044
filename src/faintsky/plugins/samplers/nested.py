"""What the nested samplers share: repeats with their self-check, and the posterior they give."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.errors import LikelihoodError
from faintsky.core.likelihood import Likelihood
from faintsky.core.sampler import Posterior
from faintsky.plugins.samplers.budget import Budget, SpentError

__all__ = ["NestedRun", "nested_posterior", "refuse_plateau"]

#: Below this probability new points are no draws from within the contour. It is low because many ranks make the test keen: on
#: the egg box p = 2.5e-5 was met where ln Z was right to 0.02.
_INSERTION_P = 1e-6


@frozen(kw_only=True, eq=False)
class NestedRun:
    """One run of an engine.

    Attributes
    ----------
    samples : ndarray, shape (n, d)
    log_likelihood : ndarray, shape (n,)
    weights : ndarray, shape (n,)
        Sum to 1.
    log_z, log_z_error : float or None
    status : str
    insertion_p : float
        Probability of the insertion ranks; NaN where the engine does not tell them.
    """

    samples: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    weights: NDArray[np.float64]
    log_z: float | None
    log_z_error: float | None
    status: str = "converged"
    insertion_p: float = float("nan")


def refuse_plateau(likelihood: Likelihood, budget: Budget, rng: np.random.Generator, number: int) -> None:
    """Refuse a likelihood that is impossible, or equal, all over the prior: nested sampling would never end.

    Raises
    ------
    LikelihoodError
        Where it is zero at 50 times `number` points, or the same at `number` of them.
    """
    rounds = 50
    for _ in range(rounds):
        theta = likelihood.prior_transform(rng.random((number, likelihood.ndim)))
        values = budget.batch(theta)
        if np.isfinite(values).any():
            break
    else:
        raise LikelihoodError(f"the likelihood is zero at all {rounds * number} points drawn from the prior: check the priors")
    if np.isfinite(values).all() and np.ptp(values) == 0:
        raise LikelihoodError(f"the likelihood is the same at all {number} points drawn from the prior: a plateau")


def nested_posterior(
    once: Callable[[Budget, int], NestedRun],
    likelihood: Likelihood,
    ctx: Context,
    *,
    repeats: int,
    max_calls: int,
    max_seconds: float,
    version: str,
    notes: Sequence[str] = (),
) -> Posterior:
    """Run an engine `repeats` times with independent streams, and put the runs together.

    The runs have equal weight; ln Z is their mean. The empirical scatter stands in ``diagnostics["log_z_scatter"]``, beside
    the engine's own error. The status is ``unreliable`` where two runs differ by more than 3 combined sigma, or where the
    ranks of new points among the live ones are not uniform (``diagnostics["insertion_rank_p"]``, smallest of the runs).
    A limit ends all runs: the samples are then the best points seen, and there is no ln Z.
    """
    budget = Budget(likelihood, max_calls, max_seconds)
    runs: list[NestedRun] = []
    said = list(notes)
    for i in range(repeats):
        try:
            runs.append(once(budget, i))
        except SpentError as spent:
            runs = [_best_seen(budget, spent.reason)]
            said.append("a limit ended the run: the samples are the best points seen, and no posterior")
            break
        ctx.progress(i + 1, repeats, f"{budget.calls} calls")
    log_z, error = _evidence(runs)
    weights = np.concatenate([r.weights for r in runs]) / len(runs)
    diagnostics = {"ess": float(1.0 / np.sum(weights**2))}
    status, doubts = runs[0].status, list[str]()
    known = [(r.log_z, r.log_z_error) for r in runs if r.log_z is not None and r.log_z_error is not None]
    if len(known) > 1:
        values, errors = np.array(known).T
        diagnostics["log_z_scatter"] = float(np.std(values, ddof=1))
        pull = np.abs(values[:, None] - values) / np.hypot(errors[:, None], errors)
        if pull.max() > 3:
            doubts.append(f"runs differ by {pull.max():.1f} sigma in ln Z: {', '.join(f'{v:.2f}' for v in values)}")
    ranked = [r.insertion_p for r in runs if np.isfinite(r.insertion_p)]
    if ranked:
        diagnostics["insertion_rank_p"] = min(ranked)
        if min(ranked) < _INSERTION_P / len(ranked):
            doubts.append(f"new points are no fair draws from within the contour: insertion ranks have p = {min(ranked):.1e}")
    if doubts and status == "converged":
        status = "unreliable"
    return Posterior(
        names=likelihood.names,
        units=tuple(p.unit for p in likelihood.parameters),
        latex=tuple(p.latex for p in likelihood.parameters),
        samples=np.concatenate([r.samples for r in runs]),
        weights=weights,
        log_likelihood=np.concatenate([r.log_likelihood for r in runs]),
        log_z=log_z,
        log_z_error=error,
        calls=budget.calls,
        cpu_seconds=budget.cpu_seconds,
        diagnostics=diagnostics,
        status=status,
        notes=(*said, *doubts),
        version=version,
        fingerprint=likelihood.fingerprint(),
    )


def _best_seen(budget: Budget, reason: str) -> NestedRun:
    samples, values = budget.best()
    finite = np.isfinite(values)
    shares = np.exp(values - values[finite].max()) if finite.any() else np.ones(len(values))
    return NestedRun(
        samples=samples, log_likelihood=values, weights=shares / shares.sum(), log_z=None, log_z_error=None, status=reason
    )


def _evidence(runs: Sequence[NestedRun]) -> tuple[float | None, float | None]:
    if any(r.log_z is None or r.log_z_error is None for r in runs):
        return None, None
    values = np.array([r.log_z for r in runs], dtype=float)
    errors = np.array([r.log_z_error for r in runs], dtype=float)
    own = float(np.sqrt(np.sum(errors**2))) / len(runs)
    scatter = float(np.std(values, ddof=1)) / np.sqrt(len(runs)) if len(runs) > 1 else 0.0
    return float(values.mean()), max(own, scatter)
