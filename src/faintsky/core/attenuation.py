"""Attenuation of starlight by dust, as screens in front of it."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError, nearest
from faintsky.core.extras import require
from faintsky.core.sed_library import SedTemplates

__all__ = ["LYMAN_LIMIT", "attenuated", "attenuation", "law_names", "screens"]

Array = NDArray[np.float64]

#: Where hydrogen absorbs all [um]; no law of dust is known below.
LYMAN_LIMIT = 0.0912
#: Modules of dust_extinction whose classes are laws of one name and, but for R_V, of no parameter.
_MODULES = ("parameter_averages", "averages", "grain_models")
#: Slope of extinction in the infrared, that of Cardelli, Clayton & Mathis (1989).
_INFRARED_SLOPE = 1.61


def attenuation(wavelength: ArrayLike, law: str = "calzetti") -> Array:
    """k = A / E(B-V) of a law.

    ``calzetti`` is equation 4 of Calzetti et al. (2000), R_V = 4.05, given there from 0.12 to 2.2 um: its polynomials go on down
    to the Lyman limit, where k stays, and up to 3.1 um, where they reach 0. Any other name is a class of the package
    dust_extinction with its own R_V: outside of its range k stays towards the ultraviolet, and falls as the wavelength to the
    power -1.61 towards the infrared.

    Parameters
    ----------
    wavelength : array_like, shape (w,)
        Rest frame [um].
    law : str
        ``calzetti``, or the name of a class of dust_extinction, such as ``G03_SMCBar`` or ``CCM89``, in any case.

    Raises
    ------
    DataError
        For an unknown law, or one that is no law from the ultraviolet to the infrared.
    PluginError
        Where the package dust_extinction is wanted and not installed.

    References
    ----------
    Calzetti et al. 2000, ApJ 533, 682; Gordon 2024, JOSS 9, 7023 (dust_extinction); Cardelli, Clayton & Mathis 1989, ApJ
    345, 245.
    """
    x = np.asarray(wavelength, dtype=float)
    return _calzetti(x) if law.lower() == "calzetti" else _of_package(x, law)


def screens(wavelength: ArrayLike, ebv: ArrayLike, law: str = "calzetti") -> Array:
    """Transmission 10^(-0.4 k E(B-V)) of screens, shape (e, w)."""
    colour = np.atleast_1d(np.asarray(ebv, dtype=float))
    if not np.all(colour >= 0):
        raise DataError(f"a colour excess is negative or NaN: {colour.min():g}")
    return np.asarray(10 ** (-0.4 * np.outer(colour, attenuation(wavelength, law))))


def attenuated(templates: SedTemplates, ebv: ArrayLike, law: str = "calzetti") -> SedTemplates:
    """Templates behind screens: n e spectra with a parameter ``ebv``, all screens of the first template first.

    For large grids give `screens` to `model_fluxes` instead, which makes no spectra.
    """
    colour = np.atleast_1d(np.asarray(ebv, dtype=float))
    through = screens(templates.wavelength, colour, law).astype(templates.luminosity.dtype)
    spectra = (templates.luminosity[:, None, :] * through).reshape(-1, templates.wavelength.size)
    parameters = {name: np.repeat(column, colour.size) for name, column in templates.parameters.items()}
    return SedTemplates(
        role=templates.role,
        wavelength=templates.wavelength,
        luminosity=spectra,
        parameters={**parameters, "ebv": np.tile(colour, len(templates))},
        name=templates.name,
        demonstration=templates.demonstration,
    )


def law_names() -> tuple[str, ...]:
    """The laws that can be named; those beside ``calzetti`` need the package dust_extinction."""
    return ("calzetti", *(name for name, law in _laws().items() if _reaches(law)))


def _calzetti(wavelength: Array) -> Array:
    x = 1 / np.clip(wavelength, LYMAN_LIMIT, None)
    short = 2.659 * (-2.156 + x * (1.509 + x * (-0.198 + 0.011 * x))) + 4.05
    long = 2.659 * (-1.857 + 1.040 * x) + 4.05
    return np.asarray(np.where(wavelength < 0.63, short, np.clip(long, 0, None)))


@lru_cache(maxsize=1)
def _laws() -> dict[str, Any]:
    """Laws of dust_extinction by name, made with their defaults."""
    modules = [require(f"dust_extinction.{name}", "sed") for name in _MODULES]
    return {name: getattr(module, name)() for module in modules for name in module.__all__}


def _reaches(law: Any) -> bool:
    """Whether the law holds from 0.25 to 1 um."""
    low, high = law.x_range
    return bool(low <= 1.0 and high >= 4.0)


def _of_package(wavelength: Array, name: str) -> Array:
    laws = _laws()
    known = {each.lower(): each for each in laws}
    if name.lower() not in known:
        raise DataError(f"no attenuation law {name!r}. {nearest(name, law_names())} Laws: {', '.join(law_names())}")
    law = laws[known[name.lower()]]
    if not _reaches(law):
        raise DataError(f"{known[name.lower()]} is no law from the ultraviolet to the infrared. Laws: {', '.join(law_names())}")
    low, high = (float(each) for each in law.x_range)
    from astropy import units as u

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # dust_extinction tells which part of a curve is extrapolated by its authors
        inside = np.asarray(law(np.clip(1 / wavelength, low, high) / u.um), dtype=float)
    infrared = np.clip(wavelength * low, 1, None) ** -_INFRARED_SLOPE
    rv = float(getattr(law.Rv, "value", law.Rv))
    return np.asarray(np.clip(inside, 0, None) * infrared * rv)
