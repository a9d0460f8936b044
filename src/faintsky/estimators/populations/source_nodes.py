"""What is known of each source, as nodes in luminosity and redshift with weights."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.luminosity_function import LuminosityFunction

__all__ = ["SourceNodes"]

Array = NDArray[np.float64]

#: Nodes that are evaluated at once: they fit the cache of a processor.
_AT_ONCE = 1 << 15


@frozen(kw_only=True, eq=False)
class SourceNodes:
    """The term of source i in the likelihood is ln sum_k w_k phi(L_k, z_k) over its own nodes.

    Attributes
    ----------
    log_l, z : ndarray, shape (m,)
    log_weight : ndarray, shape (m,)
        ln of the probability of the data at the node, times dV/dz [Mpc^3 deg^-2], times the size of the node.
    starts : ndarray of int, shape (n,)
        First node of each source.
    """

    log_l: Array
    z: Array
    log_weight: Array
    starts: NDArray[np.intp]

    @classmethod
    def joined(cls, parts: Iterable[SourceNodes]) -> SourceNodes:
        """The sources of all parts, one part after the other."""
        every = list(parts)
        offsets = np.cumsum([0, *(p.z.size for p in every)])
        return cls(
            log_l=np.concatenate([p.log_l for p in every]),
            z=np.concatenate([p.z for p in every]),
            log_weight=np.concatenate([p.log_weight for p in every]),
            starts=np.concatenate([p.starts + o for p, o in zip(every, offsets, strict=False)]),
        )

    def __len__(self) -> int:
        return int(self.starts.size)

    def select(self, keep: NDArray[np.bool_]) -> SourceNodes:
        """The chosen sources, by a mask of shape (n,)."""
        sizes = np.diff(self.starts, append=self.z.size)
        nodes = np.repeat(keep, sizes)
        return SourceNodes(
            log_l=self.log_l[nodes],
            z=self.z[nodes],
            log_weight=self.log_weight[nodes],
            starts=np.cumsum(sizes[keep]) - sizes[keep],
        )

    @property
    def single(self) -> NDArray[np.bool_]:
        """Sources of one node only, shape (n,)."""
        return np.asarray(np.diff(self.starts, append=self.z.size) == 1)

    @property
    def owner(self) -> NDArray[np.intp]:
        """Source of each node, shape (m,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts, append=self.z.size))

    def log_terms(self, model: LuminosityFunction) -> Array:
        """ln phi + ln w of each node, shape (m,), for a model whose parameters are numbers."""
        found = np.empty(self.z.size)
        for i in range(0, found.size, _AT_ONCE):
            some = slice(i, i + _AT_ONCE)
            found[some] = model.log_density(self.log_l[some], self.z[some])
        return found + self.log_weight

    def per_source(self, model: LuminosityFunction) -> Array:
        """ln sum_k w_k phi_k of each source, shape (n,)."""
        terms = self.log_terms(model)
        if self.starts.size == terms.size:
            return terms
        with np.errstate(divide="ignore", under="ignore", over="ignore"):
            found = np.log(np.add.reduceat(np.exp(terms), self.starts))
        lost = ~np.isfinite(found)
        if lost.any():  # beyond the reach of exp: relative to the largest node
            top = np.maximum.reduceat(terms, self.starts)
            safe = np.where(np.isfinite(top), top, 0.0)
            with np.errstate(divide="ignore", under="ignore"):
                again = safe + np.log(np.add.reduceat(np.exp(terms - safe[self.owner]), self.starts))
            found[lost] = again[lost]
        return np.asarray(found)

    def total(self, model: LuminosityFunction) -> float:
        """Sum over sources of ln sum_k w_k phi_k."""
        return float(self.per_source(model).sum())
