"""Redshift distributions of the AGN of pairs as probabilities of cells, with what is done about spectroscopic ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from faintsky.core.errors import DataError
from faintsky.core.one_sigma import QUANTILES
from faintsky.core.pair_sample import PairSample
from faintsky.core.redshift import Redshifts

__all__ = ["cells_of", "companion_cells", "off_grid", "parent_cells", "typical_width"]

Array = NDArray[np.float64]

#: A distribution of less probability on the grid than this is none.
_NOTHING = 1e-6
#: Probability off the grid above which a note counts a source.
_OUTSIDE = 0.05


def cells_of(redshifts: Redshifts) -> NDArray[np.floating]:
    """Probabilities of the cells between the points of the grid, shape (n, m - 1), in the type of the distributions."""
    return np.asarray(np.diff(redshifts.cdf, axis=1))


def companion_cells(pairs: PairSample) -> NDArray[np.floating]:
    """Those of the companions, shape (n, m); none for a sample without pairs."""
    known = pairs.companions.redshifts
    if known is None:
        assert pairs.agn.redshifts is not None
        return np.zeros((0, pairs.agn.redshifts.z.size - 1))
    return cells_of(known)


def off_grid(parents: NDArray[np.floating], companions: NDArray[np.floating]) -> tuple[str, ...]:
    """A note on sources whose redshifts the grid does not cover; none where it covers all."""
    few = [int(np.sum(cells.sum(axis=1) < 1 - _OUTSIDE)) for cells in (parents, companions)]
    if not any(few):
        return ()
    return (
        f"{few[0]} of {len(parents)} AGN and {few[1]} of {len(companions)} companions have more than {_OUTSIDE:g} of their "
        "probability off the redshift grid, where pairs do not count",
    )


def typical_width(redshifts: Redshifts) -> float:
    """Median half-width of the 68 % intervals in ln(1 + z); NaN without any distribution."""
    if not len(redshifts):
        return float("nan")
    x = np.log1p(redshifts.z)
    ends = [np.interp((QUANTILES[0], QUANTILES[2]), row / row[-1], x) for row in redshifts.cdf if row[-1] > _NOTHING]
    return float(np.median([0.5 * (high - low) for low, high in ends])) if ends else float("nan")


def parent_cells(pairs: PairSample, spec: str, width: float | None = None) -> NDArray[np.floating]:
    """Probability of each AGN in each cell of redshift.

    Parameters
    ----------
    pairs : PairSample
    spec : {"photo-z", "broadened", "exact"}
        Of AGN with a spectroscopic redshift: take no notice of it; put a Gaussian in ln(1 + z) about it, as if it were a
        photometric one; put all probability in its cell.
    width : float, optional
        Of that Gaussian; default: `typical_width` of the photometric distributions of all AGN.

    Returns
    -------
    ndarray, shape (N, m)

    Raises
    ------
    DataError
        Where an AGN has no probability on the grid.
    """
    known = pairs.agn.redshifts
    assert known is not None
    cells, grid = cells_of(known), known.z
    z_spec = np.asarray(pairs.agn.columns.get("z_spec", np.full(len(pairs.agn), np.nan)), dtype=float)
    rows = np.flatnonzero(np.isfinite(z_spec)) if spec != "photo-z" else np.zeros(0, dtype=np.intp)
    if rows.size and spec == "broadened":
        sigma = typical_width(known) if width is None else width
        cells[rows] = np.diff(ndtr((np.log1p(grid) - np.log1p(z_spec[rows, None])) / sigma), axis=1)
    elif rows.size:
        cells[rows] = 0.0
        inside = rows[(z_spec[rows] >= grid[0]) & (z_spec[rows] <= grid[-1])]
        place = np.clip(np.searchsorted(grid, z_spec[inside], side="right") - 1, 0, grid.size - 2)
        cells[inside, place] = 1.0
    lost = np.flatnonzero(cells.sum(axis=1) < _NOTHING)
    if lost.size:
        first = lost[0]
        name = pairs.agn.columns["name"][first] if "name" in pairs.agn.columns else f"in row {first}"
        raise DataError(
            f"{lost.size} of {len(pairs.agn)} AGN have no probability on the redshift grid from {grid[0]:g} to {grid[-1]:g}, the "
            f"first is {name} (z_spec = {z_spec[first]:g}): let the grid reach their redshifts, or leave them out"
        )
    return cells
