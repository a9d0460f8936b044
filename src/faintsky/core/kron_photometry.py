"""Photometry of segments as SExtractor does it: isophotes, moments, Kron ellipses, half-light radii."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.ndimage import convolve, maximum_position

from faintsky.core.catalogue import Catalogue
from faintsky.core.component import option
from faintsky.core.errors import DataError
from faintsky.core.image_set import BandImage
from faintsky.core.light_window import LightWindow
from faintsky.core.segments import Segments

__all__ = ["KronPhotometry"]

Array = NDArray[np.float64]

#: The radius of the ellipse in which the first moment is taken, in units of `a` (Kron 1980; Bertin & Arnouts 1996).
_MOMENT_RADIUS = 6.0
#: Variance of light spread evenly over a pixel, which a source one pixel wide has across [pixel^2].
_PIXEL = 1 / 12


@frozen(kw_only=True)
class KronPhotometry:
    """Positions, shapes and fluxes of segments in one image.

    The axes are the roots of the second moments of the light of a segment. The Kron radius r1 = sum r I / sum I is taken within
    6 `a` (r in units of `a`, along the ellipse); the ellipse of `auto_flux` has the semi-axes k `a` and k `b`, with k =
    `kron_factor` r1 but at least `kron_minimum`: k is the column ``kron_radius``. In its place pixels of other sources, masked
    ones, and those beyond the edge have their mirror images through the centre, or 0 where these are lost as well. The error is
    that of the weighted sum, with the correlation of the noise where the image has it.

    References
    ----------
    Kron 1980, ApJS 43, 305; Bertin & Arnouts 1996, A&AS 117, 393.
    """

    kron_factor: float = option(2.5, gt=0, help="semi-axis of the Kron ellipse, in Kron radii")
    kron_minimum: float = option(3.5, gt=0, help="smallest semi-axis of the Kron ellipse, in units of the rms size a")

    def measure(self, image: BandImage, labels: NDArray[np.integer]) -> Segments:
        """Measure segments that are given.

        Parameters
        ----------
        image : BandImage
        labels : ndarray of int, shape (ny, nx)
            0 for sky, 1 to n for the sources, each of them with a pixel or more.

        Raises
        ------
        DataError
            Where image and labels differ in shape, a label has no pixel, or a segment holds a masked pixel.
        """
        known = np.isfinite(image.sigma)
        number = _checked(labels, known)
        values = np.where(known, image.values, 0.0)
        columns = _moments(values, labels, number)
        found = [self._ellipse(image, labels, row, columns) for row in range(number)]
        names = ("auto_flux", "auto_error", "half_radius", "kron_radius")
        columns |= dict(zip(names, np.array(found, dtype=float).reshape(number, 4).T, strict=True))
        units = dict.fromkeys(("x", "y", "x_peak", "y_peak", "a", "b", "half_radius"), "pixel") | {"theta": "rad"}
        units |= dict.fromkeys(("flux", "auto_flux", "auto_error"), "uJy")
        return Segments(labels=labels, sources=Catalogue(columns=columns, units=units, name="sources"))

    def _ellipse(
        self, image: BandImage, labels: NDArray[np.integer], row: int, columns: dict[str, Array]
    ) -> tuple[float, float, float, float]:
        """Kron flux and its error [uJy], half-light radius [pixel] and semi-axis of the ellipse [a] of one source."""
        x, y, a, b, theta = (float(columns[name][row]) for name in ("x", "y", "a", "b", "theta"))

        def about(scale: float) -> tuple[LightWindow, NDArray[np.bool_], Array]:
            window = LightWindow.about(x, y, scale * a + 1)
            label = window.taken(labels, 0)
            own = np.isfinite(window.taken(image.sigma, np.inf)) & ((label == 0) | (label == row + 1))
            return window, own, window.mended(image.values, own)

        window, _, light = about(_MOMENT_RADIUS)
        radius = window.radius(a, b, theta)
        weight = np.where(radius <= _MOMENT_RADIUS, light, 0.0)
        total = float(weight.sum())
        moment = float((weight * radius).sum()) / total if total > 0 else 0.0
        semi_axis = max(self.kron_factor * min(moment, _MOMENT_RADIUS), self.kron_minimum)
        window, own, light = about(semi_axis)
        share = window.ellipse(a, b, theta, semi_axis)
        flux = float((share * light).sum())
        # A pixel that stands for its mirror image as well counts with the weights of both.
        counted = np.where(own, share + np.where(own, 0.0, share)[::-1, ::-1], 0.0)
        noise = counted * np.where(own, window.taken(image.sigma, np.inf), 0.0)
        spread = noise if image.correlation is None else convolve(noise, image.correlation, mode="constant")
        error = float(np.sqrt(max(float((noise * spread).sum()), 0.0)))
        return flux, error, window.half_light_radius(light, flux, semi_axis * a), semi_axis


def _checked(labels: NDArray[np.integer], known: NDArray[np.bool_]) -> int:
    """The number of segments."""
    if labels.shape != known.shape:
        raise DataError(f"the image has the shape {known.shape}, its segments {labels.shape}")
    if np.any(labels[~known]):
        raise DataError(f"{int(np.count_nonzero(labels[~known]))} masked pixels belong to a segment: set their labels to 0")
    pixels = np.bincount(labels.ravel())
    if not np.all(pixels[1:]):
        raise DataError(f"the label {int(np.argmin(pixels[1:])) + 1} has no pixel: number the segments from 1 without gaps")
    return len(pixels) - 1


def _moments(values: Array, labels: NDArray[np.integer], number: int) -> dict[str, Array]:
    """What follows from the pixels of the segments alone."""

    def summed(weights: Array) -> Array:
        return np.asarray(np.bincount(label, weights, number + 1)[1:], dtype=float)

    rows, cols = np.nonzero(labels)
    label, light = labels[rows, cols], values[rows, cols]
    # Isophotes of a filtered image hold pixels below 0: light has no negative weight. Segments without light are uniform.
    weight = np.maximum(light, 0.0)
    dark = summed(weight) <= 0
    weight = np.where(np.concatenate([[False], dark])[label], 1.0, weight)
    total = summed(weight)
    x, y = summed(weight * cols) / total, summed(weight * rows) / total
    dx, dy = cols - x[label - 1], rows - y[label - 1]
    xx, yy, xy = (summed(weight * product) / total for product in (dx * dx, dy * dy, dx * dy))
    thin = xx * yy - xy**2 < _PIXEL**2
    xx, yy = xx + _PIXEL * thin, yy + _PIXEL * thin
    mean, half = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    peaks = np.array(maximum_position(values, labels, np.arange(1, number + 1)), dtype=float).reshape(number, 2)
    return {
        "x": x,
        "y": y,
        "x_peak": peaks[:, 1],
        "y_peak": peaks[:, 0],
        "flux": summed(light),
        "a": np.sqrt(mean + half),
        "b": np.sqrt(np.maximum(mean - half, 0.0)),
        "theta": 0.5 * np.arctan2(2 * xy, xx - yy),
        "pixels": np.bincount(label, minlength=number + 1)[1:].astype(float),
    }
