"""What a simulated sample is to observe, before any photon is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.catalogue import Catalogue
from faintsky.core.errors import DataError
from faintsky.models.photons.sky_sources import SkySources

__all__ = ["PlannedObservation", "PlannedSource", "angles", "drawn_off_axis", "planned_of_table"]

Array = NDArray[np.float64]

#: Columns of a table of sources and observations, with the unit of those that come without one.
_NEEDED = {"exposure": "ks", "off_axis": "arcmin", "counts": ""}
_OPTIONAL = {"azimuth": "rad", "roll": "rad", "redshift": "", "ra": "deg", "dec": "deg"}


@frozen(kw_only=True)
class PlannedObservation:
    """One observation of a planned source.

    Attributes
    ----------
    name : str
    exposure : float
        [s]
    off_axis, azimuth, roll : float
        [rad]
    counts : float
        Photons expected in the box, background included.
    """

    name: str
    exposure: float
    off_axis: float
    azimuth: float
    roll: float
    counts: float


@frozen(kw_only=True)
class PlannedSource:
    """A source and its observations.

    Attributes
    ----------
    name : str
    ra, dec : float
        [deg]
    redshift : float
        NaN where unknown.
    observations : tuple of PlannedObservation
    sources : SkySources, optional
        What stands there; None: it is drawn with the sample.
    """

    name: str
    ra: float
    dec: float
    redshift: float
    observations: tuple[PlannedObservation, ...]
    sources: SkySources | None = None

    @property
    def counts(self) -> float:
        """Photons expected in all observations."""
        return float(sum(observation.counts for observation in self.observations))


def angles(rng: np.random.Generator, number: int) -> Array:
    """Directions all around [rad], shape (number,)."""
    return np.asarray(rng.uniform(0.0, 2 * np.pi, number))


def drawn_off_axis(low: float, high: float, number: int, rng: np.random.Generator) -> Array:
    """Off-axis angles between two, of sources spread evenly over the area, shape (number,), in the unit of the ends.

    The share of the area within theta is (theta^2 - low^2) / (high^2 - low^2); it is inverted (inverse transform sampling).
    """
    return np.asarray(np.sqrt(low**2 + rng.random(number) * (high**2 - low**2)))


def planned_of_table(path: Path, rng: np.random.Generator) -> tuple[PlannedSource, ...]:
    """The plan of a table (ECSV, CSV, FITS) with a row for each source and observation.

    Columns ``name`` (of the source), ``observation``, ``exposure`` [ks], ``off_axis`` [arcmin], ``counts`` (expected in the box,
    background included); optional ones ``azimuth`` and ``roll`` [rad] (drawn at random where absent), ``redshift``, ``ra`` and
    ``dec`` [deg]. A column with a unit of its own is converted.

    Raises
    ------
    DataError
        Where the table cannot be read, lacks a column (with the nearest name), or a value is missing or not possible.
    """
    table = _read(path)
    rows = len(table)
    if not rows:
        raise DataError(f"{path} has no rows: one for each source and observation is needed")
    columns = {"name": "name", "observation": "observation"} | {name: name for name in _NEEDED}
    known = {name.lower() for name in table.colnames}
    columns |= {name: name for name in _OPTIONAL if name in known}
    units = {name: unit for name, unit in (_NEEDED | _OPTIONAL).items() if unit and name in columns}
    found = Catalogue.from_table(table, columns, units, name=str(path))
    for name in _NEEDED:
        bad = np.flatnonzero(~(found[name] >= 0)) if name != "exposure" else np.flatnonzero(~(found[name] > 0))
        if bad.size:
            raise DataError(f"{path}, row {bad[0] + 1}: {name} is {found[name][bad[0]]:g}; it must be known and not negative")
    values: dict[str, Array] = {name: found[name] for name in columns if name not in ("name", "observation")}
    values["exposure"] = values["exposure"] * 1000
    values["off_axis"] = np.deg2rad(values["off_axis"] / 60)
    values = {"azimuth": angles(rng, rows), "roll": angles(rng, rows)} | values
    names = np.array([_text(name) for name in found["name"]])
    observations = [_text(name) for name in found["observation"]]
    return tuple(_planned(str(name), np.flatnonzero(names == name), values, observations) for name in dict.fromkeys(names))


def _planned(name: str, rows: NDArray[np.intp], values: Mapping[str, Array], observations: Sequence[str]) -> PlannedSource:
    def first(column: str) -> float:
        return float(values[column][rows[0]]) if column in values else float("nan")

    parts = ("exposure", "off_axis", "azimuth", "roll", "counts")
    return PlannedSource(
        name=name,
        ra=first("ra"),
        dec=first("dec"),
        redshift=first("redshift"),
        observations=tuple(
            PlannedObservation(name=observations[i], **{part: float(values[part][i]) for part in parts}) for i in rows
        ),
    )


def _text(value: Any) -> str:
    """A name, also where it is a number, as ObsIDs are."""
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value).strip()


def _read(path: Path) -> Any:
    from astropy.table import Table

    try:
        table = Table.read(path)
        table.convert_bytestring_to_unicode()
        return table
    except Exception as error:
        raise DataError(f"{path} is no table that astropy can read (ECSV, CSV, FITS): {str(error).splitlines()[0]}") from error
