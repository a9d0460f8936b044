"""Images about AGN (kind ``cutouts``): one image set per target."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, runtime_checkable

from attrs import field, frozen

from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.core.digest import json_digest
from faintsky.core.image_set import ImageSet

__all__ = ["Cutout", "CutoutSource"]


@frozen(kw_only=True, eq=False)
class Cutout:
    """Images about one AGN.

    Attributes
    ----------
    name : str
        Of the target.
    images : ImageSet
    x, y : float
        Place of the target [pixel, 0-based: (0, 0) is the centre of the first pixel].
    truth : Catalogue, optional
        The sources of a simulated cutout as they are, a row each: ``x``, ``y``, ``redshift``, ``kind`` (agn, companion,
        interloper, star, clump), ``active`` (1 where it holds an AGN), ``log_mass``, and ``galaxy_BAND``, ``point_BAND``
        [uJy], ``radius_BAND`` [pixel], ``index_BAND``, ``ellipticity``, ``angle`` [rad].
    """

    name: str
    images: ImageSet
    x: float
    y: float
    truth: Catalogue | None = field(default=None, repr=False)

    @property
    def digest(self) -> str:
        """Identity of everything a result can depend on."""
        return json_digest([self.name, self.images.digest, self.x, self.y, self.truth and self.truth.digest])


@runtime_checkable
class CutoutSource(Protocol):
    """A component of kind ``cutouts``: reads or simulates images about AGN."""

    @abstractmethod
    def targets(self, ctx: Context) -> Catalogue:
        """The AGN, a row each.

        Returns
        -------
        Catalogue
            ``name`` (all different), ``ra``, ``dec`` [deg], ``z_spec`` (NaN where there is none), and where they are known
            ``log_lbol`` [erg/s], ``log_nh`` [cm^-2]; of simulated ones ``redshift`` as well.

        Raises
        ------
        DataError
            Where files are not what they are said to be.
        """

    @abstractmethod
    def cutout(self, name: str, ctx: Context) -> Cutout:
        """The images about one target; the same for every task of a study with one seed.

        Raises
        ------
        DataError
            Where no target has this name, a band has no PSF, or bands differ in size.
        """
