"""Reads an event file in the style of Chandra, XMM, eROSITA or a simulator into an `EventList`."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.errors import DataError, nearest
from faintsky.core.event_list import EventList
from faintsky.core.units import unit_factor

__all__ = ["quiet_fits", "read_events"]

#: Width of a PI channel of ACIS [keV]: PI = floor(E / 14.6 eV) + 1 (CXC level-2 convention).
ACIS_CHANNEL = 0.0146
_TIME_FACTS = ("OBS_ID", "TELESCOP", "INSTRUME", "DETNAM", "OBJECT", "DATE-OBS", "EXPOSURE", "LIVETIME", "ONTIME")


@contextmanager
def quiet_fits() -> Iterator[None]:
    """Silence the deprecation warnings about header cards (RADECSYS, MJDREF) that say nothing about the data."""
    with warnings.catch_warnings():
        from astropy.utils.exceptions import AstropyWarning
        from astropy.wcs import FITSFixedWarning

        for category in (FITSFixedWarning, AstropyWarning):
            warnings.filterwarnings("ignore", category=category)
        yield


def read_events(path: Path, ctx: Context) -> EventList:
    """Read one event file.

    Parameters
    ----------
    path : Path
        A FITS file with a table ``EVENTS``; columns are found by name, in any case. Needed: x, y, and energy or pi.
    ctx : Context
        Is told what a referee would ask about.

    Returns
    -------
    EventList
        The events within the good time of their own chip.

    Raises
    ------
    DataError
        Where the file is missing or no event file, holds no event or no sky column, or has no energies.
    """
    from astropy.io import fits

    if not path.exists():
        raise DataError(f"there is no event file {path}")
    said: list[str] = []
    with quiet_fits(), fits.open(path) as hdus:
        table = _events_table(hdus, path)
        header, names = table.header, list(table.columns.names)
        if len(table.data) == 0:
            raise DataError(
                f"{path.name} holds 0 events (a structure without rows); columns: {', '.join(names)}. "
                "Was the file filtered to nothing?"
            )
        number = {name.lower(): i + 1 for i, name in reversed(list(enumerate(names)))}
        missing = [name for name in ("x", "y") if name not in number]
        if missing:
            raise DataError(
                f"{path.name} has no sky column {' and '.join(missing)}; its columns are {', '.join(names)}. "
                f"{nearest(missing[0], names)} Events need sky positions: reprocess with sky coordinates".replace("  ", " ")
            )
        data = table.data
        x, y = (np.asarray(data.field(number[name] - 1), dtype=np.float64) for name in ("x", "y"))
        energy = _energies(header, data, number, path, said)
        time = np.asarray(data.field(number["time"] - 1), dtype=np.float64) if "time" in number else None
        chip = next((name for name in ("ccd_id", "ccdnr", "tm_nr") if name in number), "")
        ccd = np.asarray(data.field(number[chip] - 1), dtype=np.int64) if chip else np.zeros(x.size, dtype=np.int64)
        gti = _good_times(hdus, header, np.unique(ccd), path, said)
        wcs_header, pixel = _sky_wcs(header, number)
        live = _live_fraction(header, said)
        facts = {key: header[key] for key in _TIME_FACTS if key in header}
        primary = hdus[0].header
        obs_id = str(header.get("OBS_ID", primary.get("OBS_ID", path.name.split(".")[0])))
    events = EventList(
        x=x,
        y=y,
        energy=energy,
        ccd=ccd,
        time=time,
        gti=gti,
        live_fraction=live,
        obs_id=obs_id,
        wcs_header=wcs_header,
        pixel=pixel,
        facts={"file": path.name} | {str(key): value for key, value in facts.items()},
    )
    good = events.is_good()
    if not good.all():
        said.append(f"{int((~good).sum())} of {good.size} events lie outside the good time of their chip: left out")
        events = events.select(good)
    if not len(events):
        raise DataError(f"no event of {path.name} lies within its good time intervals")
    said += _disagreement(events, header)
    for sentence in said:
        ctx.warn(f"{path.name}: {sentence}")
    import attrs

    return attrs.evolve(events, warnings=tuple(said))


def _events_table(hdus: Any, path: Path) -> Any:
    tables = [hdu for hdu in hdus if hasattr(hdu, "columns")]
    named = [hdu for hdu in tables if hdu.name.upper().startswith("EVENTS")]
    if not named:
        found = ", ".join(hdu.name or "(unnamed)" for hdu in hdus)
        raise DataError(f"{path.name} has no table EVENTS, only {found}: it is no event file")
    return next((hdu for hdu in named if hdu.name.upper() == "EVENTS"), named[0])


def _energies(header: Any, data: Any, number: Mapping[str, int], path: Path, said: list[str]) -> NDArray[np.float64]:
    telescope, instrument = (str(header.get(key, "")).upper().strip() for key in ("TELESCOP", "INSTRUME"))
    if "energy" in number:
        column = number["energy"]
        unit = str(header.get(f"TUNIT{column}", "")).strip()
        if not unit:
            if "CHANDRA" not in telescope:
                raise DataError(
                    f"the column energy of {path.name} has no unit (TUNIT{column}), and only for Chandra is it known to "
                    "be eV: set the card"
                )
            unit = "eV"
            said.append("the column energy has no unit; taken as eV, which Chandra writes")
        return np.asarray(data.field(column - 1), dtype=np.float64) * unit_factor(unit, "keV")
    if "pi" not in number:
        raise DataError(f"{path.name} has neither energy nor pi: no band can be cut. Columns: {', '.join(data.columns.names)}")
    channel = np.asarray(data.field(number["pi"] - 1), dtype=np.float64)
    if "ACIS" in instrument:
        said.append("no column energy: taken from PI as (PI - 0.5) x 14.6 eV, good to half a channel")
        return (channel - 0.5) * ACIS_CHANNEL
    unit = str(header.get(f"TUNIT{number['pi']}", "")).strip()
    if unit.lower() in ("ev", "kev") or "XMM" in telescope or "EROSITA" in telescope + instrument:
        said.append(f"no column energy: taken from PI, in {unit or 'eV'}")
        return channel * unit_factor("keV" if unit.lower() == "kev" else "eV", "keV")
    raise DataError(
        f"{path.name} has no column energy, and the width of a PI channel of {telescope or 'an unnamed telescope'} "
        f"{instrument} is not known here: add a column energy with its unit"
    )


def _good_times(
    hdus: Any, header: Any, chips: Sequence[int] | NDArray[Any], path: Path, said: list[str]
) -> dict[int, NDArray[np.float64]]:
    """The good times of each chip: by CCD_ID, the number in the name (STDGTI01), DSREF, or EXTVER; never summed."""
    tables = [h for h in hdus if hasattr(h, "columns") and re.match(r"^(STD)?GTI", h.name.upper())]
    if not tables:
        raise DataError(
            f"{path.name} has no good time intervals (GTI, STDGTI), so its live time is not known: headers cannot be "
            "trusted for it"
        )
    referred = _referred(header)
    found: dict[int, list[NDArray[np.float64]]] = {}
    for hdu in tables:
        names = {name.lower(): name for name in hdu.columns.names}
        if not {"start", "stop"} <= set(names):
            raise DataError(f"the table {hdu.name} of {path.name} has no columns START and STOP")
        rows = np.column_stack([np.asarray(hdu.data[names[n]], dtype=np.float64) for n in ("start", "stop")])
        for chip in _chips_of(hdu, tables, referred, chips):
            found.setdefault(chip, []).append(rows)
    doubled = [chip for chip, rows in found.items() if len(rows) > 1]
    if doubled:
        raise DataError(f"{path.name} has several tables of good times for chip {doubled[0]}: which holds is not known")
    gti = {chip: rows[0] for chip, rows in found.items()}
    without = [int(chip) for chip in chips if int(chip) not in gti]
    if without:
        said.append(f"no good time intervals of chip {', '.join(map(str, without))}: its events are left out")
    return gti


def _chips_of(hdu: Any, tables: Sequence[Any], referred: Mapping[str, list[int]], chips: Any) -> list[int]:
    if "CCD_ID" in hdu.header:
        return [int(hdu.header["CCD_ID"])]
    suffix = re.search(r"(\d+)$", hdu.name)
    if suffix and hdu.name.upper() in referred:
        return referred[hdu.name.upper()]
    if suffix:
        return [int(suffix.group(1))]
    version = hdu.header.get("EXTVER")
    if version is not None and f"{hdu.name.upper()}{version}" in referred:
        return referred[f"{hdu.name.upper()}{version}"]
    if len(tables) == 1 or version is None:
        return [int(chip) for chip in chips]
    return [int(version)]


def _referred(header: Any) -> dict[str, list[int]]:
    """The data subspace: which chips each table of good times belongs to (``2DSREF1 = ':GTI2'``, ``2DSVAL2 = '2:2'``)."""
    found: dict[str, list[int]] = {}
    for key in list(header):
        match = re.match(r"^(\d*)DSREF(\d+)$", key)
        if not match:
            continue
        part = match.group(1)
        for n in range(1, 20):
            if str(header.get(f"DSTYP{n}", "")).lower() not in ("ccd_id", "ccdnr"):
                continue
            said = str(header.get(f"{part}DSVAL{n}", ""))
            chips = [c for low, high in re.findall(r"(\d+):(\d+)", said) for c in range(int(low), int(high) + 1)]
            found.setdefault(str(header[key]).lstrip(":").upper(), []).extend(chips)
    return {name: chips for name, chips in found.items() if chips}


def _sky_wcs(header: Any, number: Mapping[str, int]) -> tuple[str, tuple[float, float]]:
    """Header text of the WCS of the columns x and y, found by name, and the pixel size (dy, dx) [rad]."""
    from astropy.io import fits

    card = fits.Header()
    for axis, name in ((1, "x"), (2, "y")):
        n = number[name]
        reference = "REFX" if axis == 1 else "REFY"  # XMM keeps a copy under these names
        for image, column, other in (
            ("CTYPE", "TCTYP", "CTYP"),
            ("CRVAL", "TCRVL", "CRVL"),
            ("CRPIX", "TCRPX", "CRPX"),
            ("CDELT", "TCDLT", "CDLT"),
            ("CUNIT", "TCUNI", "CUNI"),
        ):
            value = header.get(f"{column}{n}", header.get(f"{reference}{other}"))
            if value is not None:
                card[f"{image}{axis}"] = value
            elif image != "CUNIT":
                return "", (0.0, 0.0)
    if "RADESYS" in header or "RADECSYS" in header:
        card["RADESYS"] = header.get("RADESYS", header.get("RADECSYS"))
    if "EQUINOX" in header:
        card["EQUINOX"] = header["EQUINOX"]
    for i in (1, 2):  # TPCi_j and TCROT are rare; a rotated event WCS keeps its angle
        if f"TCROT{number['y']}" in header and i == 2:
            card["CROTA2"] = header[f"TCROT{number['y']}"]
    factor = unit_factor(str(card.get("CUNIT1", "deg")), "rad")
    return card.tostring(), (abs(float(card["CDELT2"])) * factor, abs(float(card["CDELT1"])) * factor)


def _live_fraction(header: Any, said: list[str]) -> float:
    """DTCOR, or live time over on-time of the header where an instrument writes no DTCOR, or 1."""
    given = header.get("DTCOR")
    if given is not None and 0 < float(given) <= 1:
        return float(given)
    live, on = header.get("LIVETIME"), header.get("ONTIME")
    if live and on and 0 < float(live) / float(on) <= 1:
        said.append(f"no DTCOR: live fraction {float(live) / float(on):.4f} taken as LIVETIME / ONTIME")
        return float(live) / float(on)
    said.append("neither DTCOR nor LIVETIME and ONTIME: no dead time is corrected")
    return 1.0


def _disagreement(events: EventList, header: Any) -> list[str]:
    """Where the header's time differs by more than 1 % from good time x live fraction."""
    live = events.exposure
    for key in ("EXPOSURE", "LIVETIME"):
        said = header.get(key)
        if said and abs(float(said) / live - 1) > 0.01:
            good = live / events.live_fraction
            return [
                f"the header says {key} = {float(said):.1f} s, but the good time intervals hold {good:.1f} s, live "
                f"{live:.1f} s (x {events.live_fraction:.4f}): a factor {float(said) / live:.3g}; the good time counts"
            ]
    return []
