"""The fitted functions of Magdziarz & Zdziarski 1995 (appendix), in the symbols of the paper.

mu is the cosine of the inclination, y = 511 keV / E of the reflected and y0 of the incident photon, dy = y - y0.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["far", "near", "nearest_distance", "nonrelativistic"]

Array = NDArray[np.float64]

#: Coefficients q_k: a polynomial in mu, and where three more numbers follow, sign * exp(slope (mu - pivot)).
_Q = (
    (0.8827, -0.5885, 0.7988, -0.4117, 0.0),
    (0.0517, 0.1076, -0.1691, 0.0678, 0.0),
    (0.0014, 0.0043, 0.0, 0.0, 0.0),
    (-0.0003, -0.0027, 0.0021, 0.0, 0.0),
    (-1.3259, 1.6214, -3.7007, 2.1722, 0.0, 1, 20.3, 1.063),
    (0.079, -0.4029, 0.6619, 0.221, 0.0, -1, 17.7, 1.041),
    (0.0751, -0.1848, 0.4068, -0.4126, 0.0, 1, 9.8, 1.185),
    (-0.002, -0.0394, 0.1004, -0.0597, 0.0),
    (3.2953, -3.6996, 7.9837, -4.6855, 0.0),
    (-0.5278, 0.9857, -1.7454, -0.3464, 0.0, 1, 27.6, 0.959),
    (-0.1919, 0.5798, -1.2879, 1.4885, 0.0, -1, 18.3, 0.986),
    (0.02, 0.0832, -0.0333, -0.237, 0.0, 1, 16.6, 1.086),
    (-2.2779, 2.4031, -4.0733, 1.9499, 0.0, -1, 19.6, 0.968),
    (0.479, -1.0166, 3.1727, -4.0108, 3.0545, -1, 30.4, 0.957),
    (0.1122, -0.358, 0.4985, -0.375, -0.5349, 1, 31.2, 0.972),
    (-0.016, -0.0471, -0.0536, 0.2006, 0.2929, -1, 30.6, 1.009),
    (0.0005, 0.0021, -0.0447, 0.1749, -0.2303, 1, 16.9, 1.130),
    (0.006, 0.089, -0.102, 0.056, 0.0),
    (0.618, -0.83, 0.0, 0.0, 0.0),
    (0.128, -0.132, 0.0, 0.0, 0.0),
    (0.632, -0.875, 0.0, 0.0, 0.0),
    (-0.672, -0.286, 0.717, -0.481, 0.0),
    (0.0126, -0.016, 0.0077, 0.0, 0.0),
    (0.0111, 0.003, -0.0014, 0.0, 0.0),
    (-2.437, -0.328, -0.26, 0.279, 0.0),
)


@lru_cache(maxsize=64)
def _q(mu: float) -> tuple[float, ...]:
    found = []
    for row in _Q:
        value = float(np.polynomial.polynomial.polyval(mu, row[:5]))
        if len(row) > 5:
            sign, slope, pivot = row[5:]
            value += sign * float(np.exp(slope * (mu - pivot)))
        found.append(value)
    return tuple(found)


@lru_cache(maxsize=64)
def _p(mu: float) -> tuple[float, ...]:
    m = min(mu, 0.524)
    p1 = 0.254 - 0.041 * mu**-3.798
    return (
        (0.911 - 0.549 * (1 - mu) ** 1.471) - 2 * p1,
        p1,
        0.161 + 0.439 * mu**0.189 - 0.791 * mu**7.789,
        max(0.0, -0.871 + 1.740 * mu**0.176 - 1.088 * mu**0.907),
        0.934 + 0.054 * mu**-0.666,
        4.647 - 11.574 * m + 11.046 * m**2,
        0.012 + 0.199 * mu**0.939 + 0.861 * mu**8.999,
        2.150,
        -1.281 + 2.374 * mu - 4.332 * mu**2 + 2.630 * mu**3,
        2.882 + 0.035 * mu**-1.065,
        30.28 + 69.29 * mu,
        1.037 * (1 - np.sqrt(1 - 0.874 * mu**2)) ** 0.123,
        0.123,
        56.50 - 27.54 * mu + 671.8 * mu**2 - 1245 * mu**3 + 708.4 * mu**4,
        -0.897 - 0.826 * mu + 2.273 * mu**2 - 0.984 * mu**3,
        1.240 - 1.297 * mu,
        -0.490 + 1.181 * mu - 1.038 * mu**2,
        1.858 * (mu**2.033 + 0.745 * mu**1.065),
    )


def nearest_distance(mu: float) -> float:
    """Smallest gain of wavelength that a reflected photon has, 1 - sqrt(1 - (mu - 0.05)^2)."""
    return float(1 - np.sqrt(1 - (mu - 0.05) ** 2))


def nonrelativistic(opacity: Array, mu: float) -> Array:
    """Reflected over incident light below 10 keV, from the opacity of the metals in Thomson units."""
    a0 = 1 / (1 + opacity / 1.21)
    a1 = np.sqrt(1 - a0)
    a2 = np.sqrt(3) * a1
    log = np.log(1 + 1 / mu)
    single = 0.375 * ((3 - 2 * mu**2 + 3 * mu**4) * log + (3 * mu**2 - 1) * (0.5 - mu))
    multiple = (1 + (1 / a1 - 1) * (1 - np.log(1 + a2) / a2)) * (1 + np.sqrt(3) * mu) / (1 + a2 * mu) - 1
    return np.asarray(0.5 * a0 * mu * (single + multiple * log))


def _absorbed(y0: Array, distance: Array, opacity: float) -> Array:
    """I(y0, d): what photoelectric absorption takes between two wavelengths; `opacity` is kappa_n of the metals."""
    a = opacity / 1.21
    b = a**0.3333

    def integral(u: Array) -> Array:
        ratio = (1 - b * u + (b * u) ** 2) / (1 + b * u) ** 2
        turn = 1.7321 / b * np.arctan(0.5774 * (2 * b * u - 1))
        return np.asarray(u * (3 - np.log(1 + a * u**3)) + 0.5 / b * np.log(ratio) - turn)

    return integral(y0 + distance) - integral(y0)


def near(y: Array, y0: Array, mu: float, opacity: float) -> Array:
    """The Green's function for dy <= 2: photons scattered once or twice."""
    p, q = _p(mu), _q(mu)
    dy = y - y0
    log = np.log(np.minimum(y0, 10.0))

    def series(first: int, number: int) -> Array:
        return np.asarray(log * np.polynomial.polynomial.polyval(log, q[first : first + number]))

    x0, x1, x2, x3 = series(0, 4), series(4, 4), series(8, 4), series(12, 5)
    x8 = 1 + q[17] * (0.326 * ((y0 / 10) ** 1.692 - 1) + log - 2.303)
    soft = y0 < 10
    ratio = np.where(soft, (y0 + 2) / y, 12 / (10 + dy))
    w = np.log(ratio) * np.where(soft, 1 / np.log((y0 + 2) / y0), 5.4848)
    g = np.exp(x0 + w * (x1 + w * (x2 + w * x3))) * np.where(soft, 1.0, x8 * y / (10 + dy))
    rise = p[2] + p[3] * np.maximum(p[4] - dy, 0.0) ** p[5] + p[6] * np.maximum(p[7] - dy, 0.0) ** p[8]
    step = rise ** p[9] / (1 + np.exp(p[10] * (p[11] - dy ** p[12])))
    s0, s = 1 / (1 + opacity / 1.21 * y0**3), 1 / (1 + opacity / 1.21 * y**3)
    a1 = 0.802 - 1.019 * mu + 2.528 * mu**2 - 3.198 * mu**3 + 1.457 * mu**4 + (0.030 / mu) ** 4
    kept = (1 + (np.exp(0.381 * dy) - 2) * np.sqrt(1 - s)) * np.exp(_absorbed(y0, dy, opacity))
    return np.asarray(g * np.minimum(p[0] + p[1] * dy, step) * s0 * (a1 + (1 - a1) * kept))


def far(y: Array, y0: Array, mu: float, opacity: float) -> Array:
    """The Green's function for dy > 2: photons scattered many times."""
    p, q = _p(mu), _q(mu)
    dy = y - y0
    log = np.log(y0)
    r4 = 0.230 + 0.033 * log + 0.763 * y0**-0.507 + 0.007 * y0**-1.553
    r5 = 75.180 / y0
    r6 = -0.100 + 0.115 * log + 0.100 * y0**1.623
    r7 = np.where(y0 < 1, q[18] + q[19] * log, q[20] + q[21] * log + q[22] * (q[23] + 1 / y0) ** q[24])
    spread = p[17] * dy**-1.5 * (1 + dy) * (1 + p[13] / (1 + dy)) ** (p[14] + p[15] * (1 + dy) ** p[16])
    return np.asarray(r4 * (1 + r5 / y) ** (r6 * (1 + r7 / y)) * spread * np.exp(_absorbed(y0, dy - 0.15, opacity)))
