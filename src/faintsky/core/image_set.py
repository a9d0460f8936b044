"""The image set: images of one field in several bands, on one grid, with errors and PSFs."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.bandpass import Bandpass
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError, nearest
from faintsky.core.grid import Grid
from faintsky.core.owned_array import owned_floats
from faintsky.core.pixel_psf import PixelPsf

__all__ = ["BandImage", "ImageSet"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class BandImage:
    """An image in one band.

    Attributes
    ----------
    values : ndarray, shape (ny, nx)
        Background subtracted [uJy per pixel].
    sigma : ndarray, shape (ny, nx)
        Standard deviation of each pixel [uJy]; infinite where it is masked.
    bandpass : Bandpass
    psf : PixelPsf, optional
    correlation : ndarray, shape (k, k), k odd, optional
        Correlation of the noise of pixels with that of the middle one, which is 1; none where pixels are independent.

    Raises
    ------
    DataError
        Where the shapes differ, or an error is not positive.
    """

    values: Array = field(converter=owned_floats, repr=False)
    sigma: Array = field(converter=owned_floats, repr=False)
    bandpass: Bandpass
    psf: PixelPsf | None = field(default=None, repr=False)
    correlation: Array | None = field(default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.values.shape != self.sigma.shape or self.values.ndim != 2:
            raise DataError(f"values of shape {self.values.shape} and errors of shape {self.sigma.shape}")
        if not np.all(self.sigma > 0):
            raise DataError("an error is not positive; give infinity where a pixel is masked")
        if not np.all(np.isfinite(self.values[np.isfinite(self.sigma)])):
            raise DataError("a pixel with a finite error is not finite")
        if self.correlation is not None:
            size = self.correlation.shape
            if (
                len(size) != 2
                or size[0] != size[1]
                or size[0] % 2 == 0
                or abs(self.correlation[size[0] // 2, size[0] // 2] - 1) > 1e-6
            ):
                raise DataError(f"the correlation of noise is a square of odd size with 1 in its middle, got the shape {size}")

    @property
    def wavelength(self) -> float:
        """Pivot wavelength [um]."""
        return self.bandpass.pivot

    @property
    def digest(self) -> str:
        """Identity of the image."""
        arrays = [array_digest(self.values), array_digest(self.sigma)]
        correlation = None if self.correlation is None else array_digest(self.correlation)
        return json_digest([arrays, self.bandpass.digest, self.psf and self.psf.digest, correlation])


@frozen(kw_only=True, eq=False)
class ImageSet:
    """Images of one field.

    Attributes
    ----------
    bands : mapping of str to BandImage
        In the order of wavelength.
    grid : Grid
    """

    bands: Mapping[str, BandImage]
    grid: Grid

    def __attrs_post_init__(self) -> None:
        if not self.bands:
            raise DataError("an image set needs at least one band")
        for name, image in self.bands.items():
            if image.values.shape != self.grid.shape:
                raise DataError(
                    f"band {name!r} has the shape {image.values.shape}, the grid {self.grid.shape}: all bands need one grid"
                )
        object.__setattr__(self, "bands", dict(sorted(self.bands.items(), key=lambda item: item[1].wavelength)))

    def __getitem__(self, name: str) -> BandImage:
        if name not in self.bands:
            raise DataError(f"no band {name!r}. {nearest(name, self.bands)} Bands: {', '.join(self.bands)}")
        return self.bands[name]

    @property
    def bandpasses(self) -> tuple[Bandpass, ...]:
        """Those of the bands, in their order."""
        return tuple(image.bandpass for image in self.bands.values())

    def section(self, rows: slice, columns: slice) -> ImageSet:
        """A rectangle of pixels of all bands."""
        bands = {
            name: attrs.evolve(image, values=image.values[rows, columns], sigma=image.sigma[rows, columns])
            for name, image in self.bands.items()
        }
        return ImageSet(bands=bands, grid=self.grid.section(rows, columns))

    def masked(self, where: NDArray[np.bool_]) -> ImageSet:
        """The same images with infinite errors where `where`, shape (ny, nx), is true."""
        bands = {name: attrs.evolve(image, sigma=np.where(where, np.inf, image.sigma)) for name, image in self.bands.items()}
        return ImageSet(bands=bands, grid=self.grid)

    def nearest_to(self, wavelength: float) -> str:
        """Name of the band whose pivot wavelength is nearest to `wavelength` [um], in its logarithm."""
        return min(self.bands, key=lambda name: abs(np.log(self.bands[name].wavelength / wavelength)))

    @property
    def digest(self) -> str:
        """Identity of all images, errors and PSFs."""
        return json_digest([self.grid.digest, [[name, image.digest] for name, image in self.bands.items()]])
