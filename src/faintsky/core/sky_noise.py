"""What the sky of an image says of its noise: scatter, correlation, and whether the stated errors hold."""

from __future__ import annotations

from typing import Self

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats

__all__ = ["SkyNoise", "noise_correlation", "source_free"]

Array = NDArray[np.float64]

#: Standard deviation of a normal distribution over its median absolute deviation.
_MAD = 1.482602218505602
#: Fewest source-free pixels that say anything of the noise.
_FEWEST = 500


def _scatter(values: Array) -> float:
    return float(_MAD * np.median(np.abs(values - np.median(values))))


def source_free(values: ArrayLike, sigma: ArrayLike, clip: float = 4.0) -> NDArray[np.bool_]:
    """Pixels of blank sky.

    The image over its errors is averaged over squares of 5 and 13 pixels; what lies more than `clip` standard deviations from the
    median is no sky, nor is what lies within three pixels of it. Both signs are clipped, and at 4 sigma: at 3 sigma the clipping
    takes a fifth of the correlated variance of pure noise away.

    Parameters
    ----------
    values : array_like, shape (ny, nx)
    sigma : array_like, shape (ny, nx)
        Errors, right up to a factor; infinite where a pixel is masked.
    clip : float

    Returns
    -------
    ndarray of bool, shape (ny, nx)
    """
    from scipy.ndimage import binary_dilation, uniform_filter

    given, error = np.asarray(values, dtype=float), np.asarray(sigma, dtype=float)
    usable = np.asarray(np.isfinite(given) & np.isfinite(error), dtype=bool)
    if not usable.any():
        return usable
    sky = usable.copy()
    ratio = np.where(usable, given, 0.0) / np.where(usable, error, 1.0)
    cover = {side: np.maximum(uniform_filter(usable.astype(float), side, mode="constant"), 0.05) for side in (5, 13)}
    for _ in range(5):
        level = float(np.median(ratio[sky]))
        far = np.zeros_like(sky)
        for side, share in cover.items():
            smooth = uniform_filter(np.where(usable, ratio - level, 0.0), side, mode="constant") / share
            far |= np.abs(smooth - np.median(smooth[sky])) > clip * _scatter(smooth[sky])
        found = usable & ~np.asarray(binary_dilation(far & usable, iterations=3), dtype=bool)
        if found.sum() < _FEWEST or np.array_equal(found, sky):
            break
        sky = found
    return sky


def noise_correlation(values: ArrayLike, sky: NDArray[np.bool_], size: int = 7, sigma: ArrayLike | None = None) -> Array:
    """Correlation of the noise of pixels with that of the middle one, from blank sky.

    rho(d) = mean(n_i n_(i+d)) / mean(n_i^2) over all pairs of sky pixels, with n the value less its mean, over its error. It is
    1 in the middle and symmetric about it.

    Parameters
    ----------
    values : array_like, shape (ny, nx)
    sky : ndarray of bool, shape (ny, nx)
        Blank pixels (`source_free`).
    size : int
        Side of the result, odd.
    sigma : array_like, shape (ny, nx), optional
        Errors, for images that are not equally deep everywhere.

    Returns
    -------
    ndarray, shape (size, size)

    Raises
    ------
    DataError
        Where the size is even, or there are fewer than 500 pixels of sky.
    """
    if size < 1 or size % 2 == 0:
        raise DataError(f"a correlation of noise has an odd side, not {size}")
    if sky.sum() < _FEWEST:
        raise DataError(f"{int(sky.sum())} pixels of blank sky do not tell the correlation of noise; {_FEWEST} are needed")
    noise = np.where(sky, np.asarray(values, dtype=float), 0.0)
    if sigma is not None:
        noise = noise / np.where(sky, np.asarray(sigma, dtype=float), 1.0)
    noise = np.where(sky, noise - noise[sky].mean(), 0.0)
    half, (ny, nx) = size // 2, noise.shape
    found = np.ones((size, size))
    # A few lags are summed faster than transformed; those of the other half are the same.
    for dy in range(half + 1):
        for dx in range(-half if dy else 1, half + 1):
            one = slice(dy, ny), slice(max(dx, 0), nx + min(dx, 0))
            other = slice(0, ny - dy), slice(max(-dx, 0), nx - max(dx, 0))
            pairs = max(int(np.count_nonzero(sky[one] & sky[other])), 1)
            lag = float(np.vdot(noise[one], noise[other])) / pairs
            found[half + dy, half + dx] = found[half - dy, half - dx] = lag
    found /= float(np.vdot(noise, noise)) / np.count_nonzero(sky)
    found[half, half] = 1.0
    return found


@frozen(kw_only=True, eq=False)
class SkyNoise:
    """Noise of the blank sky of an image, against the errors that come with it.

    Attributes
    ----------
    pixels : int
        Of blank sky.
    level : float
        Median of the sky, in the unit of the image.
    rms : float
        Robust scatter of a pixel, in the unit of the image.
    stated : float
        What the errors say of it (root of the median variance).
    factor : float
        Robust scatter of values over errors: 1 where errors hold pixel by pixel.
    block : int
        Side of the blocks of `block_factor` [pixel].
    block_factor : float
        Robust scatter of sums over blocks, over the error that independent pixels would give, with what correlated noise loses at
        the rims of blocks put back: 1 where errors hold for large areas; NaN where there are too few blocks.
    block_error : float
        Relative, 1 sigma.
    correlation : ndarray, shape (k, k)
        Of the noise of pixels with that of the middle one.
    """

    pixels: int
    level: float
    rms: float
    stated: float
    factor: float
    block: int
    block_factor: float
    block_error: float
    correlation: Array = field(converter=owned_floats, repr=False)

    @classmethod
    def measured(cls, values: ArrayLike, sigma: ArrayLike, size: int = 7, block: int = 8) -> Self:
        """Measure blank sky.

        Parameters
        ----------
        values, sigma : array_like, shape (ny, nx)
            Image and errors of its background; infinite errors where it is masked.
        size : int
            Side of the correlation, odd.
        block : int
            Side of the blocks [pixel], to be larger than the noise is correlated.

        Raises
        ------
        DataError
            Where there are fewer than 500 pixels of blank sky.
        """
        given, error = np.asarray(values, dtype=float), np.asarray(sigma, dtype=float)
        sky = source_free(given, error)
        if sky.sum() < _FEWEST:
            raise DataError(
                f"{int(sky.sum())} pixels of blank sky do not tell the noise; {_FEWEST} are needed: take a larger cutout"
            )
        level = float(np.median(given[sky]))
        correlation = noise_correlation(given, sky, size, error)
        block_factor, block_error = _of_blocks(given - level, error, sky, block, correlation)
        return cls(
            pixels=int(sky.sum()),
            level=level,
            rms=_scatter(given[sky]),
            stated=float(np.median(error[sky])),
            factor=_scatter((given[sky] - level) / error[sky]),
            block=block,
            block_factor=block_factor,
            block_error=block_error,
            correlation=correlation,
        )

    @property
    def ratio(self) -> float:
        """Noise correlation ratio R >= 1: error of a large area over that of independent pixels (Casertano et al. 2000)."""
        return max(self.block_factor / self.factor, 1.0) if np.isfinite(self.block_factor) else 1.0

    def doubt(self, limit: float = 1.25) -> str:
        """A sentence on errors that are off by more than a factor `limit`; empty where they hold."""
        if 1 / limit < self.factor < limit:
            return ""
        large = f"over blocks of {self.block} x {self.block} pixels {self.block_factor:.2g} times"
        if not np.isfinite(self.block_factor):
            cause = "there is too little sky to tell correlated noise from wrong weights"
        elif abs(np.log(self.block_factor)) < np.log(limit) + 2 * self.block_error:
            cause = f"{large}, so that they hold for large areas: the noise of neighbouring pixels is correlated"
        elif abs(np.log(self.block_factor / self.factor)) < np.log(limit) + 2 * self.block_error:
            cause = f"{large}: they are wrong on all scales"
        else:
            cause = f"{large}: they are wrong, and the noise of neighbouring pixels is correlated"
        return f"the scatter of the sky is {self.factor:.2g} times what the errors say ({self.pixels} pixels); {cause}"


def _of_blocks(values: Array, sigma: Array, sky: NDArray[np.bool_], block: int, correlation: Array) -> tuple[float, float]:
    """Scatter of sums over blocks in units of their errors without correlation, and its relative error.

    Blocks overlap by halves and hold three quarters of sky or more. The variance of a block of side B is
    sum_d rho(d) (1 - |dx| / B) (1 - |dy| / B) times that of independent pixels, that of a large area sum_d rho(d) times.
    """
    from scipy.ndimage import uniform_filter

    step = max(block // 2, 1)

    def sums(image: Array) -> Array:
        return np.asarray(block**2 * uniform_filter(image, block, mode="constant")[step::step, step::step])

    whole = sums(sky.astype(float)) > 0.75 * block**2
    alone = int(whole.sum()) / 4
    if alone < 20:
        return float("nan"), float("nan")
    total, variance = sums(np.where(sky, values, 0.0)), sums(np.where(sky, sigma, 0.0) ** 2)
    away = np.maximum(1 - np.abs(np.arange(len(correlation)) - len(correlation) // 2) / block, 0)
    inside, everywhere = float((correlation * np.outer(away, away)).sum()), float(correlation.sum())
    rims = np.sqrt(everywhere / inside) if everywhere > 0 and inside > 0 else 1.0
    # A median absolute deviation has 0.37 of the efficiency of a standard deviation.
    return _scatter(total[whole] / np.sqrt(variance[whole])) * float(rims), float(1 / np.sqrt(2 * 0.37 * alone))
