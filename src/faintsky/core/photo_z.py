"""Photometric redshifts (kind ``photo_z``)."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, runtime_checkable

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.one_sigma import QUANTILES
from faintsky.core.owned_array import owned_floats
from faintsky.core.photometry import Photometry
from faintsky.core.redshift import Redshifts

__all__ = ["PhotoZ", "PhotoZRule"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class PhotoZ:
    """Redshifts of n sources from their colours.

    Attributes
    ----------
    names : tuple of str
    redshifts : Redshifts
        Posterior distributions.
    z_best : ndarray, shape (n,)
        Redshift of the smallest chi2; NaN where the distributions were given.
    galaxy_chi2, star_chi2 : ndarray, shape (n,)
        Smallest chi2 of galaxies at any redshift, and of stars of our Galaxy; NaN where there was no such template.
    bands : ndarray, shape (n,)
        Bands with a measured flux.
    """

    names: tuple[str, ...]
    redshifts: Redshifts
    z_best: Array = field(converter=owned_floats, repr=False)
    galaxy_chi2: Array = field(converter=owned_floats, repr=False)
    star_chi2: Array = field(converter=owned_floats, repr=False)
    bands: Array = field(converter=owned_floats, repr=False)

    def __attrs_post_init__(self) -> None:
        if not all(
            len(part) == len(self.names) for part in (self.redshifts, self.z_best, self.galaxy_chi2, self.star_chi2, self.bands)
        ):
            raise DataError(f"{len(self.names)} names do not fit {len(self.redshifts)} redshift distributions")

    def __len__(self) -> int:
        return len(self.names)

    @property
    def star(self) -> NDArray[np.bool_]:
        """Whether a star fits better than any galaxy, shape (n,)."""
        return np.asarray(self.star_chi2 < self.galaxy_chi2)

    @property
    def z_ml(self) -> Array:
        """Median of each distribution, shape (n,)."""
        return self.redshifts.median

    @property
    def z_limits(self) -> Array:
        """Ends of the central 68 % of each distribution, shape (n, 2)."""
        return np.stack([self.redshifts.quantile(QUANTILES[0]), self.redshifts.quantile(QUANTILES[2])], axis=1)

    def select(self, keep: NDArray[np.bool_] | NDArray[np.int64]) -> PhotoZ:
        """The chosen sources."""
        columns = {name: getattr(self, name)[keep] for name in ("z_best", "galaxy_chi2", "star_chi2", "bands")}
        names = tuple(self.names[i] for i in np.arange(len(self))[keep])
        return PhotoZ(names=names, redshifts=self.redshifts.select(keep), **columns)

    @property
    def digest(self) -> str:
        """Identity of the result."""
        return json_digest([self.names, self.redshifts.digest, array_digest(self.star_chi2), array_digest(self.galaxy_chi2)])


@runtime_checkable
class PhotoZRule(Protocol):
    """A component of kind ``photo_z``: redshift distributions of sources."""

    @abstractmethod
    def estimate(self, photometry: Photometry, ctx: Context) -> PhotoZ:
        """Redshifts of all sources.

        Parameters
        ----------
        photometry : Photometry
            Corrected for the extinction of our Galaxy, with floors of the errors.

        Raises
        ------
        DataError
            Where no band overlaps the templates, or a source has no distribution.
        """
