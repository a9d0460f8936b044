"""Counts spectra (PHA files)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.counts_spectrum import CountsSpectrum
from faintsky.core.errors import DataError
from faintsky.plugins.ogip.table_hdu import column, opened

__all__ = ["Pha", "read_pha"]


@frozen(kw_only=True)
class Pha:
    """A PHA file: its spectrum, and the names that its header keeps.

    Attributes
    ----------
    counts : CountsSpectrum
        With the background, where the same file holds it.
    background, arf, rmf : str
        BACKFILE, ANCRFILE and RESPFILE; empty where the header says none.
    epoch : str
        DATE-OBS, or the observations; empty where the header says neither.
    """

    counts: CountsSpectrum
    background: str
    arf: str
    rmf: str
    epoch: str


def read_pha(path: Path) -> Pha:
    """Read a PHA file of type I; of two spectra in it, the one that is called background is the background.

    Raises
    ------
    DataError
        Where the file holds no spectrum, one of type II, or rates without an exposure.
    """
    with opened(path) as hdus:
        tables = [hdu for hdu in hdus if getattr(hdu, "columns", None) is not None]
        found = [hdu for hdu in tables if hdu.header.get("HDUCLAS1") == "SPECTRUM" or hdu.name == "SPECTRUM"]
        if not found:
            raise DataError(f"{path.name} holds no SPECTRUM; its tables are {', '.join(h.name for h in tables) or 'none'}")
        backgrounds = [hdu for hdu in found if str(hdu.header.get("HDUCLAS2", "")).strip() == "BKG"]
        sources = [hdu for hdu in found if hdu not in backgrounds] or backgrounds
        if len(sources) > 1:
            raise DataError(f"{path.name} holds {len(sources)} source spectra: split the file")
        counts = _counts(sources[0], path)
        if backgrounds and sources[0] is not backgrounds[0]:
            counts = attrs.evolve(counts, background=_counts(backgrounds[0], path))
        header = sources[0].header
        return Pha(
            counts=counts,
            background=_name(header, "BACKFILE"),
            arf=_name(header, "ANCRFILE"),
            rmf=_name(header, "RESPFILE"),
            epoch=str(header.get("DATE-OBS", "")).strip() or _observations(header),
        )


def _name(header: Any, key: str) -> str:
    said = str(header.get(key, "")).strip()
    return "" if said.lower() == "none" else said


def _observations(header: Any) -> str:
    said = [part for part in str(header.get("OBS_ID", "")).replace(" ", "").split(",") if part]
    return "" if not said else f"ObsID {said[0]}" if len(said) == 1 else f"{len(said)} observations"


def _counts(hdu: Any, path: Path) -> CountsSpectrum:
    where = f"{path.name}[{hdu.name}]"
    header, names = hdu.header, [name.upper() for name in hdu.columns.names]
    what = next((name for name in ("COUNTS", "RATE") if name in names), "")
    if not what:
        raise DataError(f"{where} has neither COUNTS nor RATE; it has {', '.join(hdu.columns.names)}")
    raw = column(hdu, what, path)
    if raw.ndim != 1 or raw.dtype == object:
        raise DataError(f"{where} is of type II, with {len(raw)} spectra in its rows: extract the one you want")
    exposure = float(header.get("EXPOSURE", 0))
    if not exposure > 0:
        raise DataError(f"{where} has no EXPOSURE")
    values = raw.astype(float)
    if what == "RATE":
        # A rate in float32 times the exposure misses an integer by less than this; anything else was subtracted or scaled.
        values = values * exposure
        rounded = np.round(values)
        values = np.where(np.abs(values - rounded) < 1e-3 + 1e-6 * rounded, rounded, values)
    order, first = _order(hdu, names, path)
    return CountsSpectrum(
        counts=values[order],
        exposure=exposure,
        first_channel=first,
        backscal=_scale(hdu, names, "BACKSCAL", path, order),
        areascal=_scale(hdu, names, "AREASCAL", path, order),
        quality=column(hdu, "QUALITY", path).astype(np.int64)[order] if "QUALITY" in names else None,
        name=path.name,
    )


def _order(hdu: Any, names: list[str], path: Path) -> tuple[NDArray[np.intp], int]:
    """Rows by rising channel, and the first channel."""
    if "CHANNEL" not in names:
        return np.arange(len(hdu.data)), 1
    channel = column(hdu, "CHANNEL", path).astype(np.int64)
    order = np.argsort(channel, kind="stable")
    if np.any(np.diff(channel[order]) != 1):
        raise DataError(f"{path.name}[{hdu.name}]: channels are missing or twice: the spectrum is not one row per channel")
    return order, int(channel.min())


def _scale(hdu: Any, names: list[str], key: str, path: Path, order: NDArray[np.intp]) -> Any:
    """A scaling: a column, or a keyword; 1 where neither is there, or where the keyword is 0, as sherpa has it."""
    if key in names:
        return column(hdu, key, path).astype(float)[order]
    return float(hdu.header.get(key, 1.0)) or 1.0
