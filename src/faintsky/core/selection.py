"""The kind ``selections``: which sources of an imaging survey make the sample, in which band, and how sure each must be."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.core.detection import SourceList
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.matcher import Matches
from faintsky.core.xray_image import XrayImage

__all__ = ["MatchedField", "Selected", "Selection"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class MatchedField:
    """An X-ray field after detection, with the counterparts of its sources.

    Attributes
    ----------
    images : mapping of str to XrayImage
        By band, with background maps; their footprints are the area of the survey.
    sources : SourceList
        Blind sources inside the footprint.
    matches : Matches
        Of the sources, by row of `galaxies`.
    secure : ndarray of bool, shape (n,)
        Sources whose counterpart is taken.
    galaxies : Catalogue
        ``ra``, ``dec`` [deg], ``z_best`` and whatever else was measured of them; with their redshift densities, where known.
    """

    images: Mapping[str, XrayImage]
    sources: SourceList
    matches: Matches
    secure: NDArray[np.bool_] = field(repr=False)
    galaxies: Catalogue = field(repr=False)

    def __attrs_post_init__(self) -> None:
        if not len(self.sources) == len(self.matches) == len(self.secure):
            raise DataError(f"{len(self.sources)} sources, {len(self.matches)} matches and {len(self.secure)} decisions on them")

    @property
    def digest(self) -> str:
        """Identity of the field."""
        images = [[name, image.digest] for name, image in sorted(self.images.items())]
        parts = [self.sources.digest, self.matches.digest, self.galaxies.digest]
        return json_digest([images, parts, array_digest(self.secure)])


@frozen(kw_only=True, eq=False)
class Selected:
    """A sample of X-ray sources with counterparts, and the selection that made it.

    Attributes
    ----------
    sources : SourceList
        n sources.
    galaxy : ndarray of int, shape (n,)
        Row of the counterpart in the catalogue of galaxies.
    band : str
        Name of the image that sources must be significant in.
    threshold : float
        Largest false probability in it: what the area curve must be made with.
    false_fraction : mapping of str to ndarray
        Curves of the false fraction: ``threshold``, and one for each subset; empty for a blind sample.
    meta : mapping of str to object
        Numbers of sources left out, and why.
    """

    sources: SourceList
    galaxy: NDArray[np.int64] = field(repr=False)
    band: str
    threshold: float
    false_fraction: Mapping[str, Array] = field(factory=dict, repr=False)
    meta: Mapping[str, Any] = field(factory=dict)

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def digest(self) -> str:
        """Identity of the sample."""
        return json_digest([self.sources.digest, array_digest(self.galaxy), self.band, self.threshold])


@runtime_checkable
class Selection(Protocol):
    """A component of kind ``selections``: takes the sample of one band out of a matched field."""

    @property
    @abstractmethod
    def band(self) -> str:
        """Name of the image that sources must be significant in."""

    @abstractmethod
    def select(self, matched: MatchedField, ctx: Context) -> Selected:
        """The sample.

        Raises
        ------
        DataError
            Where there is no image of the band, or nothing is left.
        """
