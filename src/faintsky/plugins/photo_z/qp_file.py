"""Redshift distributions in a file of the package qp."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.extras import require
from faintsky.core.redshift import Redshifts
from faintsky.plugins.photo_z.pdf_table import PdfTable, as_names
from faintsky.plugins.surveys.density_file import read_densities

__all__ = ["is_qp", "read_qp"]

#: Endings of the HDF5 files that qp writes.
_HDF5 = (".hdf5", ".h5", ".hdf")


def is_qp(path: Path) -> bool:
    """Whether a file is one of qp: HDF5, or FITS with its tables META and DATA."""
    if path.suffix in _HDF5:
        return True
    if not path.name.lower().endswith((".fits", ".fit")):
        return False
    from astropy.io import fits

    with fits.open(path) as hdus:
        return {"META", "DATA"} <= {hdu.name for hdu in hdus}


def read_qp(path: Path, z: NDArray[np.float64], values: str, name: str) -> tuple[Redshifts, list[str] | None]:
    """Distributions and names.

    Values on a grid that all rows share (qp's ``interp``) are taken as they stand; of any other parametrisation the cumulative
    distributions are evaluated on `z`.

    Parameters
    ----------
    path : Path
    z : ndarray, shape (m,)
        Grid; may be empty for ``interp``.
    values : {"density", "probability"}
        What the values of ``interp`` are.
    name : str
        Column of the ancillary table.

    Returns
    -------
    redshifts : Redshifts
    names : list of str or None
        None without such a column.

    Raises
    ------
    DataError
        Where the file is not of qp, or needs a grid.
    PluginError
        Where qp is not installed.
    """
    qp = require("qp", "qp")
    try:
        ensemble = qp.read(str(path))
    except Exception as error:
        raise DataError(f"{path.name} is no file of qp: {error!r}") from None
    kind = str(ensemble.gen_class.name)
    if kind == "interp":
        redshifts = _values(path, values)
    elif not z.size:
        raise DataError(f"the distributions of {path.name} are of qp's {kind}, without a grid of their own: give z")
    else:
        cdf = np.atleast_2d(np.asarray(ensemble.cdf(z), dtype=float))
        cdf = cdf - cdf[:, :1]
        spectroscopic = np.zeros(len(cdf), dtype=bool)
        redshifts = Redshifts(z=z, cdf=cdf, mass=cdf[:, -1], spectroscopic=spectroscopic, origin="pdf")
    ancillary = ensemble.ancil or {}
    return redshifts, as_names(ancillary[name]) if name in ancillary else None


def _values(path: Path, values: str) -> Redshifts:
    """Values on their grid as the file has them: qp normalises what it reads, so that sums would pass for densities."""
    if path.suffix in _HDF5:
        return read_densities(path, (), values)
    grid = PdfTable(path, "META").rows("xvals")[0]
    return Redshifts.from_pdf(grid, PdfTable(path, "DATA").rows("yvals"), values=values)
