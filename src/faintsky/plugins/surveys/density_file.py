"""Redshift densities of the rows of a table, from a file beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from faintsky.core.errors import DataError
from faintsky.core.redshift import Redshifts

__all__ = ["read_densities"]

#: Where an HDF5 file of the qp format holds densities and their grid.
_VALUES, _GRID = "data/yvals", "meta/xvals"


def read_densities(path: Path, z: ArrayLike, values: str) -> Redshifts:
    """Densities of an npy file, or of an HDF5 file as qp writes it, which holds their grid.

    Parameters
    ----------
    path : Path
    z : array_like
        The grid, all of its values; empty where the file holds it.
    values : {"density", "probability"}
        Whether a row integrates, or sums, to 1.

    Raises
    ------
    DataError
        Without a grid, or where the file holds no densities.
    """
    grid = np.asarray(z, dtype=float)
    if path.suffix == ".npy":
        if not grid.size:
            raise DataError(f"the densities of {path.name} have no grid: give pdf_z, their redshifts")
        return Redshifts.from_pdf(grid, np.load(path), values=values)
    import h5py

    try:
        file = h5py.File(path, "r")
    except OSError:
        raise DataError(f"{path.name} is neither an .npy nor an HDF5 file of redshift densities") from None
    with file:
        if _VALUES not in file:
            raise DataError(f"{path.name} holds no densities at {_VALUES}; save them as .npy, with pdf_z")
        if _GRID in file and not grid.size:
            grid = np.asarray(file[_GRID], dtype=float).ravel()
        if not grid.size:
            raise DataError(f"the densities of {path.name} have no grid at {_GRID}: give pdf_z, their redshifts")
        return Redshifts.from_pdf(grid, np.asarray(file[_VALUES]), values=values)
