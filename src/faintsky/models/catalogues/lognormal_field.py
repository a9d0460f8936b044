"""Lognormal density fields on the sky: what sources of a redshift shell are drawn from."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

__all__ = ["lognormal_field"]

Array = NDArray[np.float64]


def lognormal_field(
    q: Array, power: Array, shape: tuple[int, int], scale: tuple[float, float], rng: np.random.Generator
) -> Array:
    """Overdensities above -1 with a given angular power, not periodic: cut out of a box twice the size.

    The logarithm is a Gaussian field with the correlation ln(1 + xi) (Coles and Jones 1991), so that the correlation xi, and with
    it the power, is the one asked for.

    Parameters
    ----------
    q, power : ndarray, shape (m,)
        [rad^-1], [sr]; interpolated as a power law between the points, and 0 beyond the last.
    shape : tuple of int
        (ny, nx)
    scale : tuple of float
        (dy, dx) [rad]
    rng : Generator

    Returns
    -------
    ndarray, shape (ny, nx)
        Mean 0 over skies.
    """
    box = tuple(scipy.fft.next_fast_len(2 * n, real=True) for n in shape)
    waves = 2 * np.pi * np.hypot(scipy.fft.fftfreq(box[0], scale[0])[:, None], scipy.fft.rfftfreq(box[1], scale[1]))
    waves[0, 0] = q[0]
    asked = np.exp(np.interp(np.log(waves), np.log(q), np.log(power))) / (scale[0] * scale[1])
    asked[(waves > q[-1]) | (np.arange(asked.size).reshape(asked.shape) == 0)] = 0.0
    correlation = scipy.fft.irfft2(asked, s=box)
    logarithm = np.maximum(scipy.fft.rfft2(np.log1p(np.maximum(correlation, -0.99))).real, 0.0)
    logarithm[0, 0] = 0.0
    field = scipy.fft.irfft2(scipy.fft.rfft2(rng.standard_normal(box)) * np.sqrt(logarithm), s=box)
    variance = float(scipy.fft.irfft2(logarithm, s=box)[0, 0])
    return np.asarray(np.expm1(field[: shape[0], : shape[1]] - variance / 2))
