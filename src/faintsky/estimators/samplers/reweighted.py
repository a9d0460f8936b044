"""The check of any sampler's ln Z: importance sampling from its own samples."""

from __future__ import annotations

import numpy as np
from attrs import evolve, field, frozen

from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.likelihood import Likelihood
from faintsky.core.sampler import Posterior
from faintsky.estimators.samplers.adaptation import adapted
from faintsky.estimators.samplers.counted_likelihood import CountedLikelihood
from faintsky.estimators.samplers.importance import integrated
from faintsky.estimators.samplers.mixture_proposal import PriorDensity, fitted
from faintsky.estimators.samplers.normal_scores import NormalScores

__all__ = ["Reweighted", "checked", "reweighted_log_z"]

#: Least share of the prior in the proposal, draws of a round of the adaptation (in all, and for each parameter), repeats.
_DEFENCE, _ROUND, _ROUND_EACH, _REPEATS = 0.1, 500, 60, 2

#: A sampler is doubted beyond so many combined sigma, where that is more than so much in ln Z.
_SIGMA, _LEAST = 3.0, 0.15

#: Error of ln Z below which a check is worth having.
_TARGET = 0.1

#: Effective draws that a check needs.
_LEAST_ESS = 200.0


@frozen(kw_only=True, eq=False)
class Reweighted:
    """ln Z by importance sampling from where a sampler found the posterior.

    Attributes
    ----------
    log_z, error : float
        With its 1-sigma error.
    khat : float
        Pareto shape of the tail of the weights.
    ess : float
    calls : int
    doubts : tuple of str
        Why it should not be trusted either; empty: all is well.
    """

    log_z: float
    error: float
    khat: float
    ess: float
    calls: int
    doubts: tuple[str, ...] = field(default=())


def reweighted_log_z(posterior: Posterior, likelihood: Likelihood, ctx: Context, *, draws: int = 4000) -> Reweighted:
    """ln Z from draws around the samples of a posterior; it owes nothing to the sampler's own ln Z.

    Student-t kernels are fitted to the samples, improved in a few rounds of population Monte Carlo (samples of a biased run lie
    in too small a part of the posterior), and frozen; the mean of likelihood x prior / proposal over new draws is Z. All is done
    twice. A mode that the sampler missed is missed here too, but for the draws from the prior, a tenth.

    Parameters
    ----------
    posterior : Posterior
        Of any sampler, with all parameters of `likelihood`.
    likelihood : Likelihood
    ctx : Context
    draws : int
        From the final proposals of both repeats; up to eight times as many where they do not suffice.

    Raises
    ------
    DataError
        Where the posterior is that of another likelihood.
    """
    if posterior.names != likelihood.names:
        raise DataError(
            f"the posterior has the parameters {', '.join(posterior.names)}, the likelihood has {', '.join(likelihood.names)}: "
            "a posterior is re-weighted with the likelihood that it was sampled from"
        )
    scored = NormalScores(likelihood=likelihood)
    asked, prior = CountedLikelihood(scored), PriorDensity(likelihood=scored)
    with np.errstate(divide="ignore"):
        log_weights = np.log(posterior.weights)
    scores = scored.scores(posterior.samples)
    rngs = [ctx.rng(f"reweighted:{i}") for i in range(_REPEATS)]
    number = _ROUND + _ROUND_EACH * likelihood.ndim
    proposals = []
    for rng in rngs:
        first, _ = fitted(scores, log_weights, prior, _DEFENCE, rng)
        proposals.append(adapted(asked, first, prior, number=number, defence=_DEFENCE, rng=rng))
    found = integrated(asked, proposals, rngs, draws=draws, max_draws=8 * draws, target_error=_TARGET, min_ess=_LEAST_ESS)
    return Reweighted(
        log_z=found.log_z, error=found.error, khat=found.khat, ess=found.ess, calls=asked.calls, doubts=found.doubts
    )


def checked(posterior: Posterior, likelihood: Likelihood, ctx: Context) -> Posterior:
    """The posterior with the status ``unreliable`` where its ln Z fails the check by re-weighting, or cannot be checked.

    It fails where both differ by more than three combined sigma, and by more than 0.15. What was found stands in the notes and
    in the diagnostics ``reweighted_log_z``, ``reweighted_error`` and ``reweighted_khat``. A posterior without ln Z is returned
    as it is. `calls` and `cpu_seconds` stay those of the sampler; the check's calls are ``reweighted_calls``.
    """
    if posterior.log_z is None or posterior.log_z_error is None:
        return posterior
    found = reweighted_log_z(posterior, likelihood, ctx)
    off, sigma = posterior.log_z - found.log_z, float(np.hypot(posterior.log_z_error, found.error))
    said = (
        f"ln Z = {posterior.log_z:.3f} +- {posterior.log_z_error:.3f} of the sampler, "
        f"{found.log_z:.3f} +- {found.error:.3f} by re-weighting its samples"
    )
    notes = posterior.notes
    status = posterior.status
    if found.doubts:
        notes, status = (*notes, f"ln Z could not be checked: {said}; {'; '.join(found.doubts)}"), "unreliable"
    elif abs(off) > max(_SIGMA * sigma, _LEAST):
        notes, status = (*notes, f"{said}: they differ by {abs(off) / sigma:.1f} sigma"), "unreliable"
    return evolve(
        posterior,
        notes=notes,
        status=status if posterior.status == "converged" else posterior.status,
        diagnostics={
            **posterior.diagnostics,
            "reweighted_log_z": found.log_z,
            "reweighted_error": found.error,
            "reweighted_khat": found.khat,
            "reweighted_calls": float(found.calls),
        },
    )
