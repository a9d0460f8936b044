"""The posterior of a source's rate in one band: a finite mixture of gamma distributions."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.special import gammainccinv, gammaincinv, gammaln, logsumexp

__all__ = ["GammaMixture", "rate_posterior"]

Array = NDArray[np.float64]

#: Terms below this share of the largest are dropped. At most some thousand are, so that the cumulative distribution moves by less
#: than 1e-8, and a source of 3000 counts over a weak background keeps tens of terms instead of 3001.
NEGLIGIBLE = 1e-12


@frozen(kw_only=True, eq=False)
class GammaMixture:
    """sum_n weight_n Gamma(shape_n, rate), the density of a source's rate lambda.

    Attributes
    ----------
    shapes : ndarray, shape (k,)
        n + prior index, n being how many of the counts are the source's.
    weights : ndarray, shape (k,)
        Sum 1.
    rate : float
        The effective exposure, in the inverse unit of lambda.
    none : float
        Probability that no count is the source's, so that its part of the mixture is the prior's.
    """

    shapes: Array
    weights: Array
    rate: float
    none: float

    def density(self, x: Array) -> Array:
        """Density of ln lambda at `x` of shape (m,), shape (m,): without the pole that lambda^(psi - 1) has at 0."""
        scaled = np.asarray(x)[:, None] + np.log(self.rate)
        return np.asarray(np.exp(self.shapes * scaled - np.exp(scaled) - gammaln(self.shapes)) @ self.weights)

    def support(self, tail: float = 1e-9) -> tuple[float, float]:
        """Range of ln lambda outside which each term leaves less than `tail` of probability to either side."""
        kept = self.weights > tail
        shapes, share = self.shapes[kept], tail / self.weights[kept]
        # Where x is tiny P(a, x) = x^a / Gamma(a + 1), whose logarithm does not underflow as x does for small shapes.
        floor = (np.log(share) + gammaln(shapes + 1)) / shapes
        with np.errstate(divide="ignore"):
            low = np.maximum(np.log(gammaincinv(shapes, share)), floor)
        high = np.log(gammainccinv(shapes, share))
        return float(low.min() - np.log(self.rate)), float(high.max() - np.log(self.rate))

    def draws(self, rng: np.random.Generator, number: int) -> Array:
        """Draws of ln lambda, shape (number,), finite for shapes however small: Gamma(a) = Gamma(a + 1) U^(1/a)."""
        shapes = self.shapes[rng.choice(self.shapes.size, number, p=self.weights)]
        return np.log(rng.standard_gamma(shapes + 1) / self.rate) - rng.standard_exponential(number) / shapes


def rate_posterior(
    counts: float, background: float, ratio: float, exposure: float, prior_index: float, background_prior_index: float
) -> GammaMixture:
    """Posterior of lambda for S ~ Poisson(e (lambda + xi)), B ~ Poisson(r e xi), with xi integrated out.

    With priors lambda^(psi - 1) and xi^(psi_b - 1) it is sum over n = 0 ... S of w_n Gamma(n + psi, e), where

    ln w_n = ln Gamma(S + B + psi_b - n) + ln Gamma(n + psi) - ln n! - ln (S - n)! + n ln(1 + r) + constant:

    n counts are the source's, S - n the background's.

    Parameters
    ----------
    counts, background : float
        S and B, whole numbers.
    ratio, exposure : float
        r and e.
    prior_index, background_prior_index : float
        psi and psi_b, above 0.

    References
    ----------
    Park et al. 2006, ApJ 652, 610; Zou et al. 2023, ApJ 950, 136, appendix A.
    """
    n = np.arange(counts + 1)
    log_weight = gammaln(counts + background + background_prior_index - n) + gammaln(n + prior_index)
    log_weight += n * np.log1p(ratio) - gammaln(n + 1) - gammaln(counts - n + 1)
    share = np.exp(log_weight - logsumexp(log_weight))
    kept = log_weight > log_weight.max() + np.log(NEGLIGIBLE)
    weights = share[kept] / share[kept].sum()
    return GammaMixture(shapes=n[kept] + prior_index, weights=weights, rate=float(exposure), none=float(share[0]))
