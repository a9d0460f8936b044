"""The image set: images of one field in several bands, on one grid, with errors and PSFs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError, nearest
from faintsky.core.grid import Grid
from faintsky.core.owned_array import owned_floats
from faintsky.core.psf import PSF

__all__ = ["BandImage", "ImageSet"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class BandImage:
    """An image in one band.

    Attributes
    ----------
    values : ndarray, shape (ny, nx)
        Background subtracted, in the set's unit.
    sigma : ndarray, shape (ny, nx)
        Standard deviation of each pixel; infinite where it is masked.
    wavelength : float
        Pivot wavelength [um].
    psf : PSF, optional

    Raises
    ------
    DataError
        Where the shapes differ, or an error is not positive.
    """

    values: Array = field(converter=owned_floats, repr=False)
    sigma: Array = field(converter=owned_floats, repr=False)
    wavelength: float
    psf: PSF | None = None

    def __attrs_post_init__(self) -> None:
        if self.values.shape != self.sigma.shape or self.values.ndim != 2:
            raise DataError(f"values of shape {self.values.shape} and errors of shape {self.sigma.shape}")
        if not np.all(self.sigma > 0):
            raise DataError("an error is not positive; give infinity where a pixel is masked")
        if not np.all(np.isfinite(self.values[np.isfinite(self.sigma)])):
            raise DataError("a pixel with a finite error is not finite")


@frozen(kw_only=True, eq=False)
class ImageSet:
    """Images of one field.

    Attributes
    ----------
    bands : mapping of str to BandImage
        In the order of wavelength.
    grid : Grid
    unit : str
    """

    bands: Mapping[str, BandImage]
    grid: Grid
    unit: str = ""

    def __attrs_post_init__(self) -> None:
        if not self.bands:
            raise DataError("an image set needs at least one band")
        for name, image in self.bands.items():
            if image.values.shape != self.grid.shape:
                raise DataError(f"band {name!r} has the shape {image.values.shape}, the grid {self.grid.shape}")
        object.__setattr__(self, "bands", dict(sorted(self.bands.items(), key=lambda item: item[1].wavelength)))

    def __getitem__(self, name: str) -> BandImage:
        if name not in self.bands:
            raise DataError(f"no band {name!r}. {nearest(name, self.bands)} Bands: {', '.join(self.bands)}")
        return self.bands[name]

    @property
    def digest(self) -> str:
        """Identity of all images and errors."""
        said = [[name, array_digest(b.values), array_digest(b.sigma), b.wavelength] for name, b in self.bands.items()]
        return json_digest([self.grid.digest, self.unit, said])
