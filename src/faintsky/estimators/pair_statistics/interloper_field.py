"""What interlopers look like: how many lie about an AGN, and at which redshifts."""

from __future__ import annotations

from typing import Self

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats
from faintsky.core.pair_sample import FieldGalaxies, PairSample
from faintsky.estimators.pair_statistics.parent_redshifts import cells_of
from faintsky.estimators.pair_statistics.redshift_population import redshift_population

__all__ = ["InterloperField", "field_of"]

Array = NDArray[np.float64]

#: Field galaxies of one bin of magnitude, and most bins.
_PER_BIN, _BINS = 300, 12


def field_of(pairs: PairSample, name: str) -> FieldGalaxies:
    """The field galaxies of a sample.

    Raises
    ------
    DataError
        Where there are none, or on another grid.
    """
    known = pairs.interlopers
    if known is None or not len(known.redshifts):
        raise DataError(
            f"{name} needs the galaxies of the field, from which interlopers come, and the sample has none: give them, or take "
            '[pair_statistics] use = "effective-count", which does without'
        )
    assert pairs.agn.redshifts is not None
    if not np.array_equal(known.redshifts.z, pairs.agn.redshifts.z):
        raise DataError("the redshifts of field galaxies lie on another grid than those of the pairs: put them on one grid")
    return known


@frozen(kw_only=True, eq=False)
class InterloperField:
    """Number counts and redshift distributions of the field.

    Attributes
    ----------
    area : float
        [arcsec^2]
    magnitude : ndarray, shape (k,)
        Sorted.
    centre : ndarray, shape (b,)
        Median magnitudes of bins.
    population : ndarray, shape (b, m)
        Probabilities of cells of the galaxies of each bin.
    """

    area: float
    magnitude: Array = field(converter=owned_floats, repr=False)
    centre: Array = field(converter=owned_floats, repr=False)
    population: Array = field(converter=owned_floats, repr=False)

    @classmethod
    def of(cls, galaxies: FieldGalaxies, prior: Array, faintest: float, iterations: int) -> Self:
        """Learn from field galaxies; those fainter than `faintest` are counted, but teach no redshifts.

        Parameters
        ----------
        galaxies : FieldGalaxies
        prior : ndarray, shape (m,)
            That their redshift distributions were made with.
        faintest : float
            Faintest magnitude of a companion of any AGN.
        iterations : int
            See `redshift_population`.
        """
        order = np.argsort(galaxies.magnitude, kind="stable")
        order = order[np.isfinite(galaxies.magnitude[order])]
        magnitude = galaxies.magnitude[order]
        taught = order[: max(int(np.searchsorted(magnitude, faintest, side="right")), min(_PER_BIN, order.size))]
        parts = np.array_split(taught, int(np.clip(taught.size // _PER_BIN, 1, _BINS)))
        cells = cells_of(galaxies.redshifts)
        return cls(
            area=galaxies.area,
            magnitude=magnitude,
            centre=np.array([np.median(galaxies.magnitude[part]) for part in parts]),
            population=np.stack([redshift_population(cells[part], prior, iterations) for part in parts]),
        )

    def density(self, faintest: ArrayLike) -> Array:
        """Galaxies as bright as `faintest` or brighter [arcsec^-2]; half a galaxy more than counted, so that it is never 0."""
        return np.asarray((np.searchsorted(self.magnitude, faintest, side="right") + 0.5) / self.area)

    def redshifts(self, magnitude: Array) -> Array:
        """Probabilities of cells of field galaxies of these magnitudes (n,), interpolated between the bins; shape (n, m)."""
        place = np.interp(magnitude, self.centre, np.arange(self.centre.size))
        left = np.clip(place.astype(int), 0, max(self.centre.size - 2, 0))
        right = np.minimum(left + 1, self.centre.size - 1)
        share = (place - left)[:, None]
        return np.asarray((1 - share) * self.population[left] + share * self.population[right])
