"""Stellar populations of delayed star formation, from simple ones of other codes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from faintsky.core.delayed_star_formation import delayed_shares
from faintsky.core.sed_library import SedTemplates
from faintsky.plugins.sed_libraries.template_table import per_frequency

__all__ = ["composites", "grid_of", "rebinned"]

Array = NDArray[np.float64]

#: Rest-frame wavelengths that redshifts up to 7 need from 0.8 to 5 um [um].
_RANGE = (0.01, 100.0)


def grid_of(resolution: float) -> Array:
    """Wavelengths [um] in steps of 1 / resolution from 0.01 to 100 um."""
    return np.geomspace(*_RANGE, int(np.ceil(np.log(_RANGE[1] / _RANGE[0]) * resolution)) + 1)


def rebinned(spectra: Array, given: Array, wanted: Array) -> Array:
    """Spectra per wavelength, averaged over the cells about wanted wavelengths; their integral is kept.

    Parameters
    ----------
    spectra : ndarray, shape (n, w)
        Linear between the given wavelengths, and 0 outside.
    given : ndarray, shape (w,)
    wanted : ndarray, shape (v,)

    Returns
    -------
    ndarray, shape (n, v)
    """
    middle = np.sqrt(wanted[1:] * wanted[:-1])
    edges = np.concatenate([[wanted[0] ** 2 / middle[0]], middle, [wanted[-1] ** 2 / middle[-1]]])
    nodes = np.union1d(given, edges)
    fine = np.array([np.interp(nodes, given, row, left=0, right=0) for row in spectra])
    total = np.zeros_like(fine)
    np.cumsum(0.5 * (fine[:, 1:] + fine[:, :-1]) * np.diff(nodes), axis=1, out=total[:, 1:])
    return np.asarray(np.diff(total[:, np.searchsorted(nodes, edges)], axis=1) / np.diff(edges))


def composites(
    light: Array,
    wavelength: Array,
    unit: str,
    ages: Array,
    living: Array,
    *,
    since: Sequence[float],
    tau: Sequence[float],
    resolution: float,
    name: str,
) -> SedTemplates:
    """Delayed populations of all ages and e-folding times, per solar mass of stars and remnants.

    Parameters
    ----------
    light : ndarray, shape (a, w)
        Of simple populations per solar mass formed, per wavelength.
    wavelength : ndarray, shape (w,)
        [um]
    unit : str
        Of `light`, per wavelength.
    ages : ndarray, shape (a,)
        [Gyr], increasing.
    living : ndarray, shape (a,)
        Share of the mass formed that is in stars and remnants.
    since, tau : sequence of float
        [Gyr]
    resolution : float
        Wavelengths over their steps.
    name : str
    """
    age, decay = (each.ravel() for each in np.meshgrid(since, tau, indexing="ij"))
    shares = delayed_shares(ages, age, decay)
    x = grid_of(resolution)
    spectra = rebinned(shares @ light, wavelength, x) / (shares @ living)[:, None]
    return SedTemplates(
        role="stars",
        wavelength=x,
        luminosity=per_frequency(spectra, x, unit, name),
        parameters={"age": age, "tau": decay},
        name=name,
    )
