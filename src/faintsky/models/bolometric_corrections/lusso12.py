"""The bolometric correction of Lusso et al. 2012."""

from __future__ import annotations

from attrs import frozen

from faintsky.core.band import Band
from faintsky.core.component import component, option
from faintsky.models.bolometric_corrections.cubic import Cubic
from faintsky.models.bolometric_corrections.published_band import HARD
from faintsky.models.bolometric_corrections.solar_luminosity import solar_luminosity

__all__ = ["Lusso12"]

_COEFFICIENTS = {1: (1.308, 0.288, 0.111, -0.007), 2: (1.256, 0.230, 0.050, 0.001)}


@component(references=["Lusso2012"])
@frozen(kw_only=True)
class Lusso12(Cubic):
    """Bolometric correction 2-10 keV of Lusso et al. 2012 for AGN of type 1 or type 2 in COSMOS: a cubic of log L_bol.

    Fitted at log10(L_bol / Lsun) of about 10.8 to 13.5 for type 1 and 9.8 to 12.2 for type 2 (their table 2, spectroscopic and
    photometric redshifts). Unverified: the coefficients were found in a single public code that quotes the table.
    """

    agn_type: int = option(1, ge=1, le=2, help="1 (broad lines, unobscured) or 2")
    lsun: float = solar_luminosity()

    @property
    def band(self) -> Band:
        """2-10 keV."""
        return HARD

    @property
    def coefficients(self) -> tuple[float, float, float, float]:
        """b, a1, a2, a3."""
        return _COEFFICIENTS[self.agn_type]

    @property
    def is_verified(self) -> bool:
        """False."""
        return False
