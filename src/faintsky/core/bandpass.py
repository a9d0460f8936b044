"""The transmission of a filter, and flux densities seen through it."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats

__all__ = ["Bandpass"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False, slots=False)
class Bandpass:
    """Transmission per photon of a filter with its telescope.

    Attributes
    ----------
    name : str
    wavelength : ndarray, shape (w,)
        Increasing [um].
    transmission : ndarray, shape (w,)
        Electrons per photon up to a constant, linear between the wavelengths and 0 outside.

    Raises
    ------
    DataError
        Where wavelengths do not increase, or nothing is transmitted.
    """

    name: str
    wavelength: Array = field(converter=owned_floats, repr=False)
    transmission: Array = field(converter=owned_floats, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.wavelength.ndim != 1 or self.wavelength.shape != self.transmission.shape or self.wavelength.size < 2:
            raise DataError(f"the bandpass {self.name!r} needs a transmission for each of two or more wavelengths")
        if not np.all(np.diff(self.wavelength) > 0) or self.wavelength[0] <= 0:
            raise DataError(f"the wavelengths of the bandpass {self.name!r} must increase from above 0; they are in um")
        if not np.all(self.transmission >= 0) or not self.transmission.any():
            raise DataError(f"the bandpass {self.name!r} has a negative transmission, or none at all")

    @classmethod
    def box(cls, name: str, low: float, high: float) -> Bandpass:
        """A constant transmission between two wavelengths [um]."""
        return cls(name=name, wavelength=[low, high], transmission=[1.0, 1.0])

    @cached_property
    def pivot(self) -> float:
        """Pivot wavelength [um], sqrt(int T lambda dlambda / int T dlambda / lambda) (Tokunaga & Vacca 2005, eq A16)."""
        x, t = self.wavelength, self.transmission
        slope = np.diff(t) / np.diff(x)
        start = t[:-1] - slope * x[:-1]
        photons = start * np.diff(x**2) / 2 + slope * np.diff(x**3) / 3
        waves = start * np.diff(np.log(x)) + slope * np.diff(x)
        return float(np.sqrt(photons.sum() / waves.sum()))

    def weights(self, wavelength: ArrayLike) -> Array:
        """Weights of flux densities per frequency on a grid, whose sum is the mean that a photon counter sees.

        f = int f_nu T dlambda / lambda / int T dlambda / lambda, with f_nu linear between the points of the grid.

        Parameters
        ----------
        wavelength : array_like, shape (g,)
            Observed wavelengths [um], increasing.

        Returns
        -------
        ndarray, shape (g,)
            They sum to 1.

        Raises
        ------
        DataError
            Where the grid does not hold the bandpass.
        """
        grid = np.asarray(wavelength, dtype=float)
        if grid[0] > self.wavelength[0] * (1 + 1e-9) or grid[-1] < self.wavelength[-1] * (1 - 1e-9):
            raise DataError(
                f"the bandpass {self.name!r} reaches from {self.wavelength[0]:.4g} to {self.wavelength[-1]:.4g} um, the observed "
                f"spectrum from {grid[0]:.4g} to {grid[-1]:.4g} um"
            )
        inside = grid[(grid > self.wavelength[0]) & (grid < self.wavelength[-1])]
        nodes = np.union1d(inside, self.wavelength)
        share = np.interp(nodes, self.wavelength, self.transmission) / nodes
        cell = np.zeros_like(nodes)
        cell[:-1] += 0.5 * np.diff(nodes)
        cell[1:] += 0.5 * np.diff(nodes)
        place = np.clip(np.searchsorted(grid, nodes, side="right") - 1, 0, grid.size - 2)
        right = np.clip((nodes - grid[place]) / (grid[place + 1] - grid[place]), 0, 1)
        found = np.bincount(place, cell * share * (1 - right), grid.size) + np.bincount(
            place + 1, cell * share * right, grid.size
        )
        return np.asarray(found / found.sum())

    @property
    def digest(self) -> str:
        """Identity of the curve."""
        return json_digest([self.name, array_digest(self.wavelength), array_digest(self.transmission)])
