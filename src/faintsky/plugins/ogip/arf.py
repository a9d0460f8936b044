"""Effective areas (ARF files)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.energy_bins import checked_edges
from faintsky.core.errors import DataError
from faintsky.plugins.ogip.table_hdu import measured_column, opened, table_hdu

__all__ = ["Arf", "bin_edges", "energy_bins", "read_arf"]

Array = NDArray[np.float64]

#: What an energy bin that begins at zero begins at instead [keV].
_SMALLEST = 1e-3


@frozen(kw_only=True, eq=False)
class Arf:
    """An effective area.

    Attributes
    ----------
    edges : ndarray, shape (nbin + 1,)
        [keV]
    area : ndarray, shape (nbin,)
        [cm^2]
    """

    edges: Array
    area: Array


def read_arf(path: Path) -> Arf:
    """Read an ARF.

    Raises
    ------
    DataError
        Where the file is no ARF, or its energies do not increase.
    """
    with opened(path) as hdus:
        hdu = table_hdu(hdus, path, ("SPECRESP",), ("SPECRESP",), "effective area")
        edges, order = energy_bins(hdu, path)
        area = measured_column(hdu, "SPECRESP", "cm2", path)
    return Arf(edges=edges, area=area[order])


def energy_bins(hdu: Any, path: Path) -> tuple[Array, slice]:
    """Edges of ENERG_LO and ENERG_HI [keV], and the order in which the rows rise: the tables of some gratings fall.

    Raises
    ------
    DataError
        As `bin_edges`, or where an energy is not finite.
    """
    low, high = (measured_column(hdu, name, "keV", path) for name in ("ENERG_LO", "ENERG_HI"))
    falls = len(low) > 1 and low[0] > low[-1]
    return bin_edges(low, high, f"{path.name}[{hdu.name}]"), slice(None, None, -1) if falls else slice(None)


def bin_edges(low: NDArray[np.floating], high: NDArray[np.floating], where: str) -> Array:
    """One rising row of edges of bins that must touch.

    Raises
    ------
    DataError
        Where they overlap, leave a gap, or are in eV.
    """
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    if not len(low):
        raise DataError(f"{where} holds no row")
    if low[0] > low[-1]:
        low, high = low[::-1], high[::-1]
    # One per cent of a bin, or what float32 does not know.
    apart = np.abs(low[1:] - high[:-1]) > np.maximum(0.01 * np.abs(high[1:] - low[1:]), 1e-6 * np.abs(low[1:]))
    if apart.any():
        i = int(np.argmax(apart))
        raise DataError(f"{where}: bin {i + 1} ends at {high[i]:.7g} keV and the next one begins at {low[i + 1]:.7g}")
    edges = np.append(low, high[-1])
    if edges[0] == 0:
        edges[0] = min(_SMALLEST, 0.1 * edges[1])
    if edges[0] > 50 and edges[-1] > 1e3:
        raise DataError(f"{where}: energies from {edges[0]:g} to {edges[-1]:g} keV look like eV: correct TUNIT")
    try:
        return checked_edges(edges)
    except DataError as error:
        raise DataError(f"{where}: {error}") from None
