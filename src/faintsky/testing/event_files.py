"""Writes small event files and exposure maps in the style of Chandra or XMM, so that tests need no archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["write_aspect", "write_events", "write_exposure"]


def write_events(
    path: Path,
    *,
    x: ArrayLike,
    y: ArrayLike,
    energy_ev: ArrayLike | None = None,
    pi: ArrayLike | None = None,
    time: ArrayLike | None = None,
    ccd: ArrayLike | None = None,
    gti: Mapping[int, Sequence[tuple[float, float]]] | None = None,
    style: str = "chandra",
    centre: tuple[float, float] = (150.0, 2.2),
    pixel_arcsec: float = 0.5,
    dtcor: float | None = 0.9,
    header: Mapping[str, Any] | None = None,
    wcs: bool = True,
) -> Path:
    """Write an event file.

    Parameters
    ----------
    path : Path
    x, y : array_like, shape (n,)
        1-based sky pixels; the pixel (4096.5, 4096.5) lies at `centre` [deg], north up.
    energy_ev, pi, time, ccd : array_like, shape (n,), optional
        Columns; those that are None are left out.
    gti : mapping of int to intervals
        Good times of each chip [s]; by default one from 0 to 1000 for each.
    style : {"chandra", "xmm"}
        Lower-case columns and GTI tables by EXTVER, or upper-case columns and STDGTI01 tables.
    centre, pixel_arcsec
        Of the sky columns.
    dtcor : float, optional
    header : mapping
        Further cards of the table of events.
    wcs : bool
        Whether the sky columns carry their WCS.

    Returns
    -------
    Path
    """
    from astropy.io import fits

    upper = style == "xmm"
    number = np.asarray(x).size
    chips = np.full(number, 7 if not upper else 1) if ccd is None else np.asarray(ccd)
    given = [
        ("time", "D", "s", time),
        ("ccdnr" if upper else "ccd_id", "I", None, chips),
        ("x", "E", "pixel", x),
        ("y", "E", "pixel", y),
        ("energy", "E", "eV", energy_ev),
        ("pi", "J", "chan", pi),
    ]
    columns = [
        fits.Column(name=name.upper() if upper else name, format=form, unit=unit, array=np.asarray(values))
        for name, form, unit, values in given
        if values is not None
    ]
    table = fits.BinTableHDU.from_columns(columns, name="EVENTS")
    names = [column.name.lower() for column in columns]
    step = pixel_arcsec / 3600
    if wcs:
        for name, kind, value, delta in (("x", "RA---TAN", centre[0], -step), ("y", "DEC--TAN", centre[1], step)):
            n = names.index(name) + 1
            for key, said in (("TCTYP", kind), ("TCRVL", value), ("TCRPX", 4096.5), ("TCDLT", delta), ("TCUNI", "deg")):
                table.header[f"{key}{n}"] = said
    table.header["TELESCOP"] = "XMM" if upper else "CHANDRA"
    table.header["INSTRUME"] = "EPN" if upper else "ACIS"
    table.header["OBS_ID"] = "1"
    if dtcor is not None:
        table.header["DTCOR"] = dtcor
    for key, value in (header or {}).items():
        table.header[key] = value
    hdus = [fits.PrimaryHDU(), table]
    intervals = gti if gti is not None else {int(chip): [(0.0, 1000.0)] for chip in np.unique(chips)}
    for chip, rows in intervals.items():
        start, stop = np.array(rows, dtype=float).reshape(-1, 2).T
        good = fits.BinTableHDU.from_columns(
            [fits.Column(name="START", format="D", array=start), fits.Column(name="STOP", format="D", array=stop)],
            name=f"STDGTI{chip:02d}" if upper else "GTI",
        )
        if not upper:
            good.header["EXTVER"] = chip
        hdus.append(good)
    fits.HDUList(hdus).writeto(path)
    return path


def write_aspect(
    path: Path, *, time: ArrayLike, ra: ArrayLike, dec: ArrayLike, roll: ArrayLike, header: Mapping[str, Any] | None = None
) -> Path:
    """Write an aspect solution: columns time [s], ra, dec and roll [deg], each of shape (n,); `header` holds further cards."""
    from astropy.io import fits

    given = (("time", "s", time), ("ra", "deg", ra), ("dec", "deg", dec), ("roll", "deg", roll))
    columns = [fits.Column(name=name, format="D", unit=unit, array=np.asarray(values)) for name, unit, values in given]
    table = fits.BinTableHDU.from_columns(columns, name="ASPSOL")
    for key, value in (header or {}).items():
        table.header[key] = value
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path)
    return path


def write_exposure(path: Path, values: ArrayLike, grid: Any, unit: str | None = "cm**2 s") -> Path:
    """Write an exposure map on a grid with WCS; `unit` None leaves BUNIT out."""
    from astropy.io import fits

    header = fits.Header.fromstring(grid.header)
    if unit is not None:
        header["BUNIT"] = unit
    fits.writeto(path, np.asarray(values, dtype=np.float32), header)
    return path
