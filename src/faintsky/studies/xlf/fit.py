"""The fit of a luminosity function to all sources, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.integrate import trapezoid

from faintsky.core.context import Context
from faintsky.core.likelihood import LikelihoodRule
from faintsky.core.luminosity_bins import LuminosityBins
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.one_sigma import QUANTILES
from faintsky.core.parameter import at, free_parameters, with_wider_priors
from faintsky.core.sampler import Posterior, Sampler
from faintsky.core.source_sample import SourceSample
from faintsky.core.step import step
from faintsky.core.survey_set import SurveySet
from faintsky.estimators.binned_luminosity_functions.expected_counts import ExpectedCounts
from faintsky.estimators.binned_luminosity_functions.placed_sources import placed
from faintsky.studies.xlf.choices import BinChoice, DensityChoice, FitChoice

__all__ = ["FittedDensity", "density_between", "derive", "fit", "luminosity_grid"]

Array = NDArray[np.float64]

#: Luminosities per dex that densities are shown at and integrated over: a relative error below 1e-5.
_PER_DEX = 50


@step(title="fit")
def fit(
    *,
    samples: Mapping[str, SourceSample],
    model: LuminosityFunction,
    likelihood: LikelihoodRule[Any, Any],
    sampler: Sampler,
    widened: float,
    title: str,
    ctx: Context,
) -> Posterior:
    """The posterior of a luminosity function given all sources; with flat priors `widened` times as wide, to see what they do."""
    chosen = model
    if widened != 1:
        priors = {p.name: p.prior for p in free_parameters(model)}
        chosen = with_wider_priors(model, priors, widened)
    return sampler.run(likelihood.bind(SurveySet(samples=samples), chosen, ctx), ctx)


@frozen(kw_only=True, eq=False)
class FittedDensity:
    """A fitted luminosity function.

    Attributes
    ----------
    z : ndarray, shape (nz,)
        Middles of the redshift bins.
    log_l : ndarray, shape (m,)
    phi : ndarray, shape (3, nz, m)
        Median and 1 sigma quantiles [Mpc^-3 dex^-1]; the median in the middle.
    redshifts : ndarray, shape (k,)
    density : ndarray, shape (3, k)
        Integrated over the luminosities of ``[fit]`` [Mpc^-3].
    headline : ndarray, shape (3,)
        log10 of the density of ``[density]``.
    expected : ndarray, shape (3, nz, nl)
        Predicted numbers in the bins: the posterior's with Poisson scatter.
    weighted : ndarray, shape (nz, nl)
        Numbers found, each source shared out by its redshift density and the fitted model.
    """

    z: Array
    log_l: Array
    phi: Array
    redshifts: Array
    density: Array
    headline: Array
    expected: Array
    weighted: Array


@step(title="densities of")
def derive(
    *,
    samples: Mapping[str, SourceSample],
    model: LuminosityFunction,
    posterior: Posterior,
    bins: BinChoice,
    choice: FitChoice,
    headline: DensityChoice,
    title: str,
    ctx: Context,
) -> FittedDensity:
    """Densities over the posterior, and the numbers of sources that it predicts."""
    surveys, edges = SurveySet(samples=samples), bins.bins
    rows = posterior.drawn(choice.draws, ctx.rng("rows"))
    drawn = at(model, rows)
    log_l = luminosity_grid(edges)
    phi = [np.quantile(np.exp(drawn.log_density(log_l, z)), QUANTILES, axis=0) for z in edges.z_centre]
    redshifts = np.linspace(max(edges.z[0], 0.01), edges.z[-1], 40)
    density = [np.quantile(density_between(drawn, choice.log_l, z), QUANTILES) for z in redshifts]
    mean = np.broadcast_to(ExpectedCounts.of(surveys, edges, model).counts(drawn), (len(rows), *edges.shape))
    numbers = ctx.rng("numbers").poisson(np.clip(mean, 0, 1e15))
    best = at(model, posterior.best)
    shared = "posterior" if all(s.redshifts is not None for s in samples.values()) else "point"
    return FittedDensity(
        z=edges.z_centre,
        log_l=log_l,
        phi=np.stack(phi, axis=1),
        redshifts=redshifts,
        density=np.stack(density, axis=1),
        headline=np.quantile(np.log10(density_between(drawn, headline.log_l, headline.z)), QUANTILES),
        expected=np.quantile(numbers, QUANTILES, axis=0),
        weighted=placed(surveys, edges, shared, best).counts(edges),
    )


def luminosity_grid(bins: LuminosityBins) -> Array:
    """Luminosities that curves are drawn at: those of the bins, and half a dex to both sides."""
    low, high = bins.log_l[0] - 0.5, bins.log_l[-1] + 0.5
    return np.linspace(low, high, round(_PER_DEX * (high - low)) + 1)


def density_between(model: LuminosityFunction, log_l: tuple[float, float], z: float) -> Array:
    """Integral of phi over luminosities at one redshift [Mpc^-3]; shape (1,), or (n,) for parameters in columns."""
    grid = np.linspace(*log_l, max(3, round(_PER_DEX * (log_l[1] - log_l[0]))) + 1)
    phi = np.atleast_2d(np.exp(model.log_density(grid, z)))
    return np.asarray(trapezoid(phi, grid, axis=-1))
