"""The bolometric luminosity function, and what its black holes accrete."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.binned_luminosity_function import BinnedLuminosityFunction
from faintsky.core.bolometric_correction import BolometricCorrection
from faintsky.core.context import Context
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.parameter import at
from faintsky.core.sampler import Posterior
from faintsky.core.step import step
from faintsky.estimators.accretion_density.accretion import AccretionDensity, accretion_density
from faintsky.estimators.accretion_density.binned import BolometricPoints, bolometric_points
from faintsky.studies.xlf.choices import AccretionChoice, BinChoice, FitChoice, ObscurationChoice
from faintsky.studies.xlf.obscuration import Obscuration

__all__ = ["Accretion", "accrete"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class Accretion:
    """Densities of accretion in the redshift bins, by what they rest on.

    Attributes
    ----------
    points : mapping of str to BolometricPoints
        Binned luminosity functions in bolometric luminosity: ``as observed``, and ``corrected`` for obscuration.
    densities : mapping of str to tuple of AccretionDensity
        For each redshift bin; ``corrected``, ``fit``, and the models that are compared.
    """

    points: Mapping[str, BolometricPoints]
    densities: Mapping[str, tuple[AccretionDensity, ...]]


@step(title="accretion")
def accrete(
    *,
    binned: BinnedLuminosityFunction,
    obscuration: Obscuration | None,
    choice_of_classes: ObscurationChoice | None,
    model: LuminosityFunction | None,
    posterior: Posterior | None,
    compared: Mapping[str, LuminosityFunction],
    correction: BolometricCorrection,
    choice: AccretionChoice,
    fit: FitChoice,
    bins: BinChoice,
    title: str,
    ctx: Context,
) -> Accretion:
    """Bolometric points and accretion densities: of the corrected function, of the fit, and of the compared models."""
    points = {"as observed": bolometric_points(binned, correction)}
    densities = {name: _in_bins(other, correction, choice, bins) for name, other in compared.items()}
    if obscuration is not None and choice_of_classes is not None:
        points["corrected"] = bolometric_points(obscuration.binned, correction)
        rng, scales = ctx.rng("gammas"), obscuration.scales
        fiducial = _in_bins(choice_of_classes.fiducial, correction, choice, bins)
        # The posterior of each scale for a flat prior, as for the fractions.
        draws = rng.gamma(scales.n_obs[..., None] + 1, size=(*scales.gamma.shape, fit.draws)) / scales.n_mdl[..., None]
        total = draws.sum(axis=1)
        densities["corrected"] = tuple(d.scaled(t, "obscuration") for d, t in zip(fiducial, total, strict=True))
    if model is not None and posterior is not None:
        rows = posterior.drawn(fit.draws, ctx.rng("rows"))
        densities["fit"] = _in_bins(at(model, rows), correction, choice, bins)
    return Accretion(points=points, densities=densities)


def _in_bins(
    model: LuminosityFunction, correction: BolometricCorrection, choice: AccretionChoice, bins: BinChoice
) -> tuple[AccretionDensity, ...]:
    edges = bins.bins.z
    return tuple(
        accretion_density(
            model,
            correction,
            z_range=(float(low), float(high)),
            average=choice.average,
            log_bol=choice.log_bol,
            efficiency=choice.efficiency,
        )
        for low, high in pairwise(edges)
    )
