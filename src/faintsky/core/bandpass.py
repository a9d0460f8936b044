"""The transmission of a filter, and flux densities seen through it."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError, nearest
from faintsky.core.extras import require
from faintsky.core.owned_array import owned_floats
from faintsky.core.units import unit_factor

__all__ = ["BOXES", "Bandpass"]

Array = NDArray[np.float64]

#: Edges [um] of boxes that stand for real filters: each has the pivot wavelength, and the integral of the transmission over its
#: peak, of the curve that astro-sedpy 0.4.1 has (acs_wfc_f814w, jwst_f115w, jwst_f150w, jwst_f277w, jwst_f444w).
BOXES = {
    "F814W": (0.720675, 0.894427),
    "F115W": (1.043532, 1.268277),
    "F150W": (1.344699, 1.662725),
    "F277W": (2.447014, 3.119039),
    "F444W": (3.899566, 4.923832),
}


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

    @classmethod
    def parse(cls, text: str, name: str = "") -> Bandpass:
        """The bandpass that a text names.

        Parameters
        ----------
        text : str
            ``sedpy:acs_wfc_f814w``, a curve of the package astro-sedpy; ``F814W``, one of `BOXES`; or a file with two columns,
            wavelength and transmission per photon: an ECSV table, whose first column has a unit, or numbers and the unit of the
            wavelengths behind the name, ``curves/i.dat [Angstrom]``.
        name : str
            The name of the band; that of the curve, box or file if not given.

        Raises
        ------
        DataError
            For an unknown name, with the nearest; where a file has no two columns of numbers, or its wavelengths no unit.
        PluginError
            Where astro-sedpy is wanted and not installed.

        Examples
        --------
        >>> round(Bandpass.parse("F444W").pivot, 3)
        4.402
        """
        text = text.strip()
        if text.startswith("sedpy:"):
            return cls._of_sedpy(text.removeprefix("sedpy:").strip(), name)
        if text in BOXES:
            return cls.box(name or text, *BOXES[text])
        found = re.fullmatch(r"(?P<path>.+?)(?:\s+\[(?P<unit>[^\]]+)\])?", text)
        path = Path(found["path"] if found else text)
        if not path.is_file():
            hint = nearest(text, BOXES) or nearest(text.upper(), BOXES)
            raise DataError(
                f"{text!r} is no file and no built-in bandpass. {hint} Built in: {', '.join(BOXES)}; others as "
                "'sedpy:NAME', or a file as 'PATH [UNIT]'"
            )
        return cls._of_file(path, (found["unit"] if found else None) or "", name or path.stem)

    @classmethod
    def _of_sedpy(cls, curve: str, name: str) -> Bandpass:
        sedpy = require("sedpy.observate", "sed")
        known = sedpy.list_available_filters()
        if curve not in known:
            raise DataError(f"astro-sedpy has no filter {curve!r}. {nearest(curve, known)}")
        read = sedpy.Filter(curve)
        return cls(name=name or curve, wavelength=read.wavelength * 1e-4, transmission=np.clip(read.transmission, 0, None))

    @classmethod
    def _of_file(cls, path: Path, unit: str, name: str) -> Bandpass:
        if path.suffix.lower() == ".ecsv":
            from astropy.table import Table

            table = Table.read(path, format="ascii.ecsv")
            if len(table.colnames) < 2:
                raise DataError(f"{path} has no two columns, wavelength and transmission")
            column = table[table.colnames[0]]
            unit = unit or ("" if column.unit is None else str(column.unit))
            x, t = (np.asarray(table[each], dtype=float) for each in table.colnames[:2])
        else:
            try:
                columns = np.loadtxt(path, ndmin=2)
            except ValueError as error:
                raise DataError(f"{path} is no table of numbers: {error}") from None
            if columns.shape[1] < 2:
                raise DataError(f"{path} has no two columns, wavelength and transmission")
            x, t = columns[:, 0], columns[:, 1]
        if not unit:
            raise DataError(f"the wavelengths of {path} have no unit, and none is guessed: write '{path} [Angstrom]' or '[um]'")
        order = slice(None, None, -1) if x.size > 1 and x[0] > x[-1] else slice(None)
        return cls(name=name, wavelength=x[order] * unit_factor(unit, "um"), transmission=t[order])

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
