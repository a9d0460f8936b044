"""Flux production: how much of a background comes from each redshift, dF/dz."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Self

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError, nearest
from faintsky.core.owned_array import owned_floats

__all__ = ["FluxProduction", "simpson_weights"]

Array = NDArray[np.float64]


def simpson_weights(x: Array) -> Array:
    """Weights of Simpson's rule on a uniform grid of an odd number of points, shape of `x`.

    Raises
    ------
    DataError
        Where the grid is not uniform, or the number even or below 3.
    """
    step = np.diff(x)
    if x.size < 3 or x.size % 2 == 0 or not np.allclose(step, step[0], rtol=1e-6):
        raise DataError("Simpson's rule needs an odd number of points, 3 or more, at equal distances")
    weights = np.full(x.size, 2.0)
    weights[1::2] = 4.0
    weights[[0, -1]] = 1.0
    return np.asarray(weights * step[0] / 3)


@frozen(kw_only=True, eq=False, slots=False)
class FluxProduction:
    """dF/dz on a uniform grid of redshift.

    Attributes
    ----------
    z : ndarray, shape (n,)
        Uniform, n odd.
    dF_dz : ndarray, shape (n,)
        [unit] per unit redshift and steradian, as the map it belongs to.
    unit : str
        Of the map.
    source : str
        Where it comes from.
    """

    z: Array = field(converter=owned_floats, repr=False)
    dF_dz: Array = field(converter=owned_floats, repr=False)
    unit: str = ""
    source: str = ""

    def __attrs_post_init__(self) -> None:
        if self.z.ndim != 1 or self.dF_dz.shape != self.z.shape:
            raise DataError(f"dF/dz of shape {self.dF_dz.shape} does not fit {self.z.shape} redshifts")
        if not np.all(np.isfinite(self.dF_dz)) or np.any(self.dF_dz < 0):
            raise DataError("dF/dz is negative or not finite somewhere")
        if self.z[0] < 0:
            raise DataError(f"dF/dz starts at the redshift {self.z[0]:g}, below 0")
        simpson_weights(self.z)

    @classmethod
    def of(
        cls,
        function: Callable[[Array], Array],
        z_min: float,
        z_max: float,
        *,
        points: int = 401,
        unit: str = "",
        source: str = "",
    ) -> Self:
        """dF/dz of a function of redshift between two redshifts."""
        z = np.linspace(z_min, z_max, points)
        return cls(z=z, dF_dz=np.broadcast_to(function(z), z.shape), unit=unit, source=source)

    @classmethod
    def read(cls, path: Path, unit: str = "") -> Self:
        """dF/dz of a table with the columns ``z`` and ``dF_dz``; its unit is that of the column, or `unit`.

        Raises
        ------
        DataError
            Where a column is missing.
        """
        from astropy.table import Table

        table = Table.read(path)
        for name in ("z", "dF_dz"):
            if name not in table.colnames:
                raise DataError(f"{path.name} has no column {name!r}. {nearest(name, table.colnames)}")
        z, produced = (np.asarray(table[name], dtype=float) for name in ("z", "dF_dz"))
        own = str(table["dF_dz"].unit or unit)
        return cls.of(lambda at: np.interp(at, z, produced), float(z[0]), float(z[-1]), unit=own, source=path.name)

    @classmethod
    def from_cumulative(
        cls, z: ArrayLike, flux: ArrayLike, z_min: float, z_max: float, *, points: int = 401, unit: str = "", source: str = ""
    ) -> Self:
        """dF/dz whose integral between nodes is that of a cumulative flux F(< z), given at `z`.

        Parameters
        ----------
        z : array_like, shape (m,)
            Increasing.
        flux : array_like, shape (m,)
            Cumulative, per steradian; interpolated itself, so that the integral over the range is exact.
        """
        from scipy.interpolate import PchipInterpolator

        nodes = np.linspace(z_min, z_max, points)
        edges = np.concatenate([[z_min], 0.5 * (nodes[1:] + nodes[:-1]), [z_max]])
        # Monotone and smooth: straight lines between the nodes of a coarse grid would make steps of dF/dz.
        known, cumulative = np.asarray(z, dtype=float), np.asarray(flux, dtype=float)
        cells = np.diff(PchipInterpolator(known, cumulative)(np.clip(edges, known[0], known[-1])))
        made = cls(z=nodes, dF_dz=np.maximum(cells, 0) / np.diff(edges), unit=unit, source=source)
        total = float(cells.sum())
        return made.normalised_to(total) if total > 0 else made

    @property
    def total(self) -> float:
        """Integral of dF/dz, the mean of the map [unit]."""
        return float(simpson_weights(self.z) @ self.dF_dz)

    @property
    def mean_redshift(self) -> float:
        """Mean redshift of the flux."""
        return float(simpson_weights(self.z) @ (self.z * self.dF_dz)) / self.total

    def normalised_to(self, mean: float) -> Self:
        """The same shape with another integral."""
        if not self.total > 0:
            raise DataError("a flux production that is zero everywhere cannot be normalised")
        return evolve(self, dF_dz=self.dF_dz * (mean / self.total))

    def at(self, z: Array) -> Array:
        """dF/dz at other redshifts; 0 outside its own range."""
        return np.interp(z, self.z, self.dF_dz, left=0.0, right=0.0)

    @property
    def digest(self) -> str:
        """Identity of the numbers."""
        return json_digest([array_digest(self.z), array_digest(self.dF_dz), self.unit])
