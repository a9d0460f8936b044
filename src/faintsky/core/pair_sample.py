"""Projected pairs of AGN and companions, with what is known of their redshifts."""

from __future__ import annotations

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.catalogue import Catalogue
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats, owned_indices
from faintsky.core.redshift import Redshifts

__all__ = ["FieldGalaxies", "PairSample"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class FieldGalaxies:
    """Galaxies of the same images that belong to no pair: what interlopers are drawn from.

    Attributes
    ----------
    area : float
        In which they were looked for [arcsec^2].
    magnitude : ndarray, shape (m,)
        AB, in the reference band.
    redshifts : Redshifts
        m distributions on the grid of the pairs.
    """

    area: float
    magnitude: Array = field(converter=owned_floats, repr=False)
    redshifts: Redshifts

    def __attrs_post_init__(self) -> None:
        if not self.area > 0 or len(self.redshifts) != self.magnitude.size:
            raise DataError(
                f"{self.magnitude.size} magnitudes and {len(self.redshifts)} redshifts of field galaxies in {self.area} arcsec^2"
            )

    @property
    def digest(self) -> str:
        """Identity of the field."""
        return json_digest([self.area, array_digest(self.magnitude), self.redshifts.digest])


@frozen(kw_only=True, eq=False)
class PairSample:
    """n projected pairs about N AGN.

    Attributes
    ----------
    agn : Catalogue
        The parent sample, N rows: ``name``, ``z`` (the best known), ``z_spec`` (NaN where there is none), and where they are
        known ``log_lbol``, ``log_nh``, ``log_mass``, ``magnitude`` (of the host, reference band). Its ``redshifts`` are their
        photometric distributions.
    companions : Catalogue
        n rows: ``name``, ``separation`` [kpc], ``angle`` [arcsec], ``magnitude`` (reference band), ``log_mass``, ``dual`` (1
        where it holds an AGN of its own, 0 where not, NaN where unknown), ``star`` (1 or 0), and of a simulation ``real`` (1
        or 0) and ``is_star`` (1 or 0, the truth). Its ``redshifts`` are theirs, on the grid of the AGN.
    owner : ndarray of int, shape (n,)
        Row of the AGN of each pair.
    reach : ndarray, shape (N,)
        Largest separation about each AGN that counts [arcsec].
    faintest : ndarray, shape (N,)
        Faintest magnitude of a companion of each AGN that counts.
    interlopers : FieldGalaxies, optional
    """

    agn: Catalogue
    companions: Catalogue
    owner: NDArray[np.int32] = field(converter=owned_indices, repr=False)
    reach: Array = field(converter=owned_floats, repr=False)
    faintest: Array = field(converter=owned_floats, repr=False)
    interlopers: FieldGalaxies | None = None

    def __attrs_post_init__(self) -> None:
        if self.agn.redshifts is None or (len(self.companions) and self.companions.redshifts is None):
            raise DataError("pairs need the redshift distributions of AGN and companions")
        if self.companions.redshifts is not None and not np.array_equal(self.agn.redshifts.z, self.companions.redshifts.z):
            raise DataError("the redshifts of AGN and companions lie on different grids")
        if self.owner.shape != (len(self.companions),) or np.any((self.owner < 0) | (self.owner >= len(self.agn))):
            raise DataError(f"{len(self.companions)} companions need as many rows of {len(self.agn)} AGN")
        if self.reach.shape != (len(self.agn),) or self.faintest.shape != (len(self.agn),):
            raise DataError("reach and faintest magnitude are given for each AGN")

    def __len__(self) -> int:
        return len(self.companions)

    def select(self, keep: NDArray[np.bool_]) -> PairSample:
        """The chosen pairs of shape (n,), with all AGN: who has lost its pairs is still a parent.

        Raises
        ------
        DataError
            Where `keep` does not hold a flag for each pair.
        """
        if keep.shape != (len(self),) or keep.dtype != bool:
            raise DataError(f"{len(self)} pairs need as many flags, got an array of {keep.dtype} and shape {keep.shape}")
        if not len(self):
            return self
        return attrs.evolve(self, companions=self.companions.select(keep), owner=self.owner[keep])

    @property
    def digest(self) -> str:
        """Identity of everything a result can depend on."""
        arrays = [array_digest(each) for each in (self.owner, self.reach, self.faintest)]
        return json_digest([self.agn.digest, self.companions.digest, arrays, self.interlopers and self.interlopers.digest])
