"""The two-point correlation function of maps, and the way from it to bandpowers."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.annuli import Annuli, disc_transform
from faintsky.core.bins import Bins

__all__ = ["Correlation", "Transform"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class Correlation:
    """A correlation function xi(theta) in bins of lag.

    Attributes
    ----------
    edges : ndarray, shape (n + 1,)
        Half-open bins [rad].
    theta : ndarray, shape (n,)
        Mean lag of the pairs of each bin [rad].
    xi : ndarray, shape (n,)
        [unit of a x unit of b]; NaN in a bin without pairs.
    npairs : ndarray, shape (n,)
        Weighted number of pairs: unordered ones of one map, ordered ones of two. A whole number for 0/1 masks.
    """

    edges: Array
    theta: Array
    xi: Array
    npairs: Array

    def to_table(self) -> Any:
        """An astropy QTable, one row a bin."""
        from astropy import units as u
        from astropy.table import QTable

        table = QTable()
        table["theta"] = np.rad2deg(self.theta) * 3600 * u.arcsec
        table["xi"] = self.xi
        table["npairs"] = self.npairs
        return table


@frozen(kw_only=True, eq=False)
class Transform:
    """The linear way from a correlation function, given at radii, to bandpowers.

    P_b = sum_i xi(r_i) A_i K_b(r_i), K_b(r) the mean of J0(q r) over the ring b and A_i the solid angle of lags at r_i.

    Attributes
    ----------
    bins : Bins
    r : ndarray, shape (n,)
        [rad]
    area : ndarray, shape (n,)
        Solid angle of the lags that each radius stands for [sr]; 0 leaves it out.
    pairs : ndarray, shape (n,)
        Weighted numbers of pairs, which tell how much of the power of the mean was subtracted with it.
    """

    bins: Bins
    r: Array
    area: Array
    pairs: Array

    @property
    def matrix(self) -> Array:
        """Bandpowers of unit correlation at each radius, shape (nbin, n) [sr]."""
        edges = self.bins.edges
        ring = np.diff(disc_transform(edges, self.r), axis=0)
        return np.asarray(ring / (np.diff(edges**2) / (4 * np.pi))[:, None] * self.area)

    def averaged(self, values: Array, rings: NDArray[np.int64]) -> Array:
        """Means over rings of lag, weighted with the pairs, put back to every radius of the ring.

        Parameters
        ----------
        values : ndarray, shape (m, n)
        rings : ndarray of int, shape (n,)
            The ring of each radius; -1 stands for none, where the result is 0.
        """
        inside = rings >= 0
        number = int(rings.max()) + 1
        pairs = np.bincount(rings[inside], self.pairs[inside], minlength=number)
        sums = np.zeros((len(values), number))
        np.add.at(sums.T, rings[inside], (values * self.pairs)[:, inside].T)
        means = np.divide(sums, pairs, out=np.zeros_like(sums), where=pairs > 0)
        return np.where(inside, means[:, np.maximum(rings, 0)], 0.0)

    def window(self, annuli: Annuli, pixel_area: float, rings: NDArray[np.int64] | None = None) -> Array:
        """Expected bandpowers for unit power in each annulus, shape (nbin, m): truncated lags and the lost mean included.

        Parameters
        ----------
        annuli : Annuli
        pixel_area : float
            [sr]; the first radius is the lag 0, where white noise of unit power has xi = 1 / pixel_area.
        rings : ndarray of int, shape (n,), optional
            The rings of lag that xi was averaged over, where it was; the lag 0 is a ring of its own.
        """
        matrix, share = self.matrix, self.pairs / self.pairs.sum()
        seen = annuli.correlation(self.r)
        if rings is not None:
            seen = self.averaged(seen, rings)
        seen = seen - (seen @ share)[:, None]
        white = (matrix[:, 0] - matrix.sum(axis=1) * share[0]) / pixel_area
        return annuli.closed(matrix @ seen.T, white, self.bins)
