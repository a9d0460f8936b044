"""The galaxies of a simulated survey, some of them hosts of its AGN, outside of the masks of bright stars."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.catalogue import Catalogue
from faintsky.core.component import option
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.units import DEG2_PER_SR
from faintsky.models.surveys.photo_z import PhotoZ

__all__ = ["Galaxies", "star_mask"]

Array = NDArray[np.float64]

#: Scatter of the colours of galaxies, and of the magnitudes and colours of hosts.
_COLOUR_SCATTER, _HOST_SCATTER, _HOST_COLOUR_SCATTER = 0.2, 0.9, 0.25


def star_mask(grid: Grid, density: float, radius: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Discs around stars at random places, shape (ny, nx).

    Parameters
    ----------
    grid : Grid
    density : float
        Stars [deg^-2].
    radius : float
        [rad]
    rng : Generator
    """
    (ny, nx), (dy, dx) = grid.shape, grid.scale
    masked = np.zeros(grid.shape, dtype=bool)
    number = rng.poisson(density * grid.area * DEG2_PER_SR)
    for y0, x0 in rng.random((number, 2)) * (ny, nx) - 0.5:
        top, left = max(0, int(y0 - radius / dy)), max(0, int(x0 - radius / dx))
        part = masked[top : int(y0 + radius / dy) + 2, left : int(x0 + radius / dx) + 2]
        y, x = np.arange(part.shape[0]) + top - y0, np.arange(part.shape[1]) + left - x0
        part |= np.hypot(y[:, None] * dy, x * dx) <= radius
    return masked


@frozen(kw_only=True)
class Galaxies:
    """Galaxies with redshifts dN/dz ~ z^rise exp(-z / fall) and magnitudes dN/dm ~ 10^(counts_slope m), at random places.

    Hosts of AGN have Ks = host_ks + 5 log10(1 + z) with a scatter of 0.9, brighter than most galaxies, and a colour ch1 - ch2
    that is redder by `host_colour`: what a prior on magnitudes lives on. A host beyond the faintest magnitude is not in the
    catalogue.
    """

    density: float = option("6e5 1/deg2", unit="1/deg2", ge=0, help="surface density of galaxies without AGN")
    ks: tuple[float, float] = option((18.0, 25.5), help="magnitudes of the catalogue, [brightest, faintest]")
    counts_slope: float = option(0.25, gt=0, help="slope of log10 dN/dm")
    rise: float = option(1.0, gt=-1, help="dN/dz rises as z^rise")
    fall: float = option(0.8, gt=0, help="and falls as exp(-z / fall)")
    host_ks: float = option(19.5, help="mean magnitude of a host at z = 0")
    host_colour: float = option(0.3, help="excess of the colour ch1 - ch2 of hosts")
    photo_z: PhotoZ = option(factory=PhotoZ, help="how redshifts are known")

    def __attrs_post_init__(self) -> None:
        if not self.ks[0] < self.ks[1]:
            raise DataError(f"ks must be [brightest, faintest], got {list(self.ks)}")

    def catalogue(
        self, grid: Grid, stars: NDArray[np.bool_], hosts: tuple[Array, Array, Array], rng: np.random.Generator, name: str = ""
    ) -> tuple[Catalogue, Array]:
        """The catalogue, and the row of each host in it.

        Parameters
        ----------
        grid : Grid
            With a WCS.
        stars : ndarray of bool, shape (ny, nx)
            Where nothing is seen for bright stars.
        hosts : tuple of ndarray, shape (n,)
            Pixel coordinates x, y and redshifts of the AGN.
        rng : Generator

        Returns
        -------
        catalogue : Catalogue
            ``ra``, ``dec`` [deg], ``Ks``, ``ch1``, ``ch2`` and the columns of `PhotoZ.observed`; rows are in no order.
        row : ndarray, shape (n,)
            NaN for a host that is too faint or behind a star.
        """
        x, y, z = hosts
        drawn = rng.poisson(self.density * grid.area * DEG2_PER_SR)
        field = rng.random((2, drawn)) * np.array([[grid.shape[1]], [grid.shape[0]]]) - 0.5
        agn = np.concatenate([np.ones(z.size, dtype=bool), np.zeros(drawn, dtype=bool)])
        across, up = np.concatenate([x, field[0]]), np.concatenate([y, field[1]])
        magnitudes = self._magnitudes(z, drawn, rng)
        redshifts = np.concatenate([z, self._redshifts(drawn, rng)])
        hidden = stars[np.floor(up + 0.5).astype(int), np.floor(across + 0.5).astype(int)]
        order = rng.permutation(np.flatnonzero(~hidden & (magnitudes["Ks"] <= self.ks[1])))
        row = np.full(agn.size, np.nan)
        row[order] = np.arange(order.size)
        ra, dec = grid.wcs.wcs_pix2world(across[order], up[order], 0)
        known, densities = self.photo_z.observed(redshifts[order], agn[order], rng)
        columns = {"ra": ra, "dec": dec, **{band: values[order] for band, values in magnitudes.items()}, **known}
        made = Catalogue(columns=columns, units={"ra": "deg", "dec": "deg"}, redshifts=densities, name=name)
        return made, row[: z.size]

    def _redshifts(self, number: int, rng: np.random.Generator) -> Array:
        grid = np.linspace(0.0, self.photo_z.z_max, 4001)[1:]
        density = grid**self.rise * np.exp(-grid / self.fall)
        cumulative = np.concatenate([[0.0], np.cumsum(density)])
        return np.asarray(np.interp(rng.random(number), cumulative / cumulative[-1], np.concatenate([[0.0], grid])))

    def _magnitudes(self, hosts: Array, number: int, rng: np.random.Generator) -> dict[str, Array]:
        bright, faint = (10 ** (self.counts_slope * (m - self.ks[1])) for m in self.ks)
        field = self.ks[1] + np.log10(bright + (faint - bright) * rng.random(number)) / self.counts_slope
        host = self.host_ks + 5 * np.log10(1 + hosts) + _HOST_SCATTER * rng.standard_normal(hosts.size)
        ks = np.concatenate([np.maximum(host, self.ks[0]), field])
        is_host = np.arange(ks.size) < hosts.size
        scatter = np.where(is_host, _HOST_COLOUR_SCATTER, _COLOUR_SCATTER)
        ch1 = ks - 0.2 + _COLOUR_SCATTER * rng.standard_normal(ks.size)
        ch2 = ch1 - np.where(is_host, self.host_colour, 0.0) - scatter * rng.standard_normal(ks.size)
        return {"Ks": ks, "ch1": ch1, "ch2": ch2}
