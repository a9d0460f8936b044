"""Redistribution matrices (RMF files)."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.response import Response
from faintsky.plugins.ogip.arf import energy_bins
from faintsky.plugins.ogip.full_response import ResponseMismatchError, joined, without_arf
from faintsky.plugins.ogip.table_hdu import column, measured_column, opened, table_hdu

__all__ = ["ResponseMismatchError", "joined", "read_rmf", "without_arf"]

Array = NDArray[np.float64]


def _first_of_rows(rows: NDArray[Any], used: NDArray[np.int64], where: str) -> NDArray[Any]:
    """The first `used` values of each row, one row after the other; rows are of one width, or arrays of different lengths.

    Raises
    ------
    DataError
        Where a row holds fewer; the message names it.
    """
    ragged = rows.dtype == object
    wide = rows if ragged else rows.reshape(len(rows), -1)
    lengths = np.array([np.size(row) for row in rows], dtype=np.int64) if ragged else np.full(len(rows), wide.shape[1])
    if np.any(lengths < used):
        i = int(np.argmax(lengths < used))
        raise DataError(f"{where} of row {i + 1} holds {lengths[i]} values, the groups of the row ask for {used[i]}")
    if not ragged:
        return np.asarray(wide[np.arange(wide.shape[1]) < used[:, None]])
    flat = np.concatenate([np.atleast_1d(row) for row in rows])
    if np.array_equal(lengths, used):
        return flat
    place = np.arange(len(flat)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.asarray(flat[place < np.repeat(used, lengths)])


def read_rmf(path: Path) -> Response:
    """Read an RMF as a response of unit area (or with the area that a SPECRESP MATRIX holds).

    Rows of different lengths or of fixed width, EBOUNDS before or after the matrix, and any TLMIN of F_CHAN are understood. Rows
    are not renormalised. Channels keep their order, so that they match those of a spectrum, whichever way their energies run.

    Raises
    ------
    DataError
        Where the file is no RMF, is cut off, or names channels that EBOUNDS does not have.
    """
    with opened(path) as hdus:
        matrix = table_hdu(hdus, path, ("MATRIX", "SPECRESP MATRIX", "RSP_MATRIX"), ("RSP_MATRIX",), "redistribution matrix")
        bounds = table_hdu(hdus, path, ("EBOUNDS",), ("EBOUNDS",), "table of channels")
        edges, order = energy_bins(matrix, path)
        channel_edges, counted = _channels(bounds, path)
        groups = column(matrix, "N_GRP", path).astype(np.int64)[order]
        rows = {name: column(matrix, name, path)[order] for name in ("F_CHAN", "N_CHAN", "MATRIX")}
        first = _first_channel(matrix, counted, path)
    where = f"{path.name}[{matrix.name}]"
    begin = _first_of_rows(rows["F_CHAN"], groups, f"{where}: F_CHAN").astype(np.int64)
    width = _first_of_rows(rows["N_CHAN"], groups, f"{where}: N_CHAN").astype(np.int64)
    owner = np.repeat(np.arange(len(groups)), groups)
    per_row = np.bincount(owner, weights=width, minlength=len(groups)).astype(np.int64)
    data = _first_of_rows(rows["MATRIX"], per_row, f"{where}: MATRIX").astype(float)
    channels = np.repeat(begin - first - (np.cumsum(width) - width), width) + np.arange(width.sum())
    ends = (int(channels.min()) + first, int(channels.max()) + first) if channels.size else (first, first)
    if ends[0] < first or ends[1] >= first + len(channel_edges):
        raise DataError(
            f"{path.name}: the matrix names channels {ends[0]}-{ends[1]}, EBOUNDS has {first}-{first + len(channel_edges) - 1}: "
            "TLMIN of F_CHAN is wrong or missing"
        )
    return Response(
        edges=edges,
        area=np.ones(len(edges) - 1),
        channel_edges=channel_edges,
        data=data,
        channels=channels,
        starts=np.concatenate([[0], np.cumsum(per_row)]),
        first_channel=first,
        name=path.name,
    )


def _channels(bounds: Any, path: Path) -> tuple[Array, int | None]:
    """Nominal energies of the channels, shape (nchan, 2), by rising number, and the first number where CHANNEL tells it.

    mkrmf of CIAO 4.3 wrote the wrong half of each number (0, 0, 0, 16384, ...): then the rows are in order if their energies are.
    """
    energies = np.stack([measured_column(bounds, name, "keV", path) for name in ("E_MIN", "E_MAX")], axis=1)
    if not len(energies):
        raise DataError(f"{path.name}[{bounds.name}] holds no channel")
    energies = np.sort(energies, axis=1)
    numbers = column(bounds, "CHANNEL", path).astype(np.int64)
    order = np.argsort(numbers, kind="stable")
    if np.all(np.diff(numbers[order]) == 1):
        return energies[order], int(numbers.min())
    steps = np.diff(energies[:, 0])
    if not (np.all(steps > 0) or np.all(steps < 0)):
        raise DataError(f"{path.name}[{bounds.name}]: CHANNEL does not count the channels, and their energies are in no order")
    return energies, None


def _first_channel(matrix: Any, counted: int | None, path: Path) -> int:
    """TLMIN of F_CHAN, found by the column's own number; without it, where EBOUNDS begins, or 1."""
    names = [name.upper() for name in matrix.columns.names]
    key = f"TLMIN{names.index('F_CHAN') + 1}" if "F_CHAN" in names else "TLMIN"
    if key not in matrix.header:
        first, taken = (1, "1 is taken") if counted is None else (counted, f"EBOUNDS begins with {counted}, which is taken")
        _warn(f"{path.name}: the header has no {key}, which says with what number the channels begin; {taken}")
        return first
    said = int(matrix.header[key])
    if counted not in (None, said):
        _warn(f"{path.name}: channels begin with {said} by {key}, but with {counted} in EBOUNDS, whose rows are taken in order")
    return said


def _warn(message: str) -> None:
    warnings.warn(message, FaintskyWarning, stacklevel=4)
