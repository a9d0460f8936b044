"""A detector like Chandra's ACIS-I: what simulated observations assume where nothing else is given."""

from __future__ import annotations

from typing import Final

from faintsky.models.responses.effective_area import EffectiveArea

__all__ = ["ACIS_I", "BACKGROUND", "FRAME_TIME"]

#: Seconds of one full frame without its transfer (Chandra Proposers' Observatory Guide, chapter 6: nominal frame time 3.2 s).
FRAME_TIME: Final = 3.1
#: Background of 0.5-8 keV [s^-1 arcsec^-2]: 0.3 counts per second of a front-illuminated chip between 0.3 and 10 keV when it is
#: quiet (M. Markevitch, ACIS background pages of the CXC) over its (1024 x 0.492 arcsec)^2. Of these, 0.7 are assumed to lie
#: within 0.5-8 keV. It grows by half and more at solar minimum.
BACKGROUND: Final = 8e-7
#: Effective area of mirrors and front-illuminated chips soon after launch: 500 cm2 at 1 keV and 200 cm2 at 6 keV (Sandoval et al.
#: 2024, section 5.4); the other points are assumed, to about 20 per cent.
ACIS_I: Final = EffectiveArea(
    energy=(0.3, 0.5, 1.0, 1.5, 2.0, 4.0, 6.0, 8.0, 10.0),
    area=(20.0, 120.0, 500.0, 620.0, 450.0, 340.0, 200.0, 70.0, 10.0),
    step=0.02,
    epoch="like ACIS-I at launch",
)
