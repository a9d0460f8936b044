"""Small spectra and responses in OGIP files, for tests of what reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["gaussian_rows", "write_arf", "write_pha", "write_rmf"]

Array = NDArray[np.float64]


def gaussian_rows(edges: Array, channel_edges: Array, fwhm: float = 0.15, escape: float = 0.05) -> Array:
    """A redistribution matrix, shape (nbin, nchan): a Gaussian, and a part of the photons 1.74 keV below (escape of Si K)."""
    from scipy.special import ndtr

    middle, sigma = 0.5 * (edges[1:] + edges[:-1]), fwhm / np.sqrt(8 * np.log(2))
    found = np.zeros((len(middle), len(channel_edges)))
    for share, below in ((1 - escape, 0.0), (escape, 1.74)):
        high, low = ((channel_edges[:, i] - middle[:, None] + below) / sigma for i in (1, 0))
        found += share * (ndtr(high) - ndtr(low))
    found[found < 1e-6] = 0.0
    return found


def write_arf(
    path: Path, edges: ArrayLike, area: ArrayLike, unit: str = "cm**2", energy_unit: str = "keV", **header: Any
) -> Path:
    """Write an ARF; the numbers are written as they are, whatever the units say."""
    from astropy.io import fits

    low, high = _low_high(edges)
    columns = [_column("ENERG_LO", low, energy_unit), _column("ENERG_HI", high, energy_unit), _column("SPECRESP", area, unit)]
    hdu = fits.BinTableHDU.from_columns(columns, name="SPECRESP")
    hdu.header.update({"HDUCLASS": "OGIP", "HDUCLAS1": "RESPONSE", "HDUCLAS2": "SPECRESP", **header})
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)
    return path


def write_rmf(
    path: Path,
    edges: ArrayLike,
    channel_edges: ArrayLike,
    rows: Array,
    *,
    first: int = 1,
    tlmin: int | None = 1,
    fixed: bool = False,
    name: str = "MATRIX",
    ebounds_first: bool = False,
    energy_unit: str = "keV",
    numbers: ArrayLike | None = None,
    drop: str = "",
) -> Path:
    """Write an RMF whose groups are the runs of elements above 0.

    Parameters
    ----------
    edges : array_like, shape (nbin + 1,), or (2, nbin) for lower and upper ends of their own
    channel_edges : array_like, shape (nchan, 2)
    rows : ndarray, shape (nbin, nchan)
    first : int
        Number of the first channel.
    tlmin : int, optional
        What TLMIN of F_CHAN says; None leaves it out.
    fixed : bool
        Columns of fixed width, filled up with zeros, instead of rows of different lengths.
    numbers : array_like, optional
        CHANNEL of EBOUNDS.
    drop : str
        A column to leave out.
    """
    from astropy.io import fits

    runs = [_runs(row) for row in rows]
    begin = [np.array([a + first for a, _ in run], dtype=np.int16) for run in runs]
    width = [np.array([b - a for a, b in run], dtype=np.int16) for run in runs]
    values = [
        np.concatenate([row[a:b] for a, b in run] or [np.zeros(0)]).astype(np.float32)
        for row, run in zip(rows, runs, strict=True)
    ]
    low, high = _low_high(edges)
    columns = [
        _column("ENERG_LO", low, energy_unit),
        _column("ENERG_HI", high, energy_unit),
        fits.Column("N_GRP", "I", array=np.array([len(run) for run in runs])),
        *(
            _ragged(key, letter, each, fixed)
            for key, letter, each in (("F_CHAN", "I", begin), ("N_CHAN", "I", width), ("MATRIX", "E", values))
        ),
    ]
    columns = [column for column in columns if column.name != drop]
    matrix = fits.BinTableHDU.from_columns(columns, name=name)
    matrix.header.update({"HDUCLASS": "OGIP", "HDUCLAS1": "RESPONSE", "HDUCLAS2": "RSP_MATRIX", "DETCHANS": rows.shape[1]})
    place = [column.name for column in columns].index("F_CHAN") + 1 if drop != "F_CHAN" else 4
    if tlmin is not None:
        matrix.header[f"TLMIN{place}"] = tlmin
    energies = np.asarray(channel_edges, dtype=float)
    counted = np.arange(len(energies)) + first if numbers is None else np.asarray(numbers)
    bounds = fits.BinTableHDU.from_columns(
        [
            fits.Column("CHANNEL", "J", array=counted),
            _column("E_MIN", energies[:, 0], energy_unit),
            _column("E_MAX", energies[:, 1], energy_unit),
        ],
        name="EBOUNDS",
    )
    bounds.header.update({"HDUCLASS": "OGIP", "HDUCLAS1": "RESPONSE", "HDUCLAS2": "EBOUNDS", "DETCHANS": rows.shape[1]})
    order = [bounds, matrix] if ebounds_first else [matrix, bounds]
    fits.HDUList([fits.PrimaryHDU(), *order]).writeto(path)
    return path


def write_pha(
    path: Path,
    values: ArrayLike,
    *,
    first: int = 1,
    column: str = "COUNTS",
    columns: dict[str, ArrayLike] | None = None,
    **header: Any,
) -> Path:
    """Write a PHA file of type I (of type II where `values` has rows of spectra); `columns` stand beside it."""
    from astropy.io import fits

    rows = np.asarray(values, dtype=float)
    nchan = rows.shape[-1]
    channel = np.arange(nchan) + first
    table = [
        fits.Column(
            "CHANNEL",
            "J" if rows.ndim == 1 else f"{nchan}J",
            array=channel if rows.ndim == 1 else np.tile(channel, (len(rows), 1)),
        ),
        fits.Column(column, "D" if rows.ndim == 1 else f"{nchan}D", array=rows),
        *(_column(key, each, "") for key, each in (columns or {}).items()),
    ]
    hdu = fits.BinTableHDU.from_columns(table, name="SPECTRUM")
    said = {
        "EXPOSURE": 1000.0,
        "BACKFILE": "none",
        "ANCRFILE": "none",
        "RESPFILE": "none",
        "DATE-OBS": "2007-12-06T05:30:00",
        **header,
    }
    hdu.header.update(
        {"HDUCLASS": "OGIP", "HDUCLAS1": "SPECTRUM", **{key: value for key, value in said.items() if value is not None}}
    )
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)
    return path


def _low_high(edges: ArrayLike) -> tuple[Array, Array]:
    given = np.asarray(edges, dtype=float)
    return (given[0], given[1]) if given.ndim == 2 else (given[:-1], given[1:])


def _column(name: str, values: ArrayLike, unit: str) -> Any:
    from astropy.io import fits

    return fits.Column(name, "D", unit=unit or None, array=np.asarray(values, dtype=float))


def _runs(row: Array) -> list[tuple[int, int]]:
    """First and one past the last place of each run of elements above 0."""
    steps = np.diff(np.concatenate([[0], (row > 0).astype(int), [0]]))
    return list(zip(np.flatnonzero(steps == 1).tolist(), np.flatnonzero(steps == -1).tolist(), strict=True))


def _ragged(name: str, letter: str, rows: list[NDArray[Any]], fixed: bool) -> Any:
    from astropy.io import fits

    longest = max(1, *(len(row) for row in rows))
    if fixed:
        return fits.Column(name, f"{longest}{letter}", array=np.stack([np.pad(row, (0, longest - len(row))) for row in rows]))
    ragged = np.empty(len(rows), dtype=object)
    ragged[:] = rows
    return fits.Column(name, f"P{letter}()", array=ragged)
