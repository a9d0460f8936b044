"""An X-ray image that sources are sought in: counts, exposure, PSF radii, and where the survey is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import Band
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.owned_array import owned_reals

__all__ = ["EefMap", "XrayImage"]

Array = NDArray[np.float64]
Real = NDArray[np.floating[Any]]


def _maps(values: Mapping[float, ArrayLike]) -> dict[float, Real]:
    return {float(eef): owned_reals(np.asarray(radius, dtype=np.float32)) for eef, radius in sorted(values.items())}


def _optional(values: ArrayLike | None) -> Real | None:
    return None if values is None else owned_reals(values)


@frozen(kw_only=True, eq=False)
class EefMap:
    """Radii that enclose a share of a point source's light, at every pixel.

    Attributes
    ----------
    radii : mapping of float to ndarray, shape (ny, nx) or ()
        Radius [rad] for each enclosed fraction, float32; a scalar serves the whole field.
    name : str
        Which PSF this is.
    """

    radii: Mapping[float, Real] = field(converter=_maps, repr=False)
    name: str = ""

    def __attrs_post_init__(self) -> None:
        if not self.radii or any(not 0 < eef < 1 for eef in self.radii):
            raise DataError(f"a PSF map needs radii of enclosed fractions between 0 and 1, got {list(self.radii)}")
        for eef, radius in self.radii.items():
            if not np.all(radius > 0):
                raise DataError(f"a radius of {eef:g} enclosed energy is not positive: fill what lies outside of the field")

    def radius(self, eef: float) -> Real:
        """Radius [rad] at every pixel, interpolated between the fractions that it has.

        Raises
        ------
        DataError
            Outside of them.
        """
        if eef in self.radii:
            return self.radii[eef]
        known = list(self.radii)
        if not known[0] < eef < known[-1]:
            raise DataError(f"the PSF map knows enclosed fractions {', '.join(f'{k:g}' for k in known)}, not {eef:g}")
        above = next(i for i, k in enumerate(known) if k > eef)
        low, high = known[above - 1], known[above]
        share = (eef - low) / (high - low)
        return np.asarray((1 - share) * self.radii[low] + share * self.radii[high])

    @property
    def digest(self) -> str:
        """Identity of the radii."""
        return json_digest([[eef, array_digest(radius)] for eef, radius in self.radii.items()])


@frozen(kw_only=True, eq=False, slots=False)
class XrayImage:
    """Counts of one band.

    Attributes
    ----------
    counts : ndarray of int32, shape (ny, nx)
    exposure : ndarray, shape (ny, nx)
        Effective exposure [cm^2 s], float32; 0 where nothing was observed.
    footprint : ndarray of bool, shape (ny, nx)
        Where sources count: the survey without its masks.
    grid : Grid
    band : Band
    psf : EefMap
    background : ndarray, shape (ny, nx), optional
        Expected background counts per pixel, float32; positive inside the footprint.
    name : str

    Raises
    ------
    DataError
        Where shapes differ, counts are not whole numbers, the footprint holds pixels without exposure or background.
    """

    counts: NDArray[np.int32] = field(repr=False)
    exposure: Real = field(converter=owned_reals, repr=False)
    footprint: NDArray[np.bool_] = field(repr=False)
    grid: Grid
    band: Band
    psf: EefMap
    background: Real | None = field(default=None, converter=_optional, repr=False)
    name: str = ""

    @footprint.default
    def _exposed(self) -> NDArray[np.bool_]:
        return np.asarray(self.exposure > 0)

    def __attrs_post_init__(self) -> None:
        called = f"image {self.name}".rstrip()
        arrays = {"counts": self.counts, "exposure": self.exposure, "footprint": self.footprint, "background": self.background}
        arrays |= {f"PSF radii of {eef:g}": r for eef, r in self.psf.radii.items() if r.ndim}
        for name, array in arrays.items():
            if array is not None and np.shape(array) != self.grid.shape:
                raise DataError(f"{name} of {called} has the shape {np.shape(array)}, its grid {self.grid.shape}")
        plain = np.asarray(self.counts)
        if plain.dtype.kind == "f" and not np.array_equal(plain, np.round(plain)):
            raise DataError(f"{called} is no counts image: {float(plain[plain != np.round(plain)][0]):g} is no whole number")
        if plain.size and plain.min() < 0:
            raise DataError(f"{called} holds negative counts: give the image from which no background was subtracted")
        counts = plain.astype(np.int32)
        counts.flags.writeable = False
        object.__setattr__(self, "counts", counts)
        if not np.all(np.isfinite(self.exposure)) or self.exposure.min() < 0:
            raise DataError(f"the exposure of {called} is negative or not finite somewhere; it is 0 where nothing was observed")
        dark = self.footprint & ~(self.exposure > 0)
        if dark.any():
            y, x = np.argwhere(dark)[0]
            raise DataError(
                f"{int(dark.sum())} pixels of the footprint of {called} have no exposure, the first at (y, x) = ({y}, {x}): they "
                "would count as area; take them out of the footprint"
            )
        if self.background is not None and not np.all(self.background[self.footprint] > 0):
            raise DataError(f"the background of {called} is 0 or less inside the footprint, where detection needs an expectation")

    @property
    def area(self) -> float:
        """Area of the footprint [deg^2]."""
        from faintsky.core.units import DEG2_PER_SR

        return float(self.footprint.sum() * self.grid.pixel_area * DEG2_PER_SR)

    @cached_property
    def digest(self) -> str:
        """Identity of everything a result can depend on."""
        arrays = [array_digest(a) for a in (self.counts, self.exposure, self.footprint)]
        background = None if self.background is None else array_digest(self.background)
        return json_digest([arrays, background, self.psf.digest, self.grid.digest, str(self.band)])
