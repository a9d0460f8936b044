"""Known or supposed systems of several sources: how many photons they would give, and their photons."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.band import Band
from faintsky.core.component import option
from faintsky.core.errors import DataError
from faintsky.core.parameter import Parametric, values_of, with_values
from faintsky.core.response import Response
from faintsky.core.spectrum import Spectrum
from faintsky.models.conversions.band_factors import flux_per_count
from faintsky.models.conversions.unabsorbed import named
from faintsky.models.photons.planned_source import PlannedObservation, PlannedSource, angles, drawn_off_axis
from faintsky.models.photons.sky_sources import SkySources
from faintsky.models.spectra.absorption import COLUMN

__all__ = ["System", "expected_counts", "planned_system"]

Array = NDArray[np.float64]


@frozen(kw_only=True)
class System:
    """One to three sources next to each other, with their fluxes.

    Raises
    ------
    DataError
        Where fluxes and separations do not fit, or a number is not possible.
    """

    name: str = option(help="of the system")
    fluxes: tuple[float, ...] = option(unit="erg / (s cm2)", ge=0, help="of each source, as observed; the first is the primary")
    flux_band: Band = option(Band(0.5, 8), converter=Band.of, help="energies of the fluxes")
    nh: float | None = option(None, unit="cm-2", ge=0, help="column density at the sources; default: that of the spectrum")
    separations: tuple[float, ...] = option((), unit="arcsec", gt=0, help="of every further source from the primary")
    position_angles: tuple[float, ...] = option(
        (), unit="rad", help="from north through east, one for each separation; default: drawn at random"
    )
    redshift: float | None = option(None, ge=0, help="of all sources; default: unknown, and that of the spectrum")
    exposures: tuple[float, ...] = option((), unit="s", gt=0, help="of each observation")
    off_axis: tuple[float, float] = option(
        (0.0, float(np.deg2rad(3 / 60))), unit="rad", ge=0, help="[low, high]: drawn between them, evenly over the area"
    )

    def __attrs_post_init__(self) -> None:
        if not 1 <= len(self.fluxes) <= 3 or not self.fluxes[0] > 0:
            raise DataError(f"system {self.name}: fluxes of one to three sources are needed, that of the primary above 0")
        if len(self.separations) != len(self.fluxes) - 1:
            raise DataError(
                f"system {self.name}: {len(self.fluxes)} sources need {len(self.fluxes) - 1} separations from the primary, "
                f"got {len(self.separations)}"
            )
        if self.position_angles and len(self.position_angles) != len(self.separations):
            raise DataError(f"system {self.name}: give one position angle for each separation, or none")
        if not self.off_axis[0] <= self.off_axis[1]:
            raise DataError(f"system {self.name}: off_axis is [low, high], got {self.off_axis}")


def expected_counts(system: System, spectrum: Spectrum | None, response: Response | None, band: Band) -> Array:
    """Counts of each source in each observation.

    flux x exposure / (flux per count), the last one of the spectrum with the system's column density and redshift through the
    response. What vignetting takes off axis is not in a response made for the axis.

    Parameters
    ----------
    system : System
    spectrum : Spectrum
        Its parameters called ``redshift`` are set to that of the system, and the ``nh`` of the parts that have one to its N_H;
        its normalisation does not matter.
    response : Response
    band : Band
        Of the counts.

    Returns
    -------
    ndarray, shape (s, K)

    Raises
    ------
    DataError
        Where spectrum, response or exposures are missing, or the spectrum has nothing that absorbs at the source.
    """
    for missing, what, how in (
        (spectrum is None, "no spectrum", "name one, such as spectrum = { use = 'formula', formula = 'zwabs * zpowerlaw' }"),
        (response is None, "no response", "name one: fluxes become counts through an effective area"),
        (not system.exposures, "no exposure", "give exposures = ['49 ks'], one for each observation"),
    ):
        if missing:
            raise DataError(f"system {system.name} has {what}: {how}")
    assert spectrum is not None
    assert response is not None
    seen = _as_of(system, spectrum)
    per_count = flux_per_count(seen, response, system.flux_band, band)
    return np.outer(system.fluxes, system.exposures) / per_count


def _as_of(system: System, spectrum: Spectrum) -> Spectrum:
    """The spectrum at the redshift and behind the column density of a system."""
    known = values_of(spectrum) if isinstance(spectrum, Parametric) else {}
    redshifts = [name for name in known if name.rpartition(".")[2] == "redshift"]
    values: dict[str, Any] = {} if system.redshift is None else dict.fromkeys(redshifts, system.redshift)
    if system.nh is not None:
        owners = {name.rpartition(".")[0] for name in redshifts}
        columns = [name for name in (named(spectrum, "nh") if known else []) if name.rpartition(".")[0] in owners]
        if not columns:
            raise DataError(
                f"system {system.name} has N_H = {system.nh:g} cm^-2 at the source, but the spectrum {spectrum} absorbs nothing "
                "there: multiply it with zwabs, zphabs or ztbabs, or leave nh out"
            )
        values |= dict.fromkeys(columns, system.nh / COLUMN)
    return with_values(spectrum, values) if values else spectrum


def planned_system(system: System, counts: Array, background: float, name: str, rng: np.random.Generator) -> PlannedSource:
    """One realisation of a system: an off-axis angle, azimuths, rolls, and position angles where they are free.

    Parameters
    ----------
    system : System
    counts : ndarray, shape (s, K)
        Of `expected_counts`.
    background : float
        Photons of the background per second in the box.
    name : str
    rng : Generator
    """
    number = len(system.exposures)
    off_axis = float(drawn_off_axis(*system.off_axis, 1, rng)[0])
    turned = np.asarray(system.position_angles) if system.position_angles else angles(rng, len(system.separations))
    apart = np.asarray(system.separations)
    further = np.stack([-apart * np.sin(turned), apart * np.cos(turned)], axis=1)
    azimuth, roll = angles(rng, number), angles(rng, number)
    return PlannedSource(
        name=name,
        ra=float("nan"),
        dec=float("nan"),
        redshift=float("nan") if system.redshift is None else system.redshift,
        observations=tuple(
            PlannedObservation(
                name=f"{k + 1}",
                exposure=exposure,
                off_axis=off_axis,
                azimuth=float(azimuth[k]),
                roll=float(roll[k]),
                counts=float(counts[:, k].sum() + background * exposure),
            )
            for k, exposure in enumerate(system.exposures)
        ),
        sources=SkySources(
            offsets=np.concatenate([np.zeros((1, 2)), further]), ratios=np.asarray(system.fluxes) / system.fluxes[0]
        ),
    )
