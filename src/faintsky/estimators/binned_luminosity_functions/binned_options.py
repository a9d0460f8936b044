"""What the binned estimators share: how sources are counted, intervals, and bins that cannot be measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.binned_luminosity_function import BinnedLuminosityFunction
from faintsky.core.component import option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.intervals import ONE_SIGMA, poisson_interval
from faintsky.core.luminosity_bins import LuminosityBins
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.survey_set import SurveySet
from faintsky.estimators.binned_luminosity_functions.placed_sources import PlacedSources, placed, warn_of_point_redshifts

__all__ = ["BinnedOptions"]

Array = NDArray[np.float64]

#: Methods of `poisson_interval` that give an upper limit for no counts, and need no background.
INTERVALS = ("garwood", "frequentist-confidence", "pearson", "sherpagehrels", "root-n-0")
#: Those of any level.
ANY_LEVEL = ("garwood", "frequentist-confidence")
NO_VOLUME = "no volume: no source of these luminosities and redshifts is detected"


@frozen(kw_only=True)
class BinnedOptions:
    """Options of all binned estimators.

    Raises
    ------
    DataError
        For a level other than 1 sigma with an interval that is defined for 1 sigma only.
    """

    interval: str = option(
        "garwood", choices=INTERVALS, help="Poisson interval of the counts; garwood is exact, as in Gehrels' tables"
    )
    level: float = option(ONE_SIGMA, gt=0, lt=1, help="two-sided probability of the interval; 1 sigma by default")
    redshifts: str = option(
        "point",
        choices=("point", "pdf", "posterior"),
        help="count sources at their best redshifts, or share them out by p(z), or by p(z) times the model's density",
    )

    def __attrs_post_init__(self) -> None:
        if self.interval not in ANY_LEVEL and abs(self.level - ONE_SIGMA) > 1e-6:
            raise DataError(
                f"{self.interval} is an interval of 1 sigma only: take {' or '.join(ANY_LEVEL)} for level = {self.level:g}"
            )

    def placed(self, surveys: SurveySet, bins: LuminosityBins, model: LuminosityFunction, ctx: Context) -> PlacedSources:
        """The sources as they are counted; points made of photometric redshifts are warned of."""
        if self.redshifts == "point":
            warn_of_point_redshifts(surveys, bins, ctx)
        return placed(surveys, bins, self.redshifts, model)

    def scaled_counts(self, n_obs: Array, per_count: Array) -> tuple[Array, Array, Array]:
        """phi and the ends of its interval where a count stands for `per_count` [Mpc^-3 dex^-1]."""
        found = poisson_interval(n_obs, self.level, self.interval)
        return n_obs * per_count, found.low * per_count, found.high * per_count

    def result(
        self,
        bins: LuminosityBins,
        surveys: SurveySet,
        sources: PlacedSources,
        ctx: Context,
        *,
        n_obs: Array,
        n_mdl: Array,
        phi: Array,
        low: Array,
        high: Array,
        estimator: str,
        model: str = "",
        reasons: Mapping[str, NDArray[np.bool_]],
        meta: Mapping[str, Any],
    ) -> BinnedLuminosityFunction:
        """The result; bins with a reason are NaN, and sources in them are warned of.

        Parameters
        ----------
        reasons : mapping of str to ndarray of bool, shape (nz, nl)
            Why bins cannot be measured, and which they are; the first reason of a bin counts.
        """
        why = np.full(bins.shape, "", dtype=object)
        for reason, where in reversed(list(reasons.items())):
            why[where] = reason
        blank = why != ""
        if np.any(n_obs[blank] > 0):
            first = tuple(np.argwhere(blank & (n_obs > 0))[0])
            ctx.warn(
                f"{estimator}: {n_obs[blank].sum():g} sources lie in bins that cannot be measured, such as z = "
                f"{bins.z_label(int(first[0]))}, log L = {bins.log_l[first[1]]:g}-{bins.log_l[first[1] + 1]:g} "
                f"({why[first]}): do area curve and conversion belong to this sample?"
            )
        counted = {"redshifts": self.redshifts, "level": self.level, "sources": len(surveys), "unknown": sources.unknown}
        if self.redshifts != "point":
            counted |= {"outside": sources.outside, "counts": "shared out, so that the interval is that of a number not whole"}
        return BinnedLuminosityFunction(
            bins=bins,
            n_obs=n_obs,
            n_mdl=n_mdl,
            phi=np.where(blank, np.nan, phi),
            low=np.where(blank, np.nan, low),
            high=np.where(blank, np.nan, high),
            interval=self.interval,
            reasons=tuple(tuple(str(reason) for reason in row) for row in why),
            band=surveys.rest_band,
            estimator=estimator,
            model=model,
            meta={**counted, **meta},
        )
