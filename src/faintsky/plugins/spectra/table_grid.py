"""Spectra on a grid of parameters, interpolated, and shared out over the bins of an observation."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.sparse import csr_array

from faintsky.core.errors import DataError
from faintsky.core.parameter import Declared
from faintsky.plugins.spectra.overlap import overlap_sums

__all__ = ["Axis", "TableGrid"]

Array = NDArray[np.float64]

#: Numbers of spectra worked on at once.
_BLOCK = 1 << 21
#: What the parameters and energies of files in single precision may be wrong by.
_FUZZ = 1e-6


@frozen(kw_only=True, eq=False)
class Axis:
    """An interpolated parameter: its increasing values, and whether it is linear or logarithmic between them."""

    declared: Declared
    grid: Array
    logarithmic: bool

    def place(self, values: Array) -> tuple[NDArray[np.intp], Array]:
        """The value of the grid at or below each value, and how far it is to the next, from 0 to 1."""
        if len(self.grid) == 1:
            return np.zeros(values.shape, dtype=np.intp), np.zeros(values.shape)
        index = np.clip(np.searchsorted(self.grid, values, side="right") - 1, 0, len(self.grid) - 2)
        low, high, x = self.grid[index], self.grid[index + 1], np.clip(values, self.grid[0], self.grid[-1])
        step = np.log(x / low) / np.log(high / low) if self.logarithmic else (x - low) / (high - low)
        return index, step


@frozen(kw_only=True, eq=False)
class TableGrid:
    """The content of a table model's file.

    Attributes
    ----------
    name : str
        The file.
    additive : bool
        Whether the spectra are photons per bin, or factors.
    edges : ndarray, shape (m + 1,)
        Energies [keV].
    axes : tuple of Axis
        The last one changes fastest.
    more : tuple of str
        Names of the additional parameters.
    declared : tuple of Declared
        All parameters, with redshift and escale where the file has them.
    spectra : tuple of ndarray, shape (row, m) each
        The interpolated spectra, then what each additional parameter adds; in memory, or in the file.
    limits : tuple of float or None
        The model below and above its energies, where the file says it.
    """

    name: str
    additive: bool
    edges: Array
    axes: tuple[Axis, ...]
    more: tuple[str, ...]
    declared: tuple[Declared, ...]
    spectra: tuple[NDArray[np.floating], ...]
    limits: tuple[float | None, float | None]

    def check(self, name: str, value: object) -> None:
        """Refuse a value that its parameter cannot have.

        Raises
        ------
        DataError
            The message names the file, the parameter and its limits.
        """
        low, high = next(d.possible for d in self.declared if d.name == name)
        found = np.asarray(value, dtype=float)
        slack = _FUZZ * np.abs(found)
        outside = ~((found >= low - slack) & (found <= high + slack))
        if np.any(outside):
            raise DataError(f"{self.name}: {name} can only lie between {low:g} and {high:g}, and was given {found[outside][0]:g}")

    def binned(self, values: Mapping[str, Array], edges: Array, lenient: bool) -> Array:
        """Photons (or mean factors) in bins of the frame of the observer.

        Parameters
        ----------
        values : mapping of name to ndarray, shape (n,)
        edges : ndarray, shape (nbin + 1,)
            [keV], as observed.
        lenient : bool
            Whether energies that the table lacks are what XSPEC has there, where the file does not say it.

        Returns
        -------
        ndarray, shape (n, nbin)
        """
        for name, value in values.items():
            self.check(name, value)
        number = len(next(iter(values.values())))
        scale = (1.0 + values.get("redshift", np.zeros(1))) / values.get("escale", np.ones(1))
        scale = scale[:1] if np.all(scale == scale[0]) else scale
        self._check_energies(edges[0] * scale.min(), edges[-1] * scale.max(), lenient)
        found, step = np.empty((number, len(edges) - 1)), max(1, _BLOCK // (len(self.edges) - 1))
        for i in range(0, number, step):
            part = slice(i, i + step)
            bounds = edges * (scale if len(scale) == 1 else scale[part])[:, None]
            found[part] = self._shared({name: value[part] for name, value in values.items()}, bounds)
        return found

    def _shared(self, values: Mapping[str, Array], bounds: Array) -> Array:
        content = self.interpolated(values)
        if self.additive:
            return overlap_sums(content, self.edges, bounds)
        below, above = (1.0 if limit is None else limit for limit in self.limits)
        found = overlap_sums(content * np.diff(self.edges), self.edges, bounds)
        found += below * np.diff(np.minimum(bounds, self.edges[0])) + above * np.diff(np.maximum(bounds, self.edges[-1]))
        return np.asarray(found / np.diff(bounds))

    def interpolated(self, values: Mapping[str, Array]) -> Array:
        """Spectra of the file's bins, shape (n, m): multilinear between the 2^k points of the grid around each row."""
        places = [(axis, *axis.place(values[axis.declared.name])) for axis in self.axes]
        number = len(places[0][1])
        rows, weights = [], []
        for corner in product((0, 1), repeat=len(self.axes)):
            row, weight = np.zeros(number, dtype=np.intp), np.ones(number)
            for (axis, index, step), up in zip(places, corner, strict=True):
                row = row * len(axis.grid) + np.minimum(index + up, len(axis.grid) - 1)
                weight = weight * (step if up else 1.0 - step)
            rows.append(row)
            weights.append(weight)
        wanted, inverse = np.unique(np.stack(rows, axis=1), return_inverse=True)
        starts = len(rows) * np.arange(number + 1)
        mix = csr_array((np.stack(weights, axis=1).ravel(), inverse.ravel(), starts), shape=(number, len(wanted)))
        found = mix @ self._read(0, wanted)
        for i, name in enumerate(self.more):
            found += values[name][:, None] * (mix @ self._read(i + 1, wanted))
        return np.asarray(found)

    def _read(self, which: int, rows: NDArray[np.intp]) -> Array:
        found = np.asarray(self.spectra[which][rows], dtype=float)
        if not np.all(np.isfinite(found)):
            raise DataError(f"{self.name}: row {rows[np.isfinite(found).all(axis=1).argmin()] + 1} of its spectra is not finite")
        return found

    def _check_energies(self, low: float, high: float, lenient: bool) -> None:
        sides = (low < self.edges[0] * (1 - _FUZZ), high > self.edges[-1] * (1 + _FUZZ))
        # The photons of a bin of unknown width say nothing of other bins, unless there are none.
        said = [limit is not None and (limit == 0 or not self.additive) for limit in self.limits]
        if not lenient and any(outside and not s for outside, s in zip(sides, said, strict=True)):
            raise DataError(
                f"{self.name} holds energies from {self.edges[0]:g} to {self.edges[-1]:g} keV of the source, and {low:g} to "
                f"{high:g} keV are wanted; outside = 'xspec' gives {'no photons' if self.additive else 'the factor 1'} there"
            )
