"""A simulated sample of X-ray sources with their photons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.box import Box
from faintsky.core.catalogue import Catalogue
from faintsky.core.component import component, option, slot
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.paths import as_path
from faintsky.core.photon_box import PhotonBox
from faintsky.core.photon_sample import PhotonSample, PhotonSampleSource
from faintsky.core.photon_set import PhotonSet
from faintsky.core.psf import PSF, Place
from faintsky.core.psf_asymmetry import position_angle
from faintsky.core.response import ResponseSource
from faintsky.core.source_cuts import Candidate, Rejection, SourceCuts, nothing_left, selection_table
from faintsky.core.spectrum import Spectrum
from faintsky.models.photons.acis import ACIS_I, BACKGROUND, FRAME_TIME
from faintsky.models.photons.energy_pools import EnergyPools, spectrum_energies
from faintsky.models.photons.expected_photons import ExpectedPhotons
from faintsky.models.photons.paper_sample import drawn_plan
from faintsky.models.photons.planned_source import PlannedObservation, PlannedSource, angles, planned_of_table
from faintsky.models.photons.simulation import exposed
from faintsky.models.photons.sky_sources import SkySources
from faintsky.models.photons.systems import System, expected_counts, planned_system
from faintsky.models.spectra.powerlaw import PowerLaw

__all__ = ["SimulatedPhotons"]

Array = NDArray[np.float64]

#: Number of energies that the background is drawn from.
_ENERGIES = 4096


def _one_or_two(_: object, attribute: attrs.Attribute[tuple[float, ...]], value: tuple[float, ...]) -> None:
    if len(value) not in (1, 2) or value[0] > value[-1]:
        raise ValueError(f"{attribute.name} is one value, or [low, high]; got {list(value)}")


@component(references=["Sandoval2024"])
@frozen(kw_only=True)
class SimulatedPhotons(PhotonSampleSource):
    """A simulated sample of single and dual X-ray sources, with the photons of each observation.

    Its sources are one of four things: those of `table`; `number` sources with the same `exposures`, `off_axis` and `counts`;
    the `systems`; or, where none of these is given, sources like those of Sandoval et al. (2024)
    (`faintsky.models.photons.paper_sample`).

    A source is dual with the probability `dual_fraction`. Its nominal position is the centre of its light, off by
    `position_error`; each observation but the longest one is shifted by a normal error. The background is uniform over the box
    and in energy, as that of particles roughly is. The random numbers of a source hang on the seed, `sky` and its place in the
    list alone, so that another `psf` sees the same sky.
    """

    psf: PSF = slot("two-king", help="the PSF that photons are scattered by; a fit may assume another one")
    sky: str = option("photons", help="name of the sky: another name draws another sample")
    number: int | None = option(None, ge=1, help="of sources (of each system); default: 62 like the paper's, else 1")
    table: Path | None = option(
        None,
        converter=as_path,
        help="rows of sources and observations: name, observation, exposure [ks], off_axis [arcmin], counts [, azimuth, roll]",
    )
    exposures: tuple[float, ...] = option((), unit="s", gt=0, help="of each observation of every source")
    off_axis: tuple[float, ...] = option((), unit="rad", ge=0, help="with exposures: one for each; default: on axis")
    counts: float = option(100.0, gt=0, help="with exposures: photons in the boxes of all observations, background included")
    redshift: float | None = option(None, ge=0, help="with exposures; default: unknown")
    systems: tuple[System, ...] = option((), help="systems of known fluxes")
    spectrum: Spectrum | None = option(None, help="of all sources; default: a power law of photon index 1.8. Systems need one")
    response: ResponseSource | None = option(None, help="effective area; default: like ACIS-I at launch. Systems need one")
    dual_fraction: float = option(0.0, ge=0, le=1, help="probability that a source is dual; 1: all are")
    separation: tuple[float, ...] = option(
        ("0.5 arcsec", "3 arcsec"),
        unit="arcsec",
        gt=0,
        validator=_one_or_two,
        help="of duals: [value], or uniform in [low, high]",
    )
    ratio: tuple[float, ...] = option(
        (0.1, 1.0), gt=0, validator=_one_or_two, help="secondary over primary counts: [value], or log-uniform in [low, high]"
    )
    position_angle: float | None = option(None, unit="rad", help="of the secondary, north through east; default: at random")
    scatter: str = option("fixed", choices=("fixed", "poisson"), help="photons of a source: exactly its counts, or Poisson")
    position_error: float = option("0.3 arcsec", unit="arcsec", ge=0, help="of nominal positions, 1 sigma per axis; assumed")
    shift: float = option("0.5 arcsec", unit="arcsec", ge=0, help="astrometric shift, 1 sigma per axis; assumed")
    box: float = option("20 arcsec", unit="arcsec", gt=0, help="side of the box of photons")
    background: float = option(BACKGROUND, unit="1 / (s arcsec2)", ge=0, help="background; default: of ACIS-I, 0.5-8 keV")
    background_area: float = option("2100 arcsec2", unit="arcsec2", gt=0, help="where it is measured: 50 by 50 without the box")
    frame_time: float = option(FRAME_TIME, unit="s", ge=0, help="of one frame; 0: unknown")

    def __attrs_post_init__(self) -> None:
        given = [name for name in ("table", "exposures", "systems") if getattr(self, name)]
        if len(given) > 1:
            raise DataError(f"sources come from {' or '.join(given)}: give one of them")
        if self.off_axis and len(self.off_axis) != len(self.exposures):
            raise DataError(f"off_axis has {len(self.off_axis)} angles for {len(self.exposures)} exposures: give one for each")
        if self.table and self.number is not None:
            raise DataError("number: a table says itself how many sources there are")

    def load(self, cuts: SourceCuts, ctx: Context) -> PhotonSample:
        """Draw the sample and apply the cuts.

        Raises
        ------
        DataError
            Where the table is wrong, a system lacks spectrum, response or exposures, the background alone gives more photons than
            a source is to have, or no source is left.
        """
        plan = self._plan(cuts, ctx)
        double = next((s.name for i, s in enumerate(plan) if any(s.name == other.name for other in plan[:i])), None)
        if double is not None:
            raise DataError(f"two sources are called {double!r}: give each a name of its own")
        energies = self._energies(cuts, ctx)
        verdicts = cuts.rows(redshift=[s.redshift for s in plan], counts=[s.counts for s in plan])
        candidates, kept, truth = [], [], []
        for i, (planned, verdict) in enumerate(zip(plan, verdicts, strict=True)):
            rng = ctx.shared_rng(f"photons:{self.sky}:{i}")
            candidate, data, sources = self._observed(planned, verdict, cuts, energies, rng)
            candidates.append(candidate)
            if data is not None and sources is not None:
                kept.append(data)
                truth.append(sources)
        if not kept:
            raise nothing_left(candidates)
        return PhotonSample(sources=tuple(kept), selection=selection_table(candidates), truth=_truth(kept, truth))

    def _plan(self, cuts: SourceCuts, ctx: Context) -> tuple[PlannedSource, ...]:
        rng = ctx.shared_rng(f"photons:{self.sky}:plan")
        per_second = self.background * self.box**2
        if self.table:
            return planned_of_table(self.table, rng)
        if self.exposures:
            return tuple(self._alike(f"source-{i + 1}", per_second, rng) for i in range(self.number or 1))
        if self.systems:
            response = None if self.response is None else self.response.load(ctx)
            counts = [expected_counts(system, self.spectrum, response, cuts.band) for system in self.systems]
            repeats = range(self.number or 1)
            return tuple(
                planned_system(system, each, per_second, system.name if len(repeats) == 1 else f"{system.name}-{i + 1}", rng)
                for system, each in zip(self.systems, counts, strict=True)
                for i in repeats
            )
        return drawn_plan(62 if self.number is None else self.number, per_second, rng)

    def _alike(self, name: str, per_second: float, rng: np.random.Generator) -> PlannedSource:
        exposure = np.array(self.exposures)
        off_axis = np.array(self.off_axis or [0.0] * len(self.exposures))
        stray = per_second * exposure
        counts = stray + (self.counts - stray.sum()) * exposure / exposure.sum()
        return PlannedSource(
            name=name,
            ra=float("nan"),
            dec=float("nan"),
            redshift=float("nan") if self.redshift is None else self.redshift,
            observations=tuple(
                PlannedObservation(name=f"{k + 1}", exposure=time, off_axis=theta, azimuth=azimuth, roll=roll, counts=photons)
                for k, (time, theta, azimuth, roll, photons) in enumerate(
                    np.stack([exposure, off_axis, angles(rng, len(exposure)), angles(rng, len(exposure)), counts], 1).tolist()
                )
            ),
        )

    def _energies(self, cuts: SourceCuts, ctx: Context) -> EnergyPools:
        spectrum = PowerLaw(photon_index=1.8) if self.spectrum is None else self.spectrum
        response = (ACIS_I if self.response is None else self.response).load(ctx)
        flat = cuts.band.low + (cuts.band.high - cuts.band.low) * (np.arange(_ENERGIES) + 0.5) / _ENERGIES
        return EnergyPools(sources=spectrum_energies(spectrum, response, cuts.band), background=flat)

    def _observed(
        self,
        planned: PlannedSource,
        verdict: Rejection | None,
        cuts: SourceCuts,
        energies: EnergyPools,
        rng: np.random.Generator,
    ) -> tuple[Candidate, PhotonSet | None, SkySources | None]:
        names = [o.name for o in planned.observations]
        off_axis = np.array([o.off_axis for o in planned.observations])
        exposure = np.array([o.exposure for o in planned.observations])
        chosen = np.arange(len(names))
        data = sources = None
        if verdict is None:
            used, verdict = cuts.observations(names, off_axis, exposure)
            if verdict is None:
                sources = self._sources(planned, rng)
                data = self._photons(planned, sources, [names[i] for i in used], energies, rng)
                chosen, available = used, int(np.sum(off_axis <= cuts.max_off_axis))
                verdict = cuts.photons(len(data), len(used), available)
        candidate = Candidate(
            name=planned.name,
            ra=planned.ra,
            dec=planned.dec,
            redshift=planned.redshift,
            counts=planned.counts,
            observations=len(chosen),
            exposure=float(exposure[chosen].sum()),
            off_axis=float(np.average(off_axis[chosen], weights=exposure[chosen])),
            rejection=verdict,
        )
        return candidate, data if verdict is None else None, sources

    def _sources(self, planned: PlannedSource, rng: np.random.Generator) -> SkySources:
        """What stands there, about the centre of its light, which the catalogue misses by its error."""
        drawn = rng.random(4)
        said = planned.sources
        if said is None:
            said = SkySources.single()
            if drawn[0] < self.dual_fraction:
                low, high = self.separation[0], self.separation[-1]
                ratio = self.ratio[0] * (self.ratio[-1] / self.ratio[0]) ** drawn[2]
                turned = 2 * np.pi * drawn[3] if self.position_angle is None else self.position_angle
                said = SkySources.dual(low + (high - low) * drawn[1], turned, ratio)
        missed = rng.normal(0.0, 1.0, 2) * self.position_error
        return attrs.evolve(said, offsets=said.offsets - said.share @ said.offsets + missed)

    def _photons(
        self,
        planned: PlannedSource,
        sources: SkySources,
        used: Sequence[str],
        energies: EnergyPools,
        rng: np.random.Generator,
    ) -> PhotonSet:
        """Photons of all observations, of which those that are used are kept: what is cut does not change the others."""
        blank = PhotonSet(
            name=planned.name,
            ra=planned.ra,
            dec=planned.dec,
            redshift=planned.redshift,
            observations=tuple(self._blank(planned, observation) for observation in planned.observations),
        )
        wanted = {o.name: o.counts for o in planned.observations}
        photons = np.array([wanted[box.name] for box in blank.observations])
        stray = np.array([self.background * self.box**2 * box.exposure for box in blank.observations])
        low = photons.sum() - stray.sum()
        if low < 0:
            raise DataError(
                f"source {planned.name} is to have {photons.sum():g} photons, but the background alone gives {stray.sum():.1f} "
                f"in its boxes: raise counts, or lower background ({self.background:g} / (s arcsec2)) or exposures"
            )
        net = np.maximum(photons - stray, 0.0)
        expected = ExpectedPhotons(sources=net * low / max(net.sum(), 1e-300), background=stray)
        numbers = expected.numbers(rng, total=round(expected.total) if self.scatter == "fixed" else None)
        shifts = rng.normal(0.0, 1.0, (len(photons), 2)) * self.shift
        shifts[0] = 0.0
        found = exposed(blank, sources, self.psf, rng, numbers=numbers, background=stray, energies=energies, shifts=shifts)
        return attrs.evolve(found, observations=tuple(box for box in found.observations if box.name in used))

    def _blank(self, planned: PlannedSource, observation: PlannedObservation) -> PhotonBox:
        place = Place(
            off_axis=observation.off_axis,
            azimuth=observation.azimuth,
            roll=observation.roll,
            observation=observation.name,
            source=planned.name,
        )
        return PhotonBox(
            x=[],
            y=[],
            energy=[],
            box=Box.square(self.box),
            place=place,
            exposure=observation.exposure,
            background_area=self.background_area,
            frame_time=self.frame_time,
            subpixel="edser",
        )


def _truth(data: Sequence[PhotonSet], sources: Sequence[SkySources]) -> Catalogue:
    """A row for each source; separation, ratio and position angle are those of the second source, NaN of a single one."""
    rows = [(*s.offsets[1] - s.offsets[0], s.ratios[1]) if len(s) > 1 else (np.nan, np.nan, np.nan) for s in sources]
    dx, dy, ratio = np.array(rows, dtype=float).T
    return Catalogue(
        columns={
            "name": np.array([source.name for source in data], dtype=str),
            "number": np.array([len(s) for s in sources], dtype=float),
            "separation": np.hypot(dx, dy),
            "ratio": ratio,
            "position_angle": position_angle(dx, dy),
            "x": np.array([s.offsets[0, 0] for s in sources]),
            "y": np.array([s.offsets[0, 1] for s in sources]),
        },
        units={"separation": "arcsec", "position_angle": "rad", "x": "arcsec", "y": "arcsec"},
        name="truth",
    )
