"""Flux densities of all sources of a cutout in all bands, from the pixels of their segments."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import sum_labels

from faintsky.core.catalogue import Catalogue
from faintsky.core.image_set import ImageSet
from faintsky.core.photometry import Photometry

__all__ = ["segment_photometry"]


def segment_photometry(images: ImageSet, labels: NDArray[np.int32], sources: Catalogue) -> Photometry:
    """Colours inside of the segments, scaled to the Kron flux of the reference band.

    Bands are not brought to one resolution: it serves the field galaxies whose redshifts are the prior of interlopers, and not
    the pairs, which are taken apart.

    Parameters
    ----------
    images : ImageSet
    labels : ndarray, shape (ny, nx)
        Row + 1.
    sources : Catalogue
        Columns of `core.segments.Segments` and ``name``.

    Returns
    -------
    Photometry
        NaN where a pixel of the segment is masked in that band. Pixels with correlated noise have their errors scaled by the root
        of the sum of the correlation, its limit for segments larger than that.
    """
    index = np.arange(1, len(sources) + 1)
    flux, error = [], []
    for image in images.bands.values():
        known = np.isfinite(image.sigma)
        lost = sum_labels(~known, labels, index)
        values = sum_labels(np.where(known, image.values, 0.0), labels, index)
        variance = sum_labels(np.where(known, image.sigma, 0.0) ** 2, labels, index)
        if image.correlation is not None:
            variance = variance * max(float(image.correlation.sum()), 1.0)
        flux.append(np.where(lost > 0, np.nan, values))
        error.append(np.where((lost > 0) | (variance <= 0), np.nan, np.sqrt(variance)))
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(sources["flux"] > 0, sources["auto_flux"] / sources["flux"], np.nan)
    scale = np.where(np.isfinite(scale) & (scale > 0), scale, 1.0)
    return Photometry(
        names=tuple(str(name) for name in sources["name"]),
        bands=images.bandpasses,
        flux=np.array(flux).T * scale[:, None],
        error=np.array(error).T * scale[:, None],
    )
