"""What libraries of stellar populations may be told."""

from __future__ import annotations

from attrs import frozen

from faintsky.core.component import option

__all__ = ["PopulationOptions"]


@frozen(kw_only=True)
class PopulationOptions:
    """Ages and times of delayed star formation, and the sampling of spectra."""

    ages: tuple[float, ...] = option(
        (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.5, 7.0, 9.0), gt=0, le=13.9, help="times since star formation began [Gyr]"
    )
    taus: tuple[float, ...] = option((0.1, 0.3, 1.0, 3.0, 9.0), gt=0, help="times that star formation peaks and decays in [Gyr]")
    resolution: float = option(200.0, ge=20, le=5000, help="wavelengths over their steps; 200 serves bands wider than 5 per cent")
