"""The steps of the study: load, fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from faintsky.core.context import Context
from faintsky.core.goodness import with_goodness
from faintsky.core.joint_likelihood import joint
from faintsky.core.likelihood import LikelihoodRule
from faintsky.core.observed_spectrum import ObservedSpectrum, SpectrumSource
from faintsky.core.sampler import Posterior, Sampler
from faintsky.core.spectrum import Spectrum
from faintsky.core.step import step

__all__ = ["fit_spectrum", "load_spectrum"]


@step(title="load")
def load_spectrum(*, source: SpectrumSource, title: str, ctx: Context) -> ObservedSpectrum:
    """One counts spectrum with its background and response."""
    return source.load(ctx)


@step(title="fit")
def fit_spectrum(
    *,
    observed: Mapping[str, ObservedSpectrum],
    model: Spectrum,
    likelihood: LikelihoodRule[Any, Any],
    sampler: Sampler,
    title: str,
    ctx: Context,
) -> Posterior:
    """The posterior of one model of all spectra together."""
    bound = joint([likelihood.bind(data, model, ctx) for data in observed.values()])
    return with_goodness(sampler.run(bound, ctx), bound, ctx)
