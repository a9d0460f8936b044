"""Sizes and profiles of galaxies, by mass and redshift."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

__all__ = ["SersicShape", "drawn_shape", "mean_radius"]

Array = NDArray[np.float64]

#: R_e at 5e10 Msun and z = 0 [kpc], its power of mass and of 1 + z, its scatter [dex], and the log10 mass below which it is flat.
_STAR_FORMING, _QUIESCENT = (8.9, 0.22, -0.75, 0.17, 6.0), (5.6, 0.75, -1.48, 0.12, 10.2)
#: Redshift beyond which sizes stay.
_FARTHEST = 3.0
#: Smallest radius [pixel]: fits are bounded at 0.5.
_SMALLEST = 0.8


@frozen(kw_only=True, eq=False)
class SersicShape:
    """Shape of a galaxy in b bands.

    Attributes
    ----------
    radius : ndarray, shape (b,)
        Half-light radius along the major axis [pixel], linear in wavelength.
    index : ndarray, shape (b,)
        Sersic index, linear in wavelength.
    ellipticity, angle : float
        1 - b / a; of the major axis [rad], from +x towards +y.
    """

    radius: Array
    index: Array
    ellipticity: float
    angle: float


def mean_radius(log_mass: float, redshift: float, quiescent: bool) -> float:
    """Half-light radius along the major axis [kpc]: median relation of van der Wel et al. (2014).

    8.9 (M / 5e10)^0.22 (1 + z)^-0.75 kpc where stars form, 5.6 (M / 5e10)^0.75 (1 + z)^-1.48 kpc where none do (powers from
    their abstract, radii from their figure 6, good to 5 per cent). The steep relation ends at 10^10.2 Msun, below which the
    radius stays; the other one is carried on below the 3e9 Msun where their sample ends, and both stay beyond its redshift, 3.
    """
    radius, power, evolution, _, flat = _QUIESCENT if quiescent else _STAR_FORMING
    mass = max(log_mass, flat) - np.log10(5e10)
    return float(radius * 10 ** (power * mass) * (1 + min(redshift, _FARTHEST)) ** evolution)


def drawn_shape(
    log_mass: float,
    redshift: float,
    quiescent: bool,
    wavelength: Array,
    reference: float,
    kpc_per_pixel: float,
    rng: np.random.Generator,
) -> SersicShape:
    """A galaxy of some mass and redshift.

    Radii fall by up to 15 per cent, indices rise by up to 0.1 per um, from the reference wavelength on, as galaxies do on average
    (Vulcani et al. 2014).

    Parameters
    ----------
    wavelength : ndarray, shape (b,)
        Of the bands [um].
    reference : float
        Where the relation of sizes is taken to hold [um].
    """
    scatter = (_QUIESCENT if quiescent else _STAR_FORMING)[3]
    radius = mean_radius(log_mass, redshift, quiescent) * 10 ** (scatter * rng.standard_normal()) / kpc_per_pixel
    middle, width, low, high = (np.log(3.5), 0.2, 2.0, 5.0) if quiescent else (np.log(1.2), 0.3, 0.6, 2.5)
    index = float(np.clip(np.exp(middle + width * rng.standard_normal()), low, high))
    away = wavelength - reference
    shrinks, steepens = rng.uniform(0.0, 0.15), rng.uniform(0.0, 0.1)
    return SersicShape(
        radius=max(radius, _SMALLEST) * (1 - shrinks * away / reference),
        index=index + steepens * away,
        ellipticity=float(rng.uniform(0.05, 0.5) if quiescent else rng.uniform(0.1, 0.7)),
        angle=float(rng.uniform(0, np.pi)),
    )
