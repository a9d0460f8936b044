"""The binned luminosity function without a model."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from faintsky.core.binned_luminosity_function import BinnedLuminosityFunction, BinnedLuminosityFunctionEstimator
from faintsky.core.component import component
from faintsky.core.context import Context
from faintsky.core.luminosity_bins import LuminosityBins
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.survey_set import SurveySet
from faintsky.estimators.binned_luminosity_functions.binned_options import NO_VOLUME, BinnedOptions
from faintsky.estimators.binned_luminosity_functions.expected_counts import ExpectedCounts

__all__ = ["PageCarrera"]


@component(references=["PageCarrera2000", "Gehrels1986"])
@frozen(kw_only=True)
class PageCarrera(BinnedOptions, BinnedLuminosityFunctionEstimator):
    """Number of sources over the volume and luminosity range in which the bin can be observed.

    phi = N / (int int A dV/dz dz dlogL) is the mean density of the observable part of the bin: that of `nobs-nmdl` for a density
    that is constant within a bin. Where the density falls steeply or the area changes across a bin, it is not the one at the
    middle. The result's `n_mdl` is the expectation of phi = 1 [Mpc^3 dex]. An empty bin has the upper limit of no counts.

    References
    ----------
    Page & Carrera 2000, MNRAS 311, 433.
    """

    def estimate(
        self, surveys: SurveySet, bins: LuminosityBins, model: LuminosityFunction, ctx: Context
    ) -> BinnedLuminosityFunction:
        """Mean densities of bins; NaN, with the reason, without volume. Only ``redshifts = "posterior"`` looks at `model`.

        Raises
        ------
        DataError
            Where the model is of other luminosities or another universe.
        """
        surveys.check(model)
        observable = ExpectedCounts.of(surveys, bins).observable
        sources = self.placed(surveys, bins, model, ctx)
        n_obs = sources.counts(bins)
        empty = ~(observable > 0)
        phi, low, high = self.scaled_counts(n_obs, 1 / np.where(empty, np.inf, observable))
        return self.result(
            bins, surveys, sources, ctx, n_obs=n_obs, n_mdl=observable, phi=phi, low=low, high=high,
            estimator="page-carrera", reasons={NO_VOLUME: empty}, meta={},
        )  # fmt: skip
