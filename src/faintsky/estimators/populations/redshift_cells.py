"""Redshift densities of sources as cells of probability."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.source_sample import SourceSample

__all__ = ["RedshiftCells", "exact_redshifts", "known_redshifts"]

Array = NDArray[np.float64]

#: Cells of less probability are dropped.
_NEGLIGIBLE = 1e-12


def exact_redshifts(sample: SourceSample) -> NDArray[np.bool_]:
    """Sources whose redshift is spectroscopic, shape (n,)."""
    found = np.array(sample.spectroscopic, dtype=bool)
    if sample.redshifts is not None:
        found |= sample.redshifts.spectroscopic
    return found & np.isfinite(sample.z)


def known_redshifts(sample: SourceSample) -> NDArray[np.bool_]:
    """Sources with a spectroscopic redshift or a density, shape (n,)."""
    dense = np.zeros(len(sample), dtype=bool) if sample.redshifts is None else sample.redshifts.mass > 0
    return exact_redshifts(sample) | dense


@frozen(kw_only=True, eq=False)
class RedshiftCells:
    """The density of one redshift grid, refined: cells of which none is wider than a step in ln(1 + z), cut to a range.

    Attributes
    ----------
    z : ndarray, shape (k,)
        Middles of the cells.
    parent : ndarray of int, shape (k,)
        Cell of the sample's grid.
    share : ndarray, shape (k,)
        Of the probability of that cell.
    """

    z: Array
    parent: NDArray[np.intp]
    share: Array

    @classmethod
    def of(cls, grid: Array, z_range: tuple[float, float], step: float) -> RedshiftCells:
        """Cells for a grid of redshifts, shape (m,)."""
        edges = [np.asarray(grid, dtype=float), np.asarray(z_range)]
        for low, high in pairwise(grid):
            number = int(np.ceil(np.log((1 + high) / (1 + low)) / step))
            edges.append(np.linspace(low, high, number + 1)[1:-1])
        every = np.unique(np.concatenate(edges))
        every = every[(every >= max(z_range[0], grid[0])) & (every <= min(z_range[1], grid[-1]))]
        if every.size < 2:
            raise DataError(
                f"the redshift densities reach from {grid[0]:g} to {grid[-1]:g} and miss z_range = [{z_range[0]:g}, "
                f"{z_range[1]:g}]"
            )
        z = 0.5 * (every[1:] + every[:-1])
        parent = np.searchsorted(grid, z) - 1
        return cls(z=z, parent=parent, share=np.diff(every) / np.diff(grid)[parent])

    def masses(self, cdf: Array) -> Array:
        """Probability of each cell for distributions of shape (n, m), shape (n, k); 0 where it is negligible."""
        found = np.diff(np.asarray(cdf, dtype=float), axis=1)[:, self.parent] * self.share
        return np.where(found > _NEGLIGIBLE, found, 0.0)
