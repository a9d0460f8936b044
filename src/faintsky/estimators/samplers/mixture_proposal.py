"""Densities to draw from: the prior, a mixture of Student-t kernels fitted to weighted points, and one defended by the other."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

from faintsky.core.likelihood import Likelihood
from faintsky.core.reduced_likelihood import ReducedLikelihood
from faintsky.core.sampler import equal_weight

__all__ = ["Defended", "Density", "PilotDensity", "PriorDensity", "StudentMixture", "fitted", "kish"]

Array = NDArray[np.float64]

#: Degrees of freedom: tails far heavier than those of a Gaussian, and still a finite fourth moment.
_DOF = 5.0

#: Numbers of kernels that are tried, steps of the fit to each of them, least and most points that it sees, steps of k-means.
_KERNELS, _STEPS, _POINTS, _LLOYD = (1, 2, 4, 8, 16, 24, 32), 25, (500, 2000), 3

#: Effective number of points below which a kernel dies.
_LEAST_POINTS = 3.0

#: Share of a kernel that is put in.
_NEW_SHARE = 0.2

#: A larger number of kernels must gain this in the mean log density at points that were held out.
_GAIN = 0.005


class Density(Protocol):
    """A normalised density that can be drawn from."""

    @abstractmethod
    def draw(self, number: int, rng: np.random.Generator) -> Array:
        """Draws, shape (number, d)."""

    @abstractmethod
    def log_density(self, theta: Array) -> Array:
        """ln of the density at `theta` of shape (n, d), shape (n,)."""


@frozen(kw_only=True, eq=False)
class PriorDensity(Density):
    """The prior of a likelihood."""

    likelihood: Likelihood

    def draw(self, number: int, rng: np.random.Generator) -> Array:
        return self.likelihood.prior_transform(rng.random((number, self.likelihood.ndim)))

    def log_density(self, theta: Array) -> Array:
        return self.likelihood.log_prior(theta)


@frozen(kw_only=True, eq=False)
class PilotDensity(Density):
    """The pilot of a reduced likelihood."""

    likelihood: ReducedLikelihood

    def draw(self, number: int, rng: np.random.Generator) -> Array:
        return self.likelihood.pilot(number, rng)

    def log_density(self, theta: Array) -> Array:
        return self.likelihood.pilot_log_density(theta)


@frozen(kw_only=True, eq=False)
class Defended(Density):
    """A density with a share of a broad one, so that no weight is larger than 1 / share times that under the broad one.

    Attributes
    ----------
    broad, narrow : Density
    share : float
        Of `broad`. Draws keep to it exactly (stratified), those of `broad` first.
    """

    broad: Density
    narrow: Density
    share: float

    def draw(self, number: int, rng: np.random.Generator) -> Array:
        wide = int(self.share * number + rng.random())
        return np.concatenate([self.broad.draw(wide, rng), self.narrow.draw(number - wide, rng)])

    def log_density(self, theta: Array) -> Array:
        return np.asarray(
            np.logaddexp(
                np.log(self.share) + self.broad.log_density(theta), np.log1p(-self.share) + self.narrow.log_density(theta)
            )
        )


@frozen(kw_only=True, eq=False)
class StudentMixture(Density):
    """Multivariate Student-t kernels of five degrees of freedom.

    Attributes
    ----------
    shares : ndarray, shape (k,)
        Sum to 1.
    centres : ndarray, shape (k, d)
    lower : ndarray, shape (k, d, d)
        Cholesky factors of the scale matrices.
    """

    shares: Array
    centres: Array
    lower: Array

    def draw(self, number: int, rng: np.random.Generator) -> Array:
        """Draws; the kernels get their shares exactly, to within one draw."""
        d = self.centres.shape[1]
        kernel = equal_weight(self.shares, number, rng.random())
        z = rng.standard_normal((number, d)) / np.sqrt(rng.chisquare(_DOF, number) / _DOF)[:, None]
        return np.asarray(self.centres[kernel] + np.einsum("nij,nj->ni", self.lower[kernel], z))

    def log_density(self, theta: Array) -> Array:
        return np.asarray(logsumexp(self.log_kernels(theta)[0] + np.log(self.shares)[:, None], axis=0))

    def with_kernel(self, centre: Array, width: Array) -> StudentMixture:
        """The mixture, and a fifth of it one more kernel, whose widths along the axes have the shape (d,)."""
        return StudentMixture(
            shares=np.append((1 - _NEW_SHARE) * self.shares, _NEW_SHARE),
            centres=np.append(self.centres, centre[None], axis=0),
            lower=np.append(self.lower, np.diag(width)[None], axis=0),
        )

    def log_kernels(self, theta: Array) -> tuple[Array, Array]:
        """ln of each kernel's density, and the squared distance from it in its own scale, both of shape (k, n)."""
        d = theta.shape[1]
        inverse = np.linalg.inv(self.lower)
        z = np.matmul(theta[None] - self.centres[:, None], np.swapaxes(inverse, 1, 2))
        distance = np.einsum("kni,kni->kn", z, z)
        norm = gammaln(0.5 * (_DOF + d)) - gammaln(0.5 * _DOF) - 0.5 * d * np.log(_DOF * np.pi)
        log_scale = np.log(np.einsum("kii->ki", self.lower)).sum(axis=1)
        return norm - log_scale[:, None] - 0.5 * (_DOF + d) * np.log1p(distance / _DOF), distance


def kish(log_weights: Array) -> float:
    """Effective number of weighted draws, (sum w)^2 / sum w^2; 0 where all weights are."""
    top = log_weights.max(initial=-np.inf)
    if not np.isfinite(top):
        return 0.0
    weights = np.exp(log_weights - top)
    return float(weights.sum() ** 2 / np.sum(weights**2))


def fitted(
    theta: Array, log_weights: Array, broad: Density, least: float, rng: np.random.Generator, before: StudentMixture | None = None
) -> tuple[Defended, StudentMixture]:
    """The mixture closest to weighted points: Student-t kernels beside the broad density, all shares free.

    Expectation maximisation on the weighted points, as in population Monte Carlo (Cappe et al. 2008), from centres by k-means
    and from the kernels that served so far. The number of kernels is the one that best foretells points that were held out;
    what the broad density explains needs no kernels.

    Parameters
    ----------
    theta : ndarray, shape (n, d)
    log_weights : ndarray, shape (n,)
    broad : Density
    least : float
        The smallest share of the broad density.
    rng : Generator
    before : StudentMixture, optional
        Kernels to begin with, so that no mode is lost that was found.

    Returns
    -------
    Defended
        The mixture with the broad density.
    StudentMixture
        Its kernels.
    """
    effective = kish(log_weights)
    points, weights = _thinned(theta, log_weights, rng)
    log_broad = broad.log_density(points)
    # A kernel needs some points an axis.
    most = max(1.0, min(effective, len(points)) / (2.0 * (points.shape[1] + 1)))
    low, high = (1.0, most) if before is None else (0.4 * len(before.shares), min(most, 4.0 * len(before.shares)))
    starts: list[int | StudentMixture] = [k for k in _KERNELS if min(low, high) <= k <= high] or [1]
    if before is not None:
        starts.append(before)
    half = rng.permutation(len(points)) < len(points) // 2
    scores, sizes = [], []
    for start in starts if len(starts) > 1 else []:
        share, mixture = _expectation_maximisation(points[half], weights[half], log_broad[half], start, rng)
        found = _log_sum(share, log_broad[~half], mixture.log_density(points[~half]))
        scores.append(float(weights[~half] @ found / weights[~half].sum()))
        sizes.append(len(mixture.shares))
    good = [i for i, s in enumerate(scores) if s > max(scores) - _GAIN]
    best = min(good, key=lambda i: sizes[i], default=0)
    share, mixture = _expectation_maximisation(points, weights, log_broad, starts[best], rng)
    return Defended(broad=broad, narrow=mixture, share=float(np.clip(share, least, 0.9))), mixture


def _log_sum(share: float, log_broad: Array, log_narrow: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(np.logaddexp(np.log(share) + log_broad, np.log1p(-share) + log_narrow))


def _thinned(theta: Array, log_weights: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """At most twice the effective number of points, with the weights that are left to them, which sum to 1."""
    weights = np.exp(log_weights - log_weights.max())
    weights /= weights.sum()
    number = int(np.clip(2 * kish(log_weights), *_POINTS))
    if np.count_nonzero(weights) > number:
        weights = np.bincount(equal_weight(weights, number, rng.random()), minlength=len(weights)) / number
    kept = weights > 0
    return theta[kept], weights[kept]


def _expectation_maximisation(
    points: Array, weights: Array, log_broad: Array, start: int | StudentMixture, rng: np.random.Generator
) -> tuple[float, StudentMixture]:
    """The share of the broad density, and the kernels; some of those it starts with may die out."""
    d = points.shape[1]
    weights = weights / weights.sum()
    spread = np.sqrt(weights @ (points - weights @ points) ** 2) + 1e-300
    share = 0.1
    if isinstance(start, StudentMixture):
        log_kernels, distance = start.log_kernels(points)
        joint = log_kernels + np.log(0.9 * start.shares)[:, None]
        member = np.exp(joint - np.logaddexp(np.log(share) + log_broad, logsumexp(joint, axis=0)))
        pull = (_DOF + d) / (_DOF + distance)
    else:
        label = _parts(points / spread, weights, start, rng)
        member = (label == np.arange(label.max() + 1)[:, None]) * 0.9
        pull = np.ones_like(member)
    before = -np.inf
    for _ in range(_STEPS):
        drawn = member * pull * weights
        number = drawn.sum(axis=1) ** 2 / (np.sum(drawn**2, axis=1) + 1e-300)
        weakest = int(np.argmin(number))
        if len(number) > 1 and number[weakest] < _LEAST_POINTS:
            # One at a time: what it held goes to the next, and the two halves of one mode do not both die.
            member, pull, drawn, number = (np.delete(a, weakest, axis=0) for a in (member, pull, drawn, number))
        mass = member @ weights
        centres = drawn @ points / drawn.sum(axis=1)[:, None]
        away = points[None] - centres[:, None]
        scale = np.matmul(np.swapaxes(away * drawn[..., None], 1, 2), away) / mass[:, None, None]
        mixture = StudentMixture(shares=mass / mass.sum(), centres=centres, lower=_lower(scale, number, spread))
        log_kernels, distance = mixture.log_kernels(points)
        joint = log_kernels + np.log((1 - share) * mixture.shares)[:, None]
        total = np.logaddexp(np.log(share) + log_broad, logsumexp(joint, axis=0))
        member = np.exp(joint - total)
        pull = (_DOF + d) / (_DOF + distance)
        share = float(np.clip(weights @ np.exp(np.log(share) + log_broad - total), 1e-6, 1 - 1e-6))
        now = float(weights @ total)
        if abs(now - before) < 1e-3:
            break
        before = now
    return share, mixture


def _lower(scale: Array, number: Array, spread: Array) -> Array:
    """Cholesky factors, wider and less correlated where few points tell them."""
    d = scale.shape[1]
    diagonal = np.einsum("kii->ki", scale) * (1 + 1e-9) + 1e-16 * spread**2
    keep = (number / (number + d))[:, None, None]
    steady = keep * scale
    steady[:, np.arange(d), np.arange(d)] = diagonal
    return np.asarray(np.linalg.cholesky(steady * (1 + d / number)[:, None, None]))


def _parts(scaled: Array, weights: Array, kernels: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Which centre each point is closest to, shape (n,), by k-means from greedy k-means++ (Arthur & Vassilvitskii 2007)."""
    centres = scaled[rng.choice(len(scaled), 1, p=weights)]
    away = np.sum((scaled - centres[0]) ** 2, axis=1)
    while len(centres) < kernels and (chance := weights * away).sum() > 0:
        tried = rng.choice(len(scaled), 2 + int(np.log(kernels)), p=chance / chance.sum())
        left = np.minimum(away, _squared(scaled, scaled[tried]))
        best = int(np.argmin(left @ weights))
        centres, away = np.append(centres, scaled[tried[best]][None], axis=0), left[best]
    for _ in range(_LLOYD):
        label = np.argmin(_squared(scaled, centres), axis=0)
        member = (label == np.arange(len(centres))[:, None]) * weights
        mass = member.sum(axis=1)
        centres = (member @ scaled)[mass > 0] / mass[mass > 0, None]
    return np.unique(np.argmin(_squared(scaled, centres), axis=0), return_inverse=True)[1].astype(np.intp)


def _squared(points: Array, centres: Array) -> Array:
    """Squared distances, shape (k, n)."""
    return np.asarray(np.sum((points - centres[:, None]) ** 2, axis=2))
