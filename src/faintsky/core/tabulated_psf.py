"""A PSF as tables: densities that likelihoods ask for millions of times, and the light that a box holds."""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.box import Box
from faintsky.core.digest import json_digest
from faintsky.core.eef_radius import EefRadius
from faintsky.core.errors import DataError
from faintsky.core.identity import identity
from faintsky.core.owned_array import owned_floats
from faintsky.core.psf import PSF, Place
from faintsky.core.psf_ellipse import round_frame
from faintsky.core.units import ARCSEC

__all__ = ["TabulatedPsf"]

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

#: Error that linear interpolation may leave: relative, above this share of the largest density; knots at the start and at most.
_ERROR, _FLOOR, _KNOTS, _MOST = 1e-4, 1e-6, 512, 262_144
#: Nodes of a lattice in the half-light radius, and at most along a side, for a PSF that is neither elliptical nor an image.
_FINE, _SIDE = 16, 1025
#: Nodes on each side of a box, seen from a source.
_NODES = 32


def _optional(values: ArrayLike | None) -> Array | None:
    return None if values is None else owned_floats(values)


@frozen(kw_only=True, eq=False, slots=False)
class TabulatedPsf:
    """The PSF at a place of a field of view, for energies between which it is interpolated linearly.

    One of two tables holds the densities [arcsec^-2]: over rho, for a PSF of similar ellipses (linear in rho), or on a lattice of
    offsets, for any other (bilinear; an image's own pixels, so that nothing is lost).

    Attributes
    ----------
    energies : ndarray, shape (e,)
        Photon energies [keV], rising.
    radial : ndarray, shape (e, m), optional
        Densities at rho = step * index.
    step : float
        [arcsec]
    axes : ndarray, shape (e, 2, 2)
        rho = |axes[e] @ (dx, dy)|.
    image : ndarray, shape (e, ny, nx), optional
        Densities at dx = origin[0] + pixel * column, dy = origin[1] + pixel * row; 0 on its rim and outside.
    origin : ndarray, shape (2,)
        [arcsec]
    pixel : float
        [arcsec]
    """

    energies: Array = field(converter=owned_floats)
    radial: Array | None = field(default=None, converter=_optional, repr=False)
    step: float = 1.0
    axes: Array = field(converter=owned_floats)
    image: Array | None = field(default=None, converter=_optional, repr=False)
    origin: Array = field(factory=lambda: np.zeros(2), converter=owned_floats)
    pixel: float = 1.0

    @classmethod
    def of(cls, psf: PSF, place: Place, reach_arcsec: float) -> TabulatedPsf:
        """Of a PSF at a place, for offsets up to `reach_arcsec`. Equal PSFs share one table.

        Raises
        ------
        DataError
            Where the place lies beyond what the PSF is known for, or the reach is not above 0.
        """
        if not 0 < reach_arcsec < np.inf:
            raise DataError(f"a PSF is tabulated up to an offset above 0, not {reach_arcsec!r} arcsec")
        energies = tuple(sorted(psf.energies)) or (place.energy,)
        each = tuple(psf.placed(evolve(place, energy=energy)) for energy in energies)
        key = json_digest([identity(one) for one in each])
        # A PSF without energies is one and the same at any.
        return _tabulated(_Asked(key=key, energies=energies if psf.energies else (0.0,), reach=float(reach_arcsec), each=each))

    def blend(self, energy: ArrayLike) -> tuple[Indices, Array]:
        """Index and share of linear interpolation, T = (1 - share) T[index] + share T[min(index + 1, e - 1)]; ends are held.

        Parameters
        ----------
        energy : array, shape (n,)
            [keV]
        """
        energy = np.asarray(energy, dtype=float)
        last = self.energies.size - 1
        if last == 0:
            return np.zeros(energy.shape, dtype=np.intp), np.zeros(energy.shape)
        place = np.interp(energy, self.energies, np.arange(last + 1.0))
        index = np.minimum(place.astype(np.intp), last - 1)
        return index, np.asarray(place - index)

    def density(self, dx: ArrayLike, dy: ArrayLike, index: ArrayLike, share: ArrayLike) -> Array:
        """Density [arcsec^-2] at offsets [arcsec]; `index` and `share` of `blend` go with the last axis."""
        index, share = np.asarray(index, dtype=np.intp), np.asarray(share, dtype=float)
        dx, dy = np.asarray(dx, dtype=float), np.asarray(dy, dtype=float)
        found = self._at(dx, dy, index)
        if not np.any(share):
            return found
        upper = np.minimum(index + 1, self.energies.size - 1)
        return np.asarray((1 - share) * found + share * self._at(dx, dy, upper))

    def _at(self, dx: Array, dy: Array, index: Indices) -> Array:
        return self._on_ellipses(dx, dy, index) if self.radial is not None else self._on_lattice(dx, dy, index)

    def _on_ellipses(self, dx: Array, dy: Array, index: Indices) -> Array:
        assert self.radial is not None
        frame = self.axes[index] / self.step
        knot = np.hypot(frame[..., 0, 0] * dx + frame[..., 0, 1] * dy, frame[..., 1, 0] * dx + frame[..., 1, 1] * dy)
        last = self.radial.shape[1] - 1
        low = np.minimum(knot, last - 1).astype(np.intp)
        part = np.minimum(knot - low, 1.0)
        left, right = self.radial[index, low], self.radial[index, low + 1]
        found = left + part * (right - left)
        beyond = knot > last
        if np.any(beyond):  # as the wings fall at the end of the table
            found = np.where(beyond, found * (np.maximum(knot, last) / last) ** (-2 - self._wings[1][index]), found)
        return np.asarray(found)

    def _on_lattice(self, dx: Array, dy: Array, index: Indices) -> Array:
        assert self.image is not None
        rows, columns = self.image.shape[1:]
        x, y = (dx - self.origin[0]) / self.pixel, (dy - self.origin[1]) / self.pixel
        inside = (x >= 0) & (x <= columns - 1) & (y >= 0) & (y <= rows - 1)
        i, j = (np.clip(np.floor(at), 0, n - 2).astype(np.intp) for at, n in ((y, rows), (x, columns)))
        s, t = x - j, y - i
        v = self.image
        low = v[index, i, j] * (1 - s) + v[index, i, j + 1] * s
        high = v[index, i + 1, j] * (1 - s) + v[index, i + 1, j + 1] * s
        return np.asarray(np.where(inside, low * (1 - t) + high * t, 0.0))

    def contained(self, x: ArrayLike, y: ArrayLike, box: Box) -> Array:
        """Share of the light of sources at `x`, `y` [arcsec] that falls inside the box, shape ``(e, *x.shape)``.

        Of ellipses: the integral over the directions phi in which the sides of the box are seen, of g^-2 F(t g) / 2 pi, with t
        the distance of the side, g = rho / r there and F the light within the ellipse of rho; sides that are seen from behind
        count negatively. With s = d sinh(v) along a side at the distance d, d phi is dv / cosh(v), and the integrand is smooth
        however near the side is. Of a lattice: the exact integral of its bilinear interpolation.
        """
        x, y = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
        ends = np.stack([box.x_low - x, box.x_high - x, box.y_low - y, box.y_high - y]).reshape(4, -1)
        found = self._seen(ends) if self.radial is not None else self._summed(ends)
        return np.asarray(np.clip(found, 0.0, 1.0)).reshape(self.energies.size, *x.shape)

    def _seen(self, ends: Array) -> Array:
        west, east, south, north = ends[1], ends[0], ends[2], ends[3]
        # Normal direction of a side, its signed distance, and its ends along the direction a quarter turn further.
        sides = (
            ((1, 0), west, south, north),
            ((0, 1), north, -west, -east),
            ((-1, 0), -east, -north, -south),
            ((0, -1), -south, east, west),
        )
        node, weight = np.polynomial.legendre.leggauss(_NODES)
        found = np.zeros((self.energies.size, ends.shape[1]))
        # Energies whose ellipses are alike share the work.
        kept, kind = np.unique(self.axes, axis=0, return_inverse=True)
        frames = [(frame, np.flatnonzero(kind.ravel() == k)) for k, frame in enumerate(kept)]
        for (nx, ny), distance, start, stop in sides:
            d = np.maximum(np.abs(distance), 1e-9)[:, None]
            low, high = np.arcsinh(start[:, None] / d), np.arcsinh(stop[:, None] / d)
            v = 0.5 * (low + high) + 0.5 * (high - low) * node
            cosh = np.cosh(v)
            across, along = 1 / cosh, np.tanh(v)
            per_angle = np.sign(distance)[:, None] * 0.5 * (high - low) * weight * across / (2 * np.pi)
            # Behind the source the side is seen in the opposite direction, which is the same to an ellipse.
            ux, uy = nx * across - ny * along * np.sign(distance)[:, None], ny * across + nx * along * np.sign(distance)[:, None]
            for frame, members in frames:
                g = np.hypot(frame[0, 0] * ux + frame[0, 1] * uy, frame[1, 0] * ux + frame[1, 1] * uy)
                found[members] += np.einsum("nk,enk->en", per_angle / g**2, self._within(members, d * cosh * g))
        return found

    @cached_property
    def _enclosed(self) -> Array:
        """Light within the ellipses of the knots, shape (e, m)."""
        from scipy.interpolate import CubicSpline

        assert self.radial is not None
        rho = self.step * np.arange(self.radial.shape[1])
        return np.stack([CubicSpline(rho, 2 * np.pi * rho * row).antiderivative()(rho) for row in self.radial])

    @cached_property
    def _wings(self) -> tuple[Array, Array]:
        """Light beyond the last knot, and the power k with which it falls as rho^-k, each of shape (e,)."""
        assert self.radial is not None
        last = self.step * (self.radial.shape[1] - 1)
        left = np.maximum(1 - self._enclosed[:, -1], 0.0)
        edge = 2 * np.pi * last**2 * self.radial[:, -1]
        return left, np.where(left > 1e-12, edge / np.maximum(left, 1e-12), 2.0)

    def _within(self, members: Indices, rho: Array) -> Array:
        """Light within ellipses at some energies, shape (members, *rho.shape).

        Cubic between the knots, whose slopes 2 pi rho p are known; a power law beyond.
        """
        assert self.radial is not None
        knot = rho / self.step
        last = self.radial.shape[1] - 1
        low = np.minimum(knot, last - 1).astype(np.intp)
        s = np.minimum(knot - low, 1.0)
        rise, first, second = s * s * (3 - 2 * s), s * (1 - s) ** 2, s * s * (s - 1)
        beyond = knot > last
        found = np.empty((members.size, *rho.shape))
        for row, e in enumerate(members):
            light, slope = self._enclosed[e], 2 * np.pi * self.step**2 * np.arange(last + 1) * self.radial[e]
            step = np.diff(light, append=1.0)
            found[row] = light[low] + rise * step[low] + first * slope[low] + second * slope[low + 1]
            if beyond.any():
                left, power = (part[e] for part in self._wings)
                found[row][beyond] = 1 - left * (knot[beyond] / last) ** -power
        return found

    @cached_property
    def _cumulated(self) -> Array:
        """Sums of the lattice over all rows and columns up to a node, with a rim of zeros before and the last repeated after."""
        assert self.image is not None
        sums = np.cumsum(np.cumsum(self.image, axis=1), axis=2)
        return np.pad(np.pad(sums, ((0, 0), (1, 0), (1, 0))), ((0, 0), (0, 2), (0, 2)), mode="edge")

    def _summed(self, ends: Array) -> Array:
        west, east, south, north = (ends[i] for i in (1, 0, 2, 3))
        return (self._corner(west, north) - self._corner(east, north) - self._corner(west, south) + self._corner(east, south)) * (
            self.pixel**2
        )

    def _corner(self, x: Array, y: Array) -> Array:
        """Sum of the lattice's interpolation to the east and south of corners, in pixels, shape (e, n)."""
        assert self.image is not None
        rows, columns = self.image.shape[1:]
        i, of_rows = _upto((y - self.origin[1]) / self.pixel, rows)
        j, of_columns = _upto((x - self.origin[0]) / self.pixel, columns)
        sums = self._cumulated
        return np.asarray(sum(of_rows[a] * of_columns[b] * sums[:, i + a, j + b] for a in range(3) for b in range(3)))


def _upto(at: Array, nodes: int) -> tuple[Indices, list[Array]]:
    """Where the integral of a linear interpolation up to `at` [nodes] stands in sums, and the weights of three sums there.

    With s of a cell beyond node k, the integral is S[k - 1] + v[k] (1/2 + s - s^2 / 2) + v[k + 1] s^2 / 2.
    """
    at = np.clip(at, 0, nodes - 1)  # beyond, all nodes of the rim are 0
    k = np.floor(at).astype(np.intp)
    s = at - k
    mine, following = 0.5 + s - 0.5 * s**2, 0.5 * s**2
    return k, [1 - mine, mine - following, following]


@frozen(kw_only=True)
class _Asked:
    """A table that is asked for; equal where it would be the same."""

    key: str
    energies: tuple[float, ...]
    reach: float
    each: tuple[PSF, ...] = field(eq=False, hash=False)


@lru_cache(maxsize=32)
def _tabulated(asked: _Asked) -> TabulatedPsf:
    ellipses = [psf.ellipse for psf in asked.each]
    shapes = [ellipse for ellipse in ellipses if ellipse is not None]
    axes = np.stack([round_frame(ellipse or (1.0, 0.0)) for ellipse in ellipses])
    if len(shapes) == len(ellipses):
        radial, step = _profiles(asked.each, axes, asked.reach / float(np.sqrt(min(ratio for ratio, _ in shapes))))
        return TabulatedPsf(energies=asked.energies, radial=radial, step=step, axes=axes)
    image, origin, pixel = _lattice(asked.each, asked.reach)
    return TabulatedPsf(energies=asked.energies, axes=np.stack([np.eye(2)] * len(axes)), image=image, origin=origin, pixel=pixel)


def _profiles(each: tuple[PSF, ...], axes: Array, reach: float) -> tuple[Array, float]:
    """Densities [arcsec^-2] over rho, with half the step until the middles between knots are met."""
    along = [np.linalg.solve(frame, [1.0, 0.0]) * ARCSEC for frame in axes]
    knots = np.linspace(0.0, reach, _KNOTS + 1)
    table = _densities(each, along, knots)
    while True:
        middle = _densities(each, along, 0.5 * (knots[1:] + knots[:-1]))
        error = np.abs(0.5 * (table[:, 1:] + table[:, :-1]) - middle)
        fine = np.all(error <= _ERROR * (middle + _FLOOR * table.max(axis=1, keepdims=True)))
        if fine or 2 * knots.size > _MOST:
            return table, float(knots[1])
        knots = np.linspace(0.0, reach, 2 * knots.size - 1)
        finer = np.empty((len(each), knots.size))
        finer[:, ::2], finer[:, 1::2] = table, middle
        table = finer


def _densities(each: tuple[PSF, ...], along: list[Array], rho: Array) -> Array:
    return np.stack([np.asarray(psf.density(u[0] * rho, u[1] * rho)) * ARCSEC**2 for psf, u in zip(each, along, strict=True)])


def _lattice(each: tuple[PSF, ...], reach: float) -> tuple[Array, Array, float]:
    """Densities [arcsec^-2] on one lattice for all energies: that of the images, where they share one."""
    own = [psf.lattice for psf in each]
    images = [one for one in own if one is not None]
    if len(images) == len(own):
        first = images[0]
        if all(one[0].shape == first[0].shape and np.allclose((*one[1], one[2]), (*first[1], first[2])) for one in images):
            return np.stack([one[0] for one in images]) * ARCSEC**2, np.array(first[1]) / ARCSEC, first[2] / ARCSEC
    half = min(float(EefRadius(psf=psf).at(0.5)) for psf in each) / ARCSEC
    pixel = max(half / _FINE, 2 * reach / (_SIDE - 3))
    nodes = int(np.ceil(reach / pixel)) + 1
    offset = pixel * np.arange(-nodes, nodes + 1) * ARCSEC
    image = np.stack([np.asarray(psf.density(offset[None, :], offset[:, None])) for psf in each]) * ARCSEC**2
    image[:, [0, -1], :] = image[:, :, [0, -1]] = 0.0
    return image, np.full(2, -nodes * pixel), pixel
