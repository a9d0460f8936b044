"""The sensitivity of an image: limiting rates, and the area in which a source of some rate is detected."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammainc, gammaincinv

from faintsky.core.area_curve import AreaCurve
from faintsky.core.band import Band
from faintsky.core.errors import DataError
from faintsky.core.threshold_counts import threshold_counts
from faintsky.core.units import DEG2_PER_SR
from faintsky.core.xray_image import XrayImage
from faintsky.estimators.detections.apertures import DiscSums
from faintsky.estimators.detections.photometry import aperture_radius, expected_background, usable

__all__ = ["Sensitivity", "area_curve", "sensitivity", "sensitivity_map"]

Array = NDArray[np.float64]

#: Cells of the grouped sum: parts of the background range of each L, and the ratio of exposures within a cell.
_PARTS, _RATIO, _MOST_EXPOSURES = 16, 1.03, 256
#: Pixels of the sample on which the grouped sum is measured, and probabilities that are computed at once.
_SAMPLE, _AT_ONCE = 8_000, 2_000_000


@frozen(kw_only=True, eq=False, slots=False)
class Sensitivity:
    """What it takes to be detected at each of the n pixels of a footprint.

    Attributes
    ----------
    counts : ndarray of int, shape (n,)
        L, the least counts in the aperture that make a detection.
    background : ndarray, shape (n,)
        b, expected background counts in the aperture.
    exposure : ndarray, shape (n,)
        t, mean exposure in the aperture [cm^2 s].
    footprint : ndarray of bool, shape (ny, nx)
        Its n True pixels in C order are the rows.
    eef, threshold : float
    pixel_area : float
        [deg^2]
    band : Band
    name : str
    """

    counts: NDArray[np.int64]
    background: Array
    exposure: Array
    footprint: NDArray[np.bool_]
    eef: float
    threshold: float
    pixel_area: float
    band: Band
    name: str = ""

    def limit(self, probability: float | None = 0.5) -> Array:
        """Rate [photons cm^-2 s^-1] detected with this probability, shape (n,); with None, that of L counts, (L - b) / (p t)."""
        if probability is not None and not 0 < probability < 1:
            raise DataError(f"a probability of detection lies between 0 and 1, got {probability:g}")
        needed = self.counts if probability is None else gammaincinv(self.counts.astype(float), probability)
        return np.asarray((needed - self.background) / (self.eef * self.exposure))

    def map(self, values: ArrayLike) -> Array:
        """Values of the n pixels as an image, NaN outside of the footprint."""
        image = np.full(self.footprint.shape, np.nan)
        image[self.footprint] = values
        return image

    def area(self, rate: ArrayLike) -> Array:
        """Area [deg^2] for rates of shape (m,), summed pixel by pixel."""
        return self.pixel_area * _summed(np.atleast_1d(rate), self.eef, self.counts, self.background, self.exposure)

    def area_curve(self, log_rates: ArrayLike | None = None, *, method: str = "grouped") -> AreaCurve:
        """Sum over pixels of P(>= L | b + c t p) times the pixel area, against log10 of the rate c (Barlow-Hall & Aird, eq. 3).

        `grouped` sums over cells of equal L and nearly equal b and t, represented by their means; `direct` over all pixels. The
        relative error of the grouped sum is measured against the direct one on every k-th cell, where the area is above
        1 per cent of the whole, and kept in the result.

        Parameters
        ----------
        log_rates : array_like, shape (m,), optional
            Default: 100 points from the first pixel to the last.
        method : {"grouped", "direct"}

        Raises
        ------
        DataError
            Where no source of the given rates is detected anywhere.
        """
        if method not in ("grouped", "direct"):
            raise DataError(f"an area curve is summed 'grouped' or 'direct', not {method!r}")
        log_rates = self.log_rates() if log_rates is None else np.asarray(log_rates, dtype=float)
        rate = 10**log_rates
        error = 0.0
        if method == "direct":
            area = self.area(rate)
        else:
            cells = self._cells()
            number = np.bincount(cells)
            means = self._means(cells, number)
            area = self.pixel_area * _summed(rate, self.eef, *means, number)
            error = self._error(rate[area > 0.01 * area.max()], cells, number, means)
        area = np.maximum.accumulate(area)  # rounding must not make it fall
        return AreaCurve(log_x=log_rates, area=area, quantity="rate", band=self.band, relative_error=error, name=self.name)

    def log_rates(self, number: int = 100) -> Array:
        """log10 of rates from those that hardly any pixel detects to those that all do."""
        low = gammaincinv(self.counts.astype(float), 1e-3) - self.background
        first = (low / self.exposure)[low > 0].min(initial=np.inf) / self.eef
        first = first if np.isfinite(first) else self.limit().min()
        last = self.limit(1 - 1e-4).max()
        return np.linspace(np.log10(first), np.log10(last), number)

    def _cells(self) -> NDArray[np.int64]:
        """The cell of each pixel: L, then the part of the range of b that has this L, then log t."""
        _, which = np.unique(self.counts, return_inverse=True)
        low = np.full(which.max() + 1, np.inf)
        high = np.zeros(which.max() + 1)
        np.minimum.at(low, which, self.background)
        np.maximum.at(high, which, self.background)
        width = np.maximum(high - low, np.finfo(float).tiny)
        part = np.minimum(_PARTS * ((self.background - low[which]) / width[which]), _PARTS - 1).astype(np.int64)
        log_t = np.log(self.exposure)
        span = float(np.ptp(log_t))
        exposures = int(np.clip(np.ceil(span / np.log(_RATIO)), 1, _MOST_EXPOSURES))
        bin_t = np.minimum(exposures * ((log_t - log_t.min()) / max(span, 1e-300)), exposures - 1).astype(np.int64)
        _, cells = np.unique((which * _PARTS + part) * exposures + bin_t, return_inverse=True)
        return np.asarray(cells)

    def _means(self, cells: NDArray[np.int64], number: NDArray[np.int64]) -> tuple[Array, Array, Array]:
        columns = (self.counts, self.background, self.exposure)
        counts, background, exposure = (np.bincount(cells, weights=column) / number for column in columns)
        return np.rint(counts), background, exposure

    def _error(
        self, rate: Array, cells: NDArray[np.int64], number: NDArray[np.int64], means: tuple[Array, Array, Array]
    ) -> float:
        every = max(1, cells.size // _SAMPLE)
        chosen = np.arange(number.size) % every == every // 2
        pixels = chosen[cells]
        columns = (self.counts, self.background, self.exposure)
        counts, background, exposure = (column[pixels] for column in columns)
        direct = _summed(rate, self.eef, counts, background, exposure)
        counts, background, exposure = (mean[chosen] for mean in means)
        grouped = _summed(rate, self.eef, counts, background, exposure, number[chosen])
        return float(np.max(np.abs(grouped / np.maximum(direct, 1e-300) - 1), initial=0.0)) if pixels.any() else 0.0


def _summed(
    rate: Array, eef: float, counts: ArrayLike, background: Array, exposure: Array, number: ArrayLike | None = None
) -> Array:
    """Sum of detection probabilities for rates (m,) over rows, each standing for `number` pixels."""
    needed = np.asarray(counts, dtype=float)
    weight = np.ones(needed.shape) if number is None else np.asarray(number, dtype=float)
    found = np.zeros(rate.size)
    for part in _slices(needed.size):
        for row, c in enumerate(rate):
            found[row] += weight[part] @ gammainc(needed[part], background[part] + c * eef * exposure[part])
    return found


def _slices(size: int) -> Iterator[slice]:
    return (slice(start, start + _AT_ONCE) for start in range(0, size, _AT_ONCE))


def sensitivity(image: XrayImage, threshold: float, *, eef: float = 0.7) -> Sensitivity:
    """L, b and t of the apertures around all pixels of the footprint.

    b is the mean background of the aperture's pixels times its area in pixels, the mean over the places that a source can have
    within its pixel: a disc around a pixel's centre holds more or fewer pixel centres than that, by a third at a radius of 1.5
    pixels. Pixels whose aperture holds a dead part have their share of background and exposure.

    Parameters
    ----------
    image : XrayImage
        With a background map.
    threshold : float
        Largest false probability.
    eef : float
        Share of the light in the apertures.

    Raises
    ------
    DataError
        Where the footprint is empty, the background is missing or 0, or an aperture larger than the image or the PSF map knows.

    References
    ----------
    Georgakakis et al. 2008; Barlow-Hall & Aird, section 2.2.2.
    """
    rows, columns = np.nonzero(image.footprint)
    if not rows.size:
        raise DataError(f"the footprint of image {image.name or image.band} is empty: it has no area")
    live = usable(image)
    radius = aperture_radius(image, columns, rows, eef)
    sums = DiscSums.of(image.grid, expected_background(image) * live, image.exposure * live)
    if image.psf.radius(eef).ndim:
        background, exposure = sums.at(columns, rows, radius)
        pixels = sums.pixels(columns, rows, radius)
    else:
        background, exposure = (values[image.footprint] for values in sums.everywhere(float(radius[0])))
        pixels = sums.pixels(columns[:1], rows[:1], radius[:1])
    background *= np.pi * radius**2 / image.grid.pixel_area / pixels
    return Sensitivity(
        counts=threshold_counts(background, threshold),
        background=background,
        exposure=exposure / pixels,
        footprint=image.footprint,
        eef=eef,
        threshold=threshold,
        pixel_area=image.grid.pixel_area * DEG2_PER_SR,
        band=image.band,
        name=image.name,
    )


def sensitivity_map(image: XrayImage, threshold: float, *, eef: float = 0.7, probability: float | None = 0.5) -> Array:
    """Rate [photons cm^-2 s^-1] detected with a probability at each pixel, shape (ny, nx); NaN outside of the footprint."""
    found = sensitivity(image, threshold, eef=eef)
    return found.map(found.limit(probability))


def area_curve(
    image: XrayImage, eef: float, threshold: float, log_rates: ArrayLike | None = None, *, method: str = "grouped"
) -> AreaCurve:
    """The area curve of an image; see `Sensitivity.area_curve`."""
    return sensitivity(image, threshold, eef=eef).area_curve(log_rates, method=method)
