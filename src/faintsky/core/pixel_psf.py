"""The PSF of an image as pixels, as star finders and PSF modellers give it."""

from __future__ import annotations

from functools import cached_property
from typing import Self

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats

__all__ = ["PixelPsf"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False, slots=False)
class PixelPsf:
    """Response of an image to a point source, the pixel included.

    Attributes
    ----------
    values : ndarray, shape (m, n)
        Share of the light that an image pixel would hold whose centre lies there, over `oversampling`^2: they sum to 1.
    oversampling : int
        Samples per image pixel, along each axis.
    error : ndarray, shape (m, n), optional
        1 sigma of `values`, such as the scatter of the stars that they were built from.

    Raises
    ------
    DataError
        Where the values do not sum to 1 within 5 %, are not finite, or their light is not centred.
    """

    values: Array = field(converter=owned_floats, repr=False)
    oversampling: int = 1
    error: Array | None = field(default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.values.ndim != 2 or min(self.values.shape) < 3:
            raise DataError(f"a PSF needs an image of 3 x 3 pixels or more, got the shape {self.values.shape}")
        if not np.all(np.isfinite(self.values)):
            raise DataError(f"{int((~np.isfinite(self.values)).sum())} pixels of the PSF are not finite")
        if self.oversampling < 1:
            raise DataError(f"a PSF has one sample per image pixel or more, not {self.oversampling}")
        total = float(self.values.sum())
        if abs(total - 1) > 0.05:
            raise DataError(
                f"the PSF sums to {total:.4g}, not 1: normalise it (PixelPsf.of does so), and look for a background in it"
            )
        if self.error is not None and self.error.shape != self.values.shape:
            raise DataError(f"the PSF has the shape {self.values.shape}, its errors {self.error.shape}")
        away = float(np.hypot(*(np.array(self.centroid) - self.middle))) / self.oversampling
        if away > 0.5:
            raise DataError(
                f"the light of the PSF is centred {away:.2f} image pixels from the middle of its array: shift it there, or "
                "cut it out again about its peak"
            )

    @classmethod
    def of(cls, values: ArrayLike, oversampling: int = 1, error: ArrayLike | None = None) -> Self:
        """Of an image of a star in any unit, without background: normalised to a sum of 1."""
        array = np.asarray(values, dtype=float)
        total = float(array.sum())
        if not np.isfinite(total) or total <= 0:
            raise DataError(f"an image that sums to {total:.4g} is no PSF: subtract its background, and mask no pixel of it")
        return cls(values=array / total, oversampling=oversampling, error=None if error is None else np.asarray(error) / total)

    @property
    def middle(self) -> Array:
        """Indices (y, x) of the middle of the array, where the source stands: (m // 2, n // 2)."""
        return np.array([size // 2 for size in self.values.shape], dtype=float)

    @cached_property
    def centroid(self) -> tuple[float, float]:
        """Indices (y, x) of the light's centre, of the pixels above a tenth of the peak."""
        bright = np.where(self.values > 0.1 * self.values.max(), self.values, 0.0)
        y, x = np.indices(self.values.shape)
        return float((bright * y).sum() / bright.sum()), float((bright * x).sum() / bright.sum())

    @property
    def digest(self) -> str:
        """Identity of the PSF."""
        return json_digest(
            [self.oversampling, array_digest(self.values), None if self.error is None else array_digest(self.error)]
        )
