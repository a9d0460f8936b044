"""The hook in Chandra's point spread function, and second sources that stand on it."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

__all__ = ["AsymmetryRegion", "asymmetry_region", "position_angle", "secondary_on_asymmetry"]

#: Where the feature lies at roll 0 and how far it reaches to either side [deg], and its inner and outer radius [arcsec]: the
#: region of CIAO's tool make_psf_asymmetry_region (version of 2018). It holds about 5 per cent of the photons of sources near the
#: axis since 2003 (M. Juda & M. Karovska; ACIS: CXC memo of October 2010); ray traces do not have it.
_ANGLE, _HALF, _INNER, _OUTER = 195.0, 25.0, 0.6, 1.0


def position_angle(dx: ArrayLike, dy: ArrayLike) -> Any:
    """From north through east, between 0 and 2 pi [rad], of offsets `dx` to the west and `dy` to the north."""
    return np.arctan2(-np.asarray(dx, dtype=float), np.asarray(dy, dtype=float)) % (2 * np.pi)


@frozen(kw_only=True)
class AsymmetryRegion:
    """A sector about a source.

    Attributes
    ----------
    position_angle : float
        Of its middle, from north through east [rad].
    half_width : float
        To either side [rad].
    inner, outer : float
        Radii [arcsec].
    """

    position_angle: float
    half_width: float
    inner: float
    outer: float

    def holds(self, separation: ArrayLike, position_angle: ArrayLike, margin: float = 0.0) -> NDArray[np.bool_]:
        """Whether places lie inside, or nearer to it than `margin`, along the radius and across it [arcsec].

        Parameters
        ----------
        separation : array_like
            [arcsec]
        position_angle : array_like
            [rad]
        margin : float
            [arcsec]
        """
        r = np.asarray(separation, dtype=float)
        away = np.abs((np.asarray(position_angle, dtype=float) - self.position_angle + np.pi) % (2 * np.pi) - np.pi)
        across = r * np.maximum(away - self.half_width, 0.0)
        return np.asarray((r >= self.inner - margin) & (r <= self.outer + margin) & (across <= margin))


def asymmetry_region(roll: float) -> AsymmetryRegion:
    """Where the hook lies in an observation.

    Parameters
    ----------
    roll : float
        Of the telescope as Chandra has it (ROLL_PNT, else ROLL_NOM) [rad].
    """
    middle = (np.deg2rad(_ANGLE) - roll) % (2 * np.pi)
    return AsymmetryRegion(position_angle=float(middle), half_width=float(np.deg2rad(_HALF)), inner=_INNER, outer=_OUTER)


def secondary_on_asymmetry(separation: float, position_angle: float, roll: float, *, margin: float = 0.2) -> bool:
    """Whether a second source stands where the PSF has its hook: its photons may be those of the first.

    Parameters
    ----------
    separation : float
        [arcsec]
    position_angle : float
        Of the second source as seen from the first, from north through east [rad].
    roll : float
        [rad]
    margin : float
        How far the measured place may be off [arcsec].
    """
    return bool(asymmetry_region(roll).holds(separation, position_angle, margin))
