"""The likelihood of projected pairs: a Poisson process of real companions and interlopers about each AGN."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.owned_array import owned_floats

__all__ = ["PairLikelihood"]

Array = NDArray[np.float64]

#: In place of a likelihood of 0, which an optimiser meets far from the maximum.
_IMPOSSIBLE = 1e-300


@frozen(kw_only=True, eq=False, slots=False)
class PairLikelihood:
    """n companions of N AGN on m cells of redshift.

    About AGN i, at redshift z, real companions are a Poisson process with expectation f(z), interlopers one with expectation
    q lambda_i. With K_j(z) the density of real companions with the data of companion j, for f = 1, over that of interlopers,

    L = prod_i sum_z Pa_i(z) exp(-f(z)) prod_j [1 + f(z) K_j(z) / q]  x  exp(-q sum_i lambda_i) q^n  x  (what depends on nothing).

    All companions of one AGN share its redshift, so that the sum over z stands outside of the product: nothing is approximate.

    Attributes
    ----------
    z : ndarray, shape (m,)
        Centres of the cells.
    parents : ndarray, shape (N, m)
        Probabilities Pa of the AGN.
    odds : ndarray, shape (n, m)
        K of the companions, ordered by AGN.
    owner : ndarray of int, shape (n,)
        Row of the AGN of each companion, rising.
    expected : float
        sum_i lambda_i.
    """

    z: Array = field(converter=owned_floats, repr=False)
    parents: NDArray[np.floating] = field(repr=False)
    odds: Array = field(repr=False)
    owner: NDArray[np.intp] = field(repr=False)
    expected: float

    @cached_property
    def _starts(self) -> NDArray[np.intp]:
        """First companion of each AGN that has any."""
        return np.flatnonzero(np.diff(self.owner, prepend=-1))

    @cached_property
    def _alone(self) -> NDArray[np.bool_]:
        alone = np.ones(len(self.parents), dtype=bool)
        alone[self.owner] = False
        return alone

    @cached_property
    def _shared(self) -> tuple[Array, Array, Array]:
        """Parents without companions; those with some; the mean over all."""
        inside = np.asarray(self.parents, dtype=float)
        return inside[self._alone], inside[self.owner[self._starts]], inside.mean(axis=0)

    def rate(self, fraction: float, slope: float) -> Array:
        """f(z) of the cells: proportional to (1 + z)^slope, with a mean of `fraction` over all AGN."""
        _, _, mean = self._shared
        shape = (1 + self.z) ** slope
        return np.asarray(fraction * shape * (mean.sum() / (mean @ shape)))

    def log_likelihood(self, fraction: float, slope: float, density: float) -> float:
        """ln L.

        Parameters
        ----------
        fraction : float
            Real companions per AGN.
        slope : float
        density : float
            q, by which interlopers are more frequent than they were counted.
        """
        rate = self.rate(fraction, slope)
        alone, owners, _ = self._shared
        none = np.exp(-rate)
        found = float(np.log(np.maximum(alone @ none, _IMPOSSIBLE)).sum()) - density * self.expected
        if self.owner.size:
            weights = owners * self._products(rate / density) * none
            found += float(np.log(np.maximum(weights.sum(axis=1), _IMPOSSIBLE)).sum()) + self.owner.size * np.log(density)
        return found

    def _products(self, rate: Array) -> Array:
        """prod_j (1 + f K_j) for each AGN that has companions."""
        return np.asarray(np.multiply.reduceat(1 + rate * self.odds, self._starts, axis=0))

    def probabilities(self, fraction: float, slope: float, density: float) -> tuple[Array, Array]:
        """What the companions are, for given parameters.

        Returns
        -------
        pairs : ndarray, shape (n, m)
            Probability that a companion is real and its AGN lies in a cell.
        parents : ndarray, shape (N, m)
            Probability of each AGN in each cell, now that its companions are known. It is at least that of any of its pairs.
        """
        rate = self.rate(fraction, slope)
        parents = np.asarray(self.parents, dtype=float).copy()
        mass = parents.sum(axis=1, keepdims=True)
        parents *= np.exp(-rate)
        real = np.zeros_like(self.odds)
        if self.owner.size:
            parents[self.owner[self._starts]] *= self._products(rate / density)
            weight = (rate / density) * self.odds
            real = weight / (1 + weight)
        parents *= mass / parents.sum(axis=1, keepdims=True)
        return parents[self.owner] * real, parents
