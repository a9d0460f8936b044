"""Means of a cross-section over energy bins, from its integral on a fine grid that holds every absorption edge."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.errors import DataError

__all__ = ["BinMeans", "tabulated"]

Array = NDArray[np.float64]

#: Ends of the grid [keV]: no atom absorbs below 5 eV; above 100 MeV nobody asks for photoelectric absorption.
_LOWEST, _HIGHEST = 1e-3, 1e5
#: Steps of the grid in a unit of ln E. Means then err by less than 1e-7, those of bins below 1e-4 of E by less than 1e-6.
_STEPS = 512


@frozen(kw_only=True, eq=False)
class BinMeans:
    """The integral from any energy to the end of the grid, by a cubic in ln E between its nodes.

    Attributes
    ----------
    first : ndarray of int, shape (ncell + 1,)
        The node on which each of the equal cells of ln E begins; an edge within a cell is a node too.
    extra : int
        Most edges in one cell.
    node : ndarray, shape (n + 1,)
        ln E of the nodes.
    scale : ndarray, shape (n,)
        1 / (ln E_(i+1) - ln E_i).
    beyond : ndarray, shape (n,)
        Integral of the cross-section from node i on [cm^2 keV].
    cubic : ndarray, shape (3, n)
        What is taken from it at u = scale (ln E - node): cubic[0] u + cubic[1] u^2 + cubic[2] u^3.
    """

    first: NDArray[np.intp]
    extra: int
    node: Array
    scale: Array
    beyond: Array
    cubic: Array

    def integral_beyond(self, energy_kev: Array) -> Array:
        """Integral from an energy to the end of the grid, any shape [cm^2 keV]."""
        log = np.log(np.maximum(energy_kev, _LOWEST))
        i = self.first[((log - self.node[0]) * _STEPS).astype(np.intp)]
        for _ in range(self.extra):
            i += log >= self.node[i + 1]
        u = (log - self.node[i]) * self.scale[i]
        a, b, c = self.cubic
        return np.asarray(self.beyond[i] - u * (a[i] + u * (b[i] + u * c[i])))

    def mean(self, edges_kev: Array) -> Array:
        """Means over bins.

        Parameters
        ----------
        edges_kev : ndarray, shape (..., nbin + 1)
            Positive and increasing along the last axis [keV].

        Returns
        -------
        ndarray, shape (..., nbin)
            [cm^2]

        Raises
        ------
        DataError
            Above 1e5 keV.
        """
        if edges_kev.size and not float(np.max(edges_kev[..., -1])) < _HIGHEST:
            raise DataError(f"photoelectric absorption is tabulated up to {_HIGHEST:g} keV, not to {np.max(edges_kev):g} keV")
        return np.asarray(-np.diff(self.integral_beyond(edges_kev), axis=-1) / np.diff(edges_kev, axis=-1))


def tabulated(section: Callable[[Array], Array], edges: Array) -> BinMeans:
    """The means of a cross-section.

    Integrals run from above: they fall with the energy as fast as what is taken from them, so their differences keep their
    digits at any energy, which those of integrals from below do not.

    Parameters
    ----------
    section : callable
        Cross-section [cm^2] at energies of shape (m,) [keV]; an energy on an edge counts as above it.
    edges : ndarray, shape (k,)
        Energies at which it jumps [keV].
    """
    low, high = np.log(_LOWEST), np.log(_HIGHEST)
    cells = int(np.ceil((high - low) * _STEPS))
    grid = np.exp(low + np.arange(cells + 1) / _STEPS)
    inside = edges[(edges > grid[0]) & (edges < grid[-1])]
    energy = np.unique(np.concatenate([grid, inside]))
    node = np.log(energy)
    width = np.diff(node)
    # E sigma at the ends, from within, and in the middle of each piece: a parabola in ln E, and Simpson's rule its integral.
    left = energy[:-1] * section(energy[:-1])
    right = energy[1:] * section(np.nextafter(energy[1:], 0.0))
    middle = np.exp(0.5 * (node[1:] + node[:-1]))
    middle = middle * section(middle)
    cubic = width * np.array([left, (4 * middle - 3 * left - right) / 2, (2 * left - 4 * middle + 2 * right) / 3])
    pieces = cubic.sum(axis=0)
    first = np.searchsorted(energy, grid)
    return BinMeans(
        first=first,
        extra=int(np.max(np.diff(first))) - 1 if len(inside) else 0,
        node=node,
        scale=1 / width,
        beyond=np.cumsum(pieces[::-1])[::-1],
        cubic=cubic,
    )
