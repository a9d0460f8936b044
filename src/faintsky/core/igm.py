"""Absorption by the hydrogen between a galaxy and us."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["igm_transmission"]

Array = NDArray[np.float64]

#: Lyman limit [um], and the wavelength that the series converges to: lines lie at _SERIES / (1 - 1 / j^2).
_LIMIT = 0.09118
_SERIES = 0.0911753
#: Table 2 of Inoue et al. (2014), lines j = 2 to 40: A_j,1 of the Lyman alpha forest and of damped systems. The other columns
#: continue them at the breaks.
_FOREST = 1e-5 * np.array([
    1690, 469.2, 223.9, 131.9, 87.07, 61.78, 46.09, 35.69, 28.43, 23.18, 19.23, 16.22, 13.85, 11.96, 10.43, 9.174, 8.128,
    7.251, 6.505, 5.868, 5.319, 4.843, 4.427, 4.063, 3.738, 3.454, 3.199, 2.971, 2.766, 2.582, 2.415, 2.263, 2.126, 2,
    1.885, 1.779, 1.682, 1.593, 1.51,
])  # fmt: skip
_DAMPED = 1e-5 * np.array([
    16.17, 15.45, 14.98, 14.6, 14.29, 14.02, 13.77, 13.55, 13.35, 13.16, 12.98, 12.81, 12.65, 12.5, 12.36, 12.22, 12.09,
    11.97, 11.85, 11.73, 11.62, 11.51, 11.4, 11.3, 11.2, 11.1, 11.01, 10.91, 10.82, 10.73, 10.65, 10.56, 10.48, 10.4, 10.32,
    10.24, 10.17, 10.09, 10.02,
])  # fmt: skip
#: Breaks in (1 + z) of the absorber, and the power of 1 + z of the optical depth between them.
_FOREST_BREAKS, _FOREST_POWERS = (2.2, 5.7), (1.2, 3.7, 5.5)
_DAMPED_BREAKS, _DAMPED_POWERS = (3.0,), (2.0, 3.0)


def igm_transmission(wavelength: ArrayLike, redshift: float) -> Array:
    """Mean transmission of the intergalactic medium between a source and us.

    exp(-tau) of the lines and of the continuum of the Lyman alpha forest and of damped systems, equations 20 to 29 of Inoue et
    al. (2014); the mean over sight lines, valid to redshift 7. The damping wing of neutral gas is not in it.

    Parameters
    ----------
    wavelength : array_like, shape (w,)
        Observed [um].
    redshift : float
        Of the source.

    Returns
    -------
    ndarray, shape (w,)
        1 above Lyman alpha.

    References
    ----------
    Inoue, Shimizu, Iwata & Tanaka 2014, MNRAS 442, 1805.
    """
    seen = np.asarray(wavelength, dtype=float)
    behind = 1.0 + float(redshift)
    found = np.ones(seen.shape)
    absorbed = seen < behind * _SERIES / 0.75
    if absorbed.any():
        found[absorbed] = _transmission(seen[absorbed], behind)
    return found


def _transmission(observed: Array, behind: float) -> Array:
    """The same below Lyman alpha, for a source at 1 + z = `behind`."""
    level = np.arange(2, 2 + _FOREST.size)
    absorber = observed / (_SERIES / (1 - 1 / level[:, None] ** 2))
    forest = _FOREST @ np.where((absorber > 1) & (absorber < behind), _broken(absorber, _FOREST_BREAKS, _FOREST_POWERS), 0)
    damped = _DAMPED @ np.where((absorber > 1) & (absorber < behind), _broken(absorber, _DAMPED_BREAKS, _DAMPED_POWERS), 0)
    edge = np.clip(observed / _LIMIT, 1, None)  # below the limit even gas at redshift 0 absorbs; as at the limit
    continuum = np.where(edge < behind, _forest_continuum(edge, behind) + _damped_continuum(edge, behind), 0)
    return np.asarray(np.exp(-(forest + damped + np.clip(continuum, 0, None))))


def _broken(x: Array, breaks: tuple[float, ...], powers: tuple[float, ...]) -> Array:
    """A continuous broken power law, x^powers[0] below the first break."""
    found = x ** powers[0]
    for place, (left, right) in zip(breaks, pairwise(powers), strict=True):
        found = found * np.clip(x / place, 1, None) ** (right - left)
    return np.asarray(found)


def _integral(low: Array, high: float, breaks: tuple[float, ...], powers: tuple[float, ...], shift: float) -> Array:
    """Integral of y^shift times the broken power law, from `low` to `high`."""
    total, norm = np.zeros_like(low), 1.0
    for k, power in enumerate(powers):
        start = breaks[k - 1] if k else 0.0
        stop = breaks[k] if k < len(breaks) else np.inf
        norm *= start ** (powers[k - 1] - power) if k else 1.0
        end, up = min(stop, high), power + shift + 1
        begin = np.minimum(np.clip(low, start, None), end)
        total += norm / up * (end**up - begin**up)
    return total


def _forest_continuum(edge: Array, behind: float) -> Array:
    """Equations 25 to 27: their closed forms are this integral over the absorbers between."""
    return np.asarray(0.9 * 0.325 * edge**2.1 * _integral(edge, behind, _FOREST_BREAKS, _FOREST_POWERS, -3.1))


def _damped_continuum(edge: Array, behind: float) -> Array:
    """Equations 28 and 29, as an integral."""
    powers = (_DAMPED_POWERS[0] - 1, _DAMPED_POWERS[1] - 1)
    thick = _integral(edge, behind, _DAMPED_BREAKS, powers, 0.0)
    thin = edge**-0.3 * _integral(edge, behind, _DAMPED_BREAKS, powers, 0.3)
    return np.asarray(2 * 0.211 * thick - 2.3 * 0.0766 * thin)
