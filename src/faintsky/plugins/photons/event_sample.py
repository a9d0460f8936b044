"""Sources of a catalogue with their photons in event files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from faintsky.core.box import Box
from faintsky.core.catalogue import Catalogue, CatalogueSource
from faintsky.core.chandra_r90 import chandra_r90
from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.paths import as_paths
from faintsky.core.photon_box import PhotonBox
from faintsky.core.photon_sample import PhotonSample, PhotonSampleSource
from faintsky.core.photon_set import PhotonSet
from faintsky.core.source_cuts import Candidate, SourceCuts, nothing_left, selection_table
from faintsky.core.units import ARCSEC
from faintsky.plugins.masks.region_file import SKY_FRAMES, Region, read_regions
from faintsky.plugins.photons.background_area import BackgroundArea
from faintsky.plugins.photons.candidate_columns import CandidateColumns
from faintsky.plugins.photons.event_header import EventHeader, observation_of
from faintsky.plugins.photons.observation_photons import ObservationPhotons
from faintsky.plugins.photons.source_boxes import source_boxes, written_sides
from faintsky.plugins.photons.tangent_plane import offsets, unit_vectors

__all__ = ["EventSample"]

#: Below this share of the box that is exposed, a warning is due.
_EXPOSED = 0.95


@frozen(kw_only=True, eq=False)
class _Visit:
    """One observation that saw a source; `photons` are None where it lies too far off axis."""

    name: str
    off_axis: float
    exposure: float
    photons: PhotonBox | None = field(repr=False)


@component(references=["Sandoval2024", "HickoxMarkevitch2006"])
@frozen(kw_only=True)
class EventSample(PhotonSampleSource):
    """Photons of the sources of a catalogue, or of one position, in event files.

    Each event file is one observation and is read once. The off-axis angle counts from the mean optical axis (RA_PNT, DEC_PNT,
    or the aspect solution), and an observation counts for a source only where a chip saw its position. Photons are given in the
    tangent plane of the source, x to the west and y to the north; the exposure is the live time of the chip. The background is
    counted in a larger square without discs around all sources of the catalogue, kept or not; their radius is
    ``exclude x (1 + 10 (theta / 10 arcmin)^2)`` arcsec at the off-axis angle theta.

    Of the catalogue the columns ``name``, ``redshift``, ``counts`` and ``class`` are used, as far as it has them
    (``columns = { redshift = "z_best" }`` of the catalogue says where they stand).
    """

    events: tuple[Path, ...] = option(help="event files, one for each observation", converter=as_paths)
    names: tuple[str, ...] = option((), help="name of the observation of each event file; default: its OBS_ID")
    catalogue: CatalogueSource | None = option(None, help="the sources (kind catalogues), where not a single position is given")
    ra: float | None = option(None, unit="deg", help="right ascension of a single source")
    dec: float | None = option(None, unit="deg", ge=-90, le=90, help="its declination")
    name: str = option("", help="its name; default: made of its position")
    redshift: float | None = option(None, help="its redshift")
    aspect: tuple[Path, ...] = option(
        (), help="aspect solutions, assigned by their OBS_ID; the optical axis is then their mean", converter=as_paths
    )
    exposure: tuple[Path, ...] = option(
        (), help="exposure map of each event file; default: even on the hull of a chip's photons", converter=as_paths
    )
    box: float = option("20 arcsec", unit="arcsec", gt=0, help="side of the box around a source in which photons are taken")
    boxes: Mapping[str, tuple[str, ...]] = option(
        factory=dict,
        converter=written_sides,
        help="boxes of single sources by their names: [side], or [west low, west high, north low, north high], with unit",
    )
    background_box: float = option("50 arcsec", unit="arcsec", gt=0, help="side of the square that the background is counted in")
    exclude: float = option(3.0, gt=0, help="radius of the discs that are cut out of it around sources, in units of r90")
    regions: tuple[Path, ...] = option((), help="DS9 regions on the sky to cut out of it, too", converter=as_paths)

    def __attrs_post_init__(self) -> None:
        if not self.events:
            raise DataError("no event file is given (events)")
        for what, given in (("names", self.names), ("exposure maps (exposure)", self.exposure)):
            if given and len(given) != len(self.events):
                raise DataError(f"{len(self.events)} event files but {len(given)} {what}: give one for each")
        single = self.ra is not None or self.dec is not None
        if single and self.catalogue is not None:
            raise DataError("both a catalogue and a single position (ra, dec) are given: leave one of them out")
        if not single and self.catalogue is None:
            raise DataError("no source is given: give a catalogue, or ra and dec of a single source")
        if single and (self.ra is None or self.dec is None):
            raise DataError("a single source needs both ra and dec")
        if self.catalogue is not None and (self.name or self.redshift is not None):
            raise DataError("name and redshift are those of a single source; a catalogue has columns for them (columns = ...)")
        source_boxes(self.boxes)

    def load(self, cuts: SourceCuts, ctx: Context) -> PhotonSample:
        """Read the catalogue and the event files.

        Raises
        ------
        DataError
            Where a file is not what it is said to be, two event files are of one observation, two sources have one name, the
            background of a source cannot be counted, or no source is left.
        """
        rows = CandidateColumns.of(self._catalogue(ctx), needs_redshift=cuts.redshift is not None)
        boxes = source_boxes(self.boxes, [str(name) for name in rows.name])
        called = self._observations()
        first = cuts.rows(redshift=rows.redshift, counts=rows.counts, classes=rows.classes)
        candidates = [
            Candidate(
                name=str(rows.name[i]),
                ra=float(np.rad2deg(rows.ra[i])),
                dec=float(np.rad2deg(rows.dec[i])),
                redshift=float(rows.redshift[i]),
                counts=float(rows.counts[i]),
                rejection=first[i],
            )
            for i in range(len(rows))
        ]
        alive = np.array([i for i, rejection in enumerate(first) if rejection is None], dtype=np.intp)
        if not alive.size:
            raise nothing_left(candidates)
        visits = self._visits(called, alive, rows, boxes, cuts, ctx)
        kept: dict[int, PhotonSet] = {}
        for i in map(int, alive):
            candidates[i], chosen = _decided(candidates[i], visits[i], cuts)
            if chosen:
                kept[i] = PhotonSet(
                    name=candidates[i].name,
                    ra=candidates[i].ra,
                    dec=candidates[i].dec,
                    observations=chosen,
                    redshift=candidates[i].redshift,
                    facts={"catalogue_counts": candidates[i].counts, "class": str(rows.classes[i])},
                )
        if not kept:
            raise nothing_left(candidates)
        _warn_of_exposure(kept.values(), ctx)
        _warn_of_neighbours(kept, rows, ctx)
        return PhotonSample(sources=tuple(kept.values()), selection=selection_table(candidates))

    def _catalogue(self, ctx: Context) -> Catalogue:
        if self.catalogue is not None:
            return self.catalogue.load(ctx)
        columns: dict[str, Any] = {"ra": [self.ra], "dec": [self.dec]}
        if self.redshift is not None:
            columns["redshift"] = [self.redshift]
        if self.name:
            columns["name"] = [self.name]
        return Catalogue(columns=columns, name="the single source")

    def _observations(self) -> list[tuple[str, tuple[Path, ...]]]:
        """Name and aspect solutions of each event file; nothing but headers is read."""
        own = [EventHeader.read(path).name for path in self.events]
        called = list(self.names) or own
        for i, name in enumerate(called):
            if name in called[:i]:
                first, second = self.events[called.index(name)].name, self.events[i].name
                raise DataError(
                    f"{first} and {second} are both of observation {name}. Parts of one exposure have one optical axis and one "
                    "shift: merge them into one event file; where they are observations of their own, name each (names = [...])"
                )
        aspects: dict[str, list[Path]] = {}
        for path in self.aspect:
            aspects.setdefault(observation_of(path), []).append(path)
        for obs_id, paths in aspects.items():
            if obs_id not in own:
                raise DataError(
                    f"the aspect solution {paths[0].name} is of observation {obs_id or '(unnamed)'}, of which there is no event "
                    f"file; there are {', '.join(own)}"
                )
        return [(name, tuple(aspects.get(obs_id, ()))) for name, obs_id in zip(called, own, strict=True)]

    def _visits(
        self,
        called: Sequence[tuple[str, tuple[Path, ...]]],
        alive: NDArray[np.intp],
        rows: CandidateColumns,
        boxes: Mapping[str, Box],
        cuts: SourceCuts,
        ctx: Context,
    ) -> dict[int, list[_Visit]]:
        """Of each source that survived so far, the observations that saw it; every event file is read once."""
        from scipy.spatial import cKDTree

        visits: dict[int, list[_Visit]] = {int(i): [] for i in alive}
        regions = tuple(_on_the_sky(region) for path in self.regions for region in read_regions(path))
        areas: dict[int, BackgroundArea] = {}
        tree = cKDTree(unit_vectors(rows.ra, rows.dec))
        for k, (path, (name, aspect)) in enumerate(zip(self.events, called, strict=True)):
            exposure = self.exposure[k] if self.exposure else None
            observation = ObservationPhotons.read(path, name, cuts.band, ctx, aspect=aspect, exposure=exposure)
            theta = observation.pointing.off_axis(rows.ra, rows.dec)
            radius = self.exclude * chandra_r90(theta)
            chips = observation.chips(rows.ra[alive], rows.dec[alive])
            for i, chip in zip(map(int, alive), map(int, chips), strict=True):
                if chip < 0:
                    continue
                live = observation.live_time(chip)
                photons = None
                if theta[i] <= cuts.max_off_axis:
                    if i not in areas:
                        areas[i] = BackgroundArea.around(rows.ra[i], rows.dec[i], side=self.background_box, regions=regions)
                    near = np.array(tree.query_ball_point(unit_vectors(rows.ra[i], rows.dec[i]), self._reach(theta[i])))
                    discs = (*offsets(rows.ra[near], rows.dec[near], rows.ra[i], rows.dec[i]), radius[near])
                    box = boxes.get(str(rows.name[i]), Box.square(self.box))
                    photons = observation.photon_box(str(rows.name[i]), chip, box, areas[i], discs)
                visits[i].append(_Visit(name=name, off_axis=float(theta[i]), exposure=live, photons=photons))
            ctx.progress(k + 1, len(called), path.name)
        return visits

    def _reach(self, off_axis: float) -> float:
        """How far a source can lie whose disc touches the square about another [rad]."""
        # Discs grow outwards: a source that far off has its own, larger radius, so the margin is asked for twice.
        half = self.background_box / np.sqrt(2)
        once = half + self.exclude * float(chandra_r90(off_axis))
        return float(half + self.exclude * float(chandra_r90(off_axis + 2 * once * ARCSEC))) * ARCSEC


def _decided(candidate: Candidate, visits: Sequence[_Visit], cuts: SourceCuts) -> tuple[Candidate, tuple[PhotonBox, ...]]:
    """Stages 2 and 3 of the cuts: the candidate with its fate, and the photons that are analysed (none: left out)."""
    theta, time = np.array([v.off_axis for v in visits]), np.array([v.exposure for v in visits])
    chosen, rejection = cuts.observations([v.name for v in visits], theta, time)
    used = np.arange(len(visits)) if rejection is not None else chosen
    boxes = tuple(box for box in (visits[i].photons for i in chosen) if box is not None)
    if rejection is None:
        rejection = cuts.photons(sum(len(box) for box in boxes), len(boxes), int(np.sum(theta <= cuts.max_off_axis)))
    told = evolve(
        candidate,
        observations=len(used),
        exposure=float(time[used].sum()),
        off_axis=float(np.average(theta[used], weights=time[used])) if len(used) else float("nan"),
        rejection=rejection,
    )
    return told, () if rejection is not None else boxes


def _on_the_sky(region: Region) -> Region:
    if region.frame in SKY_FRAMES:
        return region
    raise DataError(
        f"{region.where}: a region in the frame {region.frame!r} lies elsewhere in each observation; save it in fk5 or icrs"
    )


def _warn_of_exposure(sources: Iterable[PhotonSet], ctx: Context) -> None:
    """Boxes on a chip's edge, and photons that were not placed below a pixel."""
    rough: dict[str, str] = {}
    for source in sources:
        cut = {box.name: box.facts["exposed"] for box in source.observations if box.facts["exposed"] < _EXPOSED}
        if cut:
            said = ", ".join(f"{100 * share:.0f} per cent in observation {name}" for name, share in cut.items())
            ctx.warn(
                f"source {source.name}: only a part of its box is exposed (a chip edge?): {said}; its background follows that"
            )
        rough |= {box.name: box.subpixel or "unknown" for box in source.observations if box.subpixel != "edser"}
    if rough:
        said = ", ".join(f"{name} ({how})" for name, how in sorted(rough.items()))
        ctx.warn(
            f"photons were not placed below a pixel by their grades (EDSER) in observation {said}: the PSF must be made in the "
            "same way, or the events reprocessed with pix_adj = EDSER"
        )


def _warn_of_neighbours(kept: Mapping[int, PhotonSet], rows: CandidateColumns, ctx: Context) -> None:
    """Boxes that hold two sources of the catalogue: these are no test of anything."""
    for i, source in kept.items():
        x, y = offsets(rows.ra, rows.dec, rows.ra[i], rows.dec[i])
        others = np.flatnonzero(source.box.holds(x, y) & (np.arange(x.size) != i))
        if others.size:
            said = ", ".join(f"{rows.name[j]} at {np.hypot(x[j], y[j]):.1f} arcsec" for j in others)
            ctx.warn(
                f"the box of source {source.name} holds further sources of the catalogue ({said}): more than one point source is "
                "known there already. A smaller box (boxes) asks about the source alone"
            )
