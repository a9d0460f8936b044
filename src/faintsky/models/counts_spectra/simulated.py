"""A simulated counts spectrum: Poisson counts of a model and of a flat background."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from faintsky.core.band import Band
from faintsky.core.component import component, option, slot
from faintsky.core.context import Context
from faintsky.core.counts_spectrum import CountsSpectrum
from faintsky.core.errors import DataError
from faintsky.core.observed_spectrum import ObservedSpectrum, SpectrumSource
from faintsky.core.parameter import Parametric, with_values
from faintsky.core.response import ResponseSource
from faintsky.core.spectrum import Spectrum

__all__ = ["SimulatedSpectrum"]


@component()
@frozen(kw_only=True)
class SimulatedSpectrum(SpectrumSource):
    """Poisson counts of a model seen through a response, with a flat background in the source region and one measured beside it.

    The model stands at the values of its fields; what is fixed or tied is so. In a channel of width dE the source region holds
    Poisson(t (s + b dE)) counts and the background region Poisson(t b dE / r), with s the folded model, b `background_rate`, t
    `exposure` and r `background_ratio`.
    """

    model: Spectrum = slot(help="true spectrum")
    response: ResponseSource = slot(help="what it is seen through")
    exposure: float = option(unit="s", gt=0, help="exposure of source and background")
    band: Band = option("0.5-7 keV", converter=Band.of, help="channels that take part")
    background_rate: float = option(
        0.0, unit="1 / (s keV)", ge=0, help="background counts in the source region, per nominal energy; 0: no background"
    )
    background_ratio: float = option(0.1, gt=0, help="source over background region, in area times exposure")

    def __attrs_post_init__(self) -> None:
        if not self.model.additive:
            raise DataError("the model is a factor and gives no photons: multiply it with one that does")

    def load(self, ctx: Context) -> ObservedSpectrum:
        """Draw the counts; source and background have streams of their own, so that one stays when the other changes.

        Raises
        ------
        DataError
            Where the model is negative or not finite in a channel.
        """
        response = self.response.load(ctx)
        model = with_values(self.model, {}) if isinstance(self.model, Parametric) else self.model
        expected = self.exposure * response.fold(model.photon_flux(response.edges))
        possible = np.isfinite(expected) & (expected >= 0)
        if not possible.all():
            raise DataError(f"the model gives {expected[~possible][0]:g} counts in a channel")
        flat = self.exposure * self.background_rate * np.diff(response.channel_edges, axis=1)[:, 0]
        background = None
        if self.background_rate > 0:
            background = CountsSpectrum(
                counts=ctx.rng("background").poisson(flat / self.background_ratio),
                exposure=self.exposure,
                first_channel=response.first_channel,
                backscal=1 / self.background_ratio,
                name="simulated background",
            )
        counts = CountsSpectrum(
            counts=ctx.rng("counts").poisson(expected + flat),
            exposure=self.exposure,
            first_channel=response.first_channel,
            background=background,
            name="simulated",
        )
        return ObservedSpectrum(counts=counts, response=response, band=self.band)
