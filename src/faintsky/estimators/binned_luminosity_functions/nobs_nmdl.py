"""The binned luminosity function as a model scaled by observed over expected numbers."""

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

__all__ = ["NobsNmdl"]


@component(references=["Miyaji2001", "Gehrels1986", "BarlowHall2025"])
@frozen(kw_only=True)
class NobsNmdl(BinnedOptions, BinnedLuminosityFunctionEstimator):
    """Model density at the middle of a bin, times observed over expected numbers.

    phi = phi_mdl(middle) n_obs / n_mdl with n_mdl = int int phi_mdl A dV/dz dlogL dz over the bin. Area and density may change
    across the bin; only the shape of the model within it matters, not its norm. Intervals are those of n_obs: the model's own
    uncertainty is not in them. An empty bin has the upper limit of no counts (1.841 for 1 sigma).

    With ``redshifts = "posterior"`` the shares of the sources rest on the model as well, norm aside.

    References
    ----------
    Miyaji, Hasinger & Schmidt 2001, A&A 369, 49; Barlow-Hall & Aird, eqs 8 and 9.
    """

    def estimate(
        self, surveys: SurveySet, bins: LuminosityBins, model: LuminosityFunction, ctx: Context
    ) -> BinnedLuminosityFunction:
        """Densities at the middles of bins; NaN, with the reason, without volume or where the model has no value.

        Raises
        ------
        DataError
            Where the model is of other luminosities or another universe, or refuses to be extrapolated to the middle of a bin.
        """
        surveys.check(model)
        expected = ExpectedCounts.of(surveys, bins, model)
        n_mdl, observable = expected.counts(model), expected.observable
        middle = model.evaluate(bins.log_l_centre[None, :], bins.z_centre[:, None])
        sources = self.placed(surveys, bins, model, ctx)
        n_obs = sources.counts(bins)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            per_count = middle / n_mdl
            phi, low, high = self.scaled_counts(n_obs, per_count)
        reasons = {
            NO_VOLUME: ~(observable > 0),
            f"{model.name} has no value there: it was measured at {model.validity}": ~np.isfinite(middle),
            "the model expects no source": ~(n_mdl > 0) | ~np.isfinite(high),
        }
        return self.result(
            bins, surveys, sources, ctx, n_obs=n_obs, n_mdl=n_mdl, phi=phi, low=low, high=high,
            estimator="nobs-nmdl", model=model.name, reasons=reasons, meta={"observable": observable},
        )  # fmt: skip
