"""The step that fits the shape of a model to a spectrum in bands."""

from __future__ import annotations

from typing import Any

from faintsky.core.band_sed import BandSed
from faintsky.core.context import Context
from faintsky.core.cross_section import CrossSection
from faintsky.core.goodness import with_goodness
from faintsky.core.likelihood import LikelihoodRule
from faintsky.core.sampler import Posterior, Sampler
from faintsky.core.spectrum import Spectrum
from faintsky.core.step import step
from faintsky.studies.cross_sed.families import moved_model

__all__ = ["fit_shape"]


@step(title="fit")
def fit_shape(
    *,
    sed: BandSed,
    model: Spectrum,
    absorption: CrossSection | None,
    likelihood: LikelihoodRule[Any, Any],
    sampler: Sampler,
    title: str,
    ctx: Context,
) -> Posterior:
    """The posterior of the shape of a model."""
    bound = likelihood.bind(sed, moved_model(model, absorption), ctx)
    return with_goodness(sampler.run(bound, ctx), bound, ctx)
