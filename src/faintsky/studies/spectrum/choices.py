"""The option tables of the study: ``[fluxes]``, ``[luminosity]``, ``[prediction]``."""

from __future__ import annotations

from attrs import frozen

from faintsky.core.band import Band
from faintsky.core.component import option, slot
from faintsky.core.cosmology import Cosmology

__all__ = ["FluxChoice", "LuminosityChoice", "PredictionChoice"]


@frozen(kw_only=True)
class FluxChoice:
    """Energy fluxes of the fitted model, as observed and without absorption."""

    bands: tuple[Band, ...] = option(
        (Band(0.5, 2.0), Band(2.0, 10.0)),
        converter=Band.several,
        help="as observed, such as '2-10 keV'; the first is the headline",
    )
    draws: int = option(1000, ge=50, help="posterior samples that fluxes and luminosities are computed for")


@frozen(kw_only=True)
class LuminosityChoice:
    """Rest-frame luminosities without absorption; the redshift is the model's parameter of that name."""

    bands: tuple[Band, ...] = option((Band(2.0, 10.0),), converter=Band.several, help="rest-frame bands")
    cosmology: Cosmology = slot(help="distances; a luminosity without its cosmology cannot be compared")
    redshift: float | None = option(None, gt=0, help="where the model has no parameter called redshift")


@frozen(kw_only=True)
class PredictionChoice:
    """Counts that the fitted model predicts: new spectra, drawn from the posterior, beside the observed one."""

    draws: int = option(400, ge=50, help="posterior samples, each with one simulated spectrum")
    counts: int = option(20, ge=1, help="channels are grouped for the figure until they have so many counts")
