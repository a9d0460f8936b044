"""How the magnitudes of real companions differ from those of interlopers, learnt from the sample itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.estimators.pair_statistics.fraction_fit import FractionFit
from faintsky.estimators.pair_statistics.interloper_field import InterloperField
from faintsky.estimators.pair_statistics.pair_likelihood import PairLikelihood

__all__ = ["MagnitudeShares"]

Array = NDArray[np.float64]

#: Companions of one bin on average, and most bins: more of them make probabilities follow the noise of the shares.
_PER_BIN, _BINS = 40, 4
#: Half the range of magnitudes in which field galaxies are counted for their density.
_HALF = 0.25
#: Fits of the fraction, and steps of the shares after each.
_FITS, _STEPS = 3, 10


@frozen(kw_only=True, eq=False)
class MagnitudeShares:
    """Companions in bins of their magnitude above the limit of their AGN, d = limit - m.

    Real ones lie in bin k with the share g_k, evenly spread over its width w; interlopers of AGN i have the density s_i(m) that
    the counts of the field have, with an integral of 1 down to its limit. So a companion multiplies its odds by
    g_k / (w s_i(m)). The g_k maximise the likelihood of the pairs, with one companion in each bin as a prior.

    Attributes
    ----------
    bin : ndarray of int, shape (n,)
    field : ndarray, shape (n,)
        w s at the magnitude of each companion.
    number : int
        Of bins.
    """

    bin: NDArray[np.intp]
    field: Array
    number: int

    @classmethod
    def of(cls, galaxies: InterloperField, magnitude: Array, faintest: Array) -> Self:
        """Bins of equal width, from the limit to the brightest companion.

        Parameters
        ----------
        galaxies : InterloperField
        magnitude, faintest : ndarray, shape (n,)
            Of each companion, and the limit of its AGN.
        """
        depth = np.maximum(faintest - magnitude, 0.0)
        number = int(np.clip(depth.size // _PER_BIN, 1, _BINS))
        width = max(float(np.max(depth, initial=0.0)) / number, 1e-6)
        faint, bright = np.minimum(magnitude + _HALF, faintest), magnitude - _HALF
        counts = np.maximum(galaxies.density(faint) - galaxies.density(bright), 0.5 / galaxies.area)
        density = counts / np.maximum(faint - bright, _HALF) / galaxies.density(faintest)
        return cls(bin=np.minimum((depth / width).astype(np.intp), number - 1), field=width * density, number=number)

    def learnt(self, likelihood: PairLikelihood, fit: Callable[[PairLikelihood], FractionFit]) -> PairLikelihood:
        """The likelihood with these odds, for the shares that maximise it."""
        found = likelihood
        if self.number < 2:
            return found
        for _ in range(_FITS):
            at = fit(found)
            for _ in range(_STEPS):
                cells, _ = found.probabilities(at.fraction, at.slope, at.density)
                real = cells.sum(axis=1)
                share = (np.bincount(self.bin, real, self.number) + 1) / (real.sum() + self.number)
                found = attrs.evolve(likelihood, odds=likelihood.odds * (share[self.bin] / self.field)[:, None])
        return found
