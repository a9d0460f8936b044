"""Light of stellar populations, from laws of mass, luminosity and temperature that a textbook has."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.delayed_star_formation import delayed_shares
from faintsky.models.sed_libraries.bolometric import L_SUN
from faintsky.models.sed_libraries.photosphere import photosphere

__all__ = ["delayed_populations", "simple_populations"]

Array = NDArray[np.float64]

#: Ages of simple populations [Gyr] that star formation histories are summed from.
_AGES = np.geomspace(1e-3, 14, 80)
_MASS = np.geomspace(0.1, 100, 1200)


def _formed() -> Array:
    """Stars of each mass of the grid in one solar mass formed: the initial mass function of Chabrier (2003)."""
    low = 0.158 / _MASS * np.exp(-0.5 * (np.log10(_MASS / 0.079) / 0.69) ** 2)
    high = (0.158 * np.exp(-0.5 * (np.log10(1 / 0.079) / 0.69) ** 2)) * _MASS**-2.3
    stars = np.where(_MASS < 1, low, high) * np.gradient(_MASS)
    return np.asarray(stars / np.sum(stars * _MASS))


def _luminosity(mass: Array) -> Array:
    """Main sequence [Lsun]."""
    return np.asarray(
        np.select([mass < 0.43, mass < 2, mass < 20], [0.23 * mass**2.3, mass**4, 1.4 * mass**3.5], 81 * mass**2.145)
    )


def _remnant(mass: Array) -> Array:
    """Mass left behind [Msun]."""
    return np.asarray(np.where(mass < 8, 0.45 + 0.08 * mass, 1.4))


def simple_populations(wavelength: ArrayLike) -> tuple[Array, Array, Array]:
    """Populations formed at once, per solar mass formed.

    Stars shine on the main sequence for 10 Gyr M / L and 3 Myr, at 1.8 times the luminosity that they begin with where they are
    more massive than the Sun; those that leave it spend their fuel as giants of 4000 K, whose light is the rate at which stars
    leave times what each has left (Renzini & Buzzoni 1986).

    Returns
    -------
    age : ndarray, shape (a,)
        [Gyr]
    luminosity : ndarray, shape (a, w)
        L_nu [erg/s/Hz].
    living : ndarray, shape (a,)
        Share of the mass that is in stars and their remnants.
    """
    formed, bright = _formed(), _luminosity(_MASS)
    radius = np.where(_MASS < 1, _MASS**0.8, _MASS**0.57)
    kelvin = 5772 * (bright / radius**2) ** 0.25
    life = 10 * _MASS / bright + 0.003
    shines = np.clip((life - _AGES[:, None]) / (0.05 * life), 0, 1)
    dwarfs = (shines * formed * bright * np.where(_MASS < 1, 1.0, 1.8)) @ photosphere(wavelength, kelvin)
    turn_off = np.exp(np.interp(np.log(_AGES), np.log(life[::-1]), np.log(_MASS[::-1])))
    number = np.interp(turn_off, _MASS, formed / np.gradient(_MASS))
    rate = number * np.abs(np.gradient(turn_off, _AGES)) * (turn_off < 0.98 * _MASS[-1])
    giants = rate * 10 * turn_off * 1.7 / (1 + (turn_off / 3) ** 2)
    cool = photosphere(wavelength, [4000.0])
    living = shines @ (formed * _MASS) + (1 - shines) @ (formed * np.minimum(_remnant(_MASS), _MASS))
    return _AGES, (dwarfs + giants[:, None] * cool) * L_SUN, living


def delayed_populations(wavelength: ArrayLike, age: ArrayLike, tau: ArrayLike) -> Array:
    """Populations whose star formation rate is t exp(-t / tau) since `age`, per solar mass of stars and remnants.

    Parameters
    ----------
    wavelength : array_like, shape (w,)
        Rest frame [um].
    age, tau : array_like, shape (n,)
        [Gyr]

    Returns
    -------
    ndarray, shape (n, w)
        L_nu [erg/s/Hz].
    """
    ages, light, living = simple_populations(wavelength)
    mass = delayed_shares(ages, age, tau)
    return np.asarray((mass @ light) / (mass @ living)[:, None])
