"""How likely projected pairs are real ones (kind ``pair_statistics``)."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, runtime_checkable

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats
from faintsky.core.pair_sample import PairSample

__all__ = ["PairProbabilities", "PairStatistic"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class PairProbabilities:
    """Effective numbers of real pairs, one for each projected pair.

    Attributes
    ----------
    z : ndarray, shape (m + 1,)
        Edges of the cells in redshift.
    cells : ndarray, shape (n, m)
        Effective number in each cell.
    parents : ndarray, shape (N, m)
        Probability of each AGN in each cell: what fractions are taken of.
    fraction : float
        Real pairs per AGN that the statistic found or assumed; NaN where it has no such number.
    fraction_low, fraction_high : float
        Its 68 % interval.
    notes : tuple of str
    """

    z: Array = field(converter=owned_floats, repr=False)
    cells: Array = field(converter=owned_floats, repr=False)
    parents: Array = field(converter=owned_floats, repr=False)
    fraction: float = float("nan")
    fraction_low: float = float("nan")
    fraction_high: float = float("nan")
    notes: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        m = self.z.size - 1
        if self.cells.ndim != 2 or self.cells.shape[1] != m or self.parents.ndim != 2 or self.parents.shape[1] != m:
            raise DataError(f"cells of shape {self.cells.shape} and parents of shape {self.parents.shape} do not fit {m} cells")

    @property
    def number(self) -> Array:
        """N_z or the probability of each pair, shape (n,)."""
        return np.asarray(self.cells.sum(axis=1))

    def select(self, keep: NDArray[np.bool_]) -> PairProbabilities:
        """Those of the chosen pairs, with all parents; the fraction is still that of the pairs that were weighed."""
        return attrs.evolve(self, cells=self.cells[keep])

    @property
    def digest(self) -> str:
        """Identity of the result."""
        return json_digest([array_digest(self.z), array_digest(self.cells), array_digest(self.parents)])


@runtime_checkable
class PairStatistic(Protocol):
    """A component of kind ``pair_statistics``: weighs projected pairs."""

    @abstractmethod
    def weigh(self, pairs: PairSample, ctx: Context) -> PairProbabilities:
        """Effective numbers of all pairs.

        Raises
        ------
        DataError
            Where it needs field galaxies and there are none, or an AGN has no probability on the grid.
        """
