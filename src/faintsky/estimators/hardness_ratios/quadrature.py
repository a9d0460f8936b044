"""The hardness ratio of counts by quadrature of the joint posterior."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from attrs import frozen
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.hardness import CountsPair, HardnessEstimator, HardnessRatios
from faintsky.estimators.hardness_ratios.gamma_mixture import GammaMixture
from faintsky.estimators.hardness_ratios.posterior_options import PosteriorOptions, Summary, counts_of, returns_prior

__all__ = ["ParkQuadrature"]

Array = NDArray[np.float64]

#: Probability that is left out at either end of a rate's range: far below the 1e-3 that the result is good to.
_TAIL = 1e-7

#: Points of the distribution between two points of the grid, where it is interpolated.
_FINER = 40


@lru_cache(maxsize=8)
def _nodes(number: int) -> tuple[Array, Array]:
    """Gauss-Legendre nodes on [-1, 1] and their weights; solving for 500 takes longer than a source does."""
    x, weights = leggauss(number)
    return x, weights


@component(references=["Park2006"])
@frozen(kw_only=True)
class ParkQuadrature(PosteriorOptions, HardnessEstimator[CountsPair]):
    """Posterior of the hardness ratio by Gaussian quadrature of the joint posterior of the two rates, as BEHR's ``quad``.

    p(HR) is the joint posterior p(lambda_S) p(lambda_H), transformed to HR and to one other variable, which is integrated out
    numerically (Park et al. 2006, appendix A.2). Here it is done in the logarithms, HR = tanh(u / 2) with u = ln lambda_H -
    ln lambda_S: p(u) = int p(x) p(x + u) dx by Gauss-Legendre on `bins` nodes, at `bins` values of u. So the pole that the
    prior has at lambda = 0 needs no cut-off.

    It agrees with `exact` to 1e-3 of HR for prior indices from 0.05, and is its check: the same model and priors, but no
    incomplete beta function. Still smaller indices spread the prior over thousands in u, and need more `bins`.

    References
    ----------
    Park et al. 2006, ApJ 652, 610.
    """

    bins: int = option(500, ge=50, help="points of the quadrature in each variable")

    def estimate(self, pair: CountsPair, ctx: Context) -> HardnessRatios:
        """Hardness ratios of the n sources of `pair`.

        Raises
        ------
        DataError
            Where `pair` is not of counts.
        """
        rows, blind = [], []
        for soft, hard in self.mixtures(counts_of(pair, "quadrature")):
            rows.append(self._summary(soft, hard))
            blind.append(returns_prior(soft, hard))
        return self.result("quadrature", rows, ill_defined=np.zeros(len(rows)), uninformative=blind)

    def _summary(self, soft: GammaMixture, hard: GammaMixture) -> Summary:
        (soft_low, soft_high), (hard_low, hard_high) = soft.support(_TAIL), hard.support(_TAIL)
        # The nodes stand in the narrower of the two densities: those of the wider could miss the peak of the other.
        if hard_high - hard_low < soft_high - soft_low:
            u, density = self._density(hard, soft)
            u, density = -u[::-1], density[::-1]
        else:
            u, density = self._density(soft, hard)
        spline = CubicSpline(u, density)
        fine = np.linspace(u[0], u[-1], _FINER * self.bins)
        cdf = np.maximum.accumulate(spline.antiderivative()(fine))
        t = np.tanh(0.5 * fine)
        mean = float(np.sum(0.5 * (t[1:] + t[:-1]) * np.diff(cdf)) / cdf[-1])
        return self.of_table(t, cdf / cdf[-1], mean)

    def _density(self, one: GammaMixture, two: GammaMixture) -> tuple[Array, Array]:
        """u = ln lambda_two - ln lambda_one on a grid, and its density, shapes (bins,)."""
        (low, high), (other_low, other_high) = one.support(_TAIL), two.support(_TAIL)
        nodes, weights = _nodes(self.bins)
        x = low + 0.5 * (high - low) * (nodes + 1)
        mass = 0.5 * (high - low) * weights * one.density(x)
        u = np.linspace(other_low - high, other_high - low, self.bins)
        grid = np.linspace(other_low, other_high, 4 * self.bins)
        density = CubicSpline(grid, two.density(grid))
        where = x + u[:, None]
        inside = (where >= other_low) & (where <= other_high)
        return u, np.where(inside, density(np.clip(where, other_low, other_high)), 0.0) @ mass
