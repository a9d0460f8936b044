"""What a magnitude or a colour says of a candidate: how much more often counterparts have it than the field."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

__all__ = ["MagnitudePrior"]

Array = NDArray[np.float64]

#: So many sources that are distributed as the field count as counterparts seen before any: empty bins get a small factor, not 0,
#: and few counterparts one near 1.
_PSEUDO = 1.0
#: Counterparts in a bin, at the least.
_IN_BIN = 10


@frozen(kw_only=True, eq=False)
class MagnitudePrior:
    """A factor for each bin of a magnitude or colour: p(m | counterpart) / p(m | field).

    Attributes
    ----------
    name : str
    edges : ndarray, shape (k + 1,)
        From -inf to inf.
    factor : ndarray, shape (k,)
    counterparts : float
        Number that the factor was learnt from, without those expected by chance.
    """

    name: str
    edges: Array = field(repr=False)
    factor: Array = field(repr=False)
    counterparts: float

    @classmethod
    def learnt(cls, name: str, counterparts: Array, others: Array, *, chance: float, bins: int) -> MagnitudePrior:
        """From values of presumed counterparts and of sources that are none; NaN take no part.

        Bins hold equal numbers of counterparts, at least 10 and at most `bins` of them, and one more reaches from each end to
        infinity. With n_b counterparts in a bin and the field's share f_b the factor is (n_b' + k f_b) / ((N' + k) f_b), where
        n_b' = max(n_b - chance f_b, 0) has lost what chance put there (scaled to the right sum N'), and k = 1 regularises.

        Parameters
        ----------
        counterparts, others : ndarray
        chance : float
            Expected number of chance coincidences among the counterparts.
        bins : int
        """
        seen, unrelated = counterparts[np.isfinite(counterparts)], others[np.isfinite(others)]
        edges = np.array([-np.inf, np.inf])
        if seen.size:
            inner = np.unique(np.quantile(seen, np.linspace(0, 1, max(1, min(bins, seen.size // _IN_BIN)) + 1)))
            # The largest value belongs to the last bin of them, not to what lies beyond.
            above = np.nextafter(inner[-1], np.inf)
            edges = np.concatenate([[-np.inf], inner[: max(inner.size - 1, 1)], [above, np.inf]])
        share = np.histogram(unrelated, edges)[0] + 0.5
        share = share / share.sum()
        expected = chance * unrelated.size / max(others.size, 1) * share
        excess = np.maximum(np.histogram(seen, edges)[0] - expected, 0)
        # The scatter of bins that were cut off at 0 must not add counterparts.
        number = max(seen.size - float(expected.sum()), 0.0)
        excess = excess * (number / excess.sum() if excess.any() else 0.0)
        factor = (excess + _PSEUDO * share) / ((number + _PSEUDO) * share)
        return cls(name=name, edges=edges, factor=factor, counterparts=number)

    def log_factor(self, values: Array) -> Array:
        """ln of the factor of each value; 0 for NaN, which says nothing."""
        place = np.clip(np.searchsorted(self.edges, values, side="right") - 1, 0, self.factor.size - 1)
        return np.asarray(np.where(np.isfinite(values), np.log(self.factor)[place], 0.0))

    def to_table(self) -> Any:
        """An astropy QTable, a row for each bin."""
        from astropy.table import QTable

        rows = {"low": self.edges[:-1], "high": self.edges[1:], "factor": self.factor}
        return QTable(rows, meta={"name": self.name, "counterparts": self.counterparts})
