"""Evidences by importance sampling: what the samplers `factorised` and `laplace-is` and the re-weighting share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray
from scipy.special import logsumexp

from faintsky.core.errors import LikelihoodError
from faintsky.estimators.samplers.adaptation import drawn
from faintsky.estimators.samplers.counted_likelihood import CountedLikelihood
from faintsky.estimators.samplers.mixture_proposal import Density, kish
from faintsky.estimators.samplers.pareto import khat_limit, pareto_khat, tail_length

__all__ = ["ImportanceSample", "JoinedSamples", "integrated", "joined"]

Array = NDArray[np.float64]

#: A tail that holds less of Z than this may be as heavy as it likes.
_TAIL_SHARE = 0.01


@frozen(kw_only=True, eq=False)
class ImportanceSample:
    """Weighted draws from a frozen proposal.

    Attributes
    ----------
    theta : ndarray, shape (n, d)
    log_likelihood : ndarray, shape (n,)
        -inf outside the prior, where it is not asked.
    log_weights : ndarray, shape (n,)
        ln (likelihood x prior / proposal).
    """

    theta: Array
    log_likelihood: Array
    log_weights: Array

    @property
    def log_z(self) -> float:
        """ln of the mean weight; the mean weight itself is unbiased."""
        return float(logsumexp(self.log_weights) - np.log(len(self.log_weights)))

    @property
    def error(self) -> float:
        """1-sigma error of `log_z`, from the variance of the weights."""
        return float(np.sqrt(max(1 / max(self.ess, 1e-300) - 1 / len(self.log_weights), 0) + 1e-12))

    @property
    def ess(self) -> float:
        """Kish's effective number of draws."""
        return kish(self.log_weights)

    @property
    def tail_share(self) -> float:
        """Share of Z that the largest weights hold, those of the tail that `khat` describes, by what they exceed it by."""
        weights = np.sort(np.exp(self.log_weights - self.log_weights.max()))
        tail = weights[-tail_length(int(np.count_nonzero(weights))) - 1 :]
        return float(np.sum(tail - tail[0]) / weights.sum())

    @property
    def khat(self) -> float:
        """Pareto shape of the tail of the weights."""
        return pareto_khat(self.log_weights)

    def and_also(self, other: ImportanceSample) -> ImportanceSample:
        """Both samples, of one proposal, as one."""
        return ImportanceSample(
            theta=np.concatenate([self.theta, other.theta]),
            log_likelihood=np.concatenate([self.log_likelihood, other.log_likelihood]),
            log_weights=np.concatenate([self.log_weights, other.log_weights]),
        )


def _sample(asked: CountedLikelihood, proposal: Density, number: int, rng: np.random.Generator) -> ImportanceSample:
    part = drawn(asked, proposal, number, rng)
    return ImportanceSample(
        theta=part.theta,
        log_likelihood=part.log_likelihood,
        log_weights=part.log_weights,
    )


@frozen(kw_only=True, eq=False)
class JoinedSamples:
    """Independent repeats of an importance sample, put together, with what they say of each other.

    Attributes
    ----------
    theta, log_likelihood, weights : ndarray
        Of all repeats; the weights sum to 1 and are above 0.
    log_z : float
        ln of the mean of the repeats' evidences.
    error : float
        1 sigma: the larger one of what the weights and what the scatter of the repeats tell.
    scatter : float
        Standard deviation of the repeats' ln Z.
    ess, khat : float
        Sum of the effective numbers; largest k.
    doubts : tuple of str
        Why ln Z should not be trusted; empty: all is well.
    """

    theta: Array
    log_likelihood: Array
    weights: Array
    log_z: float
    error: float
    scatter: float
    ess: float
    khat: float
    doubts: tuple[str, ...] = field(default=())

    @property
    def diagnostics(self) -> dict[str, float]:
        """``ess``, ``khat`` and ``log_z_scatter``."""
        return {"ess": self.ess, "khat": self.khat, "log_z_scatter": self.scatter}


def joined(samples: Sequence[ImportanceSample], min_ess: float, target_error: float) -> JoinedSamples:
    """The repeats as one sample, with the self-check.

    Doubted is ln Z where two repeats differ by more than three of their errors, where the weights of one have a tail too heavy
    for their number that holds a hundredth of Z or more, and where there are too few effective draws or the error is too large.

    Raises
    ------
    LikelihoodError
        Where no draw of a repeat has a weight.
    """
    values = np.array([s.log_z for s in samples])
    if not np.isfinite(values).all():
        raise LikelihoodError("the likelihood is zero at all points drawn from the proposal: check the priors")
    errors, tails = np.array([s.error for s in samples]), [s.khat for s in samples]
    n = len(samples)
    log_z = float(logsumexp(values) - np.log(n))
    own = float(np.sqrt(np.sum((np.exp(values - log_z) * errors) ** 2))) / n
    scatter = float(np.std(values, ddof=1)) if n > 1 else 0.0
    error = max(own, scatter / float(np.sqrt(n)))
    log_weights = np.concatenate([s.log_weights - np.log(n * len(s.log_weights)) for s in samples]) - log_z
    kept = np.isfinite(log_weights)
    weights = np.exp(log_weights[kept])
    ess = float(sum(s.ess for s in samples))
    doubts = []
    pull = np.abs(values[:, None] - values) / np.hypot(errors[:, None], errors)
    if pull.max() > 3:
        doubts.append(f"the repeats differ by {pull.max():.1f} sigma in ln Z: {', '.join(f'{v:.3f}' for v in values)}")
    for sample, k in zip(samples, tails, strict=True):
        limit = khat_limit(int(np.isfinite(sample.log_weights).sum()))
        if k > limit and sample.tail_share > _TAIL_SHARE:
            doubts.append(f"the weights have too heavy a tail: Pareto k = {k:.2f}, above {limit:.2f} for so many draws")
            break
    if ess < min_ess:
        doubts.append(f"only {ess:.0f} effective draws, below min_ess = {min_ess:g}: raise max_draws")
    if error > 2 * target_error:
        doubts.append(f"the error of ln Z is {error:.3f}, more than twice target_error = {target_error:g}: raise max_draws")
    return JoinedSamples(
        theta=np.concatenate([s.theta for s in samples])[kept],
        log_likelihood=np.concatenate([s.log_likelihood for s in samples])[kept],
        weights=weights / weights.sum(),
        log_z=log_z,
        error=error,
        scatter=scatter,
        ess=ess,
        khat=max(tails),
        doubts=tuple(doubts),
    )


def integrated(
    asked: CountedLikelihood,
    proposals: Sequence[Density],
    rngs: Sequence[np.random.Generator],
    *,
    draws: int,
    max_draws: int,
    target_error: float,
    min_ess: float,
) -> JoinedSamples:
    """Independent draws from each of the frozen proposals, more and more until ln Z is good enough, or there are too many.

    Parameters
    ----------
    asked : CountedLikelihood
    proposals : sequence of Density
        One for each repeat.
    rngs : sequence of Generator
    draws, max_draws : int
        At first and at most, of all repeats.
    target_error : float
        Of ln Z, of all repeats.
    min_ess : float
        Effective draws of all repeats.
    """
    number, most = draws // len(proposals), max(max_draws, draws) // len(proposals)
    samples = [_sample(asked, q, number, rng) for q, rng in zip(proposals, rngs, strict=True)]
    while True:
        found = joined(samples, min_ess, target_error)
        if (found.error <= target_error and found.ess >= min_ess) or number >= most:
            return found
        # As many as the draws so far say, with a tenth to spare, and no more than twice as many in all.
        lacking = max(min_ess / max(found.ess, 1.0), (found.error / target_error) ** 2)
        more = min(number, most - number, int(np.ceil((1.1 * lacking - 1) * number)))
        number += more
        samples = [s.and_also(_sample(asked, q, more, rng)) for s, q, rng in zip(samples, proposals, rngs, strict=True)]
