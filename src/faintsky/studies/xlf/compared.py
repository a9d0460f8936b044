"""Models that are shown beside the data, with their published errors where there are some."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.one_sigma import QUANTILES
from faintsky.core.step import step
from faintsky.models.luminosity_functions.drawn_from_errors import drawn_from_errors
from faintsky.studies.xlf.choices import BinChoice, DensityChoice, FitChoice
from faintsky.studies.xlf.fit import density_between, luminosity_grid

__all__ = ["ComparedModel", "compare_models"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class ComparedModel:
    """A model at the middles of the redshift bins.

    Attributes
    ----------
    log_l : ndarray, shape (m,)
    phi : ndarray, shape (nz, m)
        [Mpc^-3 dex^-1]
    low, high : ndarray, shape (nz, m)
        16 and 84 per cent over its published errors, taken as independent, which they are not; equal to `phi` without errors.
    has_errors : bool
    headline : float
        log10 of the density of ``[density]``.
    beyond : str
        What of the range is an extrapolation.
    """

    log_l: Array
    phi: Array
    low: Array
    high: Array
    has_errors: bool
    headline: float
    beyond: str


@step(title="compared models")
def compare_models(
    *, models: Mapping[str, LuminosityFunction], bins: BinChoice, choice: FitChoice, headline: DensityChoice, ctx: Context
) -> Mapping[str, ComparedModel]:
    """Densities of the models, and Monte Carlo ranges of their published errors."""
    edges = bins.bins
    log_l = luminosity_grid(edges)
    found = {}
    for name, model in models.items():
        phi = np.stack([np.exp(model.log_density(log_l, z)) for z in edges.z_centre])
        try:
            drawn = drawn_from_errors(model, choice.draws, ctx.rng(f"errors:{name}"))
        except DataError:
            low = high = phi
        else:
            each = [np.quantile(np.exp(drawn.log_density(log_l, z)), QUANTILES[::2], axis=0) for z in edges.z_centre]
            low, high = np.stack(each, axis=1)
        found[name] = ComparedModel(
            log_l=log_l,
            phi=phi,
            low=low,
            high=high,
            has_errors=high is not phi,
            headline=float(np.log10(density_between(model, headline.log_l, headline.z)[0])),
            beyond=""
            if model.validity.holds(edges.log_l_centre[:, None], edges.z_centre).all()
            else f"measured at {model.validity}",
        )
    return found
