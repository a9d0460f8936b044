"""A likelihood that can be reduced, with a known evidence."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.digest import json_digest
from faintsky.core.likelihood import Likelihood
from faintsky.core.parameter import Parameter
from faintsky.core.prior import Uniform
from faintsky.core.reduced_likelihood import IntegralCheck, ReducedLikelihood, Reducible

__all__ = ["LocalBlocks"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False, slots=False)
class LocalBlocks(Likelihood, Reducible):
    """Any likelihood times Gaussians of further pairs of parameters, whose centres and widths depend on the first ones.

    The Gaussians are normalised and lie deep inside flat priors in [-50, 50], so that ln Z of the whole is that of the `outer`
    likelihood less 2 `blocks` ln 100, and the reduced likelihood is the outer one less the same.

    Attributes
    ----------
    outer : Likelihood
        Of the parameters that are left when the pairs are integrated out.
    blocks : int
        Number of pairs; 0 = the outer likelihood itself.
    asked : Likelihood, optional
        What the reduced likelihood asks in place of `outer`, such as one that counts.
    judged : IntegralCheck
        What the reduced likelihood says of its integrals.
    """

    outer: Likelihood
    blocks: int = 3
    asked: Likelihood | None = None
    judged: IntegralCheck = IntegralCheck()

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Those of the outer likelihood, then u1, v1, u2, v2, ..."""
        flat = Uniform(low=-50.0, high=50.0)
        local = tuple(Parameter(name=f"{c}{k + 1}", prior=flat) for k in range(self.blocks) for c in "uv")
        return (*self.outer.parameters, *local)

    @property
    def log_area(self) -> float:
        """ln of the prior volume of the pairs."""
        return 2 * self.blocks * float(np.log(100.0))

    def centre(self, theta: Array) -> Array:
        """Of each local parameter at the outer ones `theta` of shape (n, d), shape (n, 2 blocks)."""
        return np.asarray(np.sin(theta.sum(axis=1))[:, None] * np.arange(1, 2 * self.blocks + 1))

    def width(self, theta: Array) -> Array:
        """Of the Gaussians at `theta` of shape (n, d), shape (n, 1)."""
        return np.asarray(0.3 + 0.2 * np.cos(theta.sum(axis=1))[:, None])

    def log_likelihood(self, theta: Array) -> Array:
        """ln L of all parameters, shape (n,)."""
        d = self.outer.ndim
        width = self.width(theta[:, :d])
        z = (theta[:, d:] - self.centre(theta[:, :d])) / width
        norm = np.log(width[:, 0] * np.sqrt(2 * np.pi))
        return np.asarray(self.outer.log_likelihood(theta[:, :d]) - 0.5 * np.sum(z * z, axis=1) - z.shape[1] * norm)

    def fingerprint(self) -> str:
        """That of the outer likelihood, and the number of pairs."""
        return self.outer.fingerprint() if not self.blocks else json_digest([self.outer.fingerprint(), self.blocks])

    def reduced(self) -> ReducedLikelihood:
        """The outer likelihood, with the pairs integrated out."""
        return _WithoutBlocks(whole=self)


@frozen(kw_only=True, eq=False)
class _WithoutBlocks(ReducedLikelihood):
    whole: LocalBlocks

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return self.whole.outer.parameters

    def log_likelihood(self, theta: Array) -> Array:
        asked = self.whole.outer if self.whole.asked is None else self.whole.asked
        return asked.log_likelihood(theta) - self.whole.log_area

    def fingerprint(self) -> str:
        return self.whole.fingerprint()

    def completed(self, theta: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        centre = self.whole.centre(theta)
        full = np.concatenate([theta, centre + self.whole.width(theta) * rng.standard_normal(centre.shape)], axis=1)
        return full, self.whole.log_likelihood(full)

    def judged(self, theta: Array) -> IntegralCheck:
        return self.whole.judged
