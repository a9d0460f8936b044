"""Redistribution matrices (RMF files), and full responses of an ARF and an RMF."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.response import Response
from faintsky.plugins.ogip.arf import Arf, energy_bins
from faintsky.plugins.ogip.table_hdu import column, measured_column, opened, table_hdu

__all__ = ["ResponseMismatchError", "joined", "read_rmf", "without_arf"]

Array = NDArray[np.float64]

#: Rows of a matrix of probabilities sum to 1 within the calibration (1.009 in one of the CSC); those of a full response to cm^2.
_PROBABLE = 2.0


class ResponseMismatchError(DataError):
    """An ARF and an RMF have other energies."""


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
        return wide[np.arange(wide.shape[1]) < used[:, None]]
    flat = np.concatenate([np.atleast_1d(row) for row in rows])
    if np.array_equal(lengths, used):
        return flat
    place = np.arange(len(flat)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return flat[place < np.repeat(used, lengths)]


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
        channel_edges, numbers = _channels(bounds, path)
        first = _first_channel(matrix, numbers, path)
        groups = column(matrix, "N_GRP", path).astype(np.int64)[order]
        rows = {name: column(matrix, name, path)[order] for name in ("F_CHAN", "N_CHAN", "MATRIX")}
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


def _channels(bounds: Any, path: Path) -> tuple[Array, NDArray[np.int64]]:
    """Nominal energies of the channels, shape (nchan, 2), and their numbers; rows by rising number."""
    energies = np.stack([measured_column(bounds, name, "keV", path) for name in ("E_MIN", "E_MAX")], axis=1)
    numbers = column(bounds, "CHANNEL", path).astype(np.int64)
    order = np.argsort(numbers, kind="stable")
    numbers = numbers[order]
    if not len(numbers) or np.any(np.diff(numbers) != 1):
        raise DataError(f"{path.name}[{bounds.name}]: channels are missing or twice")
    return np.sort(energies[order], axis=1), numbers


def _first_channel(matrix: Any, numbers: NDArray[np.int64], path: Path) -> int:
    """TLMIN of F_CHAN, found by the column's own number."""
    names = [name.upper() for name in matrix.columns.names]
    key = f"TLMIN{names.index('F_CHAN') + 1}" if "F_CHAN" in names else "TLMIN"
    said, first = matrix.header.get(key), int(numbers[0])
    if said is None:
        _warn(
            f"{path.name}: the header has no {key}, which says with what number the channels begin; EBOUNDS begins with {first}, "
            "which is taken"
        )
        return first
    if int(said) != first:
        _warn(
            f"{path.name}: channels begin with {said} by {key}, with {first} in EBOUNDS; {key} is taken, energies are assigned in order"
        )
    return int(said)


def _warn(message: str) -> None:
    warnings.warn(message, FaintskyWarning, stacklevel=4)


def largest_row(matrix: Response) -> float:
    """The largest sum of a row of a matrix: near 1 where it holds probabilities alone, in cm^2 where it holds the area too."""
    sums = np.bincount(np.repeat(np.arange(len(matrix.area)), np.diff(matrix.starts)), weights=matrix.data)
    return float(sums.max()) if sums.size else 0.0


def joined(rmf: Response, arf: Arf, name: str, rebin: bool = False) -> Response:
    """An RMF with the area of an ARF.

    Parameters
    ----------
    rmf : Response
    arf : Arf
    name : str
        Of the response.
    rebin : bool
        Average the area over the bins of the RMF where the two have other energies; what the ARF does not reach has no area.

    Raises
    ------
    DataError
        Where the matrix holds an area already.
    ResponseMismatchError
        Where the energies differ by more than 1e-4 and `rebin` is not asked for; the message holds both ranges.
    """
    sum_of_row = largest_row(rmf)
    if sum_of_row > _PROBABLE:
        raise DataError(
            f"{name}: rows of the matrix sum up to {sum_of_row:.4g}, so that it holds the effective area already: leave out the ARF"
        )
    same = len(arf.edges) == len(rmf.edges) and np.allclose(arf.edges, rmf.edges, rtol=1e-4, atol=0)
    if same:
        return evolve(rmf, area=arf.area * rmf.area, name=name)
    if not rebin:
        ranges = [f"{len(e) - 1} bins, {e[0]:.4g}-{e[-1]:.4g} keV" for e in (arf.edges, rmf.edges)]
        raise ResponseMismatchError(
            f"{name}: the ARF ({ranges[0]}) and the RMF ({ranges[1]}) have other energies: they belong to other epochs or were "
            "made on other grids. Make them on one grid, or ask for rebin = true"
        )
    inside = np.clip(rmf.edges, arf.edges[0], arf.edges[-1])
    total = np.concatenate([[0.0], np.cumsum(arf.area * np.diff(arf.edges))])
    area = np.diff(np.interp(inside, arf.edges, total)) / np.diff(rmf.edges)
    return evolve(rmf, area=area * rmf.area, name=name)


def without_arf(matrix: Response, name: str, ctx: Context) -> Response:
    """A matrix as a full response; warns where it holds probabilities alone, so that rates would be those of 1 cm^2."""
    sum_of_row = largest_row(matrix)
    if sum_of_row <= _PROBABLE:
        ctx.warn(
            f"{name}: no ARF is given, and rows of the matrix sum up to {sum_of_row:.4g} only: it seems to hold no effective area; "
            "rates are those of a detector of 1 cm^2"
        )
    return evolve(matrix, name=name)
