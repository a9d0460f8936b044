"""The photons of one observation, asked for source by source."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.band import Band
from faintsky.core.box import Box
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.event_list import EventList
from faintsky.core.photon_box import PhotonBox
from faintsky.core.psf import Place
from faintsky.core.units import ARCSEC
from faintsky.plugins.maps.event_file import read_events
from faintsky.plugins.photons.background_area import BackgroundArea
from faintsky.plugins.photons.event_header import EventHeader
from faintsky.plugins.photons.field_of_view import FieldOfView
from faintsky.plugins.photons.pointing import Pointing
from faintsky.plugins.photons.tangent_plane import offsets, positions, unit_vectors

__all__ = ["ObservationPhotons"]

Array = NDArray[np.float64]
#: Cells of the shape of the background over a box [arcsec], and the least weight of one that holds a photon.
_CELL, _FLOOR = 0.5, 0.05


@frozen(kw_only=True, eq=False, slots=False)
class ObservationPhotons:
    """One event file, read once for all sources.

    Attributes
    ----------
    name : str
    header : EventHeader
    events : EventList
        Photons of all energies within the good time.
    band : Band
        Of the photons that are given out.
    pointing : Pointing
    view : FieldOfView
    """

    name: str
    header: EventHeader
    events: EventList = field(repr=False)
    band: Band
    pointing: Pointing
    view: FieldOfView = field(repr=False)

    @classmethod
    def read(
        cls,
        path: Path,
        name: str,
        band: Band,
        ctx: Context,
        *,
        aspect: tuple[Path, ...] = (),
        exposure: Path | None = None,
    ) -> Self:
        """Read an event file, with its aspect solution and its exposure map where there are any.

        Raises
        ------
        DataError
            Where a file is not what it is said to be, or the pointing is not known.
        """
        header = EventHeader.read(path)
        events = read_events(path, ctx)
        if aspect:
            good = [rows for rows in events.gti.values() if len(rows)]
            pointing = Pointing.from_aspect(aspect, np.concatenate(good) if good else None)
        else:
            pointing = Pointing.from_header(header.cards, path.name)
        for sentence in pointing.warnings:
            ctx.warn(f"{path.name}: {sentence}")
        found = cls(
            name=name,
            header=header,
            events=events,
            band=band,
            pointing=pointing,
            view=FieldOfView.of(events, exposure),
        )
        nearest = float(np.min(pointing.off_axis(*events.sky())))
        if nearest > np.deg2rad(0.5):
            raise DataError(
                f"{path.name}: the nearest photon lies {np.rad2deg(nearest):.2f} deg from the optical axis, so the pointing "
                "(RA_PNT, DEC_PNT, or the aspect solution) is not that of these photons"
            )
        return found

    @cached_property
    def _photons(self) -> tuple[Array, Array, Array, Any]:
        """Right ascension, declination [rad] and energies [keV] of the photons in the band, and a tree of their places."""
        from scipy.spatial import cKDTree

        chosen = self.events.in_band(self.band)
        chosen = chosen.select(chosen.energy > 0)
        ra, dec = chosen.sky()
        return ra, dec, chosen.energy, cKDTree(unit_vectors(ra, dec), balanced_tree=False, compact_nodes=False)

    def near(self, ra: float, dec: float, reach: float) -> tuple[Array, Array, Array]:
        """Offsets [arcsec] and energies [keV] of the photons in the band within `reach` [arcsec] of a position [rad]."""
        all_ra, all_dec, energy, tree = self._photons
        # The chord of an angle is shorter than the angle, and the tangent longer: nothing within reach is missed.
        rows = np.sort(np.asarray(tree.query_ball_point(unit_vectors(ra, dec), 1.001 * reach * ARCSEC), dtype=np.intp))
        x, y = offsets(all_ra[rows], all_dec[rows], ra, dec)
        return x, y, energy[rows]

    def chips(self, ra: Array, dec: Array) -> NDArray[np.int64]:
        """The chip that each position [rad] lies on; -1 where the observation did not see it."""
        found = np.full(np.shape(ra), -1, dtype=np.int64)
        # Far from the axis there is no chip, and the tangent plane of the photons ends at 90 deg.
        here = np.flatnonzero(self.pointing.off_axis(ra, dec) < np.deg2rad(2))
        if here.size:
            found[here] = self.view.chips(np.asarray(ra)[here], np.asarray(dec)[here])
        return found

    def live_time(self, chip: int) -> float:
        """Live time of a chip [s].

        Raises
        ------
        DataError
            Where the file holds no good time of it.
        """
        found = self.events.live_time(chip)
        if not found > 0:
            raise DataError(
                f"{self.header.file} holds photons of chip {chip}, but no good time of it (GTI): its exposure is not "
                "known. Filter the original event file again, with all of its good time intervals"
            )
        return found

    def photon_box(
        self,
        source: str,
        chip: int,
        box: Box,
        area: BackgroundArea,
        discs: tuple[Array, Array, Array],
    ) -> PhotonBox:
        """The photons of one source.

        Parameters
        ----------
        source : str
        chip : int
            That the source lies on; its live time is the exposure.
        box : Box
        area : BackgroundArea
            Around the source, whose position it holds.
        discs : x, y, radius
            Of all sources that are cut out of the area [arcsec].

        Raises
        ------
        DataError
            Where no exposed part of the area is free of sources.
        """
        ra, dec = area.ra, area.dec
        corner = float(np.hypot(max(abs(box.x_low), abs(box.x_high)), max(abs(box.y_low), abs(box.y_high))))
        x, y, energy = self.near(ra, dec, max(corner, area.side / np.sqrt(2)))
        mine = box.holds(x, y)
        shape, level, share = self._exposure(box, ra, dec, x[mine], y[mine])
        cells = area.without(*discs)
        weight: Array | float = 1.0 if self._whole(ra, dec, 0.5 * area.side) else self.view.weight(*area.sky())
        size = area.exposed(cells, weight, level)
        if not size > 0:
            raise area.refuse(source, self.name)
        free = area.holds(cells & (np.broadcast_to(weight, cells.shape) > 0), x, y)
        return PhotonBox(
            x=x[mine],
            y=y[mine],
            energy=energy[mine],
            box=box,
            place=Place(
                off_axis=float(self.pointing.off_axis(ra, dec)),
                azimuth=self.pointing.azimuth(ra, dec),
                roll=self.pointing.roll,
                observation=self.name,
                source=source,
            ),
            exposure=self.live_time(chip),
            background_counts=float(free.sum()),
            background_area=size,
            background_energy=energy[free],
            background_shape=shape,
            frame_time=self.header.frame_time,
            subpixel=self.header.subpixel,
            facts={"file": self.header.file, "telescope": self.header.telescope, "chip": chip, "exposed": share},
        )

    def _whole(self, ra: float, dec: float, half: float) -> bool:
        """Whether a square lies on one chip, without an exposure map: its corners do, and hulls are convex."""
        if self.view.exposure is not None:
            return False
        x, y = np.array([-half, half, -half, half]), np.array([-half, -half, half, half])
        chips = self.view.chips(*positions(x, y, ra, dec))
        return bool(chips[0] >= 0 and np.all(chips == chips[0]))

    def _exposure(self, box: Box, ra: float, dec: float, x: Array, y: Array) -> tuple[Array | None, float, float]:
        """Shape of the background over the box (None: uniform), mean exposure, and its share of the largest in the box."""
        if self._whole(ra, dec, max(abs(v) for v in (box.x_low, box.x_high, box.y_low, box.y_high))):
            return None, 1.0, 1.0
        edges = [
            np.linspace(low, high, int(np.ceil((high - low) / _CELL)) + 1)
            for low, high in ((box.x_low, box.x_high), (box.y_low, box.y_high))
        ]
        middles = [0.5 * (e[1:] + e[:-1]) for e in edges]
        mx, my = np.meshgrid(*middles)
        shape = self.view.weight(*positions(mx, my, ra, dec))
        highest = float(shape.max())
        if not highest > 0:
            return None, 1.0, 0.0  # a corner of the field smaller than a cell
        # A photon is exposure: the ragged end of a hull, or a map a pixel off, must not make it impossible.
        seen = np.histogram2d(y, x, bins=(edges[1], edges[0]))[0] > 0
        shape = np.where(seen, np.maximum(shape, _FLOOR * highest), shape)
        even = bool(np.all(shape == highest))
        return None if even else shape, float(shape.mean()), float(shape.mean() / highest)
