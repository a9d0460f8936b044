"""What detection by a threshold on a filtered image needs to be told, whichever engine does it."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import option
from faintsky.core.errors import DataError
from faintsky.core.image_set import BandImage
from faintsky.core.kron_photometry import KronPhotometry

__all__ = ["DetectionOptions", "NoiseUnits"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class NoiseUnits:
    """An image in units of its median error, so that no engine meets numbers that depend on the unit of flux.

    Attributes
    ----------
    values : ndarray, shape (ny, nx)
        0 where a pixel is masked.
    sigma : ndarray, shape (ny, nx)
        Infinite where a pixel is masked.
    masked : ndarray of bool, shape (ny, nx)
    """

    values: Array
    sigma: Array
    masked: NDArray[np.bool_]


@frozen(kw_only=True)
class DetectionOptions(KronPhotometry):
    """Options of a detection by threshold.

    A pixel belongs to a source where the filtered image exceeds `threshold` times the error of that pixel, the error being that
    of the image before it was filtered (SExtractor's rule). Masked pixels are 0 in the filter and belong to no source. White
    noise is less in the filtered image, by 0.375 for the default filter, so that a threshold of 3 is one of 8 sigma there; the
    margin is what the correlated noise of resampled images needs.
    """

    threshold: float = option(3.0, gt=0, help="a filtered pixel above so many sigma of the image is part of a source")
    min_area: int = option(5, ge=1, help="fewest pixels of a source")
    levels: int = option(32, ge=1, help="levels of deblending between the threshold and the peak of a source")
    filter_fwhm: float = option(
        2.0, ge=0, help="FWHM in pixels of the Gaussian that smooths the image before detection (2: SExtractor's 3x3); 0: none"
    )

    @property
    def kernel(self) -> Array | None:
        """The filter, which sums to 1; None where there is none. FWHM 2 gives 1 2 1, 2 4 2, 1 2 1 over 16."""
        if not self.filter_fwhm:
            return None
        half = max(int(np.ceil(self.filter_fwhm)) - 1, 1)
        weight = np.exp(-4 * np.log(2) * (np.arange(-half, half + 1) / self.filter_fwhm) ** 2)
        weight = weight / weight.sum()
        return np.outer(weight, weight)

    def prepared(self, image: BandImage, contrast: float) -> NoiseUnits:
        """The image for an engine.

        Raises
        ------
        DataError
            Where the contrast lies outside of 0 to 1, or no pixel has an error.
        """
        if not 0 <= contrast <= 1:
            raise DataError(
                f"the contrast is the share of the flux of a blend, from 0 (every peak is a source) to 1 (no deblending), not "
                f"{contrast:g}: SExtractor's default is 0.005"
            )
        masked = ~np.isfinite(image.sigma)
        if masked.all():
            raise DataError(
                f"no pixel of the image in {image.bandpass.name} has a finite error: there is nothing to find sources in. Check "
                "its weights, and whether the cutout lies in the mosaic"
            )
        unit = float(np.median(image.sigma[~masked]))
        return NoiseUnits(values=np.where(masked, 0.0, image.values) / unit, sigma=image.sigma / unit, masked=masked)
