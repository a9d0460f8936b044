"""The binned luminosity function of all AGN, corrected for those that absorption hides."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.binned_luminosity_function import BinnedLuminosityFunction
from faintsky.core.errors import DataError
from faintsky.core.intervals import poisson_interval
from faintsky.core.luminosity_bins import LuminosityBins
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.survey_set import SurveySet
from faintsky.estimators.obscuration.expected_classes import LEAST_AREA, class_expectations
from faintsky.estimators.obscuration.gamma import ClassScales

__all__ = ["obscuration_corrected"]

Array = NDArray[np.float64]


def obscuration_corrected(
    scales: ClassScales,
    surveys: Mapping[str, SurveySet],
    bins: LuminosityBins,
    model: LuminosityFunction,
    n_obs: ArrayLike,
    *,
    fraction: float = LEAST_AREA,
) -> BinnedLuminosityFunction:
    """phi = sum_c gamma_c phi_mdl(middle) n_obs / sum_c gamma_c n_mdl,c (eq 14).

    The expected number of a class is that of its own corrected model, gamma n_mdl (eq 12), so that the result does not depend on
    the norm of `model`. Intervals are the Poisson ones of n_obs; the errors of the gammas are not in them.

    Parameters
    ----------
    scales : ClassScales
        In the redshift bins of `bins`. A limit enters as its value.
    surveys : mapping of str to SurveySet
        By class, as for `class_expectations`.
    bins : LuminosityBins
        Of intrinsic luminosity.
    model : LuminosityFunction
        That of `scales`.
    n_obs : array_like, shape (nz, nl)
        Observed numbers of all classes: in bins of the luminosity without absorption (as in the paper), or of that of each
        source's class (`class_counts`, summed over classes).
    fraction : float
        Of the area, below which brightnesses are left out.

    Raises
    ------
    DataError
        Where redshift bins or shapes differ, or the model is of other luminosities or another universe.
    """
    observed = np.asarray(n_obs, dtype=float)
    if not np.array_equal(scales.z, bins.z):
        raise DataError(f"the scales are of the redshift bins {scales.z.tolist()}, the luminosities of {bins.z.tolist()}")
    if observed.shape != bins.shape:
        raise DataError(f"n_obs has the shape {observed.shape}, the bins {bins.shape}")
    each = class_expectations(surveys, scales.classes, bins, model, fraction)
    gamma = np.where(np.isfinite(scales.gamma), scales.gamma, 0.0)
    n_mdl = np.einsum("zlk,zk->zl", each, gamma)
    middle = model.evaluate(bins.log_l_centre[None, :], bins.z_centre[:, None]) * gamma.sum(axis=1)[:, None]
    found = poisson_interval(observed, scales.level, scales.interval)
    unmodelled = ~np.isfinite(middle)
    blank = ~(n_mdl > 0) | unmodelled
    per_count = np.where(blank, np.nan, middle) / np.where(blank, 1.0, n_mdl)
    why = np.where(unmodelled, "outside of the validity of the model", np.where(blank, "no volume", ""))
    return BinnedLuminosityFunction(
        bins=bins,
        n_obs=observed,
        n_mdl=n_mdl,
        phi=observed * per_count,
        low=found.low * per_count,
        high=found.high * per_count,
        interval=scales.interval,
        reasons=tuple(tuple(str(reason) for reason in row) for row in why),
        band=model.band,
        estimator="obscuration-corrected",
        model=model.name,
        meta={"scales": scales.gamma, "limits": scales.is_limit, "classes": list(scales.classes.names), "level": scales.level},
    )
