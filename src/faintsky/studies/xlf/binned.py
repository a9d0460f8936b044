"""Binned luminosity functions: of the sample, and of every reading of its photometric redshifts."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

from faintsky.core.binned_luminosity_function import BinnedLuminosityFunction, BinnedLuminosityFunctionEstimator
from faintsky.core.context import Context
from faintsky.core.errors import FaintskyWarning
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.registry import make
from faintsky.core.source_sample import SourceSample
from faintsky.core.step import step
from faintsky.core.survey_set import SurveySet
from faintsky.estimators.binned_luminosity_functions.photo_z_variants import VARIANTS, photo_z_variant
from faintsky.studies.xlf.choices import BinChoice

__all__ = ["bin_samples", "bin_variants", "has_variants"]

#: What a reading of two photometric redshifts needs.
_COLUMNS = ("z_gal", "z_qso", "chi2_gal", "chi2_qso")


@step(title="bin")
def bin_samples(
    *,
    samples: Mapping[str, SourceSample],
    estimator: BinnedLuminosityFunctionEstimator,
    model: LuminosityFunction,
    bins: BinChoice,
    title: str,
    ctx: Context,
) -> BinnedLuminosityFunction:
    """The luminosity function in bins."""
    return estimator.estimate(SurveySet(samples=samples), bins.bins, model, ctx)


def has_variants(samples: Mapping[str, SourceSample]) -> bool:
    """Whether every sample knows redshifts of galaxy and of AGN templates."""
    return all(s.table is not None and all(name in s.table.columns for name in _COLUMNS) for s in samples.values())


@step(title="photo-z variants")
def bin_variants(
    *, samples: Mapping[str, SourceSample], model: LuminosityFunction, bins: BinChoice, title: str, ctx: Context
) -> Mapping[str, BinnedLuminosityFunction]:
    """``nobs-nmdl`` for every reading of the two photometric redshifts; nothing where there are no two."""
    if not has_variants(samples):
        return {}
    edges, estimator = bins.bins, make("binned_luminosity_functions", "nobs-nmdl")
    found = {}
    with warnings.catch_warnings():
        # That points of photometric redshifts mislead is what this table is there to show.
        warnings.simplefilter("ignore", FaintskyWarning)
        for variant in VARIANTS:
            chosen = {name: photo_z_variant(s, variant, edges.z[0], edges.z[-1]) for name, s in samples.items()}
            found[variant] = estimator.estimate(SurveySet(samples=chosen), edges, model, ctx)
    return found
