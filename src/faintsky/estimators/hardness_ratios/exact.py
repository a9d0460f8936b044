"""The hardness ratio of counts in closed form."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.hardness import CountsPair, HardnessEstimator, HardnessRatios
from faintsky.estimators.hardness_ratios.beta_mixture import BetaMixture
from faintsky.estimators.hardness_ratios.gamma_mixture import GammaMixture
from faintsky.estimators.hardness_ratios.posterior_options import PosteriorOptions, Summary, counts_of, returns_prior

__all__ = ["Exact"]

#: Draws of a source of too many terms. Its posterior is all but Gaussian, so that quantiles are good to 0.0015 of its sigma.
_DRAWS = 1_000_000


@component(references=["Park2006", "Zou2023"])
@frozen(kw_only=True)
class Exact(PosteriorOptions, HardnessEstimator[CountsPair]):
    """Posterior of the hardness ratio of the source rates, in closed form: a sum of incomplete beta functions.

    S ~ Poisson(e_S (lambda_S + xi_S)), B_S ~ Poisson(r_S e_S xi_S), the same for H, and HR = (lambda_H - lambda_S) / (lambda_H +
    lambda_S). With priors lambda^(psi - 1) and xi^(psi_b - 1) the posterior of each rate is a finite mixture of gamma
    distributions, sum_n w_n Gamma(n + psi, e), so that P(HR <= t) = sum_ij w_i v_j I_y(m_j + psi, n_i + psi) with
    y = k / (1 + k), k = (1 + t) / (1 - t) e_H / e_S. Quantiles are solved to better than 1e-6.

    The default prior index 0.5 is BEHR's (Jeffreys' of a rate without background), 1 is a flat prior: at a few counts the choice
    moves the answer, so state it. ``uninformative`` marks sources whose posterior is the prior.

    Terms of less than 1e-12 of the largest weight are dropped. Where more than `max_terms` pairs remain (thousands of counts
    over a strong background) a million draws from the same posterior are taken: ``drawn`` marks them, and a warning counts them.

    References
    ----------
    Park et al. 2006, ApJ 652, 610 (the model); Zou et al. 2023, ApJ 950, 136, appendix A (the closed form).
    """

    max_terms: int = option(20_000, ge=1, help="pairs of terms of the two bands above which a source's posterior is drawn from")

    def estimate(self, pair: CountsPair, ctx: Context) -> HardnessRatios:
        """Hardness ratios of the n sources of `pair`.

        Raises
        ------
        DataError
            Where `pair` is not of counts.
        """
        rng = ctx.rng("hardness_ratios")
        rows, blind = [], []
        for soft, hard in self.mixtures(counts_of(pair, "exact")):
            rows.append(self._summary(soft, hard, rng))
            blind.append(returns_prior(soft, hard))
        found = self.result("exact", rows, ill_defined=np.zeros(len(rows)), uninformative=blind)
        if drawn := int(found.drawn.sum()):
            ctx.warn(
                f"{drawn} of {len(rows)} hardness ratios have more than {self.max_terms} terms: their numbers come from {_DRAWS} "
                "draws of the same posterior"
            )
        return found

    def _summary(self, soft: GammaMixture, hard: GammaMixture, rng: np.random.Generator) -> Summary:
        if soft.shapes.size * hard.shapes.size > self.max_terms:
            t = np.tanh(0.5 * (hard.draws(rng, _DRAWS) - soft.draws(rng, _DRAWS)))
            return self.of_draws(t, float(t.mean()))
        mixture = BetaMixture.of(soft, hard)
        if self.interval == "hpd":
            found = self.of_table(*mixture.table(), mixture.mean())
            return found._replace(value=float(mixture.quantile(np.array([0.5]))[0]))
        value, low, high = (float(x) for x in mixture.quantile(self.tails))
        return Summary(value, low, high, mixture.mean())
