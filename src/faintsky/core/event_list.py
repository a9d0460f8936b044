"""The event list: photons of one observation with their sky positions, energies, times, and good time intervals."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import Band
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.owned_array import owned_floats

__all__ = ["EventList"]

Array = NDArray[np.float64]


def _optional_floats(values: ArrayLike | None) -> Array | None:
    return None if values is None else owned_floats(values)


def _integers(values: ArrayLike) -> NDArray[np.int64]:
    array = np.array(values, dtype=np.int64)
    array.flags.writeable = False
    return array


def _intervals(values: Mapping[int, ArrayLike]) -> dict[int, Array]:
    return {int(ccd): owned_floats(np.reshape(np.asarray(rows, dtype=float), (-1, 2))) for ccd, rows in values.items()}


@frozen(kw_only=True, eq=False, slots=False)
class EventList:
    """The photons of one observation; it copies its arrays and never reads a file.

    Attributes
    ----------
    x, y : ndarray, shape (n,)
        Sky pixel coordinates by the FITS convention: 1-based, pixel centres on integers.
    energy : ndarray, shape (n,)
        [keV]
    time : ndarray, shape (n,), optional
        Arrival time [s].
    ccd : ndarray of int, shape (n,)
        Chip of each photon; 0 where the instrument has one.
    gti : mapping of int to ndarray, shape (m, 2)
        Good time intervals of each chip [s].
    live_fraction : float
        Live time over good time (DTCOR).
    obs_id : str
    wcs_header : str
        The sky WCS of (`x`, `y`) as a FITS header text; empty where the file holds none.
    pixel : tuple of float
        Size of a sky pixel (dy, dx) [rad].
    facts : mapping
        Facts of the file and its header that messages and a report show.
    warnings : tuple of str
        What a referee would ask about; the reader has said it too.

    Raises
    ------
    DataError
        Where the columns differ in length, or the live fraction is none.
    """

    x: Array = field(converter=owned_floats, repr=False)
    y: Array = field(converter=owned_floats, repr=False)
    energy: Array = field(converter=owned_floats, repr=False)
    ccd: NDArray[np.int64] = field(converter=_integers, repr=False)
    time: Array | None = field(default=None, converter=_optional_floats, repr=False)
    gti: Mapping[int, Array] = field(factory=dict, converter=_intervals, repr=False)
    live_fraction: float = 1.0
    obs_id: str = ""
    wcs_header: str = field(default="", repr=False)
    pixel: tuple[float, float] = (0.0, 0.0)
    facts: Mapping[str, Any] = field(factory=dict, repr=False)
    warnings: tuple[str, ...] = field(default=(), repr=False)

    def __attrs_post_init__(self) -> None:
        columns = {"y": self.y, "energy": self.energy, "ccd": self.ccd, "time": self.time}
        for name, column in columns.items():
            if column is not None and column.shape != self.x.shape:
                raise DataError(f"the column {name} holds {column.size} events, x {self.x.size}")
        if not 0 < self.live_fraction <= 1:
            raise DataError(f"the live fraction (DTCOR) must lie in (0, 1], got {self.live_fraction:g}")

    def __len__(self) -> int:
        return int(self.x.size)

    @cached_property
    def digest(self) -> str:
        """Identity of the events and of their times."""
        arrays = [self.x, self.y, self.energy, self.ccd, self.time]
        return json_digest(
            [
                self.obs_id,
                self.wcs_header,
                self.live_fraction,
                [a is not None and array_digest(a) for a in arrays],
                [[ccd, array_digest(rows)] for ccd, rows in sorted(self.gti.items())],
            ]
        )

    def good_time(self, ccd: int) -> float:
        """Sum of the good time intervals of one chip [s]."""
        rows = self.gti.get(ccd)
        return 0.0 if rows is None else float(np.sum(rows[:, 1] - rows[:, 0]))

    def live_time(self, ccd: int) -> float:
        """Good time of one chip times the live fraction [s]."""
        return self.good_time(ccd) * self.live_fraction

    @property
    def exposure(self) -> float:
        """Live time [s]: the mean over the photons of the live times of their chips; 0 without events."""
        chips, counts = np.unique(self.ccd, return_counts=True)
        if not chips.size:
            return 0.0
        return float(np.average([self.live_time(int(c)) for c in chips], weights=counts))

    def select(self, keep: NDArray[np.bool_] | NDArray[np.int64]) -> EventList:
        """The events that `keep` marks or indexes."""
        return attrs.evolve(
            self,
            x=self.x[keep],
            y=self.y[keep],
            energy=self.energy[keep],
            ccd=self.ccd[keep],
            time=None if self.time is None else self.time[keep],
        )

    def in_band(self, band: Band) -> EventList:
        """The events of an energy band.

        Raises
        ------
        DataError
            Where the band holds none; the message says which energies there are.
        """
        keep = (self.energy >= band.low) & (self.energy < band.high)
        if not keep.any():
            reach = f"{self.energy.min():.3g}-{self.energy.max():.3g} keV" if len(self) else "no energies"
            name = f"observation {self.obs_id or '(unnamed)'}"
            name = f"{self.facts['file']} ({name})" if "file" in self.facts else name
            raise DataError(f"none of the {len(self)} events of {name} lies in the band {band}; there are {reach}")
        return self.select(keep)

    def is_good(self) -> NDArray[np.bool_]:
        """Which events arrived within the good time of their own chip, shape (n,); all, where no times are known."""
        if self.time is None or not self.gti:
            return np.ones(len(self), dtype=bool)
        good = np.zeros(len(self), dtype=bool)
        for ccd, rows in self.gti.items():
            order = np.argsort(rows[:, 0])
            starts, stops = rows[order, 0], rows[order, 1]
            mine = np.flatnonzero(self.ccd == ccd)
            if not starts.size or not mine.size:
                continue
            slot = np.searchsorted(starts, self.time[mine], side="right") - 1
            good[mine] = (slot >= 0) & (self.time[mine] <= stops[np.maximum(slot, 0)])
        return good

    def with_gti(self, gti: Mapping[int, ArrayLike]) -> EventList:
        """The events within other good time intervals, which become its own."""
        changed = attrs.evolve(self, gti=gti)
        return changed.select(changed.is_good())

    @cached_property
    def wcs(self) -> Any:
        """The sky WCS of (`x`, `y`).

        Raises
        ------
        DataError
            Where the file held none.
        """
        if not self.wcs_header:
            raise DataError(
                f"the sky columns of observation {self.obs_id or '(unnamed)'} carry no WCS (TCTYP, TCRVL, TCRPX, TCDLT), "
                "so its events have no place on the sky"
            )
        from astropy.io import fits
        from astropy.wcs import WCS

        return WCS(fits.Header.fromstring(self.wcs_header))

    def sky(self) -> tuple[Array, Array]:
        """Right ascension and declination of the events [rad], each of shape (n,)."""
        ra, dec = self.wcs.wcs_pix2world(self.x, self.y, 1)
        return np.deg2rad(ra), np.deg2rad(dec)

    def pixels(self, grid: Grid) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """The pixel of each event on `grid`.

        Returns
        -------
        iy, ix : ndarray of int, shape (n,)
            0-based; 0 for events outside.
        inside : ndarray of bool, shape (n,)

        Raises
        ------
        DataError
            Where the grid or the events lie nowhere on the sky.
        """
        if grid.wcs is None:
            raise DataError(
                "events are binned by their place on the sky, but this grid has no WCS: take the native grid of the "
                "events ([grid] like = ...), or a grid file (wcs = ...)"
            )
        ra, dec = self.sky()
        x, y = grid.wcs.all_world2pix(np.rad2deg(ra), np.rad2deg(dec), 0)
        with np.errstate(invalid="ignore"):
            ny, nx = grid.shape
            inside = (x >= -0.5) & (x < nx - 0.5) & (y >= -0.5) & (y < ny - 0.5)
        ix = np.floor(np.where(inside, x, 0.0) + 0.5).astype(np.int64)
        iy = np.floor(np.where(inside, y, 0.0) + 0.5).astype(np.int64)
        return iy, ix, inside

    def counts(self, grid: Grid) -> NDArray[np.float64]:
        """Counts per pixel of `grid`, shape (ny, nx)."""
        iy, ix, inside = self.pixels(grid)
        ny, nx = grid.shape
        flat = np.bincount(iy[inside] * nx + ix[inside], minlength=ny * nx)
        return flat.reshape(ny, nx).astype(np.float64)
