"""Obscuration: classes of column density by hardness ratio, and the luminosity function corrected for them."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.aperture_photometry import AperturePhotometry
from faintsky.core.binned_luminosity_function import BinnedLuminosityFunction
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.hardness import CountsPair, HardnessEstimator
from faintsky.core.parameter import with_values
from faintsky.core.source_sample import SourceSample
from faintsky.core.step import step
from faintsky.core.survey_set import SurveySet
from faintsky.estimators.obscuration.classes import ClassifiedSources, HardnessTracks
from faintsky.estimators.obscuration.corrected import obscuration_corrected
from faintsky.estimators.obscuration.expected_classes import class_totals
from faintsky.estimators.obscuration.fractions import RECIPES, ClassFractions, class_fractions
from faintsky.estimators.obscuration.gamma import ClassScales, class_scales
from faintsky.models.conversions.hardness_tracks import colours
from faintsky.models.conversions.unabsorbed import named
from faintsky.models.spectra.powerlaw import PowerLaw
from faintsky.studies.xlf.choices import BinChoice, ConversionChoice, ObscurationChoice
from faintsky.studies.xlf.field import DetectedField
from faintsky.studies.xlf.sample import conversions

__all__ = ["Obscuration", "correct"]

Array = NDArray[np.float64]

#: The ratio of background to source region that an expected background is turned into counts with: its own noise is nothing.
_RATIO = 1000.0


@frozen(kw_only=True, eq=False)
class Obscuration:
    """What hardness ratios say.

    Attributes
    ----------
    hardness, low, high : ndarray, shape (n,)
        Hardness ratio of the sources in the redshift bins, and the ends of its interval.
    tracks : HardnessTracks
    sources : ClassifiedSources
    scales : ClassScales
        gamma of each class and redshift bin.
    fractions : tuple of ClassFractions
        By each recipe; the chosen one first.
    binned : BinnedLuminosityFunction
        Corrected.
    """

    hardness: Array
    low: Array
    high: Array
    tracks: HardnessTracks
    sources: ClassifiedSources
    scales: ClassScales
    fractions: tuple[ClassFractions, ...]
    binned: BinnedLuminosityFunction


@step(title="obscuration")
def correct(
    *,
    detected: DetectedField,
    samples: Mapping[str, SourceSample],
    estimator: HardnessEstimator[CountsPair],
    conversion: ConversionChoice,
    choice: ObscurationChoice,
    bins: BinChoice,
    title: str,
    ctx: Context,
) -> Obscuration:
    """Classify the sources of the bins by their hardness, scale the fiducial model to each class, correct the binned function."""
    if choice.note:
        ctx.warn(choice.note)
    (name, whole), *more = samples.items()
    if more:
        raise DataError("obscuration is corrected for one field of images at a time")
    edges, classes = bins.bins, choice.classes
    inside = (whole.z >= edges.z[0]) & (whole.z <= edges.z[-1])
    sample = whole.select(inside)
    if not len(sample):
        raise DataError(f"no source lies between z = {edges.z[0]:g} and {edges.z[-1]:g}: there is nothing to correct")
    ratios = estimator.estimate(_pair(sample, choice), ctx)
    tracks = _tracks(detected, conversion, choice, edges.z)
    sources = tracks.classify(ratios.value, sample.z, ctx)
    factors = conversions(
        choice.spectrum,
        conversion,
        sample.area.band,
        sample.cosmology,
        ctx,
        absorber=choice.absorber,
        log_nh=choice.log_nh,
        intrinsic=choice.intrinsic,
    )
    surveys = {
        label: SurveySet(samples={name: attrs.evolve(sample, conversion=factor)})
        for label, factor in zip(classes.names, factors, strict=True)
    }
    expected = class_totals(surveys, classes, edges.z, choice.fiducial)
    scales = class_scales(sources.counts(edges.z), expected, edges.z, classes)
    recipes = (choice.recipe, *(r for r in RECIPES if r != choice.recipe))
    return Obscuration(
        hardness=ratios.value,
        low=ratios.low,
        high=ratios.high,
        tracks=tracks,
        sources=sources,
        scales=scales,
        fractions=tuple(class_fractions(scales, ctx, recipe=recipe, draws=choice.draws) for recipe in recipes),
        binned=obscuration_corrected(scales, surveys, edges, choice.fiducial, edges.counts(sample.log_l(), sample.z)),
    )


def _pair(sample: SourceSample, choice: ObscurationChoice) -> CountsPair:
    """Counts of both bands, over the exposure maps."""
    known = dict(sample.others) | ({} if sample.photometry is None else {sample.name: sample.photometry})
    parts: dict[str, AperturePhotometry] = {}
    for side, name in (("soft", choice.soft), ("hard", choice.hard)):
        if name not in known:
            raise DataError(f"obscuration.{side}: there are no counts in {name!r}; bands: {', '.join(known) or 'none'}")
        parts[side] = known[name]
    soft, hard = parts["soft"], parts["hard"]
    return CountsPair(
        soft=soft.counts,
        hard=hard.counts,
        soft_background=np.round(_RATIO * soft.background),
        hard_background=np.round(_RATIO * hard.background),
        soft_ratio=_RATIO,
        hard_ratio=_RATIO,
        soft_exposure=soft.sensitivity,
        hard_exposure=hard.sensitivity,
    )


def _tracks(detected: DetectedField, conversion: ConversionChoice, choice: ObscurationChoice, z_edges: Array) -> HardnessTracks:
    """Hardness ratios of rates over the exposure maps, of sources whose columns lie at the edges of the classes."""
    z = np.linspace(max(z_edges[0], conversion.z[0]), z_edges[-1], 80)
    response = conversion.responses.load(Context())
    bands = (detected.images[choice.soft].band, detected.images[choice.hard].band)
    weight = PowerLaw(photon_index=1.4) if conversion.weight is None else conversion.weight
    area = np.array([response.effective_area(band, weight) for band in bands])
    at = dict.fromkeys(named(choice.spectrum, "redshift"), z[:, None])
    folded = response.collapse(bands)
    rates = [folded.rates(with_values(choice.spectrum, {**at, choice.absorber: 10**n / 1e22})) for n in choice.log_nh_edges]
    return HardnessTracks(
        classes=choice.classes, z=z, hardness=np.stack([colours(r / area)[:, 0] for r in rates]), crossing=choice.crossing
    )
