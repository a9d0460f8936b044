"""The X-ray fluctuation that is coherent with the infrared map, scale by scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError, nearest

__all__ = ["SIGNS", "coherent_rms", "known", "one_value_a_bin"]

Array = NDArray[np.float64]

SIGNS = ("signed", "debiased", "paper")


def known(what: str, name: str, choices: tuple[str, ...]) -> None:
    """Refuse a name that is none of the choices."""
    if name not in choices:
        raise DataError(f"no {what} {name!r} of a coherent flux. {nearest(name, choices)} Choices: {', '.join(choices)}")


def one_value_a_bin(bins: int, **arrays: Array) -> None:
    """Refuse arrays whose last axis is not that of the bins."""
    for name, array in arrays.items():
        if array.shape[-1:] != (bins,):
            raise DataError(
                f"{name} of a coherent flux has shape {array.shape}, q has {bins} bins; give one value a bin, all of one spectrum"
            )


def coherent_rms(
    q: ArrayLike,
    cross: ArrayLike,
    cross_error: ArrayLike,
    auto: ArrayLike,
    beam_power: ArrayLike,
    *,
    sign: str = "signed",
    min_beam_power: float = 0.1,
) -> Array:
    """Rms fluctuation of the X-ray map that is coherent with the infrared map, scale by scale.

    dF(q) = sqrt(q^2 / 2 pi * P_IRX^2 / (P_IR P_PSF)). P_IRX^2 is positive without any coherence too, sigma^2 on average, so
    that the equation as printed finds a flux in noise.

    Parameters
    ----------
    q : array_like, shape (nbin,)
        [rad^-1]
    cross, cross_error : array_like, shape (..., nbin)
        Cross-power P_IRX and its 1-sigma error [X-ray unit x infrared unit x sr; both maps per sr].
    auto : array_like, shape (..., nbin)
        Auto-power P_IR of the infrared map [infrared unit^2 x sr].
    beam_power : array_like, shape (nbin,)
        P_PSF, the squared transfer function of the X-ray beam.
    sign : str
        ``signed``: sign(P_IRX) sqrt(...), linear in the cross-power, so noise averages out. ``debiased``: the square is
        P_IRX^2 - sigma^2, and the root has the sign of that, not of P_IRX; unbiased as a square only, the root itself is
        -0.22 sigma on average without coherence. ``paper``: as printed, positive on any input.
    min_beam_power : float
        Bins of a smaller beam power are NaN: there noise is divided by nearly nothing.

    Returns
    -------
    ndarray, shape (..., nbin)
        [unit of the X-ray map, per sr]; NaN where the beam power is below its floor or the auto-power not positive.

    Raises
    ------
    DataError
        Where the shapes differ, or `sign` is unknown.

    References
    ----------
    Kaminsky et al. 2025, eq. 11.

    Examples
    --------
    >>> coherent_rms([1000.0], [-2.0], [0.5], [4.0], [1.0]).round(3)
    array([-398.942])
    """
    known("sign", sign, SIGNS)
    k, c, e, a, b = (np.asarray(x, dtype=float) for x in (q, cross, cross_error, auto, beam_power))
    one_value_a_bin(k.size, cross=c, cross_error=e, auto=a, beam_power=b)
    square = c**2 - e**2 if sign == "debiased" else c**2
    usable = (b >= min_beam_power) & (a > 0)
    rms = np.sqrt(k**2 / (2 * np.pi) * np.abs(square) / np.where(usable, a * b, np.nan))
    signs = {"signed": np.sign(c), "debiased": np.sign(square), "paper": 1.0}
    return np.asarray(signs[sign] * rms)
