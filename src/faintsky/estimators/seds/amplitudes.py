"""Best amplitudes of one and of two spectra, none of them negative."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Amplitudes", "one_amplitude", "two_amplitudes"]

Array = NDArray[np.float64]

#: Spectra whose cosine differs from 1 by less are one.
_PARALLEL = 1e-10


class Amplitudes(NamedTuple):
    """What fits best: chi2 without a model less chi2 with it, and the amplitudes."""

    gain: Array
    first: Array
    second: Array


def one_amplitude(square: Array, product: Array) -> Amplitudes:
    """Amplitude a >= 0 of one spectrum m: a = B / A, gain B^2 / A with A = sum m^2 / s^2 and B = sum f m / s^2."""
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.where(square > 0, np.clip(product, 0, None) / square, 0)
    return Amplitudes(first * product, first, np.zeros_like(first))


def two_amplitudes(square1: Array, square2: Array, cross: Array, product1: Array, product2: Array) -> Amplitudes:
    """Amplitudes a1, a2 >= 0 of two spectra in closed form; the arrays broadcast.

    The solution of the normal equations where both amplitudes are positive; else the better of the two spectra alone, which is
    where the convex chi2 has its minimum then.

    Parameters
    ----------
    square1, square2 : ndarray
        Sums of m^2 / s^2 of each spectrum.
    cross : ndarray
        Sum of m1 m2 / s^2.
    product1, product2 : ndarray
        Sums of f m / s^2.
    """
    determinant = square1 * square2 - cross**2
    with np.errstate(divide="ignore", invalid="ignore"):
        first = (square2 * product1 - cross * product2) / determinant
        second = (square1 * product2 - cross * product1) / determinant
    inside = (determinant > _PARALLEL * square1 * square2) & (first > 0) & (second > 0)
    alone1, alone2 = one_amplitude(square1, product1), one_amplitude(square2, product2)
    ahead = alone1.gain >= alone2.gain
    return Amplitudes(
        gain=np.where(inside, first * product1 + second * product2, np.maximum(alone1.gain, alone2.gain)),
        first=np.where(inside, first, np.where(ahead, alone1.first, 0)),
        second=np.where(inside, second, np.where(ahead, 0, alone2.first)),
    )
