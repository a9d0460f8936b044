"""Analytic problems: likelihoods whose evidence (and mean and covariance) is known exactly."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from attrs import asdict, field, frozen
from numpy.typing import NDArray
from scipy.special import gammaln

from faintsky.core.digest import json_digest
from faintsky.core.likelihood import Likelihood
from faintsky.core.parameter import Parameter
from faintsky.core.prior import Normal, Prior, Uniform

__all__ = [
    "AnalyticProblem",
    "BoxedGaussian",
    "ConjugateGaussian",
    "CorrelatedGaussian",
    "EggBox",
    "KingBlocks",
    "PeakOnPlateau",
    "Shells",
]

Array = NDArray[np.float64]


class AnalyticProblem(Likelihood):
    """A likelihood with a known evidence; the priors of all parameters are alike."""

    #: Number of parameters.
    dimensions: int
    #: Unit of all parameters.
    unit: str = ""

    @property
    def prior(self) -> Prior:
        """The prior of every parameter."""
        raise NotImplementedError

    @property
    def log_z(self) -> float:
        """The exact natural logarithm of the evidence."""
        raise NotImplementedError

    @property
    def mean(self) -> Array | None:
        """Posterior mean, shape (d,), where it is known in closed form."""
        return None

    @property
    def covariance(self) -> Array | None:
        """Posterior covariance, shape (d, d), where it is known in closed form."""
        return None

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """x1, x2, ..."""
        return tuple(
            Parameter(name=f"x{i + 1}", prior=self.prior, unit=self.unit, latex=f"$x_{i + 1}$") for i in range(self.dimensions)
        )

    def fingerprint(self) -> str:
        """Digest of the problem's numbers."""
        return json_digest([type(self).__qualname__, asdict(self)])  # type: ignore[arg-type]


@frozen(kw_only=True, eq=False, slots=False)
class CorrelatedGaussian(AnalyticProblem):
    """A normalised Gaussian of equal widths and correlations, flat priors between `centre` - 5 and `centre` + 5.

    ln Z = -d ln 10 while the box cuts nothing of it: 50 sigma by default.
    """

    dimensions: int = 2
    sigma: float = 0.1
    rho: float = 0.5
    centre: float = 0.0
    half_width: float = 5.0
    unit: str = ""

    @property
    def prior(self) -> Prior:
        """Flat."""
        return Uniform(low=self.centre - self.half_width, high=self.centre + self.half_width)

    @property
    def log_z(self) -> float:
        """-d ln(width of the prior)."""
        return -self.dimensions * float(np.log(2 * self.half_width))

    @property
    def mean(self) -> Array:
        """The centre."""
        return np.full(self.dimensions, self.centre)

    @property
    def covariance(self) -> Array:
        """sigma^2 (rho + (1 - rho) identity)."""
        return self.sigma**2 * (self.rho + (1 - self.rho) * np.eye(self.dimensions))

    @cached_property
    def _whiten(self) -> tuple[Array, float]:
        lower = np.linalg.cholesky(self.covariance)
        norm = -float(np.log(np.diag(lower)).sum()) - 0.5 * self.dimensions * float(np.log(2 * np.pi))
        return np.asarray(np.linalg.inv(lower), dtype=float), norm

    def log_likelihood(self, theta: Array) -> Array:
        """ln of the normal density at `theta` of shape (n, d), shape (n,)."""
        inverse, norm = self._whiten
        # einsum adds in one order whatever n is: the batch equals the loop to the last bit.
        z = np.einsum("ij,nj->ni", inverse, theta - self.centre)
        return np.asarray(norm - 0.5 * np.einsum("ni,ni->n", z, z))


@frozen(kw_only=True, eq=False, slots=False)
class BoxedGaussian(CorrelatedGaussian):
    """The correlated Gaussian, impossible (-inf) where a parameter lies further than `reach` from the centre.

    Most of the prior has no likelihood at all; nothing of the Gaussian is lost, so mean, covariance and ln Z stay.
    """

    reach: float = 1.0

    def log_likelihood(self, theta: Array) -> Array:
        """ln L, -inf outside the box, shape (n,)."""
        inside = np.all(np.abs(theta - self.centre) <= self.reach, axis=1)
        return np.where(inside, super().log_likelihood(theta), -np.inf)


@frozen(kw_only=True, eq=False, slots=False)
class ConjugateGaussian(AnalyticProblem):
    """A Gaussian likelihood of width `sigma` around `measured`, under a standard normal prior, in d independent parameters.

    The posterior is normal with mean measured / (1 + sigma^2) and variance sigma^2 / (1 + sigma^2); Z is the density of
    `measured` under a normal of variance 1 + sigma^2. A sampler that forgets a prior, or counts it twice, misses all three.
    """

    dimensions: int = 2
    sigma: float = 0.8
    measured: float = 1.0

    @property
    def prior(self) -> Prior:
        """Standard normal."""
        return Normal(mean=0.0, sigma=1.0)

    @property
    def log_z(self) -> float:
        """Sum of the normal log densities."""
        variance = 1 + self.sigma**2
        return -0.5 * self.dimensions * float(self.measured**2 / variance + np.log(2 * np.pi * variance))

    @property
    def mean(self) -> Array:
        """measured / (1 + sigma^2)."""
        return np.full(self.dimensions, self.measured / (1 + self.sigma**2))

    @property
    def covariance(self) -> Array:
        """sigma^2 / (1 + sigma^2) on the diagonal."""
        return np.eye(self.dimensions) * self.sigma**2 / (1 + self.sigma**2)

    def log_likelihood(self, theta: Array) -> Array:
        """Sum of the normal log densities, shape (n,)."""
        z = (theta - self.measured) / self.sigma
        norm = self.dimensions * np.log(self.sigma * np.sqrt(2 * np.pi))
        return np.asarray(-0.5 * np.einsum("ni,ni->n", z, z) - norm)


@frozen(kw_only=True, eq=False, slots=False)
class EggBox(AnalyticProblem):
    """ln L = (2 + cos(x1 / 2) cos(x2 / 2))^5 on [0, 10 pi]^2: eighteen equal peaks (Feroz et al. 2009, section 6.1)."""

    dimensions: int = field(default=2, init=False)

    @property
    def prior(self) -> Prior:
        """Flat."""
        return Uniform(low=0.0, high=10 * np.pi)

    @property
    def log_z(self) -> float:
        """235.8559, by the trapezoidal rule over whole periods, which is exact to machine precision here."""
        c = np.cos(2 * np.pi * np.arange(1024) / 1024)
        values = (2 + c[:, None] * c) ** 5
        return float(values.max() + np.log(np.mean(np.exp(values - values.max()))))

    @property
    def mean(self) -> Array:
        """The middle of the box, by symmetry."""
        return np.full(2, 5 * np.pi)

    def log_likelihood(self, theta: Array) -> Array:
        """ln L at `theta` of shape (n, 2), shape (n,)."""
        return np.asarray((2 + np.cos(theta[:, 0] / 2) * np.cos(theta[:, 1] / 2)) ** 5)


@frozen(kw_only=True, eq=False, slots=False)
class Shells(AnalyticProblem):
    """Two thin Gaussian shells at x1 = -3.5 and 3.5 in [-6, 6]^d: curved and of two modes (Feroz et al. 2009, section 6.2)."""

    dimensions: int = 2
    radius: float = 2.0
    width: float = 0.1
    offset: float = 3.5
    half_width: float = 6.0

    @property
    def prior(self) -> Prior:
        """Flat."""
        return Uniform(low=-self.half_width, high=self.half_width)

    @property
    def log_z(self) -> float:
        """Twice the surface of the unit sphere times the (d - 1)th moment of the radius, over the volume of the box.

        The moment of a normal, E[r^k] = sum_j C(k, 2j) r0^(k - 2j) w^2j (2j - 1)!!; the tails that the box cuts, and those
        beyond r = 0, hold below 1e-6 of it.
        """
        k, moment = self.dimensions - 1, 0.0
        for j in range(k // 2 + 1):
            log_binomial = gammaln(k + 1) - gammaln(2 * j + 1) - gammaln(k - 2 * j + 1)
            double_factorial = float(np.prod(np.arange(1, 2 * j, 2)))
            moment += np.exp(log_binomial) * self.radius ** (k - 2 * j) * self.width ** (2 * j) * double_factorial
        log_surface = np.log(2) + 0.5 * self.dimensions * np.log(np.pi) - gammaln(0.5 * self.dimensions)
        return float(np.log(2) + log_surface + np.log(moment) - self.dimensions * np.log(2 * self.half_width))

    @property
    def mean(self) -> Array:
        """0, by symmetry."""
        return np.zeros(self.dimensions)

    def log_likelihood(self, theta: Array) -> Array:
        """ln of the sum of both shells, shape (n,)."""
        norm = -0.5 * np.log(2 * np.pi) - np.log(self.width)
        parts = []
        for side in (-self.offset, self.offset):
            centred = theta - np.array([side] + [0.0] * (self.dimensions - 1))
            r = np.sqrt(np.einsum("ni,ni->n", centred, centred))
            parts.append(norm - 0.5 * ((r - self.radius) / self.width) ** 2)
        return np.asarray(np.logaddexp(*parts))


@frozen(kw_only=True, eq=False, slots=False)
class KingBlocks(AnalyticProblem):
    """Narrow King profiles in the plane, one for each pair of parameters, multiplied; flat priors in [-half_width, half_width].

    p(r) = (eta - 1) / (pi core^2) (1 + r^2 / core^2)^-eta, normalised over the disc of radius `half_width` and zero beyond, so
    that Z is that of flat priors. Unlike Gaussians it has heavy tails, as the positions of a source in several observations do.
    """

    dimensions: int = 12
    core: float = 0.2
    eta: float = 3.0
    half_width: float = 3.0

    @property
    def prior(self) -> Prior:
        """Flat."""
        return Uniform(low=-self.half_width, high=self.half_width)

    @property
    def log_z(self) -> float:
        """-d ln(width of the prior)."""
        return -self.dimensions * float(np.log(2 * self.half_width))

    @property
    def mean(self) -> Array:
        """0, by symmetry."""
        return np.zeros(self.dimensions)

    def log_likelihood(self, theta: Array) -> Array:
        """Sum of the log profiles, shape (n,); -inf beyond a disc."""
        square = np.sum(theta.reshape(len(theta), -1, 2) ** 2, axis=2)
        inside = 1 - (1 + self.half_width**2 / self.core**2) ** (1 - self.eta)
        norm = np.log((self.eta - 1) / (np.pi * self.core**2 * inside))
        profile = norm - self.eta * np.log1p(square / self.core**2)
        return np.asarray(np.where(square <= self.half_width**2, profile, -np.inf).sum(axis=1))


@frozen(kw_only=True, eq=False, slots=False)
class PeakOnPlateau(AnalyticProblem):
    """A narrow Gaussian peak on a plateau that fills the prior, in flat priors 40 wide: Z is known, and where it comes from.

    L = plateau + peak x (40 / (sigma sqrt(2 pi)))^2 exp(-(x1^2 + x2^2) / (2 sigma^2)); x3, x4, ... do not matter. So Z is
    plateau + peak, and the share of the peak in the posterior is peak / Z.
    """

    dimensions: int = 4
    sigma: float = 0.05
    peak: float = 0.5
    plateau: float = 0.5

    @property
    def prior(self) -> Prior:
        """Flat."""
        return Uniform(low=-20.0, high=20.0)

    @property
    def log_z(self) -> float:
        """ln (plateau + peak)."""
        return float(np.log(self.plateau + self.peak))

    @property
    def mean(self) -> Array:
        """0, by symmetry."""
        return np.zeros(self.dimensions)

    def log_likelihood(self, theta: Array) -> Array:
        """ln L, shape (n,)."""
        square = np.sum(theta[:, :2] ** 2, axis=1)
        height = self.peak * 1600 / (2 * np.pi * self.sigma**2)
        return np.asarray(np.log(self.plateau + height * np.exp(-0.5 * square / self.sigma**2)))
