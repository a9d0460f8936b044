"""Sums of images over circular apertures at many positions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.xray_image import XrayImage

__all__ = ["DiscSums", "inside_discs", "radius_at"]

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

#: Rows of apertures that are worked on at once.
_ROWS = 1_000_000
#: A pixel centre this close to the rim, relative to the radius, counts as inside.
_RIM = 1e-9


def radius_at(image: XrayImage, x: ArrayLike, y: ArrayLike, eef: float) -> Array:
    """Radius [rad] that encloses a share of the light at positions [pixel], shape (n,); beyond the image, that of its rim.

    Raises
    ------
    DataError
        Where the PSF map does not know this share.
    """
    radius = image.psf.radius(eef)
    columns, rows = np.atleast_1d(np.asarray(x, dtype=float)), np.atleast_1d(np.asarray(y, dtype=float))
    if radius.ndim == 0:
        return np.full(columns.shape, float(radius))
    ny, nx = image.grid.shape
    row, column = (np.clip(np.rint(v), 0, n - 1).astype(int) for v, n in ((rows, ny), (columns, nx)))
    return np.asarray(radius[row, column], dtype=float)


def _chords(grid: Grid, x: Array, y: Array, radius: Array) -> Iterator[tuple[Indices, Indices, Indices, Indices]]:
    """Rows of pixels in discs: which discs, and for each its rows, first columns and numbers of columns (n, 2h + 1)."""
    sy, sx = grid.scale
    reach = np.floor(radius / sy * (1 + _RIM) + 0.5).astype(int)
    order = np.argsort(reach, kind="stable")
    for same in np.split(order, np.flatnonzero(np.diff(reach[order])) + 1):
        if not same.size:
            continue
        offsets = np.arange(-reach[same[0]], reach[same[0]] + 1)
        at_once = max(1, _ROWS // offsets.size)
        for start in range(0, same.size, at_once):
            part = same[start : start + at_once]
            rows = np.rint(y[part]).astype(int)[:, None] + offsets
            rest = (radius[part, None] * (1 + _RIM)) ** 2 - ((rows - y[part, None]) * sy) ** 2
            half = np.sqrt(np.maximum(rest, 0)) / sx
            first = np.ceil(x[part, None] - half).astype(int)
            number = np.where(rest >= 0, np.floor(x[part, None] + half).astype(int) - first + 1, 0)
            yield part, rows, first, number


def _positions(x: ArrayLike, y: ArrayLike, radius: ArrayLike) -> list[Array]:
    return [np.ascontiguousarray(v, dtype=float) for v in np.broadcast_arrays(np.atleast_1d(x), y, radius)]


def inside_discs(grid: Grid, x: ArrayLike, y: ArrayLike, radius: ArrayLike) -> NDArray[np.bool_]:
    """Pixels whose centre lies in at least one disc, shape (ny, nx); positions in pixels, radii [rad]."""
    ny, nx = grid.shape
    steps = np.zeros((ny, nx + 1), dtype=np.int32)
    for _, rows, first, number in _chords(grid, *_positions(x, y, radius)):
        seen = (rows >= 0) & (rows < ny) & (number > 0)
        low, high = np.clip(first, 0, nx)[seen], np.clip(first + number, 0, nx)[seen]
        np.add.at(steps, (rows[seen], low), 1)
        np.add.at(steps, (rows[seen], high), -1)
    return np.asarray(np.cumsum(steps, axis=1)[:, :nx] > 0)


@frozen(eq=False)
class DiscSums:
    """Sums of images over discs of any size, from cumulative sums along rows.

    A pixel belongs to a disc if its centre does; its value is not weighted (Barlow-Hall & Aird, footnote 6). Pixels beyond the
    image add nothing. A disc of h rows costs h differences, whatever its area.
    """

    grid: Grid
    cumulative: tuple[NDArray[Any], ...]

    @classmethod
    def of(cls, grid: Grid, *images: NDArray[Any]) -> DiscSums:
        """Prepare images of shape (ny, nx); whole numbers are summed exactly."""
        ny, nx = grid.shape
        ready = []
        for image in images:
            sums = np.zeros((ny, nx + 1), dtype=np.int64 if image.dtype.kind in "iub" else np.float64)
            np.cumsum(image, axis=1, out=sums[:, 1:])
            ready.append(sums)
        return cls(grid, tuple(ready))

    def at(self, x: ArrayLike, y: ArrayLike, radius: ArrayLike) -> Array:
        """Sums over discs around n positions.

        Parameters
        ----------
        x, y : array_like, shape (n,)
            [pixel], 0-based.
        radius : array_like, shape (n,) or ()
            [rad]

        Returns
        -------
        ndarray, shape (k, n)
            For each of the k images.

        Raises
        ------
        DataError
            Where a disc is larger than the image.
        """
        columns, rows_, radii = _positions(x, y, radius)
        self._fits(radii)
        ny, nx = self.grid.shape
        found = np.zeros((len(self.cumulative), columns.size))
        for part, rows, first, number in _chords(self.grid, columns, rows_, radii):
            number[(rows < 0) | (rows >= ny)] = 0
            base = np.clip(rows, 0, ny - 1) * (nx + 1)
            low = base + np.clip(first, 0, nx)
            high = np.where(number > 0, base + np.clip(first + number, 0, nx), low)
            for total, sums in zip(found, self.cumulative, strict=True):
                flat = sums.ravel()
                total[part] = (flat[high] - flat[low]).sum(axis=1)
        return found

    def pixels(self, x: ArrayLike, y: ArrayLike, radius: ArrayLike) -> Array:
        """Number of pixel centres in each disc, on the image or beyond it, shape (n,)."""
        columns, rows_, radii = _positions(x, y, radius)
        found = np.zeros(columns.size)
        for part, _, _, number in _chords(self.grid, columns, rows_, radii):
            found[part] = number.sum(axis=1)
        return found

    def everywhere(self, radius: float) -> Array:
        """Sums over discs of one radius [rad] around every pixel centre, shape (k, ny, nx).

        Raises
        ------
        DataError
            Where the disc is larger than the image.
        """
        self._fits(np.array([radius]))
        ny, nx = self.grid.shape
        _, rows, first, number = next(_chords(self.grid, np.zeros(1), np.zeros(1), np.array([float(radius)])))
        found = np.zeros((len(self.cumulative), ny, nx))
        column = np.arange(nx)
        for total, sums in zip(found, self.cumulative, strict=True):
            for k, low, wide in zip(rows[0], first[0], number[0], strict=True):
                if wide and k >= 0 and k < ny:  # the rows above mirror those below
                    chord = sums[:, np.minimum(column + low + wide, nx)] - sums[:, np.maximum(column + low, 0)]
                    total[: ny - k] += chord[k:]
                    if k:
                        total[k:] += chord[: ny - k]
        return found

    def _fits(self, radius: Array) -> None:
        ny, nx = self.grid.shape
        largest = 0.5 * min(ny * self.grid.scale[0], nx * self.grid.scale[1])
        if radius.size and not radius.max() <= largest:
            raise DataError(
                f"an aperture of {np.rad2deg(radius.max()) * 3600:.4g} arcsec is larger than the image, of which half a side is "
                f"{np.rad2deg(largest) * 3600:.4g} arcsec: check the unit of the PSF map, or give the whole field"
            )
