"""The AGN of a catalogue, as cutouts are named after them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faintsky.core.catalogue import Catalogue
from faintsky.core.errors import DataError
from faintsky.plugins.photons.candidate_columns import CandidateColumns

__all__ = ["agn_targets"]


def agn_targets(catalogue: Catalogue) -> Catalogue:
    """Names (all different), positions [deg], spectroscopic redshifts and what else is known of AGN.

    Parameters
    ----------
    catalogue : Catalogue
        ``ra``, ``dec``, and as far as there are ``name``, ``z_spec``, ``log_lbol``, ``log_nh``. Without a column ``z_spec`` the
        spectroscopic ones of its redshifts count.

    Raises
    ------
    DataError
        Where a source has no position, two have one name, or a name cannot be that of a file.
    """
    rows = CandidateColumns.of(catalogue, needs_redshift=False)
    if odd := [str(name) for name in rows.name if "/" in name or name.startswith(".")]:
        raise DataError(f"files are named after the targets: a name without '/' is needed, not {odd[0]!r}")
    columns: dict[str, NDArray[np.generic]] = {
        "name": rows.name,
        "ra": np.rad2deg(rows.ra),
        "dec": np.rad2deg(rows.dec),
        "z_spec": _spectroscopic(catalogue, len(rows)),
    }
    for name in ("log_lbol", "log_nh"):
        if name in catalogue.columns:
            columns[name] = np.asarray(catalogue[name], dtype=float)
    return Catalogue(columns=columns, units={"ra": "deg", "dec": "deg"}, redshifts=catalogue.redshifts, name=catalogue.name)


def _spectroscopic(catalogue: Catalogue, size: int) -> NDArray[np.float64]:
    if "z_spec" in catalogue.columns:
        given = np.asarray(catalogue["z_spec"], dtype=float)
        return np.where(given > 0, given, np.nan)
    known = catalogue.redshifts
    if known is None:
        return np.full(size, np.nan)
    # The distribution of a spectroscopic redshift is a step: its median is the redshift, to the grid.
    median = np.array([np.interp(0.5, row, known.z) for row in known.cdf])
    return np.where(known.spectroscopic & (known.mass > 0.5), median, np.nan)
