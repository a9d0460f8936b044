"""The kind ``detections``: X-ray sources of an image, and what is known of each."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.aperture_photometry import AperturePhotometry
from faintsky.core.context import Context
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats
from faintsky.core.xray_image import XrayImage

__all__ = ["Detection", "SourceList"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class SourceList:
    """X-ray sources of a field with their photometry in one or more bands.

    Attributes
    ----------
    x, y : ndarray, shape (n,)
        Pixel coordinates on the grid of the image, 0-based: (0, 0) is the centre of the first pixel.
    ra, dec : ndarray, shape (n,)
        [deg]; NaN where the grid lies nowhere on the sky.
    position_error : ndarray, shape (n,)
        1 sigma in each coordinate [arcsec].
    photometry : mapping of str to AperturePhotometry
        By band.
    detected : mapping of str to ndarray of bool, shape (n,)
        Whether the source is significant in a band of its own; other bands are filled by extraction.
    origin : ndarray of str, shape (n,)
        ``blind`` or ``extracted``.
    threshold : float
        Largest false probability.
    """

    x: Array = field(converter=owned_floats, repr=False)
    y: Array = field(converter=owned_floats, repr=False)
    ra: Array = field(converter=owned_floats, repr=False)
    dec: Array = field(converter=owned_floats, repr=False)
    position_error: Array = field(converter=owned_floats, repr=False)
    photometry: Mapping[str, AperturePhotometry] = field(repr=False)
    detected: Mapping[str, NDArray[np.bool_]] = field(repr=False)
    origin: NDArray[np.str_] = field(repr=False)
    threshold: float

    def __attrs_post_init__(self) -> None:
        lengths = {name: len(getattr(self, name)) for name in ("x", "y", "ra", "dec", "position_error", "origin")}
        lengths |= {name: len(part) for name, part in self.photometry.items()}
        if len(set(lengths.values())) > 1:
            raise DataError(f"the columns of a source list have different lengths: {lengths}")

    def __len__(self) -> int:
        return int(self.x.size)

    def select(self, keep: NDArray[np.bool_] | NDArray[np.int64]) -> SourceList:
        """The chosen sources."""
        rows = {name: getattr(self, name)[keep] for name in ("x", "y", "ra", "dec", "position_error", "origin")}
        return attrs.evolve(
            self,
            **rows,
            photometry={name: part.select(keep) for name, part in self.photometry.items()},
            detected={name: flags[keep] for name, flags in self.detected.items()},
        )

    @property
    def digest(self) -> str:
        """Identity of the list."""
        rows = [array_digest(getattr(self, name)) for name in ("x", "y", "ra", "dec", "position_error")]
        bands = [[name, part.digest] for name, part in sorted(self.photometry.items())]
        flags = [[name, array_digest(part)] for name, part in sorted(self.detected.items())]
        return json_digest([rows, bands, flags, self.origin.tolist(), self.threshold])

    def to_table(self) -> Any:
        """One row per source, as an astropy QTable."""
        from astropy import units as u
        from astropy.table import QTable

        table = QTable({"x": self.x, "y": self.y, "ra": self.ra * u.deg, "dec": self.dec * u.deg})
        table["position_error"] = self.position_error * u.arcsec
        table["origin"] = self.origin
        for name, part in self.photometry.items():
            table[f"counts_{name}"] = part.counts
            table[f"background_{name}"] = part.background
            table[f"exposure_{name}"] = part.exposure * u.cm**2 * u.s
            table[f"rate_{name}"] = part.rate / u.cm**2 / u.s
            table[f"false_probability_{name}"] = part.false_probability
            table[f"detected_{name}"] = self.detected[name]
        table.meta["threshold"] = self.threshold
        return table


@runtime_checkable
class Detection(Protocol):
    """A component of kind ``detections``: finds the sources of images of one field."""

    @abstractmethod
    def detect(self, images: Mapping[str, XrayImage], ctx: Context) -> tuple[SourceList, Mapping[str, XrayImage]]:
        """Sources, and the images with the background maps that detection made or was given.

        Parameters
        ----------
        images : mapping of str to XrayImage
            By band; each is searched, and the lists are merged.

        Raises
        ------
        DataError
            Where an aperture is larger than the PSF map allows, or an image has no area.
        """
