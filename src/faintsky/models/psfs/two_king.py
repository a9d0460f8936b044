"""An analytic PSF of Chandra: two King profiles whose size and shape follow place and energy."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import component, option
from faintsky.core.errors import DataError
from faintsky.core.psf import PSF, Place
from faintsky.core.psf_ellipse import ring_directions, round_frame
from faintsky.core.units import ARCMIN, ARCSEC
from faintsky.models.psfs.king import King

__all__ = ["HALF_LIGHT", "OFF_AXIS", "TwoKing"]

Array = NDArray[np.float64]

#: Radius of half the light [arcsec] at off-axis angles [arcmin], at 1.5 keV. At 0, 3 and 5 arcmin near half of the diameters
#: 0.8, 1 and 2.5 arcsec that dual-AGN work on deep fields quotes; elsewhere near R50 = 0.43 - 0.10 t + 0.050 t^2 of Feigelson's
#: fit for 1.49 keV (chandra-users list, message 192).
OFF_AXIS: tuple[float, ...] = (0.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0)
HALF_LIGHT: tuple[float, ...] = (0.40, 0.43, 0.52, 0.82, 1.22, 1.63, 2.18, 2.83, 4.43)
#: Core of the wings [arcsec], and the radius of half the light above which they grow with it.
_WING_CORE, _WING_GROWS = 2.0, 1.2
#: Energy [keV] of the table above; growth of the core per keV; power of the share of the wings, which mirror scattering raises
#: (the wings of Her X-1 grow by 5.4 from 1.5 to 6.5 keV, a power of 1.15).
_ENERGY, _CORE_GROWTH, _WING_POWER = 1.5, 0.03, 0.9
#: What the two laws above are used for [keV].
_ENERGIES = (0.1, 10.0)
#: Directions in a quarter of a ring: geometric convergence leaves 1e-12 at an axis ratio of 0.4.
_DIRECTIONS = 24


@component()
@frozen(kw_only=True, slots=False)
class TwoKing(PSF):
    """An analytic PSF of Chandra (HRMA and ACIS) from the axis to 10 arcmin, as two elliptical King profiles.

    p = (1 - w) K(r1, 3) + w K(r2, 1.75) with K(r0, eta) = (eta - 1) / (pi r0^2) (1 + rho^2 / r0^2)^-eta, where
    rho^2 = q u^2 + v^2 / q, u along the major axis: the ellipse of rho has the area pi rho^2. r1 is such that at 1.5 keV a circle
    of the radius R50 of a table (`OFF_AXIS`, `HALF_LIGHT`), interpolated monotonically, holds half of the light. Then
    r2 = 2 arcsec max(1, R50 / 1.2 arcsec), r1 grows by 3 % per keV, w = 0.08 at 1.5 keV as E^0.9, and
    q = 1 - 0.02 t - 0.004 t^2 at t arcmin. These laws are approximate, and q is a placeholder: two ray-traced images of the
    Chandra Source Catalog, 8.5 arcmin off axis, have a radial major axis (within 12 degrees) and the flattening of q = 0.68,
    where the law says 0.54. Where it matters, use ray-traced images (`image-set`).

    Raises
    ------
    DataError
        Beyond 10 arcmin, or outside 0.1 to 10 keV.
    """

    off_axis: float = option(
        0.0, unit="rad", ge=0, help="angle from the optical axis, up to 10 arcmin; set by the place of a source"
    )
    azimuth: float = option(0.0, unit="rad", help="direction from the axis to the source, from west to north; set by the place")
    energy: float = option(1.5, unit="keV", gt=0, help="photon energy, 0.1 to 10 keV; set by the photons")
    orientation: str = option(
        "radial", choices=("radial", "tangential"), help="major axis: along the direction to the axis or across"
    )
    elliptical: bool = option(True, help="flattened off the axis; false: round, with the same half-light area")
    wings: float = option(0.08, ge=0, lt=0.18, help="share of the light in the wings at 1.5 keV")
    core_slope: float = option(3.0, gt=1, help="slope of the core profile")
    wing_slope: float = option(1.75, gt=1, help="slope of the wing profile")

    def __attrs_post_init__(self) -> None:
        if self.off_axis > OFF_AXIS[-1] * ARCMIN * (1 + 1e-9):
            raise DataError(
                f"the two-king PSF is known up to {OFF_AXIS[-1]:g} arcmin off axis, not at {self.off_axis / ARCMIN:.4g} arcmin: "
                "leave the observation out (cuts on the off-axis angle), or give ray-traced images (image-set)"
            )
        low, high = _ENERGIES
        if not low <= self.energy <= high:
            raise DataError(
                f"the two-king PSF is known from {low:g} to {high:g} keV, not at {self.energy:.4g} keV: cut the photons"
            )

    @property
    def energies(self) -> tuple[float, ...]:
        """Photon energies [keV] between which linear interpolation serves."""
        return (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)

    def placed(self, place: Place) -> TwoKing:
        """At the off-axis angle, azimuth and energy of the place."""
        return attrs.evolve(self, off_axis=place.off_axis, azimuth=place.azimuth, energy=place.energy)

    @property
    def ellipse(self) -> tuple[float, float]:
        """Axis ratio, and position angle of the major axis [rad]."""
        t = self.off_axis / ARCMIN
        if not self.elliptical or t == 0:
            return 1.0, 0.0
        return 1 - 0.02 * t - 0.004 * t**2, self.azimuth + (0.5 * np.pi if self.orientation == "tangential" else 0.0)

    @property
    def half_light(self) -> float:
        """Radius [rad] of the circle of half the light at 1.5 keV."""
        return _half_light(min(self.off_axis / ARCMIN, OFF_AXIS[-1])) * ARCSEC

    @cached_property
    def parts(self) -> tuple[tuple[float, King], tuple[float, King]]:
        """Share and round profile of the core and of the wings."""
        half = self.half_light
        wing = King(core=_WING_CORE * max(1.0, half / ARCSEC / _WING_GROWS) * ARCSEC, slope=self.wing_slope)
        ratio = self.ellipse[0]
        share = (0.5 - self.wings * float(_in_circle(wing, half, ratio))) / (1 - self.wings)
        core = half * _core(share, self.core_slope, ratio) * (1 + _CORE_GROWTH * (self.energy - _ENERGY))
        light = self.wings * (self.energy / _ENERGY) ** _WING_POWER
        return (1 - light, King(core=core, slope=self.core_slope)), (light, wing)

    def density(self, dx: ArrayLike, dy: ArrayLike) -> Array:
        """Surface density [sr^-1]."""
        dx, dy = np.asarray(dx, dtype=float), np.asarray(dy, dtype=float)
        frame = round_frame(self.ellipse)
        u, v = (row[0] * dx + row[1] * dy for row in frame)
        return np.asarray(sum(share * king.density(u, v) for share, king in self.parts))

    def encircled(self, radius: ArrayLike) -> Array:
        """Light in circles: the mean of g^-2 F(r g) over the ring, g = rho / r and F the light within the ellipse of rho."""
        ratio = self.ellipse[0]
        return np.asarray(np.minimum(sum(share * _in_circle(king, radius, ratio) for share, king in self.parts), 1.0))

    def transfer(self, q: ArrayLike) -> Array:
        """Azimuthal mean of the transform: that of the round profiles at q h, h the inverse stretch of each direction."""
        h = ring_directions(self.ellipse[0], _DIRECTIONS)
        k = np.asarray(q, dtype=float)[..., None] * h
        return np.asarray(np.mean(np.asarray(sum(share * king.transfer(k) for share, king in self.parts)), axis=-1))

    def drawn(self, number: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Offsets [rad] of photons, drawn exactly: core or wings, King radius, round direction, then the ellipse."""
        (_, core), (light, wing) = self.parts
        from_wing = rng.random(number) < light
        round_offsets = np.where(from_wing, wing.drawn(number, rng), core.drawn(number, rng))
        dx, dy = np.linalg.inv(round_frame(self.ellipse)) @ round_offsets
        return dx, dy


def _in_circle(king: King, radius: ArrayLike, ratio: float) -> Array:
    """Light within circles of a King profile that is flattened to an axis ratio."""
    g = ring_directions(ratio, _DIRECTIONS)
    return np.asarray(np.mean(king.encircled(np.asarray(radius, dtype=float)[..., None] * g) / g**2, axis=-1))


@lru_cache(maxsize=4096)
def _core(share: float, slope: float, ratio: float) -> float:
    """Core radius of a flattened King profile that has `share` of its light in a circle, in radii of the circle."""
    from scipy.optimize import brentq

    round_core = 1 / np.sqrt((1 - share) ** (1 / (1 - slope)) - 1)
    if ratio == 1:
        return float(round_core)
    # The circle holds an ellipse of its own radius times sqrt(q), and lies in one of its radius over sqrt(q).
    ends = round_core * np.sqrt(ratio), round_core / np.sqrt(ratio)
    return float(brentq(lambda core: float(_in_circle(King(core=core, slope=slope), 1.0, ratio)) - share, *ends, rtol=1e-13))


@lru_cache(maxsize=4096)
def _half_light(off_axis: float) -> float:
    """The table at an angle [arcmin] in between, in arcsec."""
    return float(_table()(off_axis))


@lru_cache(maxsize=1)
def _table() -> Any:
    from scipy.interpolate import PchipInterpolator

    return PchipInterpolator(OFF_AXIS, HALF_LIGHT)
