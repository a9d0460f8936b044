"""The source-free neighbourhood of a source, in which the background is counted."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.units import ARCSEC
from faintsky.plugins.masks.region_file import Region
from faintsky.plugins.masks.region_shape import inside
from faintsky.plugins.photons.tangent_plane import positions

__all__ = ["BackgroundArea"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class BackgroundArea:
    """A square about a source in cells, without the discs of sources and without regions.

    Photons count by the cell that they lie in, so that counts and area belong to exactly the same part of the sky.

    Attributes
    ----------
    ra, dec : float
        Of the source [rad].
    side : float
        Of the square [arcsec].
    free : ndarray of bool, shape (n, n)
        Cells without sources, rows from low y, columns from low x.
    """

    ra: float
    dec: float
    side: float
    free: NDArray[np.bool_] = field(repr=False)

    @classmethod
    def around(cls, ra: float, dec: float, *, side: float, regions: tuple[Region, ...] = (), cell: float = 0.5) -> BackgroundArea:
        """All of the square but the regions.

        Parameters
        ----------
        ra, dec : float
            [rad]
        side, cell : float
            [arcsec]; the cells are at most so large.
        regions : tuple of Region
            Further sources and diffuse emission, in a frame of the sky.
        """
        n = int(np.ceil(side / cell))
        free = np.ones((n, n), dtype=bool)
        if regions:
            grid = Grid.tangential((np.rad2deg(ra), np.rad2deg(dec)), (n, n), side / n * ARCSEC)
            out = np.zeros((n, n), dtype=bool)
            for region in regions:
                part, found = inside(region, grid, None)
                out[part] = out[part] | found if region.include else out[part] & ~found
            free &= ~out
        return cls(ra=ra, dec=dec, side=side, free=free)

    @property
    def cell(self) -> float:
        """Side of a cell [arcsec]."""
        return self.side / len(self.free)

    @property
    def centres(self) -> tuple[Array, Array]:
        """Offsets x, y of the middles of the cells [arcsec], each of shape (n, n)."""
        n = self.free.shape[0]
        x, y = np.meshgrid(*[(np.arange(n) + 0.5) * self.cell - 0.5 * self.side] * 2)
        return x, y

    def sky(self) -> tuple[Array, Array]:
        """Right ascension and declination of the middles of the cells [rad]."""
        return positions(*self.centres, self.ra, self.dec)

    def without(self, x: ArrayLike, y: ArrayLike, radius: ArrayLike) -> NDArray[np.bool_]:
        """Free cells outside the discs at the offsets `x`, `y` of these radii [arcsec], shape (n, n)."""
        cx, cy = self.centres
        left = self.free.copy()
        for px, py, r in zip(np.ravel(x), np.ravel(y), np.ravel(radius), strict=True):
            if max(abs(px), abs(py)) < 0.5 * self.side + r:
                left &= (cx - px) ** 2 + (cy - py) ** 2 > r**2
        return left

    def holds(self, cells: NDArray[np.bool_], x: Array, y: Array) -> NDArray[np.bool_]:
        """Which photons at these offsets lie in one of the `cells`."""
        n = self.free.shape[0]
        ix, iy = (np.floor((c + 0.5 * self.side) / self.cell).astype(int) for c in (x, y))
        within = (ix >= 0) & (ix < n) & (iy >= 0) & (iy < n)
        return np.asarray(within & cells[np.clip(iy, 0, n - 1), np.clip(ix, 0, n - 1)])

    def exposed(self, cells: NDArray[np.bool_], weight: Array | float, level: float) -> float:
        """Area of the `cells` [arcsec^2], each counted by its exposure over the mean `level` in the box of the source.

        So counts per this area, times the area of the box, are the background counts in the box, on a chip's edge too.
        """
        return float(np.sum(np.where(cells, weight, 0.0)) * self.cell**2 / level)

    def refuse(self, source: str, observation: str) -> DataError:
        """What to say where no cell is left."""
        return DataError(
            f"source {source}: nothing exposed of its {self.side:g} arcsec square is free of sources in observation "
            f"{observation}, so its background is not known. Make the square larger (background_box), the excluded discs smaller "
            "(exclude), or take the source out of the catalogue"
        )
