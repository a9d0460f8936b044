"""What bins of one kind hold of bins of another kind, by the fraction that overlaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["overlap_sums"]

Array = NDArray[np.float64]


def overlap_sums(content: Array, edges: Array, bounds: Array) -> Array:
    """Contents of bins shared out over other bins, evenly within each bin.

    Each sum runs over the bins it needs and no others, so that a faint bin beside bright ones keeps its digits.

    Parameters
    ----------
    content : ndarray, shape (n, m) or (1, m)
    edges : ndarray, shape (m + 1,)
        Increasing edges of the contents.
    bounds : ndarray, shape (n, nbin + 1) or (1, nbin + 1)
        Increasing edges of the bins wanted, row by row.

    Returns
    -------
    ndarray, shape (n, nbin)
        Bins outside `edges` hold nothing.
    """
    last = len(edges) - 2
    index = np.clip(np.searchsorted(edges, bounds, side="right") - 1, 0, last)
    fraction = np.clip((bounds - edges[index]) / (edges[index + 1] - edges[index]), 0.0, 1.0)
    low, high, from_low, to_high = index[:, :-1], index[:, 1:], fraction[:, :-1], fraction[:, 1:]
    ends = np.stack([low + 1, high], axis=-1)
    if len(bounds) == 1:
        at_low, at_high = content[:, low[0]], content[:, high[0]]
        between = np.add.reduceat(np.pad(content, ((0, 0), (0, 1))), ends.ravel(), axis=-1)[:, ::2]
    else:
        content = np.broadcast_to(content, (len(bounds), last + 1))
        at_low, at_high = np.take_along_axis(content, low, axis=1), np.take_along_axis(content, high, axis=1)
        rows = (last + 2) * np.arange(len(bounds))[:, None, None]
        between = np.add.reduceat(np.pad(content, ((0, 0), (0, 1))).ravel(), (ends + rows).ravel())[::2].reshape(low.shape)
    apart = at_low * (1 - from_low) + at_high * to_high + np.where(high > low + 1, between, 0.0)
    return np.asarray(np.where(low == high, at_low * (to_high - from_low), apart))
