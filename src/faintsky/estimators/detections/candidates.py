"""Places that may hold a source: peaks of the smoothed counts where a disc holds more than the background explains."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from faintsky.core.extras import require
from faintsky.core.threshold_counts import threshold_counts
from faintsky.core.xray_image import XrayImage
from faintsky.estimators.detections.apertures import DiscSums
from faintsky.estimators.detections.photometry import expected_background

__all__ = ["candidates"]

Array = NDArray[np.float64]

#: Radius that encloses 0.7 of a round Gaussian, in its standard deviations.
_GAUSSIAN = float(np.sqrt(-2 * np.log(0.3)))


def candidates(
    image: XrayImage, hidden: NDArray[np.bool_], *, eef: float, chance: float, step: float = 1.5
) -> tuple[Array, Array]:
    """Pixels (x, y) of candidates; most of the faint ones are noise.

    At each scale, a disc of the radii that the aperture takes over the field in steps of a factor `step`, a pixel may belong to a
    source if the disc around it holds more counts than the background exceeds with a probability of `chance`. Of these pixels
    the peaks of the counts, smoothed by a Gaussian with 0.7 of its light in the disc, are kept (photutils' find_peaks).

    Parameters
    ----------
    image : XrayImage
        With a background map.
    hidden : ndarray of bool, shape (ny, nx)
        Pixels to leave out, such as those of known sources.

    Raises
    ------
    PluginError
        Where photutils is not installed; the message is the line that installs it.
    """
    from scipy.ndimage import gaussian_filter

    require("photutils", "detection")
    find_peaks = require("photutils.detection", "detection").find_peaks
    live = ~hidden & (image.exposure > 0)
    background, counts = expected_background(image) * live, image.counts * live
    sums = DiscSums.of(image.grid, counts, background)
    radius = image.psf.radius(eef)
    here = np.broadcast_to(radius, image.grid.shape)[image.footprint]
    low, high = float(here.min()), float(here.max())
    number = 1 + int(np.ceil(np.log(high / low * (1 - 1e-6)) / np.log(step))) if high > low else 1
    found = []
    for scale in np.geomspace(low, high, number):
        inside, expected = sums.everywhere(float(scale))
        search = image.footprint & ~hidden & (expected > 0)
        # Where the PSF is of another size, another scale serves.
        search &= (radius < 1.01 * step * scale) & (radius > scale / step / 1.01)
        bright = np.zeros(search.shape, dtype=bool)
        bright[search] = inside[search] >= threshold_counts(expected[search], chance)
        if not bright.any():
            continue
        sigma = np.array([scale / _GAUSSIAN / s for s in image.grid.scale])
        smooth = gaussian_filter(counts.astype(np.float32), sigma, mode="constant")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there is no peak is no news here
            peaks = find_peaks(smooth, 0.0, box_size=3, mask=~bright)
        if peaks is not None:
            found.append(np.stack([np.asarray(peaks["x_peak"]), np.asarray(peaks["y_peak"])], axis=1))
    if not found:
        return np.zeros(0), np.zeros(0)
    places = np.unique(np.concatenate(found), axis=0).astype(float)
    return places[:, 0], places[:, 1]
