"""A redshift as it is known: a density on a grid, samples, percentiles, or a spectroscopic value."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Self

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.owned_array import owned_reals

__all__ = ["Redshifts", "redshift_grid"]

Array = NDArray[np.float64]


def redshift_grid(values: Sequence[float]) -> Array:
    """A grid as options give it: [first, last, number], or its values one by one.

    Examples
    --------
    >>> redshift_grid([0, 1, 5]).tolist(), redshift_grid([0, 1, 2]).tolist()
    ([0.0, 0.25, 0.5, 0.75, 1.0], [0.0, 1.0, 2.0])
    """
    if len(values) == 3 and values[2] > values[1] and float(values[2]).is_integer() and values[2] > 3:
        return np.linspace(values[0], values[1], int(values[2]))
    return np.asarray(values, dtype=float)


@frozen(kw_only=True, eq=False, slots=False)
class Redshifts:
    """Redshift distributions of n sources as cumulative distributions on one grid.

    Attributes
    ----------
    z : ndarray, shape (m,)
        Increasing grid.
    cdf : ndarray, shape (n, m)
        Rises to `mass` at the end of the grid; float32 where it came so (a million sources are large).
    mass : ndarray, shape (n,)
        Probability inside the grid; what lies outside is reported, not put back.
    spectroscopic : ndarray of bool, shape (n,)
    origin : str
        ``pdf``, ``samples``, ``percentiles`` or ``spec-z``.
    """

    z: Array = field(converter=owned_reals)
    cdf: Array = field(converter=owned_reals, repr=False)
    mass: Array = field(converter=owned_reals, repr=False)
    spectroscopic: NDArray[np.bool_] = field(repr=False)
    origin: str = ""

    def __attrs_post_init__(self) -> None:
        if self.z.ndim != 1 or self.z.size < 2 or not np.all(np.diff(self.z) > 0):
            raise DataError("the redshift grid must hold at least two increasing values")
        if self.cdf.ndim != 2 or self.cdf.shape[1] != self.z.size:
            raise DataError(f"distributions of shape {self.cdf.shape} do not fit a grid of {self.z.size} redshifts")

    def __len__(self) -> int:
        return int(self.cdf.shape[0])

    @property
    def digest(self) -> str:
        """Identity of the distributions."""
        return json_digest([array_digest(a) for a in (self.z, self.cdf, self.mass)])

    @classmethod
    def from_pdf(cls, z: ArrayLike | None, pdf: ArrayLike, *, values: str) -> Self:
        """Distributions given on a grid.

        Parameters
        ----------
        z : array_like, shape (m,)
        pdf : array_like, shape (n, m) or (m,)
        values : {"density", "probability"}
            Whether a row is a density (its integral is 1), or the probability in each cell of the grid (its sum is 1); files
            of both kinds are about, and a row does not tell.

        Raises
        ------
        DataError
            Without grid, with negative values, or where a row is not normalised to 5 % as it is said to be.
        """
        if z is None:
            raise DataError("a redshift density without its grid means nothing: give z")
        if values not in ("density", "probability"):
            raise DataError(f"values must be 'density' or 'probability', got {values!r}")
        grid, rows = np.asarray(z, dtype=float), np.atleast_2d(np.asarray(pdf, dtype=float))
        if rows.shape[-1] != grid.size:
            raise DataError(f"the densities have {rows.shape[-1]} points, the grid {grid.size}")
        if not np.all(rows >= 0):
            raise DataError("a density is negative or NaN")
        if values == "probability":
            edges = np.concatenate([[grid[0]], 0.5 * (grid[1:] + grid[:-1]), [grid[-1]]])
            cells = np.concatenate([np.zeros((len(rows), 1)), np.cumsum(rows, axis=1)], axis=1)
            return cls._checked(edges, cells, "pdf")
        steps = 0.5 * (rows[:, 1:] + rows[:, :-1]) * np.diff(grid)
        return cls._checked(grid, np.concatenate([np.zeros((len(rows), 1)), np.cumsum(steps, axis=1)], axis=1), "pdf")

    @classmethod
    def _checked(cls, z: Array, cdf: Array, origin: str) -> Self:
        mass = cdf[:, -1]
        if np.any(np.abs(mass - 1) > 0.05):
            worst = int(np.argmax(np.abs(mass - 1)))
            raise DataError(
                f"the distribution of row {worst} sums to {mass[worst]:.4g}: is it a density or a probability per cell, and "
                "does the grid hold all of it?"
            )
        return cls(z=z, cdf=cdf, mass=mass, spectroscopic=np.zeros(len(cdf), dtype=bool), origin=origin)

    @classmethod
    def from_samples(cls, samples: ArrayLike, z: ArrayLike) -> Self:
        """Distributions given by equally likely samples, shape (n, k), as their empirical cumulative ones on a grid."""
        rows, grid = np.atleast_2d(np.asarray(samples, dtype=float)), np.asarray(z, dtype=float)
        cdf = np.stack([np.searchsorted(np.sort(row), grid, side="right") / row.size for row in rows])
        below = np.stack([np.mean(row < grid[0]) for row in rows])
        cdf = cdf - below[:, None]
        return cls(z=grid, cdf=cdf, mass=cdf[:, -1], spectroscopic=np.zeros(len(rows), dtype=bool), origin="samples")

    @classmethod
    def from_percentiles(cls, median: ArrayLike, low: ArrayLike, high: ArrayLike, z: ArrayLike) -> Self:
        """Split normals of a median and its 15.87 and 84.13 per cent quantiles; a warning says that this is a guess.

        Raises
        ------
        DataError
            Where a quantile lies on the wrong side of the median.
        """
        m, lo, hi = (np.atleast_1d(np.asarray(v, dtype=float)) for v in (median, low, high))
        if not np.all((lo <= m) & (m <= hi)):
            raise DataError("a median lies outside its own 68 % interval")
        warnings.warn(
            "redshifts are given by percentiles only: split normals stand for their distributions, without second peaks",
            FaintskyWarning,
            stacklevel=2,
        )
        grid = np.asarray(z, dtype=float)
        width = np.where(grid < m[:, None], np.maximum(m - lo, 1e-9)[:, None], np.maximum(hi - m, 1e-9)[:, None])
        cdf = ndtr((grid - m[:, None]) / width)
        cdf = cdf - cdf[:, :1]
        return cls(z=grid, cdf=cdf, mass=cdf[:, -1], spectroscopic=np.zeros(len(m), dtype=bool), origin="percentiles")

    @classmethod
    def from_spec(cls, z_spec: ArrayLike, z: ArrayLike) -> Self:
        """Spectroscopic redshifts: steps on a grid."""
        values, grid = np.atleast_1d(np.asarray(z_spec, dtype=float)), np.asarray(z, dtype=float)
        cdf = (grid >= values[:, None]).astype(float)
        inside = (values >= grid[0]) & (values <= grid[-1])
        return cls(z=grid, cdf=cdf, mass=inside.astype(float), spectroscopic=np.ones(len(values), dtype=bool), origin="spec-z")

    def with_spec(self, z_spec: ArrayLike) -> Redshifts:
        """The same with steps at the spectroscopic redshifts of the rows that have one; the others have NaN.

        Raises
        ------
        DataError
            Where there is not a value for each row.
        """
        values = np.asarray(z_spec, dtype=float)
        if values.shape != (len(self),):
            raise DataError(f"{len(self)} distributions need as many spectroscopic redshifts, NaN for none; got {values.shape}")
        known = np.isfinite(values)
        steps = Redshifts.from_spec(np.where(known, values, -1.0), self.z)
        return evolve(
            self,
            cdf=np.where(known[:, None], steps.cdf, self.cdf),
            mass=np.where(known, steps.mass, self.mass),
            spectroscopic=known | self.spectroscopic,
        )

    def probability(self, z_low: float, z_high: float) -> Array:
        """Probability between two redshifts, shape (n,): the cumulative distribution is interpolated, not the density."""
        if not z_low < z_high:
            raise DataError(f"z_low must lie below z_high, got {z_low:g} and {z_high:g}")
        return np.asarray(self.below(z_high) - self.below(z_low))

    def below(self, z: float) -> Array:
        """Probability inside the grid and below `z`, shape (n,)."""
        place = np.interp(z, self.z, np.arange(self.z.size))
        left = min(int(place), self.z.size - 2)
        share = float(place) - left
        return np.asarray((1 - share) * self.cdf[:, left].astype(float) + share * self.cdf[:, left + 1])

    @property
    def cells(self) -> Array:
        """Probability between neighbours of the grid, shape (n, m - 1)."""
        return np.diff(self.cdf.astype(float, copy=False), axis=1)

    def quantile(self, q: float) -> Array:
        """Redshift below which the part `q` of the probability inside the grid lies, shape (n,); NaN where none lies inside.

        Raises
        ------
        DataError
            Where `q` is not between 0 and 1.
        """
        if not 0 <= q <= 1:
            raise DataError(f"the quantile of a distribution is asked for at 0 to 1, got {q:g}")
        cdf = self.cdf.astype(float, copy=False)
        # Also where the first value is not 0: what lies below the grid is none of its probability.
        first, last = cdf[:, 0], cdf[:, -1]
        target = (first + q * (last - first))[:, None]
        right = np.clip(np.sum(cdf < target, axis=1), 1, self.z.size - 1)
        rows = np.arange(len(cdf))
        low, high = cdf[rows, right - 1], cdf[rows, right]
        share = np.divide(target[:, 0] - low, high - low, out=np.zeros(len(cdf)), where=high > low)
        found = self.z[right - 1] + share * (self.z[right] - self.z[right - 1])
        return np.where(last > first, found, np.nan)

    @property
    def median(self) -> Array:
        """The median, shape (n,): what LePhare calls the redshift of the maximum likelihood, ZML (Ilbert et al. 2013)."""
        return self.quantile(0.5)

    def select(self, keep: NDArray[np.bool_] | NDArray[np.int64]) -> Redshifts:
        """The chosen rows."""
        return evolve(self, cdf=self.cdf[keep], mass=self.mass[keep], spectroscopic=self.spectroscopic[keep])

    @property
    def outside(self) -> Array:
        """Probability outside the grid, shape (n,)."""
        return np.asarray(np.clip(1 - self.mass, 0, 1))
