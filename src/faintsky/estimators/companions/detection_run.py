"""One run of a segmentation over an image, and how its sources relate to those of another one."""

from __future__ import annotations

from typing import Self

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.segments import Segments

__all__ = ["DetectionRun"]

Rows = NDArray[np.intp]


@frozen(kw_only=True, eq=False)
class DetectionRun:
    """A segmentation and the peaks of its sources.

    Attributes
    ----------
    name : str
        For the report: ``reference``, ``core`` or ``blue``.
    labels : ndarray of int, shape (ny, nx)
        0 for sky, else row + 1.
    peaks : ndarray of int, shape (n, 2)
        Brightest pixel (y, x) of each source.
    """

    name: str
    labels: NDArray[np.int32] = field(repr=False)
    peaks: Rows

    @classmethod
    def of(cls, name: str, segments: Segments) -> Self:
        """From what a segmentation gives."""
        sources = segments.sources
        peaks = np.stack([sources["y_peak"], sources["x_peak"]], axis=1)
        return cls(name=name, labels=segments.labels, peaks=peaks.astype(np.intp))

    def __len__(self) -> int:
        return len(self.peaks)

    def owners(self, peaks: Rows) -> Rows:
        """Row of the source on whose pixels each of k peaks (y, x) lies, -1 on sky."""
        return np.asarray(self.labels[peaks[:, 0], peaks[:, 1]] - 1, dtype=np.intp)

    def separations(self, other: DetectionRun) -> NDArray[np.float64]:
        """Distances of the n peaks from the m of another run [pixel], shape (n, m)."""
        dy, dx = (self.peaks[:, None, axis] - other.peaks[None, :, axis] for axis in (0, 1))
        return np.asarray(np.hypot(dy, dx), dtype=float)

    def partners(self, other: DetectionRun, radius: float) -> Rows:
        """Row of the same source in another run, -1 where there is none.

        Two sources are the same where each one holds the peak of the other, or where they are nearest to each other and their
        peaks lie within `radius` [pixel].
        """
        if not len(self) or not len(other):
            return np.full(len(self), -1, dtype=np.intp)
        mine = np.arange(len(self))
        there = other.owners(self.peaks)
        found = np.where((there >= 0) & (self.owners(other.peaks)[there] == mine), there, -1)
        away = self.separations(other)
        near = np.argmin(away, axis=1)
        close = (np.argmin(away, axis=0)[near] == mine) & (away[mine, near] <= radius) & ~np.isin(near, found)
        return np.where((found < 0) & close, near, found)

    def refined(self, finer: DetectionRun, where: NDArray[np.bool_], allowed: NDArray[np.bool_], radius: float) -> DetectionRun:
        """This run with the sources that a finer one has in addition.

        A source of the finer run is added where it is asked for and holds the peak of no source of this run, nor has its own peak
        within `radius` [pixel] of one. It takes its pixels from the segment that its peak lies in, or from the sky; the other
        pixels of that segment stay as they are.

        Parameters
        ----------
        finer : DetectionRun
        where : ndarray of bool, shape (m,)
            Which sources of the finer run may be added.
        allowed : ndarray of bool, shape (ny, nx)
            Pixels that may belong to a source.
        radius : float
        """
        new = where.copy()
        held = finer.owners(self.peaks)
        new[held[held >= 0]] = False
        if len(self):
            new &= finer.separations(self).min(axis=1, initial=np.inf) > radius
        labels, peaks, segments = self.labels.copy(), list(self.peaks), self.owners(finer.peaks)
        for row in np.flatnonzero(new):
            pixels = (finer.labels == row + 1) & (self.labels == segments[row] + 1) & allowed
            if pixels.any():
                peaks.append(finer.peaks[row])
                labels[pixels] = len(peaks)
        return DetectionRun(name=self.name, labels=labels, peaks=np.array(peaks, dtype=np.intp).reshape(-1, 2))
