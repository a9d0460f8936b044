"""The sample: sources that survive the cuts, with their photons."""

from __future__ import annotations

from faintsky.core.context import Context
from faintsky.core.photon_sample import PhotonSample, PhotonSampleSource
from faintsky.core.source_cuts import SourceCuts
from faintsky.core.step import step

__all__ = ["load_photons"]


@step(title="photons")
def load_photons(*, source: PhotonSampleSource, cuts: SourceCuts, title: str, ctx: Context) -> PhotonSample:
    """Selected sources with their photons."""
    return source.load(cuts, ctx)
