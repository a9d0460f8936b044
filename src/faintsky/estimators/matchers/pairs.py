"""All pairs of two catalogues that lie within a radius."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.matcher import SkyPositions
from faintsky.estimators.matchers.sphere import chord, separation, unit_vectors

__all__ = ["Pairs", "pairs_within"]


@frozen(kw_only=True, eq=False)
class Pairs:
    """Pairs, ordered by source and then by separation.

    Attributes
    ----------
    source, other : ndarray of int, shape (m,)
        Rows of the two catalogues.
    separation : ndarray, shape (m,)
        [arcsec]
    """

    source: NDArray[np.int64] = field(repr=False)
    other: NDArray[np.int64] = field(repr=False)
    separation: NDArray[np.float64] = field(repr=False)

    def __len__(self) -> int:
        return int(self.source.size)


def pairs_within(sources: SkyPositions, others: SkyPositions, radius: float) -> Pairs:
    """Every pair of a source and another that are no more than `radius` [arcsec] apart.

    A tree of the others' unit vectors is asked for the neighbours of each source, so that neither the poles nor 0 h are special.
    """
    from scipy.spatial import cKDTree

    a, b = unit_vectors(sources.ra, sources.dec), unit_vectors(others.ra, others.dec)
    # A tree that is asked a few thousand times is cheapest where it is cheap to build.
    tree = cKDTree(b, leafsize=64, compact_nodes=False, balanced_tree=False)
    # A little wider, and then cut: a pair at the radius itself must not hang on the rounding of the tree.
    found = np.atleast_1d(tree.query_ball_point(a, float(chord(radius)) * (1 + 1e-9), return_sorted=False))
    source = np.repeat(np.arange(len(sources)), [len(rows) for rows in found])
    other = np.concatenate([np.zeros(0, dtype=np.int64), *(np.asarray(rows, dtype=np.int64) for rows in found)])
    apart = separation(a[source], b[other])
    order = np.lexsort((other, apart, source))
    order = order[apart[order] <= radius]
    return Pairs(source=source[order], other=other[order], separation=apart[order])
