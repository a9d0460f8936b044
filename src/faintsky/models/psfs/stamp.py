"""A PSF held as an image in memory."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats
from faintsky.core.psf import PSF

__all__ = ["Stamp"]

Array = NDArray[np.float64]

#: Rings per pixel and points per ring of the encircled light.
_FINE, _ANGLES = 8, 180
#: Rings at the edge of the image whose densities are extrapolated, in its inner radius, and the flattest power law for it.
_RINGS, _FLATTEST = (0.6, 0.8, 1.0), 2.5


def _normalised(values: ArrayLike) -> Array:
    values = owned_floats(values)
    total = float(values.sum())
    if values.ndim != 2 or not total > 0 or float(values.min()) < 0:
        raise DataError("the image of a PSF is 2-dimensional, not negative, and not empty")
    return owned_floats(values / total)


@frozen(kw_only=True, eq=False, slots=False)
class Stamp(PSF):
    """An image as a PSF, normalised to 1; linear between its pixel centres, and 0 outside. It has no file, but a digest.

    Attributes
    ----------
    values : ndarray, shape (ny, nx)
        Light of the pixels.
    centre : tuple of float
        Row and column of the source's position, 0-based.
    pixel : float
        Size of a pixel [rad].
    turn : float
        Direction of the columns [rad], from +x (west) towards +y (north); rows follow at a right angle.
    """

    values: Array = field(converter=_normalised, repr=False)
    centre: tuple[float, float]
    pixel: float
    turn: float = 0.0

    @cached_property
    def digest(self) -> str:
        """Identity of everything a result can depend on."""
        return json_digest([array_digest(self.values), [float(c) for c in self.centre], self.pixel, self.turn])

    @cached_property
    def _light(self) -> tuple[Array, Array]:
        """Outer radii [pixel] of rings of the interpolated density, and their light."""
        number = int(
            np.ceil(_FINE * (1 + np.hypot(*(max(c, n - 1 - c) for c, n in zip(self.centre, self.values.shape, strict=True)))))
        )
        edges = np.arange(number + 1) / _FINE
        middle = 0.5 * (edges[1:] + edges[:-1])
        phi = (np.arange(_ANGLES) + 0.5) * (2 * np.pi / _ANGLES)
        density = self._interpolated(middle[:, None] * np.cos(phi), middle[:, None] * np.sin(phi))
        light = density.mean(axis=1) * np.pi * np.diff(edges**2)
        return edges[1:], light / light.sum()

    def _interpolated(self, column: Array, row: Array) -> Array:
        """Light per pixel at offsets [pixel] from the centre along columns and rows."""
        from scipy.ndimage import map_coordinates

        places = [(row + self.centre[0]).ravel(), (column + self.centre[1]).ravel()]
        found = map_coordinates(self.values, places, order=1, mode="grid-constant", cval=0.0)
        return np.asarray(found.reshape(row.shape))

    @cached_property
    def half_light(self) -> float:
        """Radius of half the light [rad]."""
        radius, light = self._light
        return float(np.interp(0.5, np.cumsum(light), radius)) * self.pixel

    @property
    def missing(self) -> tuple[float, float]:
        """Share of the light that probably lies outside the image, and the power of the wing that says so.

        The mean densities of the outer two rings (0.6 to 0.8, and 0.8 to 1 of the largest circle R that the image holds) define
        p ~ r^-g, which leaves 2 pi R^2 p(R) / (g - 2) outside the circle, less what the image holds there. g is at least 2.5:
        wings of mirror scattering fall as r^-2, but not for ever.
        """
        radius, light = self._light
        rows, columns = self.values.shape
        inner = 0.5 + min(self.centre[0], rows - 1 - self.centre[0], self.centre[1], columns - 1 - self.centre[1])
        ends = np.array(_RINGS) * inner
        within = np.interp(ends, np.append(0.0, radius), np.append(0.0, np.cumsum(light)))
        density = np.diff(within) / (np.pi * np.diff(ends**2))
        if not density[1] > 0:
            return 0.0, np.inf
        middle = 0.5 * (ends[1:] + ends[:-1])
        power = max(float(np.log(density[0] / density[1]) / np.log(middle[1] / middle[0])) if density[0] > 0 else 0.0, _FLATTEST)
        outside = 2 * np.pi * inner**2 * density[1] * (middle[1] / inner) ** power / (power - 2)
        return max(0.0, float(outside - (1 - within[-1]))), power

    @property
    def lattice(self) -> tuple[Array, tuple[float, float], float] | None:
        """Its pixels with a rim of zeros; None where the image is turned against the sky."""
        if self.turn:
            return None
        origin = (-(self.centre[1] + 1) * self.pixel, -(self.centre[0] + 1) * self.pixel)
        return np.pad(self.values, 1) / self.pixel**2, origin, self.pixel

    def density(self, dx: ArrayLike, dy: ArrayLike) -> Array:
        """Interpolated density [sr^-1]."""
        x, y = np.broadcast_arrays(np.asarray(dx, dtype=float), np.asarray(dy, dtype=float))
        cos, sin = np.cos(self.turn) / self.pixel, np.sin(self.turn) / self.pixel
        return self._interpolated(cos * x + sin * y, cos * y - sin * x) / self.pixel**2

    def encircled(self, radius: ArrayLike) -> Array:
        """Light of the interpolated density within `radius`."""
        edges, light = self._light
        summed = np.append(0.0, np.minimum(np.cumsum(light), 1.0))
        wanted = np.asarray(radius, dtype=float) / self.pixel
        # Linear in r^2, as a flat core is.
        return np.asarray(np.interp(wanted**2, np.append(0.0, edges) ** 2, summed))

    def transfer(self, q: ArrayLike) -> Array:
        """Azimuthal mean of the Fourier transform: the sum of J0(q r) over the light of the pixels, as samples.

        It is tabulated at steps of a tenth of the image's fundamental mode and interpolated by a cubic spline, so that it
        can be asked for at every mode of a large map; measured against the sum itself, to 1e-6.
        """
        from scipy.interpolate import CubicSpline
        from scipy.special import j0

        row, column = (np.arange(n) - c for n, c in zip(self.values.shape, self.centre, strict=True))
        r, light = np.hypot(row[:, None], column).ravel() * self.pixel, self.values.ravel()
        r, light = r[light > 0], light[light > 0]
        wanted = np.abs(np.asarray(q, dtype=float))
        step = 0.1 * np.pi / float(r.max())
        number = int(wanted.max() / step) + 4 if wanted.size else 0
        if wanted.size <= number:
            return np.array([float(light @ j0(k * r)) for k in wanted.ravel()]).reshape(wanted.shape)
        nodes = step * np.arange(number)
        table = CubicSpline(nodes, [float(light @ j0(k * r)) for k in nodes])
        return np.asarray(table(wanted))

    def drawn(self, number: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Offsets [rad] of photons, drawn exactly: a pixel by its light, then a triangle (linear interpolation) on each axis."""
        summed = np.cumsum(self.values)
        pixel = np.searchsorted(summed, rng.random(number) * summed[-1], side="right")
        row, column = np.unravel_index(pixel, self.values.shape)
        triangle = rng.random((2, number)) - rng.random((2, number))
        a = (column - self.centre[1] + triangle[0]) * self.pixel
        b = (row - self.centre[0] + triangle[1]) * self.pixel
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        return cos * a - sin * b, sin * a + cos * b

    def redrawn(self, rays: int, rng: np.random.Generator) -> Stamp:
        """As so many rays, traced anew, would have made it: pixels follow the multinomial distribution of these; one centre."""
        share = self.values.ravel()
        return evolve(self, values=rng.multinomial(rays, share / share.sum()).reshape(self.values.shape))
