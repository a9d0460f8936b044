"""Which sources and observations are analysed."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from faintsky.core.band import Band
from faintsky.core.component import option

__all__ = ["SourceCuts"]


@frozen(kw_only=True)
class SourceCuts:
    """Cuts on redshift, class, off-axis angle, counts and the number of observations (Sandoval et al. 2024, section 2).

    Counts are tested twice: those of the catalogue, and those in the box within the observations that are analysed.
    """

    redshift: tuple[float, float] | None = option(None, help="[low, high], both exclusive; default: all, also without a redshift")
    min_counts: int = option(1, ge=1, help="fewest counts in the band, of the catalogue and again in the observations used")
    max_off_axis: float = option(float(np.deg2rad(10 / 60)), unit="rad", gt=0, help="largest off-axis angle")
    off_axis_rule: str = option(
        "every",
        choices=("every", "drop"),
        help="where an observation lies farther off: leave the source out (every), or that observation (drop)",
    )
    max_observations: int = option(10, ge=1, help="only so many observations are used, the longest ones")
    excluded_classes: tuple[str, ...] = option(("star",), help="spectroscopic classes that are left out (any case)")
    band: Band = option(Band(0.5, 8), converter=Band.of, help="photon energies")
