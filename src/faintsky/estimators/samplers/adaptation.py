"""Adapts a proposal to a posterior, by population Monte Carlo."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.special import logsumexp

from faintsky.core.errors import LikelihoodError
from faintsky.estimators.samplers.counted_likelihood import CountedLikelihood
from faintsky.estimators.samplers.mixture_proposal import Defended, Density, StudentMixture, fitted, kish

__all__ = ["Round", "adapted", "drawn"]

Array = NDArray[np.float64]

#: Rounds of adaptation that are remembered, the most of them, and the most with the likelihood in full.
_REMEMBERED, _MOST_ROUNDS, _MOST_FULL = 4, 200, 4

#: Share of a round that must stay effective when the likelihood is raised to a higher power.
_EFFECTIVE = 0.4

#: A point with so much of the weight gets a kernel of its own, at most so many do; halvings of the span of the points that are
#: tried for its width.
_PEAK, _PEAKS, _HALVINGS = 0.02, 4, 14


@frozen(kw_only=True, eq=False)
class Round:
    """Draws from a proposal, with ln L (-inf outside the prior, where it is not asked) and ln prior."""

    theta: Array
    log_likelihood: Array
    log_prior: Array
    proposal: Density

    @property
    def log_weights(self) -> Array:
        """ln (likelihood x prior / proposal), shape (n,)."""
        return self.log_likelihood + self.log_prior - self.proposal.log_density(self.theta)


def drawn(asked: CountedLikelihood, proposal: Density, number: int, rng: np.random.Generator) -> Round:
    """So many draws from a proposal."""
    theta = proposal.draw(number, rng)
    value, prior = asked.inside(theta)
    return Round(theta=theta, log_likelihood=value, log_prior=prior, proposal=proposal)


def adapted(
    asked: CountedLikelihood,
    first: Density,
    broad: Density,
    *,
    number: int,
    defence: float,
    rng: np.random.Generator,
    pilot: int = 0,
) -> Defended:
    """A proposal fitted to the posterior, by population Monte Carlo over prior x L^beta.

    In each round draws from the proposal get weights under the mixture of the last rounds' proposals (deterministic mixture:
    one good proposal among them bounds the weight); beta grows as far as an effective quarter of a round allows, and the
    mixture is fitted anew. With beta at 1 it goes on until the proposal gets no better.

    Parameters
    ----------
    asked : CountedLikelihood
    first : Density
        Where to begin: the pilot, the prior, or a mixture of starts.
    broad : Density
        The defence: part of every later proposal.
    number : int
        Draws of a round.
    defence : float
        The smallest share of `broad`.
    rng : Generator
    pilot : int
        Draws of the first round; 0 = `number`.

    Raises
    ------
    LikelihoodError
        Where the likelihood is zero at all points of fifty first rounds.

    References
    ----------
    Cappe et al. 2008 (mixtures fitted to weighted draws), Cornuet et al. 2012 (weights of several rounds).
    """
    pool = [_possible(asked, first, pilot or number, rng)]
    full, before, beta, wanted = 0, 0.0, 1e-18, max(_EFFECTIVE * number, 5.0 * asked.ndim)
    kernels: StudentMixture | None = None
    peaks = 0
    for _ in range(_MOST_ROUNDS):
        theta, value, base = _pooled(pool)
        last, beta = beta, _power(value, base, wanted, beta)
        if beta < 1 and beta < 1.1 * last:
            # What kernels describe badly, such as tails along each axis, would never be as effective as is wanted.
            wanted = max(0.7 * wanted, 2.0 * asked.ndim)
        proposal, kernels = fitted(theta, _tempered(value, base, beta), broad, defence, rng, kernels)
        tempered = _tempered(value, base, beta)
        top = int(np.argmax(tempered))
        if peaks < _PEAKS and np.exp(tempered - tempered[top]).sum() < 1 / _PEAK:
            peaks += 1
            kernels = kernels.with_kernel(theta[top], _reach(asked, theta[top], value[top], np.ptp(theta, axis=0)))
            proposal = Defended(broad=broad, narrow=kernels, share=proposal.share)
        pool = [*pool[1 - _REMEMBERED :], drawn(asked, proposal, number, rng)]
        if beta < 1:
            full = 0
            continue
        full += 1
        now = kish(pool[-1].log_weights) / number
        if full >= _MOST_FULL or now > 0.6 or (full > 1 and before < now < 1.2 * before):
            break
        before = now
    # The last draws have their say too.
    theta, value, base = _pooled(pool)
    return fitted(theta, value + base, broad, defence, rng, kernels)[0]


def _reach(asked: CountedLikelihood, point: Array, value: float, span: Array) -> Array:
    """How far along each axis ln L stays within 2 of that of a point, shape (d,): twice the width of a Gaussian peak.

    One batch of calls, in steps of two, so that a peak that one draw has met by luck is found whatever its width.
    """
    d = len(point)
    steps = 0.5 ** np.arange(1, _HALVINGS + 1)
    there = point + np.concatenate([sign * steps[:, None, None] * np.diag(span) for sign in (-1, 1)]).reshape(-1, d)
    found, _ = asked.inside(there)
    near = (found > value - 2).reshape(2, _HALVINGS, d)
    # Within the largest step all smaller ones are near too.
    far = np.argmin(np.append(near[:, ::-1], np.zeros((2, 1, d), dtype=bool), axis=1), axis=1)
    return np.asarray(0.5 * span * np.mean(0.5 ** (_HALVINGS - np.maximum(far, 1) + 1.0), axis=0))


def _tempered(value: Array, base: Array, beta: float) -> Array:
    possible = np.isfinite(value)
    return np.where(possible, beta * np.where(possible, value, 0) + base, -np.inf)


def _possible(asked: CountedLikelihood, first: Density, number: int, rng: np.random.Generator) -> Round:
    """The first round, made longer until the likelihood is possible at as many as a tenth of its points."""
    rounds, found = 50, list[Round]()
    for _ in range(rounds):
        found.append(drawn(asked, first, number, rng))
        if sum(np.isfinite(r.log_likelihood).sum() for r in found) >= 0.1 * number:
            break
    value = np.concatenate([r.log_likelihood for r in found])
    if not np.isfinite(value).any():
        raise LikelihoodError(f"the likelihood is zero at all {len(value)} points drawn from the prior: check the priors")
    return Round(
        theta=np.concatenate([r.theta for r in found]),
        log_likelihood=value,
        log_prior=np.concatenate([r.log_prior for r in found]),
        proposal=first,
    )


def _pooled(pool: Sequence[Round]) -> tuple[Array, Array, Array]:
    """Points, ln L, and ln (prior / mixture of the proposals), of all rounds."""
    theta = np.concatenate([r.theta for r in pool])
    sizes = np.array([len(r.theta) for r in pool])
    density = np.stack([r.proposal.log_density(theta) for r in pool]) + np.log(sizes / sizes.sum())[:, None]
    prior = np.concatenate([r.log_prior for r in pool])
    return theta, np.concatenate([r.log_likelihood for r in pool]), prior - logsumexp(density, axis=0)


def _power(value: Array, base: Array, wanted: float, before: float) -> float:
    """The largest beta up to 1 that leaves so many effective draws with weights L^beta exp(base).

    Not below a third of the one `before`: towards 0 the draws of the defence alone become effective again.
    """
    good = np.isfinite(value)
    value, base = value[good] - value[good].max(), base[good]
    if kish(value + base) >= wanted:
        return 1.0
    low, high = np.log(before / 3), 0.0
    for _ in range(30):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if kish(np.exp(middle) * value + base) >= wanted else (low, middle)
    return float(np.exp(low))
