"""The band of bolometric luminosities: all photon energies."""

from __future__ import annotations

import math

from faintsky.core.band import Band

__all__ = ["BOLOMETRIC"]

#: All energies. It is equal to no X-ray band, so that a sample of X-ray luminosities refuses a bolometric luminosity function.
BOLOMETRIC: Band = Band(0.0, math.inf)
