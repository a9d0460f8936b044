"""The step that says what a fitted bias means: analytic solution, redshift, halo mass, how far linear theory reaches."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen

from faintsky.core.context import Context
from faintsky.core.likelihood import LikelihoodRule
from faintsky.core.power_model import PowerModel
from faintsky.core.sampler import Posterior
from faintsky.core.step import step
from faintsky.core.units import ARCSEC
from faintsky.estimators.likelihoods.amplitude import solve_amplitude
from faintsky.estimators.likelihoods.bound_bandpowers import chosen_bins
from faintsky.models.bias_models.halo_mass import halo_mass_from_bias
from faintsky.models.clustering.limber import effective_redshift
from faintsky.models.power_models.limber import LimberTemplate
from faintsky.studies.coherence.spectra import Spectra

__all__ = ["SourceBias", "describe_bias"]

#: A linear fit is warned about where nonlinear clustering is stronger than linear by more than this in its range.
_LINEAR = 1.1


@frozen(kw_only=True)
class SourceBias:
    """The bias of the sources of one map.

    Attributes
    ----------
    bias, low, high : float
        Median, and distances to the 15.87 and 84.13 per cent quantiles.
    analytic, analytic_error : float
        The same fit solved for the amplitude b^2, and its root.
    chi2 : float
        Of the analytic solution.
    dof : int
    theta : tuple of float
        Smallest and largest scale of the fit [arcsec].
    redshift : float
        Effective redshift: the mean of what the power in the middle of the fit comes from.
    log_mass : mapping of str to float
        log10 of the halo mass [Msun/h] that has this bias there, for Sheth-Mo-Tormen 2001 and Tinker 2010.
    nonlinear_ratio : tuple of float
        Nonlinear over linear clustered power at the largest and at the smallest scale of the fit.
    matter : str
        Which of the two was fitted.
    shot : float
        The shot noise of the fit [unit of the spectrum].
    """

    bias: float
    low: float
    high: float
    analytic: float
    analytic_error: float
    chi2: float
    dof: int
    theta: tuple[float, float]
    redshift: float
    log_mass: dict[str, float]
    nonlinear_ratio: tuple[float, float]
    matter: str
    shot: float


@step(title="bias of")
def describe_bias(
    *,
    spectra: Spectra,
    pair: str,
    model: PowerModel,
    likelihood: LikelihoodRule[Any, Any],
    posterior: Posterior,
    title: str,
    ctx: Context,
) -> SourceBias | None:
    """What the posterior of a bias means; None where the model is no clustering of sources with one constant bias."""
    spectrum = spectra.named()[pair]
    bound: Any = likelihood.bind(spectrum, model, ctx)
    template = getattr(bound, "model", None)
    if not isinstance(template, LimberTemplate) or "bias.bias" not in posterior.names or len(template.productions) > 1:
        return None
    unit = bound.window @ template.kernel(bound.q)[1].sum(axis=1)
    shot = posterior.summary("shot")[0] if "shot" in posterior.names else float(template.shot)
    median, low, high = posterior.summary("bias.bias")
    theta = posterior.mean[None]
    covariance = getattr(bound, "covariance", None)
    if covariance is None:
        covariance = np.diag(2 * bound.expected(theta)[0] ** 2 / bound.modes)
    solution = solve_amplitude(bound.data - shot * bound.window.sum(axis=1), covariance, unit)
    q = spectrum.q[chosen_bins(spectrum, getattr(likelihood, "theta", None))]
    middle = float(np.sqrt(q.min() * q.max()))
    redshift = effective_redshift(middle, template.cosmology, template.productions[0])
    masses = {
        name: float(np.log10(halo_mass_from_bias(median, redshift, template.cosmology, name) * template.cosmology.h))
        for name in ("sheth01", "tinker10")
    }
    ratio = template.nonlinear_ratio(np.array([q.min(), q.max()]))
    if template.matter == "linear" and ratio.max() > _LINEAR:
        ctx.warn(
            f"{pair}: linear theory is fitted where nonlinear clustering is {ratio[0]:.2f} (at {2 * np.pi / q.min() / ARCSEC:.0f}"
            f" arcsec) to {ratio[1]:.2f} times as strong (at {2 * np.pi / q.max() / ARCSEC:.0f} arcsec): the bias takes that up"
        )
    return SourceBias(
        bias=median,
        low=low,
        high=high,
        analytic=solution.bias,
        analytic_error=solution.bias_error,
        chi2=solution.chi2,
        dof=solution.dof,
        theta=(2 * np.pi / float(q.max()) / ARCSEC, 2 * np.pi / float(q.min()) / ARCSEC),
        redshift=redshift,
        log_mass=masses,
        nonlinear_ratio=(float(ratio[0]), float(ratio[1])),
        matter=template.matter,
        shot=shot,
    )
