"""An aperture on a convolved image, as weights of the pixels that were observed."""

from __future__ import annotations

from typing import Self

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.owned_array import owned_floats
from faintsky.estimators.nuclear.aperture import circle_share
from faintsky.estimators.nuclear.matching_kernel import MatchingKernel

__all__ = ["ApertureWeights"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class ApertureWeights:
    """Weights w_j = sum_i a_i K(i - j) of pixels j, for an aperture a on an image that is convolved with the kernel K.

    Attributes
    ----------
    values : ndarray, shape (m, m), m odd
        On a stamp; a itself where there is no kernel.
    aperture : ndarray, shape (m, m)
        a, the part of each pixel inside of the circle.
    middle : tuple of int
        Pixel (y, x) of the image in the middle of the stamp; it may lie outside.
    """

    values: Array = field(converter=owned_floats, repr=False)
    aperture: Array = field(converter=owned_floats, repr=False)
    middle: tuple[int, int]

    @classmethod
    def about(cls, x: float, y: float, radius: float, kernel: MatchingKernel | None = None) -> Self:
        """Of a circle about (x, y), all in pixels."""
        from scipy.signal import fftconvolve

        column, row, reach = round(x), round(y), int(np.ceil(radius)) + 1
        circle = circle_share(x - column + reach, y - row + reach, radius, (2 * reach + 1, 2 * reach + 1))
        if kernel is None:
            return cls(values=circle, aperture=circle, middle=(row, column))
        half = kernel.values.shape[0] // 2
        return cls(values=fftconvolve(circle, kernel.values[::-1, ::-1]), aperture=np.pad(circle, half), middle=(row, column))

    def cut(self, image: Array, outside: float) -> Array:
        """The stamp of an image; `outside` stands beyond its edges."""
        from astropy.nddata import NoOverlapError, extract_array

        try:
            return np.asarray(extract_array(image, self.values.shape, self.middle, mode="partial", fill_value=outside))
        except NoOverlapError:
            return np.full(self.values.shape, outside)

    def defect(self, sigma: Array, limit: float) -> str:
        """Why there is no flux, empty where there is one.

        Parameters
        ----------
        sigma : ndarray, shape (m, m)
            Errors on the stamp, infinite where there is no pixel.
        limit : float
            Share of the weights that may lie on such pixels beyond the aperture.
        """
        masked = ~np.isfinite(sigma)
        inside = int(np.count_nonzero(masked & (self.aperture > 0)))
        if inside:
            return f"{inside} pixels inside the aperture are masked or beyond the edge of the image"
        share = float(np.abs(self.values[masked]).sum() / np.abs(self.values).sum())
        return f"masked pixels carry {100 * share:.2g} per cent of the weights" if share > limit else ""

    def variance(self, sigma: Array, correlation: Array | None = None) -> float:
        """Variance of the weighted sum of pixels, sum_ij w_i w_j sigma_i sigma_j rho(i - j).

        Parameters
        ----------
        sigma : ndarray, shape (m, m)
            Errors on the stamp; pixels with infinite ones count as known.
        correlation : ndarray, shape (k, k), k odd, optional
            rho, with 1 in its middle; without it pixels are independent.
        """
        noise = self.values * np.where(np.isfinite(sigma), sigma, 0.0)
        alone = float((noise**2).sum())
        if correlation is None:
            return alone
        from scipy.signal import fftconvolve

        half = correlation.shape[0] // 2
        together = float((noise * fftconvolve(noise, correlation)[half : half + len(noise), half : half + len(noise)]).sum())
        # A correlation measured on few pixels may not be positive definite; weights of one sign cannot make it so small.
        return max(together, 1e-3 * alone)
