"""Evidences by adaptive importance sampling: what the samplers `factorised` and `laplace-is` and the re-weighting share."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray
from scipy.special import logsumexp

from faintsky.core.errors import LikelihoodError
from faintsky.core.likelihood import Likelihood
from faintsky.core.parameter import Parameter
from faintsky.estimators.samplers.mixture_proposal import Defended, Density, StudentMixture, fitted, kish
from faintsky.estimators.samplers.pareto import khat_limit, pareto_khat

__all__ = ["CountedLikelihood", "ImportanceSample", "JoinedSamples", "LimitError", "adapted", "importance_sample", "joined"]

Array = NDArray[np.float64]

#: Rows asked for at once: a limit of time is looked at between them.
_ROWS = 500

#: Points kept for a run that a limit ends.
_KEPT = 1000

#: Rounds of adaptation that are remembered, the most of them, and the most with the likelihood in full.
_REMEMBERED, _MOST_ROUNDS, _MOST_FULL = 4, 200, 4

#: Share of a round that must stay effective when the likelihood is raised to a higher power.
_EFFECTIVE = 0.4


DEBUG = 0


class LimitError(Exception):
    """A limit is reached; `status` is that of the Posterior."""

    def __init__(self, status: str) -> None:
        self.status = status
        super().__init__(status)


class CountedLikelihood(Likelihood):
    """A likelihood that counts its calls, ends at a limit, and refuses NaN.

    Parameters
    ----------
    likelihood : Likelihood
    max_calls : int
        Never exceeded; 0 = no limit.
    max_seconds : float
        CPU seconds; 0 = no limit. The first batch is always evaluated.
    """

    def __init__(self, likelihood: Likelihood, max_calls: int = 0, max_seconds: float = 0.0) -> None:
        self.likelihood, self.max_calls, self.max_seconds = likelihood, max_calls, max_seconds
        self.calls = 0
        self._began = time.process_time()
        self._best: tuple[Array, Array] = np.empty((0, likelihood.ndim)), np.empty(0)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Those of the likelihood."""
        return self.likelihood.parameters

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds since it was made."""
        return time.process_time() - self._began

    def fingerprint(self) -> str:
        """That of the likelihood."""
        return self.likelihood.fingerprint()

    def log_prior(self, theta: NDArray[np.float64] | Sequence[float]) -> Array:  # type: ignore[override]
        """ln prior of the likelihood, which may be no product over its parameters."""
        return self.likelihood.log_prior(theta)

    def prior_transform(self, u: NDArray[np.float64]) -> Array:  # type: ignore[override]
        """That of the likelihood."""
        return self.likelihood.prior_transform(u)

    def log_likelihood(self, theta: Array) -> Array:
        """ln L at `theta` of shape (n, d), shape (n,).

        Raises
        ------
        LimitError
            Where a limit is reached; what fits below it is evaluated and kept.
        LikelihoodError
            Where ln L is NaN.
        """
        values = [np.empty(0)]
        for start in range(0, len(theta), _ROWS):
            if self.max_seconds and self.calls and self.cpu_seconds >= self.max_seconds:
                raise LimitError("max_seconds")
            part = theta[start : start + _ROWS]
            asked = part[: max(self.max_calls - self.calls, 0)] if self.max_calls else part
            if len(asked):
                self.calls += len(asked)
                values.append(self.likelihood.checked(asked))
                self._keep(asked, values[-1])
            if len(asked) < len(part):
                raise LimitError("max_calls")
        return np.concatenate(values)

    def inside(self, theta: Array) -> tuple[Array, Array]:
        """ln L, asked only inside the prior, and ln prior, both of shape (n,)."""
        prior = self.log_prior(theta)
        possible = np.isfinite(prior)
        value = np.full(len(theta), -np.inf)
        value[possible] = self.log_likelihood(theta[possible])
        return value, prior

    def _keep(self, theta: Array, values: Array) -> None:
        if self.max_calls or self.max_seconds:
            points, found = np.concatenate([self._best[0], theta]), np.concatenate([self._best[1], values])
            order = np.argsort(found, kind="stable")[-_KEPT:]
            self._best = points[order], found[order]

    def best_seen(self) -> tuple[Array, Array, Array]:
        """Points (n, d), ln L (n,) and weights (n,) where a limit ended a run: a hint where the mass lies, no posterior."""
        points, values = self._best
        top = values.max(initial=-np.inf)
        shares = np.exp(values - top) if np.isfinite(top) else np.ones(len(values))
        return points, values, shares / shares.sum()


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


@frozen(kw_only=True, eq=False)
class _Round:
    theta: Array
    log_likelihood: Array
    log_prior: Array
    proposal: Density

    def efficiency(self) -> float:
        return kish(self.log_likelihood + self.log_prior - self.proposal.log_density(self.theta)) / len(self.theta)


def _drawn(asked: CountedLikelihood, proposal: Density, number: int, rng: np.random.Generator) -> _Round:
    theta = proposal.draw(number, rng)
    value, prior = asked.inside(theta)
    return _Round(theta=theta, log_likelihood=value, log_prior=prior, proposal=proposal)


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
    for _ in range(_MOST_ROUNDS):
        theta, value, base = _pooled(pool)
        last, beta = beta, _power(value, base, wanted, beta)
        if beta < 1 and beta < 1.1 * last:
            # What kernels describe badly, such as tails along each axis, would never be as effective as is wanted.
            wanted = max(0.7 * wanted, 2.0 * asked.ndim)
        proposal, kernels = fitted(theta, _tempered(value, base, beta), broad, defence, rng, kernels)
        pool = [*pool[1 - _REMEMBERED :], _drawn(asked, proposal, number, rng)]
        if DEBUG:
            print(f"{beta:.3g} K={len(kernels.shares)} share {proposal.share:.2f} eff {pool[-1].efficiency():.3f}")
        if beta < 1:
            full = 0
            continue
        full += 1
        now = pool[-1].efficiency()
        if full >= _MOST_FULL or now > 0.6 or (full > 1 and before < now < 1.2 * before):
            break
        before = now
    # The last draws have their say too.
    theta, value, base = _pooled(pool)
    return fitted(theta, value + base, broad, defence, rng, kernels)[0]


def _tempered(value: Array, base: Array, beta: float) -> Array:
    possible = np.isfinite(value)
    return np.where(possible, beta * np.where(possible, value, 0) + base, -np.inf)


def _possible(asked: CountedLikelihood, first: Density, number: int, rng: np.random.Generator) -> _Round:
    """The first round, made longer until the likelihood is possible at as many as a tenth of its points."""
    rounds, found = 50, list[_Round]()
    for _ in range(rounds):
        found.append(_drawn(asked, first, number, rng))
        if sum(np.isfinite(r.log_likelihood).sum() for r in found) >= 0.1 * number:
            break
    value = np.concatenate([r.log_likelihood for r in found])
    if not np.isfinite(value).any():
        raise LikelihoodError(f"the likelihood is zero at all {len(value)} points drawn from the prior: check the priors")
    return _Round(
        theta=np.concatenate([r.theta for r in found]),
        log_likelihood=value,
        log_prior=np.concatenate([r.log_prior for r in found]),
        proposal=first,
    )


def _pooled(pool: Sequence[_Round]) -> tuple[Array, Array, Array]:
    """Points, ln L, and ln (prior / mixture of the proposals), of all rounds."""
    theta = np.concatenate([r.theta for r in pool])
    sizes = np.array([len(r.theta) for r in pool])
    drawn = np.stack([r.proposal.log_density(theta) for r in pool]) + np.log(sizes / sizes.sum())[:, None]
    prior = np.concatenate([r.log_prior for r in pool])
    return theta, np.concatenate([r.log_likelihood for r in pool]), prior - logsumexp(drawn, axis=0)


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


def importance_sample(
    asked: CountedLikelihood,
    proposal: Density,
    *,
    draws: int,
    max_draws: int,
    target_error: float,
    min_ess: float,
    rng: np.random.Generator,
) -> ImportanceSample:
    """Independent draws from a frozen proposal, doubled until ln Z and the sample are good enough, or there are too many."""
    sample: ImportanceSample | None = None
    number = min(draws, max_draws)
    while True:
        part = _drawn(asked, proposal, number, rng)
        more = ImportanceSample(
            theta=part.theta,
            log_likelihood=part.log_likelihood,
            log_weights=part.log_likelihood + part.log_prior - proposal.log_density(part.theta),
        )
        sample = more if sample is None else sample.and_also(more)
        number = min(len(sample.theta), max_draws - len(sample.theta))
        if (sample.error <= target_error and sample.ess >= min_ess) or number <= 0:
            return sample


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
    for their number, and where there are too few effective draws or the error is too large.

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
        if k > limit:
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
