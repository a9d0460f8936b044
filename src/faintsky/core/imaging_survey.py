"""The kind ``imaging_surveys``: X-ray images of one field in several bands, with the galaxies that it is matched to."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from attrs import field, frozen

from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.core.digest import json_digest
from faintsky.core.errors import DataError, nearest
from faintsky.core.xray_image import XrayImage

__all__ = ["ImagingSurvey", "ImagingSurveySource"]


@frozen(kw_only=True, eq=False)
class ImagingSurvey:
    """Images of one field on one grid.

    Attributes
    ----------
    images : mapping of str to XrayImage
        By the name of the band, such as ``full``, ``soft``, ``hard``.
    galaxies : Catalogue, optional
        Sources of another wavelength with ``ra``, ``dec`` [deg], magnitudes and redshifts.
    truth : Catalogue, optional
        The X-ray sources of a simulated survey as they are.
    name : str
    """

    images: Mapping[str, XrayImage]
    galaxies: Catalogue | None = None
    truth: Catalogue | None = field(default=None, repr=False)
    name: str = ""

    def __attrs_post_init__(self) -> None:
        if not self.images:
            raise DataError("an imaging survey needs at least one image")
        if len({image.grid.digest for image in self.images.values()}) > 1:
            raise DataError("the images of a survey lie on different grids; make them on one")

    def __getitem__(self, name: str) -> XrayImage:
        if name not in self.images:
            raise DataError(f"no image {name!r}. {nearest(name, self.images)} Images: {', '.join(self.images)}")
        return self.images[name]

    @property
    def digest(self) -> str:
        """Identity of all images and catalogues."""
        said = [[name, image.digest] for name, image in self.images.items()]
        return json_digest([self.name, said, self.galaxies and self.galaxies.digest, self.truth and self.truth.digest])


@runtime_checkable
class ImagingSurveySource(Protocol):
    """A component of kind ``imaging_surveys``: reads or simulates the images of a field."""

    @abstractmethod
    def load(self, ctx: Context) -> ImagingSurvey:
        """The survey; the same one for every task of a study with one seed.

        Raises
        ------
        DataError
            Where files are not what they are said to be.
        """
