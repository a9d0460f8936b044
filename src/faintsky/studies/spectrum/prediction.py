"""What a fitted model predicts: spectra drawn from the posterior, and whether the observed one is like them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.goodness import POOR
from faintsky.core.likelihood import LikelihoodRule
from faintsky.core.observed_spectrum import ObservedSpectrum
from faintsky.core.parameter import at
from faintsky.core.sampler import Posterior
from faintsky.core.spectrum import Spectrum
from faintsky.core.step import step
from faintsky.estimators.likelihoods.bound_counts import BoundCounts
from faintsky.studies.spectrum.choices import PredictionChoice

__all__ = ["Prediction", "predict"]

Array = NDArray[np.float64]

#: Quantiles of the predicted counts: 2 and 1 sigma about the median.
QUANTILES = (0.0228, 0.1587, 0.5, 0.8413, 0.9772)


@frozen(kw_only=True, eq=False)
class Prediction:
    """One observed spectrum beside those that the model predicts.

    Attributes
    ----------
    energy : ndarray, shape (g, 2)
        Edges of groups of channels [keV].
    counts, background : ndarray, shape (g,)
        Observed counts, and the background scaled to the source.
    predicted : ndarray, shape (5, g)
        Quantiles of new counts, 2 and 1 sigma about the median.
    edges : ndarray, shape (m + 1,)
        Photon energies [keV].
    photons : ndarray, shape (3, m)
        The model, photons cm^-2 s^-1 keV^-1: median and 1 sigma about it.
    statistic : float
        Of the observed spectrum, at the best sample.
    groups : int
        Terms of the statistic.
    probability : float
        Share of simulated spectra whose statistic is at least that of the observed one, over the posterior.
    """

    energy: Array
    counts: Array
    background: Array
    predicted: Array
    edges: Array
    photons: Array
    statistic: float
    groups: int
    probability: float


@step(title="predict")
def predict(
    *,
    observed: Mapping[str, ObservedSpectrum],
    model: Spectrum,
    likelihood: LikelihoodRule[Any, Any],
    posterior: Posterior,
    choice: PredictionChoice,
    title: str,
    ctx: Context,
) -> Mapping[str, Prediction]:
    """Predicted counts of every spectrum; poor fits are warned about."""
    found = {}
    rows = posterior.drawn(choice.draws, ctx.rng("rows"))
    for name, data in observed.items():
        bound = likelihood.bind(data, model, ctx)
        if not isinstance(bound, BoundCounts):
            continue
        found[name] = _prediction(bound, rows, posterior.best, choice.counts, ctx.rng(f"counts {name}"))
        if found[name].probability < POOR:
            ctx.warn(
                f"{name}: fewer than {POOR:g} of the spectra that the model predicts are as far from it as the observed one "
                f"(statistic {found[name].statistic:.1f} for {found[name].groups} channels): the model does not describe it"
            )
    return found


def _prediction(bound: BoundCounts, rows: Array, best: Array, least: int, rng: np.random.Generator) -> Prediction:
    data = bound.data
    expected = bound.expected(rows)
    observed = bound.terms(expected).sum(axis=1)
    total, simulated = bound.simulated(expected, rng)
    starts = _groups(bound.grouped(data.source), least)
    background = np.zeros_like(data.source) if data.background is None else data.ratio * data.background
    first = bound.starts[starts]
    last = np.append(bound.starts, len(data.source))[np.append(starts[1:], len(bound.starts))] - 1
    edges = data.response.edges
    density = np.broadcast_to(at(bound.model, rows).photon_flux(edges) / np.diff(edges), (len(rows), len(edges) - 1))
    return Prediction(
        energy=np.stack([data.energy[first, 0], data.energy[last, 1]], axis=1),
        counts=np.add.reduceat(bound.grouped(data.source), starts),
        background=np.add.reduceat(bound.grouped(background), starts),
        predicted=np.quantile(np.add.reduceat(total, starts, axis=1), QUANTILES, axis=0),
        edges=edges,
        photons=np.quantile(density, QUANTILES[1:4], axis=0),
        statistic=float(bound.statistic(best[None])[0]),
        groups=len(bound.starts),
        probability=float(np.mean(simulated.sum(axis=1) >= observed)),
    )


def _groups(counts: Array, least: int) -> NDArray[np.intp]:
    """Starts of groups that hold at least so many counts; a rest joins the last one."""
    upto = np.cumsum(counts)
    starts, taken = [0], 0.0
    while (i := int(np.searchsorted(upto, taken + least))) < len(counts) - 1 and upto[-1] - upto[i] >= least:
        starts.append(i + 1)
        taken = float(upto[i])
    return np.array(starts)
