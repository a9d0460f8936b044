"""A map from event files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.band import Band
from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.event_list import EventList
from faintsky.core.grid import Grid
from faintsky.core.map import Map, MapSource
from faintsky.core.paths import as_paths
from faintsky.plugins.maps.event_file import read_events
from faintsky.plugins.maps.exposure import Exposure, read_exposure
from faintsky.plugins.maps.flares import without_flares
from faintsky.plugins.maps.rate import rate_map, warn_about_obsids

__all__ = ["Events"]

_KEV_IN_ERG = 1.602176634e-9


@component(references=["Li2018", "Cappelluti2013"])
@frozen(kw_only=True)
class Events(MapSource):
    """Photons of one or several event files, binned on a grid, over their exposure.

    Each photon is put into the pixel that it lies in by the sky WCS of its own file: several pointings mosaic onto one grid
    and nothing is interpolated. The live time is the good time of the photons' chip times DTCOR. Without exposure maps it
    is taken as uniform within the convex hull of the photons.
    """

    path: tuple[Path, ...] = option(help="event file, or a list of them", converter=as_paths)
    band: Band = option(help="energies, such as 0.5-2 keV", converter=Band.of)
    exposure: tuple[Path, ...] = option((), help="exposure map of each event file", converter=as_paths)
    exposure_unit: str = option("", help='unit of the exposure maps where BUNIT does not say it: "cm2 s" or "s"')
    area: float = option(0.0, unit="cm2", ge=0, help="effective area, for a flux without exposure map or with one in s")
    splits: int = option(1, ge=1, help="number of independent sub-maps")
    split_by: str = option(
        "parity",
        choices=("parity", "random", "time", "obsid"),
        help="how photons are split: every K-th in time after the band cut, at random, in slices of good time, by file",
    )
    result: str = option("photons", choices=("counts", "photons", "energy"), help="what a pixel holds")
    photon_energy: float = option(0.0, unit="keV", ge=0, help="energy per photon of result = energy; 0: their mean")
    pixel: float | None = option(None, unit="rad", gt=0, help="pixel of the native grid; default: of the first file's sky")
    min_exposure: float = option(0.1, ge=0, lt=1, help="leave out pixels below this fraction of the largest exposure")
    flare_bin: float = option(0.0, unit="s", ge=0, help="bin of the light curve that flares are cut from; 0: no cut")
    flare_sigma: float = option(3.0, gt=0, help="rates further than this from the median are cut")

    def __attrs_post_init__(self) -> None:
        if self.exposure and len(self.exposure) != len(self.path):
            raise DataError(f"{len(self.path)} event files but {len(self.exposure)} exposure maps: give one for each")
        if self.split_by == "obsid" and self.splits > 1 and self.splits != len(self.path):
            raise DataError(f"split_by = 'obsid' makes as many splits as files: {len(self.path)}, not {self.splits}")

    def grid(self) -> Grid:
        """The grid of the first exposure map, or the first file's sky pixels (or `pixel`) around all photons."""
        if self.exposure and self.pixel is None:
            return read_exposure(self.exposure[0], None, self.exposure_unit)[1]
        first, *others = (read_events(path, Context()) for path in self.path)
        wcs = first.wcs.deepcopy()
        x, y = [first.x], [first.y]
        for events in others:
            there = wcs.wcs_world2pix(*(np.rad2deg(c) for c in events.sky()), 1)
            x.append(there[0])
            y.append(there[1])
        # Pixels end where sky pixels of the file end, so that one sky pixel is never shared by two where the step is whole.
        places = [np.concatenate(c) for c in (x, y)]
        low = [np.floor(c.min() + 0.5) - 0.5 for c in places]
        steps = [(self.pixel or side) / side for side in first.pixel[::-1]]
        nx, ny = (int((c.max() - edge) / step) + 1 for c, edge, step in zip(places, low, steps, strict=True))
        wcs.wcs.crpix = [(c - edge) / step + 0.5 for c, edge, step in zip(wcs.wcs.crpix, low, steps, strict=True)]
        wcs.wcs.cdelt = [d * step for d, step in zip(wcs.wcs.cdelt, steps, strict=True)]
        return Grid.from_wcs(wcs, (ny, nx))

    def load(self, grid: Grid | None, ctx: Context) -> Map:
        """Bin the photons.

        Raises
        ------
        DataError
            Where a file has no sky columns, energies, good times or photons in the band, or units do not fit.
        """
        grid = grid or self.grid()
        everything = [read_events(path, ctx) for path in self.path]
        quiet = [self._quiet(events, path, ctx) for events, path in zip(everything, self.path, strict=True)]
        observations = [events.in_band(self.band) for events in quiet]
        energy = self.photon_energy or float(np.mean(np.concatenate([o.energy for o in observations])))
        exposures = [self._exposure(i, everything[i], quiet[i], grid) for i in range(len(quiet))]
        counts: list[NDArray[np.float64]] = []
        shares: list[Exposure] = []
        groups: list[int] = []
        for i, (events, exposure) in enumerate(zip(observations, exposures, strict=True)):
            for k, keep in enumerate(self._parts(events, ctx, i)):
                counts.append(events.select(keep).counts(grid))
                share = exposure.values if self.split_by == "obsid" else exposure.values / self.splits
                shares.append(Exposure(values=share, unit=exposure.unit))
                groups.append(i if self.split_by == "obsid" and self.splits > 1 else k)
            ctx.progress(i + 1, len(observations), self.path[i].name)
        if self.split_by == "obsid" and self.splits > 1:
            warn_about_obsids(ctx)
        factor, unit = self._unit(shares[0].unit, energy)
        photons = int(sum(c.sum() for c in counts))
        if photons == 0:
            raise DataError(f"none of the photons in {self.band} lies on the grid: is it of this field?")
        meta = {
            "source": "events",
            "band": str(self.band),
            "photons": photons,
            "live_time": float(sum(o.exposure for o in quiet)),
            "obs_ids": tuple(o.obs_id for o in observations),
            "mean_energy_kev": energy,
            "physical_header": observations[0].wcs_header,
            "warnings": tuple(f"{o.obs_id}: {sentence}" for o in everything for sentence in o.warnings),
        }
        made = rate_map(
            counts=counts,
            exposures=shares,
            groups=groups,
            grid=grid,
            keep=np.ones(grid.shape, dtype=bool),
            min_exposure=self.min_exposure,
            meta=meta,
            factor=factor,
            unit=unit,
        )
        return self._as_counts(made, counts, groups) if self.result == "counts" else made

    def _quiet(self, events: EventList, path: Path, ctx: Context) -> EventList:
        if not self.flare_bin:
            return events
        before = events.exposure
        events = without_flares(events, self.flare_bin, self.flare_sigma)
        ctx.warn(f"{path.name}: flares cut, live time {before:.1f} s -> {events.exposure:.1f} s")
        return events

    def _exposure(self, number: int, whole: EventList, quiet: EventList, grid: Grid) -> Exposure:
        """The exposure of one observation on the grid; uniform within the hull of its photons where no map is given.

        The photons of all energies and times mark the field of view, so that it is the same in every band.
        """
        if self.exposure:
            found, _ = read_exposure(self.exposure[number], grid, self.exposure_unit)
            if found.unit == "s" and self.area:
                found = Exposure(values=found.values * self.area, unit="cm2 s")
            if self.flare_bin:
                found = Exposure(values=found.values * (quiet.exposure / whole.exposure), unit=found.unit)
            return found
        live = quiet.exposure * (self.area or 1.0)
        return Exposure(values=np.where(_hull(whole, grid), live, 0.0), unit="cm2 s" if self.area else "s")

    def _parts(self, events: EventList, ctx: Context, number: int) -> list[NDArray[np.bool_]]:
        """Which photons belong to each split."""
        n, parts = len(events), self.splits
        if parts == 1 or self.split_by == "obsid":
            return [np.ones(n, dtype=bool)]
        if self.split_by == "random":
            order = ctx.rng(f"split:{number}").permutation(n)
        else:
            order = np.arange(n) if events.time is None else np.argsort(np.argsort(events.time, kind="stable"))
        if self.split_by == "time":
            return self._slices(events)
        return [order % parts == k for k in range(parts)]

    def _slices(self, events: EventList) -> list[NDArray[np.bool_]]:
        """Contiguous slices of equal good time of each photon's chip."""
        if events.time is None:
            raise DataError("split_by = 'time' needs the arrival times of the photons")
        share = np.zeros(len(events))
        for ccd, rows in events.gti.items():
            mine = events.ccd == ccd
            past = np.clip(events.time[mine, None] - rows[:, 0], 0, rows[:, 1] - rows[:, 0]).sum(axis=1)
            share[mine] = past / max(events.good_time(ccd), 1e-300)
        slot = np.minimum((share * self.splits).astype(int), self.splits - 1)
        return [slot == k for k in range(self.splits)]

    def _unit(self, exposure_unit: str, energy: float) -> tuple[float, str]:
        if self.result == "energy":
            if exposure_unit != "cm2 s":
                raise DataError("result = 'energy' needs an exposure in cm2 s: give exposure maps with area, or area = ...")
            return energy * _KEV_IN_ERG, "erg / (cm2 s sr)"
        if self.result == "photons" and exposure_unit == "cm2 s":
            return 1.0, "ph / (cm2 s sr)"
        return 1.0, "ct / (s sr)"

    def _as_counts(self, made: Map, counts: list[NDArray[np.float64]], groups: list[int]) -> Map:
        """Counts per pixel; each split is scaled to be an estimate of the whole."""
        number = max(groups) + 1
        parts = [np.sum([c for c, g in zip(counts, groups, strict=True) if g == k], axis=0) for k in range(number)]
        whole = np.sum(parts, axis=0)
        scales = [whole.sum() / part.sum() for part in parts]
        return Map(
            values=whole,
            weight=made.weight,
            grid=made.geometry,
            unit="ct",
            footprint=made.footprint,
            splits=tuple(part * scale for part, scale in zip(parts, scales, strict=True)) if number > 1 else (),
            variance=whole,
            counts=whole,
            meta=made.meta,
        )


def _hull(events: EventList, grid: Grid) -> NDArray[np.bool_]:
    """Pixels within the convex hull of the photons."""
    from scipy.spatial import ConvexHull, QhullError

    iy, ix, inside = events.pixels(grid)
    points = np.column_stack([ix[inside], iy[inside]]).astype(float)
    if len(points) < 3:
        raise DataError(f"only {len(points)} photons lie on the grid: their field of view is not known; give an exposure map")
    try:
        hull = ConvexHull(np.unique(points, axis=0))
    except QhullError:
        raise DataError("the photons lie on one line: their field of view is not known; give an exposure map") from None
    y, x = np.indices(grid.shape)
    found = np.ones(grid.shape, dtype=bool)
    for nx, ny, offset in hull.equations:
        found &= nx * x + ny * y + offset <= 0.5
    return found
