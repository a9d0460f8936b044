"""Goodness of fit: whether a model describes the data at all, which a posterior alone does not tell."""

from __future__ import annotations

import attrs
from scipy.special import gammaincc

from faintsky.core.context import Context
from faintsky.core.likelihood import Likelihood
from faintsky.core.sampler import Posterior

__all__ = ["POOR", "probability_to_exceed", "with_goodness"]

#: Below this probability the errors of a fit mean little, and the task warns.
POOR = 1e-3


def probability_to_exceed(chi2: float, dof: int) -> float:
    """Probability that chi^2 of `dof` degrees of freedom exceeds `chi2`.

    Examples
    --------
    >>> round(probability_to_exceed(3.84, 1), 3)
    0.05
    """
    return float(gammaincc(0.5 * dof, 0.5 * chi2)) if dof > 0 else float("nan")


def with_goodness(posterior: Posterior, likelihood: Likelihood, ctx: Context) -> Posterior:
    """The posterior with ``chi2``, ``dof`` and ``pte`` of its best sample among the diagnostics, and a warning for a bad fit.

    A likelihood without residuals (`Likelihood.residuals`) leaves the posterior as it is.
    """
    residuals = likelihood.residuals(posterior.best[None])
    if residuals is None:
        return posterior
    chi2, dof = float((residuals**2).sum()), residuals.shape[1] - likelihood.ndim
    pte = probability_to_exceed(chi2, dof)
    if pte < POOR:
        ctx.warn(
            f"the best fit has chi2 = {chi2:.1f} for {dof} degrees of freedom (PTE {pte:.1g}): the model does not describe "
            "the data, and the errors of its parameters mean little"
        )
    return attrs.evolve(posterior, diagnostics={**posterior.diagnostics, "chi2": chi2, "dof": float(dof), "pte": pte})
