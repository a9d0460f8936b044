"""The bolometric correction of Marconi et al. 2004."""

from __future__ import annotations

from attrs import frozen

from faintsky.core.band import Band
from faintsky.core.component import component
from faintsky.models.bolometric_corrections.cubic import Cubic
from faintsky.models.bolometric_corrections.published_band import HARD, SOFT, published_band
from faintsky.models.bolometric_corrections.solar_luminosity import solar_luminosity

__all__ = ["Marconi04"]


@component(references=["Marconi2004"])
@frozen(kw_only=True)
class Marconi04(Cubic):
    """Bolometric correction of Marconi et al. 2004 (eq. 21): a cubic of log L_bol, for the intrinsic luminosity.

    Their L_bol leaves out the infrared, which is optical and ultraviolet light seen twice. Which solar luminosity they took
    is unknown here: the nominal one is set.
    """

    band: Band = published_band({"hard": HARD, "soft": SOFT})
    lsun: float = solar_luminosity()

    @property
    def coefficients(self) -> tuple[float, float, float, float]:
        """b, a1, a2, a3."""
        return (1.54, 0.24, 0.012, -0.0015) if self.band == HARD else (1.65, 0.22, 0.012, -0.0015)
