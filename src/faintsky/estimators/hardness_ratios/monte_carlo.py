"""The hardness ratio by random draws."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.hardness import BandPair, CountsPair, HardnessEstimator, HardnessRatios, PowerPair
from faintsky.estimators.hardness_ratios.linear import sum_near_zero
from faintsky.estimators.hardness_ratios.posterior_options import PosteriorOptions, returns_prior

__all__ = ["MonteCarlo"]


@component(references=["Park2006"])
@frozen(kw_only=True)
class MonteCarlo(PosteriorOptions, HardnessEstimator[BandPair]):
    """Quantiles of random draws: of the posterior of counts, or of Gaussian powers about the measured ones.

    For counts the draws are independent ones from the same mixture of gamma distributions that `exact` sums (no Markov chain),
    with the same priors. For signed powers they are Gaussian: the ratio has Cauchy tails where the sum may be zero, which are
    never clipped, and ``ill_defined`` where it lies within `threshold` sigma of zero; a mean does not exist and is NaN.

    A quantile at probability p scatters by sqrt(p (1 - p) / draws) over the density there, 1 % of a Gaussian's sigma by default.
    """

    draws: int = option(20_000, ge=100, help="draws for each pair")
    threshold: float = option(2.0, ge=0, help="sigmas from zero within which the sum of two powers makes a ratio ill defined")

    def estimate(self, pair: BandPair, ctx: Context) -> HardnessRatios:
        """Hardness ratios of the n sources of `pair`; a source's draws do not depend on those that follow it.

        Raises
        ------
        DataError
            Where `pair` is neither of counts nor of powers.
        """
        rng = ctx.rng("hardness_ratios")
        if isinstance(pair, CountsPair):
            return self._of_counts(pair, rng)
        if isinstance(pair, PowerPair):
            return self._of_powers(pair, rng)
        raise DataError(f"monte-carlo takes a CountsPair or a PowerPair, got a {type(pair).__name__}")

    def _of_counts(self, pair: CountsPair, rng: np.random.Generator) -> HardnessRatios:
        rows, blind = [], []
        for soft, hard in self.mixtures(pair):
            t = -np.tanh(0.5 * (soft.draws(rng, self.draws) - hard.draws(rng, self.draws)))
            rows.append(self.of_draws(t, float(t.mean())))
            blind.append(returns_prior(soft, hard))
        return self.result("monte-carlo", rows, ill_defined=np.zeros(len(rows)), uninformative=blind)

    def _of_powers(self, pair: PowerPair, rng: np.random.Generator) -> HardnessRatios:
        rows = []
        for soft, soft_error, hard, hard_error in zip(*pair.rates(), strict=True):
            s = soft + soft_error * rng.standard_normal(self.draws)
            h = hard + hard_error * rng.standard_normal(self.draws)
            rows.append(self.of_draws((h - s) / (h + s), np.nan))
        near = sum_near_zero(pair, self.threshold)
        return self.result("monte-carlo", rows, ill_defined=near, uninformative=np.zeros(len(rows)))
