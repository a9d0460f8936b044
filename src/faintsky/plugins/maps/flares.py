"""Flares of the background: the good time without them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from faintsky.core.event_list import EventList

__all__ = ["without_flares"]


def without_flares(events: EventList, width: float, sigmas: float) -> EventList:
    """The events of the times whose rate lies within `sigmas` of the median, clipped until nothing changes.

    Parameters
    ----------
    events : EventList
        With times and good time intervals.
    width : float
        Bin of the light curve [s].
    sigmas : float
        In Poisson errors of the median rate; both sides are cut.
    """
    if events.time is None or not events.gti:
        return events
    start = min(float(rows.min()) for rows in events.gti.values() if rows.size)
    stop = max(float(rows.max()) for rows in events.gti.values() if rows.size)
    edges = start + width * np.arange(int(np.ceil((stop - start) / width)) + 1)
    good = np.mean([_overlap(rows, edges) for rows in events.gti.values()], axis=0)
    counts = np.histogram(events.time, edges)[0]
    used = good > 0.1 * width
    rate = np.where(used, counts / np.where(used, good, 1.0), 0.0)
    kept = used.copy()
    while True:
        level = float(np.median(rate[kept]))
        error = np.sqrt(max(level, 1.0 / width) / np.where(used, good, 1.0))
        again = used & (np.abs(rate - level) <= sigmas * error)
        if not again.any() or np.array_equal(again, kept):
            break
        kept = again
    windows = np.column_stack([edges[:-1][kept], edges[1:][kept]]).astype(np.float64)
    return events.with_gti({ccd: _both(rows, windows) for ccd, rows in events.gti.items()})


def _overlap(rows: NDArray[np.float64], edges: NDArray[Any]) -> NDArray[np.float64]:
    """Good seconds in each bin of a light curve."""
    total = np.zeros(len(edges) - 1)
    for begin, end in rows:
        total += np.clip(np.minimum(edges[1:], end) - np.maximum(edges[:-1], begin), 0, None)
    return total


def _both(rows: NDArray[np.float64], windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection of two sets of intervals."""
    begin = np.maximum(rows[:, None, 0], windows[None, :, 0]).ravel()
    end = np.minimum(rows[:, None, 1], windows[None, :, 1]).ravel()
    keep = end > begin
    order = np.argsort(begin[keep])
    return np.column_stack([begin[keep][order], end[keep][order]])
