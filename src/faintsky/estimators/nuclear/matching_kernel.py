"""Kernels that bring an image to the resolution of another one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats
from faintsky.core.pixel_psf import PixelPsf

__all__ = ["PAPER_WINDOWS", "MatchingKernel", "broadest", "matching_kernel", "pixel_sampled"]

Array = NDArray[np.float64]

#: Outer radius of the cosine bell over the Nyquist frequency, by band (Li & Zhuang 2025, section 3.3).
PAPER_WINDOWS: Mapping[str, float] = {"F814W": 0.3, "F115W": 0.45, "F150W": 0.45, "F277W": 0.45, "F444W": 0.9}


@frozen(kw_only=True, eq=False)
class MatchingKernel:
    """A kernel with what it is worth.

    Attributes
    ----------
    values : ndarray, shape (k, k), k odd
        Pixel sampled; its sum is 1.
    residual : float
        Sum of |PSF (x) kernel - target| over that of the target (D of Aniano et al. 2011).
    deviation : float
        Largest |PSF (x) kernel - target| over the target's peak.
    negative : float
        Sum of the kernel's negative values, taken positive (W_- of Aniano et al. 2011).
    noise : float
        Error of a pixel of white noise after the convolution over that before, sqrt(sum K^2).
    """

    values: Array = field(converter=owned_floats, repr=False)
    residual: float
    deviation: float
    negative: float
    noise: float

    def doubt(self, residual: float = 0.05, negative: float = 1.0) -> str:
        """A sentence on what is wrong with it beyond these limits; empty where nothing is."""
        said = []
        if self.residual > residual:
            said.append(
                f"the matched PSF differs from the target's by {100 * self.residual:.2g} per cent of the light "
                f"({100 * self.deviation:.2g} per cent of the peak)"
            )
        if self.negative > negative:
            said.append(f"its negative values sum to {self.negative:.2g}: is the target PSF the narrower one?")
        if self.noise > 1:
            said.append(f"it raises white noise {self.noise:.2g} times: the PSF is noisy, or broader than the target's")
        return "; ".join(said)


def pixel_sampled(psf: PixelPsf, half: int | None = None) -> Array:
    """The PSF at pixel centres, for a source at the centre of a pixel, in the middle of a square of odd side.

    Parameters
    ----------
    psf : PixelPsf
    half : int, optional
        Half of the side of the result, rounded down [pixel]; default: as much as the PSF reaches. Zeros fill what it does not.
    """
    step = psf.oversampling
    middle = [int(m) for m in psf.middle]
    own = psf.values[middle[0] % step :: step, middle[1] % step :: step] * step**2
    at = [m // step for m in middle]
    reach = max(*at, *(n - 1 - m for n, m in zip(own.shape, at, strict=True))) if half is None else half
    placed = np.zeros((2 * reach + 1, 2 * reach + 1))
    low = [max(m - reach, 0) for m in at]
    high = [min(m + reach + 1, n) for m, n in zip(at, own.shape, strict=True)]
    y, x = (slice(a - m + reach, b - m + reach) for a, b, m in zip(low, high, at, strict=True))
    placed[y, x] = own[low[0] : high[0], low[1] : high[1]]
    return np.asarray(placed / placed.sum())


def broadest(psfs: Mapping[str, PixelPsf]) -> str:
    """The band of the broadest PSF: the largest 1 / sum p^2, the number of pixels that a star's light effectively fills."""
    return max(psfs, key=lambda band: 1 / float((pixel_sampled(psfs[band]) ** 2).sum()))


def matching_kernel(psf: PixelPsf, target: PixelPsf, window: float | None = None, regularisation: float = 1e-2) -> MatchingKernel:
    """Kernel K with psf (x) K = target, from the ratio of Fourier transforms.

    By default K = T S* / (|S|^2 + r^2) with the transforms S and T of both PSFs and r the regularisation: where |T| <= |S|, the
    product misses T by r / 2 at most (Boucaud et al. 2016 use such a filter). With a `window`, K = W T / S with the cosine bell
    W = (1 + cos(pi f / f_w)) / 2 below f_w = window times the Nyquist frequency and 0 above (Aniano et al. 2011; CosineBellWindow
    of photutils). The bell falls from frequency 0 on: the result is T blurred by W, not T.

    Parameters
    ----------
    psf, target : PixelPsf
        Brought to pixel sampling on one odd grid first.
    window : float, optional
        Outer radius of the cosine bell, as a part of the Nyquist frequency.
    regularisation : float
        r, to be above the noise of the PSFs' transforms (that of frequency 0 is 1).

    Raises
    ------
    DataError
        Where the window is not between 0 and 1, or the regularisation is not positive.
    """
    from scipy.signal import fftconvolve

    if window is not None and not 0 < window <= 1:
        raise DataError(f"a window reaches to a part of the Nyquist frequency between 0 and 1, not to {window:g}")
    if regularisation <= 0:
        raise DataError(f"the regularisation must be above 0, got {regularisation:g}")
    half = max(pixel_sampled(each).shape[0] // 2 for each in (psf, target))
    sharp, broad = pixel_sampled(psf, half), pixel_sampled(target, half)
    source, wanted = (np.fft.fft2(np.fft.ifftshift(image)) for image in (sharp, broad))
    if window is None:
        ratio = np.asarray(wanted * source.conj() / (np.abs(source) ** 2 + regularisation**2), dtype=complex)
    else:
        seen = np.abs(source) > 1e-4
        ratio = np.asarray(np.where(seen, wanted / np.where(seen, source, 1.0), 0.0) * _cosine_bell(sharp.shape, window))
    kernel = np.asarray(np.fft.fftshift(np.fft.ifft2(ratio).real))
    kernel /= kernel.sum()
    missed = np.abs(fftconvolve(np.pad(sharp, half), kernel, mode="same") - np.pad(broad, half))
    return MatchingKernel(
        values=kernel,
        residual=float(missed.sum()),
        deviation=float(missed.max() / broad.max()),
        negative=float(-kernel[kernel < 0].sum()),
        noise=float(np.sqrt((kernel**2).sum())),
    )


def _cosine_bell(shape: tuple[int, ...], window: float) -> Array:
    """In the order of numpy's transforms; the last frequency of an odd side stands for Nyquist's, as in photutils."""
    y, x = (np.fft.fftfreq(n) * n / ((n - 1) / 2) for n in shape)
    away = np.hypot(y[:, None], x[None, :]) / window
    return np.asarray(np.where(away < 1, 0.5 * (1 + np.cos(np.pi * np.minimum(away, 1.0))), 0.0))
