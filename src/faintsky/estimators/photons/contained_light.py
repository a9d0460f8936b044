"""How much of the light of a source falls into the box, as a table over its position."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.box import Box
from faintsky.core.tabulated_psf import TabulatedPsf
from faintsky.estimators.photons.mixture_loops import compiled

__all__ = ["ContainedLight"]

Array = NDArray[np.float64]

#: Positions along an axis at which the light is integrated, and those of the table that is interpolated linearly.
_INTEGRATED, _KNOTS = 41, 321
#: Scale, in sides of the box, on which the light falls off at its edges: positions stand densest there.
_EDGE = 1 / 40
#: A source with less light in the box is as good as absent: its density must not be blown up to that of a source.
_LEAST = 1e-3


@frozen(kw_only=True, eq=False, slots=False)
class ContainedLight:
    """Share of the light of a source that falls into the box, at each energy of the PSF.

    Attributes
    ----------
    low, high : ndarray, shape (2,)
        Corners of the box [arcsec].
    margin : float
        How far outside positions may lie [arcsec].
    table : ndarray, shape (ny, nx, e)
        On positions that are equally spaced in the coordinate of `_stretched`.
    scale : ndarray, shape (2,)
        Of that coordinate [arcsec].
    first, per_knot : ndarray, shape (2,)
        The coordinate of the first knot, and knots per unit of it.
    """

    low: Array
    high: Array
    margin: float
    table: Array = field(repr=False)
    scale: Array = field(init=False, repr=False)
    first: Array = field(init=False, repr=False)
    per_knot: Array = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        first, last = _ends(self.low, self.high, self.margin)
        object.__setattr__(self, "scale", _EDGE * (self.high - self.low))
        object.__setattr__(self, "first", first)
        object.__setattr__(self, "per_knot", (len(self.table) - 1) / (last - first))

    @classmethod
    def of(cls, psf: TabulatedPsf, box: Box, margin: float = 0.0) -> ContainedLight:
        """For sources inside the box, and up to `margin` [arcsec] outside. Equal ones are made once."""
        return _tabulated(psf, box, margin)

    def at(self, positions: Array) -> Array:
        """Share at positions of shape (..., 2), shape (..., e); that of the nearest position where it lies beyond the table."""
        loops = compiled()
        if loops is not None:
            plain = np.ascontiguousarray(positions, dtype=float).reshape(-1, 2)
            found = np.empty((len(plain), self.table.shape[-1]))
            loops.contained(plain, self.low, self.high, self.scale, self.first, self.per_knot, self.table, found)
            return found.reshape(*positions.shape[:-1], -1)
        knots = len(self.table)
        place = (_stretched(positions, self.low, self.high, self.scale) - self.first) * self.per_knot
        place = np.minimum(np.maximum(place, 0.0), knots - 1.0)
        cell = np.minimum(place.astype(np.intp), knots - 2)
        part = place - cell
        i, k, a, b = cell[..., 0], cell[..., 1], part[..., 0, None], part[..., 1, None]
        low, high = self.table[k, i], self.table[k + 1, i]
        low = low + a * (self.table[k, i + 1] - low)
        high = high + a * (self.table[k + 1, i + 1] - high)
        return np.asarray(low + b * (high - low))


def _stretched(value: Array, low: Array, high: Array, scale: Array) -> Array:
    """A coordinate with most of its range near the two edges."""
    return np.asarray(np.arcsinh((value - low) / scale) - np.arcsinh((high - value) / scale))


def _ends(low: Array, high: Array, margin: float) -> tuple[Array, Array]:
    scale = _EDGE * (high - low)
    return _stretched(low - margin, low, high, scale), _stretched(high + margin, low, high, scale)


def _nodes(low: float, high: float, margin: float, number: int) -> Array:
    ends, fine = np.array([low, high]), np.linspace(low - margin, high + margin, 40_001)
    stretched = _stretched(fine, ends[0], ends[1], _EDGE * (ends[1] - ends[0]))
    return np.interp(np.linspace(stretched[0], stretched[-1], number), stretched, fine)


@lru_cache(maxsize=16)
def _tabulated(psf: TabulatedPsf, box: Box, margin: float) -> ContainedLight:
    from scipy.interpolate import RectBivariateSpline

    x = _nodes(box.x_low, box.x_high, margin, _INTEGRATED)
    y = _nodes(box.y_low, box.y_high, margin, _INTEGRATED)
    share = np.asarray(psf.contained(*np.meshgrid(x, y), box))
    coarse, fine = np.linspace(0, 1, _INTEGRATED), np.linspace(0, 1, _KNOTS)
    table = np.stack([RectBivariateSpline(coarse, coarse, one)(fine, fine) for one in share], axis=-1)
    low, high = np.array([box.x_low, box.y_low]), np.array([box.x_high, box.y_high])
    return ContainedLight(low=low, high=high, margin=margin, table=np.clip(table, _LEAST, 1.0))
