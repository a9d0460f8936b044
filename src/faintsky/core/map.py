"""The Map: a field on a flat-sky pixel grid, with its weight, its splits and its variance; and the kind ``maps``."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Protocol, Self, runtime_checkable

import attrs
import numpy as np
import scipy.fft
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.context import Context
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.flux_production import FluxProduction
from faintsky.core.grid import Grid
from faintsky.core.psf import PSF
from faintsky.core.sources import Sources

__all__ = ["Map", "MapSource"]

Real = NDArray[np.floating[Any]]


def _own(array: ArrayLike) -> Real:
    """A copy in native byte order, float32 where it came so, that nobody else can write to."""
    values = np.array(array, copy=True)
    kind = np.float32 if values.dtype.kind == "f" and values.dtype.itemsize == 4 else np.float64
    values = values.astype(kind, copy=False)
    values.flags.writeable = False
    return values


def _own_weight(array: ArrayLike) -> Real:
    """The same; a mask of booleans needs no more than float32."""
    weight = np.asarray(array)
    return _own(weight.astype(np.float32) if weight.dtype.kind == "b" else weight)


def _own_optional(array: ArrayLike | None) -> Real | None:
    return None if array is None else _own(array)


def _own_all(arrays: Iterable[ArrayLike]) -> tuple[Real, ...]:
    return tuple(_own(array) for array in arrays)


def _everywhere(made: Map) -> NDArray[np.bool_]:
    return np.ones(made.weight.shape, dtype=bool)


@runtime_checkable
class MapSource(Protocol):
    """A component of kind ``maps``: reads, simulates or paints a map on the grid it is asked for."""

    @abstractmethod
    def grid(self) -> Grid | None:
        """The native grid, or None where the source can be painted on any."""

    @abstractmethod
    def load(self, grid: Grid | None, ctx: Context) -> Map:
        """The map on `grid` (the native one where None); never interpolated.

        Raises
        ------
        DataError
            Where the files are not what they are said to be, or cannot be made on that grid.
        """


@frozen(kw_only=True, eq=False, slots=False)
class Map:
    """A field on a flat-sky pixel grid. It copies its arrays, zeroes masked pixels, and is itself a `MapSource`.

    Attributes
    ----------
    values : ndarray, shape (ny, nx)
        In `unit`; float64, or float32 where it came so. Exactly 0 where `weight` is 0.
    weight : ndarray, shape (ny, nx)
        0 = masked. 0/1 masks are the common case; any non-negative weight is handled.
    grid : Grid
    unit : str
    footprint : ndarray of bool, shape (ny, nx)
        Where the field was observed at all; holes of a mask lie inside it.
    splits : tuple of ndarray, each (ny, nx)
        K >= 2 statistically independent estimates of the same sky, or empty.
    variance : ndarray, shape (ny, nx), optional
        Expected variance of each pixel from photons or sources (an unbiased estimate of it), in `unit`^2.
    split_variances : tuple of ndarray, each (ny, nx)
        Of each split the variance of its own noise, which no other split shares; the analytic noise level of half-sums and
        half-differences, also of halves of unequal depth, comes from it.
    counts : ndarray, shape (ny, nx), optional
        Photons per pixel, for a map that is made of photons; for the table of map properties.
    beam : PSF, optional
    sources : Sources, optional
        The point sources that the map is painted from.
    production : FluxProduction, optional
        dF/dz of the map, where its sources have redshifts.
    meta : mapping
        Facts of the source that the report shows (live time, photons, band, warnings).

    Raises
    ------
    DataError
        Where shapes differ, a weight is negative, nothing is left unmasked, or a kept pixel is not finite.
    """

    values: Real = field(converter=_own, repr=False)
    weight: Real = field(converter=_own_weight, repr=False)
    grid_: Grid = field(alias="grid")
    unit: str = ""
    footprint: NDArray[np.bool_] = field(default=attrs.Factory(_everywhere, takes_self=True), repr=False)
    splits: tuple[Real, ...] = field(default=(), converter=_own_all, repr=False)
    variance: Real | None = field(default=None, converter=_own_optional, repr=False)
    split_variances: tuple[Real, ...] = field(default=(), converter=_own_all, repr=False)
    counts: Real | None = field(default=None, converter=_own_optional, repr=False)
    beam: PSF | None = None
    sources: Sources | None = field(default=None, repr=False)
    production: FluxProduction | None = field(default=None, repr=False)
    meta: Mapping[str, Any] = field(factory=dict, repr=False)

    def __attrs_post_init__(self) -> None:
        shape = self.grid_.shape
        fields = {
            "values": self.values,
            "weight": self.weight,
            "footprint": self.footprint,
            "variance": self.variance,
            "counts": self.counts,
        }
        fields |= {f"splits[{k}]": split for k, split in enumerate(self.splits)}
        fields |= {f"split_variances[{k}]": variance for k, variance in enumerate(self.split_variances)}
        if self.split_variances and len(self.split_variances) != len(self.splits):
            raise DataError(f"{len(self.split_variances)} split_variances for {len(self.splits)} splits")
        for name, array in fields.items():
            if array is not None and array.shape != shape:
                raise DataError(f"{name} has the shape {array.shape}, the grid {shape}")
        if not np.all(self.weight >= 0):
            raise DataError("a weight is negative or NaN; 0 masks a pixel")
        kept = self.weight > 0
        if not kept.any():
            raise DataError(f"the mask leaves none of the {self.grid_.size} pixels: nothing can be measured")
        for name in ("values", "variance", *fields):
            array = fields[name]
            if array is None or name in ("weight", "footprint"):
                continue
            finite = np.isfinite(array)
            if not finite.all() and (bad := ~finite & kept).any():
                y, x = np.argwhere(bad)[0]
                raise DataError(
                    f"{int(bad.sum())} kept pixels of {name} are not finite, the first at (y, x) = ({y}, {x}); mask "
                    "them (weight 0)"
                )
        hidden = ~kept
        for array in (self.values, self.variance, *self.splits, *self.split_variances):
            if array is not None and hidden.any():
                array.flags.writeable = True
                array[hidden] = 0
                array.flags.writeable = False

    @classmethod
    def from_array(
        cls,
        values: ArrayLike,
        pixel_scale: Any = None,
        weight: ArrayLike | None = None,
        unit: str = "",
        beam: PSF | None = None,
        *,
        grid: Grid | None = None,
        **more: Any,
    ) -> Self:
        """A map of an array; NaN pixels are masked only where `weight` says so.

        Parameters
        ----------
        values : array_like, shape (ny, nx)
        pixel_scale : float, str or Quantity, or a pair (dy, dx)
            [rad]; not needed with `grid`.
        weight : array_like, shape (ny, nx), optional
            Default: all pixels are kept.
        unit : str
        beam : PSF, optional
        """
        array = np.asarray(values)
        if array.ndim != 2:
            raise DataError(f"a map has two dimensions, this array has {array.ndim}")
        if grid is None:
            if pixel_scale is None:
                raise DataError("give the pixel scale, such as pixel_scale='1.2 arcsec'")
            grid = Grid((array.shape[0], array.shape[1]), pixel_scale)
        chosen = np.ones(array.shape, dtype=np.float32) if weight is None else np.asarray(weight)
        return cls(values=array, weight=chosen, grid=grid, unit=unit, beam=beam, **more)

    def grid(self) -> Grid:
        """The grid: a map is its own source."""
        return self.grid_

    def load(self, grid: Grid | None, ctx: Context) -> Map:
        """The map itself.

        Raises
        ------
        DataError
            Where it is asked for on another grid.
        """
        if grid is not None:
            self.grid_.check_same(grid, ("the map", "the grid it is asked for"))
        return self

    @property
    def geometry(self) -> Grid:
        """The grid."""
        return self.grid_

    @property
    def n_splits(self) -> int:
        """Number of independent sub-maps (1 where there are none)."""
        return max(1, len(self.splits))

    @property
    def f_sky(self) -> float:
        """Mean squared weight over squared mean of the maximum: the kept fraction of the grid for a 0/1 mask."""
        peak = float(self.weight.max())
        return float(np.mean((self.weight / peak) ** 2, dtype=np.float64))

    @property
    def w2(self) -> float:
        """Mean of the squared weight over the grid."""
        return self._sum(self.weight, self.weight) / self.grid_.size

    def shot_noise(self) -> float:
        """The analytic white level of the power spectrum from `variance` [unit^2 sr].

        Omega_pix sum(w^2 var) / sum(w^2): for N sources of flux f on an area A it is N f^2 / A.

        Raises
        ------
        DataError
            Where the map carries no variance.
        """
        if self.variance is None:
            raise DataError("this map carries no variance, so its shot noise is not known analytically")
        w2 = np.square(self.weight, dtype=np.float64)
        return float(self.grid_.pixel_area * np.sum(w2 * self.variance) / np.sum(w2))

    def shared_shot(self, other: Map) -> float:
        """White cross-power of the sources that this map and another are both painted from [unit x unit sr]; 0 where none is."""
        if self.sources is None or other.sources is None:
            return 0.0
        return self.sources.shared_shot(other.sources, self.weight, other.weight, self.grid_.pixel_area)

    @cached_property
    def mask_digest(self) -> str:
        """Identity of weight and pixel scale: what couplings are cached by."""
        return json_digest([array_digest(self.weight), list(self.grid_.scale)])

    @cached_property
    def digest(self) -> str:
        """Identity of everything a result can depend on."""
        arrays = [self.values, self.weight, self.footprint, self.variance, *self.splits, *self.split_variances]
        known = [part is not None and part.digest for part in (self.sources, self.production)]
        return json_digest([self.grid_.digest, self.unit, *(a is not None and array_digest(a) for a in arrays), *known])

    @cached_property
    def mean(self) -> float:
        """Weighted mean over the kept pixels."""
        return self._sum(self.weight, self.values) / float(np.sum(self.weight, dtype=np.float64))

    def _sum(self, a: Real, b: Real) -> float:
        """Sum of the product over the grid, in float64 whatever the maps are."""
        return sum(float(np.vdot(a[r].astype(np.float64), b[r].astype(np.float64, copy=False))) for r in self._rows)

    @property
    def _rows(self) -> list[slice]:
        """A few rows at a time: no temporary is as large as the map."""
        ny, nx = self.grid_.shape
        step = max(1, (1 << 18) // nx)
        return [slice(i, min(i + step, ny)) for i in range(0, ny, step)]

    @cached_property
    def fourier(self) -> NDArray[np.complexfloating[Any, Any]]:
        """rfft2 of weight x (values - weighted mean), shape (ny, nx // 2 + 1); computed once per map.

        No prefactor: multiply by the pixel area for the integral of dF exp(-i q x) d2x.
        """
        ny, nx = self.grid_.shape
        mean = self.values.dtype.type(self.mean)
        half = np.empty((ny, nx // 2 + 1), np.complex64 if self.values.dtype == np.float32 else np.complex128)
        for rows in self._rows:
            field_ = self.values[rows] - mean
            field_ *= self.weight[rows]
            half[rows] = scipy.fft.rfft(field_, axis=1, overwrite_x=True)
        return np.asarray(scipy.fft.fft(half, axis=0, overwrite_x=True))

    def masked(self, keep: NDArray[np.bool_]) -> Map:
        """The map with the pixels outside `keep` masked."""
        return attrs.evolve(self, weight=np.where(keep, self.weight, 0).astype(self.weight.dtype, copy=False))

    def split(self, k: int) -> Map:
        """The k-th independent sub-map."""
        variance = self.split_variances[k] if self.split_variances else None
        return self._of(self.splits[k], variance)

    def half_sum(self) -> Map:
        """(A + B)/2 of the first two splits."""
        a, b = self._halves()
        return self._of((a + b) / 2, self._half_variance())

    def half_difference(self) -> Map:
        """(A - B)/2 of the first two splits: noise without sky."""
        a, b = self._halves()
        return self._of((a - b) / 2, self._half_variance())

    def _of(self, values: Real, variance: Real | None) -> Map:
        return attrs.evolve(self, values=values, splits=(), split_variances=(), variance=variance)

    def _half_variance(self) -> Real | None:
        if len(self.split_variances) < 2:
            return None
        a, b = self.split_variances[:2]
        return (a + b) / 4

    def _halves(self) -> tuple[Real, Real]:
        if len(self.splits) < 2:
            raise DataError("the map has no splits; ask its source for splits (splits = 2)")
        return self.splits[0], self.splits[1]
