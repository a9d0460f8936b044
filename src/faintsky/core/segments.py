"""Sources of an optical or infrared image (kind ``segmentations``): pixels that belong to each, and their photometry."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, runtime_checkable

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.image_set import BandImage
from faintsky.core.owned_array import owned_indices

__all__ = ["Segmentation", "Segments"]


@frozen(kw_only=True, eq=False)
class Segments:
    """Sources of one image.

    Attributes
    ----------
    labels : ndarray of int, shape (ny, nx)
        0 for sky, i + 1 for row i of `sources`.
    sources : Catalogue
        A row each: ``x``, ``y`` [pixel, 0-based] (barycentre), ``x_peak``, ``y_peak``, ``flux`` [uJy] inside the isophote,
        ``auto_flux``, ``auto_error`` [uJy] inside the Kron ellipse, ``a``, ``b`` [pixel] (rms along the axes), ``theta`` [rad]
        (of the major axis, from +x towards +y), ``half_radius`` [pixel] (half of the Kron flux), ``kron_radius`` [a],
        ``pixels``.
    """

    labels: NDArray[np.int32] = field(converter=owned_indices, repr=False)
    sources: Catalogue

    def __attrs_post_init__(self) -> None:
        if self.labels.max(initial=0) > len(self.sources):
            raise DataError(f"the segmentation has {self.labels.max()} labels, the list {len(self.sources)} sources")

    @property
    def digest(self) -> str:
        """Identity of pixels and sources."""
        return json_digest([array_digest(self.labels), self.sources.digest])


@runtime_checkable
class Segmentation(Protocol):
    """A component of kind ``segmentations``: finds and deblends the sources of an image."""

    @abstractmethod
    def segment(self, image: BandImage, contrast: float, ctx: Context) -> Segments:
        """All sources of an image.

        Parameters
        ----------
        image : BandImage
            Pixels with infinite errors are no part of any source.
        contrast : float
            Smallest share of the flux of a blend that makes a branch a source of its own (DEBLEND_MINCONT).

        Raises
        ------
        DataError
            Where the contrast lies outside of 0 to 1, or no pixel has an error.
        """
