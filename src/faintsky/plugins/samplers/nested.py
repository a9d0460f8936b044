"""What the nested samplers share: repeats with their self-check, and the posterior they give."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.errors import LikelihoodError
from faintsky.core.likelihood import Likelihood
from faintsky.core.sampler import Posterior
from faintsky.plugins.samplers.budget import Budget

__all__ = ["NestedRun", "nested_posterior", "refuse_plateau"]


@frozen(kw_only=True, eq=False)
class NestedRun:
    """One run of an engine: samples (n, d), ln L (n,), normalised weights (n,), ln Z, its error, iterations, status."""

    samples: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    weights: NDArray[np.float64]
    log_z: float | None
    log_z_error: float | None
    status: str


def refuse_plateau(likelihood: Likelihood, budget: Budget, rng: np.random.Generator, number: int) -> None:
    """Refuse a likelihood that is impossible, or equal, all over the prior: nested sampling would never end.

    Raises
    ------
    LikelihoodError
    """
    theta = likelihood.prior_transform(rng.random((number, likelihood.ndim)))
    values = budget.batch(theta)
    if not np.isfinite(values).any():
        raise LikelihoodError(f"the likelihood is zero at all {number} points drawn from the prior: check the priors")
    if np.ptp(values[np.isfinite(values)]) == 0 and np.isfinite(values).all():
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

    The runs have equal weight; ln Z is their mean. Where two of them differ by more than 3 combined sigma the status is
    ``unreliable``. The empirical scatter stands in ``diagnostics["log_z_scatter"]``, beside the engine's own error.
    """
    budget = Budget(likelihood, max_calls, max_seconds)
    runs: list[NestedRun] = []
    for i in range(repeats):
        runs.append(once(budget, i))
        ctx.progress(i + 1, repeats, f"{budget.calls} calls")
    status = next((r.status for r in runs if r.status != "converged"), "converged")
    log_z, error = _evidence(runs)
    diagnostics: dict[str, float] = {}
    weights = np.concatenate([r.weights for r in runs]) / len(runs)
    diagnostics["ess"] = float(1.0 / np.sum(weights**2))
    known = np.array([r.log_z for r in runs if r.log_z is not None])
    if len(known) > 1:
        diagnostics["log_z_scatter"] = float(np.std(known, ddof=1))
        errors = np.array([r.log_z_error for r in runs if r.log_z_error is not None])
        if np.ptp(known) > 3 * np.hypot(errors.max(), errors.min()) and status == "converged":
            status = "unreliable"
    posterior = Posterior(
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
        notes=tuple(notes),
        version=version,
        fingerprint=likelihood.fingerprint(),
    )
    return posterior if status in ("converged", "unreliable") else evolve(posterior, log_z=None, log_z_error=None)


def _evidence(runs: Sequence[NestedRun]) -> tuple[float | None, float | None]:
    if any(r.log_z is None or r.log_z_error is None for r in runs):
        return None, None
    values = np.array([r.log_z for r in runs], dtype=float)
    errors = np.array([r.log_z_error for r in runs], dtype=float)
    own = float(np.sqrt(np.sum(errors**2))) / len(runs)
    scatter = float(np.std(values, ddof=1)) / np.sqrt(len(runs)) if len(runs) > 1 else 0.0
    return float(values.mean()), max(own, scatter)
