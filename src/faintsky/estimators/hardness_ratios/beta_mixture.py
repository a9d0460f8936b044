"""The posterior of a hardness ratio in closed form: a mixture of beta distributions."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray
from scipy.integrate import trapezoid
from scipy.interpolate import CubicHermiteSpline
from scipy.special import betainc, betaln, digamma, expit, log_expit, ndtri, polygamma

from faintsky.estimators.hardness_ratios.gamma_mixture import GammaMixture

__all__ = ["BetaMixture"]

Array = NDArray[np.float64]

#: Array elements that are worked on at a time, to bound the memory (16 MB).
_BLOCK = 2_000_000


@frozen(kw_only=True, eq=False)
class BetaMixture:
    """Distribution of HR = (lambda_H - lambda_S) / (lambda_H + lambda_S) = tanh(u / 2), u = ln(lambda_H / lambda_S).

    P(HR <= t) = sum_ij w_i v_j I_y(m_j + psi, n_i + psi), y = k / (1 + k), k = (1 + t) / (1 - t) rate_H / rate_S: for gamma
    variates of one rate, H / (H + S) is a beta variate. Everything is done in u, where the density is smooth: in t it has
    poles at -1 and 1 for psi < 1.

    Attributes
    ----------
    a, b, weights : ndarray, shape (k_H k_S,)
        Shapes of the hard and of the soft band of each pair of terms, and its weight.
    shift : float
        ln(rate_H / rate_S).
    support : (float, float)
        Range of u outside which there is practically no probability.
    """

    a: Array
    b: Array
    weights: Array
    shift: float
    support: tuple[float, float]
    log_norm: Array = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "log_norm", np.log(self.weights) - betaln(self.a, self.b))

    @classmethod
    def of(cls, soft: GammaMixture, hard: GammaMixture) -> BetaMixture:
        """The distribution of the ratio of two rates."""
        shapes = np.meshgrid(hard.shapes, soft.shapes, indexing="ij")
        (soft_low, soft_high), (hard_low, hard_high) = soft.support(), hard.support()
        return cls(
            a=shapes[0].ravel(),
            b=shapes[1].ravel(),
            weights=np.outer(hard.weights, soft.weights).ravel(),
            shift=float(np.log(hard.rate) - np.log(soft.rate)),
            support=(hard_low - soft_high, hard_high - soft_low),
        )

    def _blocks(self, u: Array) -> list[Array]:
        return np.array_split(u + self.shift, max(1, -(-u.size * self.a.size // _BLOCK)))

    def cdf(self, u: Array) -> Array:
        """P(ln(lambda_H / lambda_S) <= u), shape of `u` (m,)."""
        found = []
        for v in self._blocks(u):
            # The smaller of y and 1 - y is kept, so that neither end of the scale rounds to 0 or 1.
            below = (v <= 0)[:, None]
            part = betainc(np.where(below, self.a, self.b), np.where(below, self.b, self.a), expit(-np.abs(v))[:, None])
            found.append(np.where(below, part, 1 - part) @ self.weights)
        return np.concatenate(found)

    def density(self, u: Array) -> Array:
        """Density of u = ln(lambda_H / lambda_S), shape of `u` (m,)."""
        found = []
        for v in self._blocks(u):
            power = self.a * log_expit(v)[:, None] + self.b * log_expit(-v)[:, None]
            found.append(np.exp(power + self.log_norm).sum(axis=1))
        return np.concatenate(found)

    def quantile(self, p: Array) -> Array:
        """HR at the cumulative probabilities `p` of shape (m,) inside (0, 1), to 1e-9: Newton's steps, kept in a bracket."""
        means = digamma(self.a) - digamma(self.b) - self.shift
        centre = float(means @ self.weights)
        spread = np.sqrt((polygamma(1, self.a) + polygamma(1, self.b) + (means - centre) ** 2) @ self.weights)
        low, high = np.full(p.shape, -np.inf), np.full(p.shape, np.inf)
        u, reach = centre + spread * ndtri(p), spread
        for _ in range(200):
            excess = self.cdf(u) - p
            low, high = np.where(excess < 0, u, low), np.where(excess >= 0, u, high)
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                new = u - excess / self.density(u)
                middle = np.where(np.isfinite(low) & np.isfinite(high), 0.5 * (low + high), u - np.sign(excess) * reach)
            inside = (new > low) & (new < high) & (np.abs(new - u) <= reach)
            new = np.where(excess == 0, u, np.where(inside, new, middle))
            reach, step, u = 2 * reach, np.max(np.abs(new - u), initial=0.0), new
            if step < 1e-9:
                break
        return np.asarray(np.tanh(0.5 * u))

    def nodes(self, per_width: int) -> Array:
        """Points u over the support, `per_width` to the width of the narrowest term (or to 1, if that is less), shape (m,)."""
        width = min(1.0, float(np.sqrt(polygamma(1, self.a.max()) + polygamma(1, self.b.max()))))
        low, high = self.support
        return np.linspace(low, high, 2 + int(np.ceil((high - low) / width * per_width)))

    def mean(self) -> float:
        """Mean of HR: the trapezoidal rule, whose error falls exponentially with the step for a density analytic in u."""
        u = self.nodes(2)
        return float(trapezoid(np.tanh(0.5 * u) * self.density(u), u))

    def table(self, number: int = 20_001) -> tuple[Array, Array]:
        """HR and its cumulative distribution on many points, shapes (number,); between the nodes by cubic Hermite pieces."""
        u = self.nodes(4)
        spline = CubicHermiteSpline(u, self.cdf(u), self.density(u))
        fine = np.linspace(u[0], u[-1], number)
        return np.tanh(0.5 * fine), np.maximum.accumulate(spline(fine))
