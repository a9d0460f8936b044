"""Fine annuli of wavenumber, on which a window samples a model spectrum."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.bins import Bins
from faintsky.core.grid import Grid
from faintsky.core.modes import mean_wavenumbers, mode_counts

__all__ = ["Annuli", "disc_transform"]

Array = NDArray[np.float64]


def disc_transform(q: Array, r: Array) -> Array:
    """Correlation function of a spectrum that is 1 below `q` and 0 above: q J1(q r) / (2 pi r) [sr^-1].

    Parameters
    ----------
    q : ndarray, shape (m,)
        [rad^-1]
    r : ndarray, shape (nr,)
        [rad]; q^2 / (4 pi) at r = 0.

    Returns
    -------
    ndarray, shape (m, nr)
    """
    from scipy.special import j1

    x = q[:, None] * r
    small = x < 1e-6
    return np.where(small, 0.5, j1(x) / np.where(small, 1.0, x)) * q[:, None] ** 2 / (2 * np.pi)


@frozen(eq=False)
class Annuli:
    """Sub-annuli of the bins, of the wavenumbers below them and above them, to the corner of the Fourier plane.

    Within an annulus the model counts as constant. Below the axis Nyquist wavenumber the annuli are those of the plane of
    continuous wavenumbers, so that the leakage through the edge of the field, and from wavenumbers below the fundamental one, is
    contained. Between Nyquist and the corner the plane of the pixel grid is a square: those annuli hold what is missing there.

    Attributes
    ----------
    edges : ndarray, shape (m + 1,)
        From 0 to the Nyquist wavenumber [rad^-1].
    corner : ndarray, shape (c + 1,)
        From the Nyquist wavenumber to the corner [rad^-1].
    q : ndarray, shape (m + c,)
        Mean wavenumber of each annulus [rad^-1].
    corner_modes : ndarray, shape (c,)
    """

    edges: Array
    corner: Array
    q: Array
    corner_modes: Array

    @classmethod
    def of(cls, grid: Grid, bins: Bins, width: float = 0.06) -> Annuli:
        """The annuli of some bins.

        Parameters
        ----------
        width : float
            Largest width in ln q.
        """
        nyquist, highest = grid.nyquist, np.hypot(np.pi / grid.scale[0], np.pi / grid.scale[1]) * (1 + 1e-9)
        first = bins.edges[0] if bins.edges[0] > 0 else bins.edges[1]
        lowest = min(first, grid.fundamental) / 100
        marks = np.unique([lowest, *bins.edges[(bins.edges > lowest) & (bins.edges < nyquist)], nyquist])
        pieces = [np.geomspace(a, b, int(np.ceil(np.log(b / a) / width)) + 1)[:-1] for a, b in pairwise(marks)]
        edges = np.concatenate([[0.0], *pieces, [nyquist]])
        low, high = edges[:-1], edges[1:]
        mean = 2 / 3 * (high**3 - low**3) / (high**2 - low**2)
        beyond = bins.edges[(bins.edges > nyquist * (1 + 1e-9)) & (bins.edges < highest)]
        corner = np.array([nyquist, *beyond, highest])
        while True:  # A sliver without a mode belongs to its neighbour.
            modes = mode_counts(grid, Bins(corner))
            empty = np.flatnonzero(modes == 0)
            if not empty.size or len(corner) == 2:
                break
            corner = np.delete(corner, empty[0] if empty[0] > 0 else 1)
        q = np.concatenate([mean, mean_wavenumbers(grid, Bins(corner))])
        return cls(edges, corner, q, modes.astype(float))

    def correlation(self, r: Array) -> Array:
        """Correlation functions of the annuli below Nyquist for unit power, shape (m, nr) [sr^-1]."""
        return np.diff(disc_transform(self.edges, r), axis=0)

    def closed(self, below: Array, total: Array, bins: Bins) -> Array:
        """Add the corner annuli to a window.

        Parameters
        ----------
        below : ndarray, shape (nbin, m)
            Response to unit power in each annulus below Nyquist.
        total : ndarray, shape (nbin,)
            Response to white noise of unit power, known exactly: what the annuli below leave of it is the corner's.
        bins : Bins
            A bin that reaches beyond Nyquist has its share in the annuli that it holds, others by number of modes.

        Returns
        -------
        ndarray, shape (nbin, m + c)
        """
        missing = total - below.sum(axis=1)
        overlap = np.clip(
            np.minimum(bins.edges[1:, None], self.corner[1:]) - np.maximum(bins.edges[:-1, None], self.corner[:-1]),
            0,
            None,
        ) / np.diff(self.corner)
        share = overlap * self.corner_modes
        share = np.where(share.sum(axis=1, keepdims=True) > 0, share, self.corner_modes)
        return np.hstack([below, missing[:, None] * share / share.sum(axis=1, keepdims=True)])
