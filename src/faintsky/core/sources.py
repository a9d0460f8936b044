"""The sources that a map is painted from: which pixel, how much flux, which row of which catalogue."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.digest import array_digest, json_digest
from faintsky.core.owned_array import owned_floats, owned_indices

__all__ = ["Sources"]


@frozen(kw_only=True, eq=False, slots=False)
class Sources:
    """Point sources of a map.

    Attributes
    ----------
    catalogue : str
        Identity of the catalogue: sources of two maps are the same only within one.
    row : ndarray of int, shape (n,)
        Rows of the catalogue, increasing.
    pixel : ndarray of int, shape (n,)
        Flat index of the pixel.
    flux : ndarray, shape (n,)
        What was painted, weights included [unit of the map x sr].
    """

    catalogue: str
    row: NDArray[np.int32] = field(converter=owned_indices, repr=False)
    pixel: NDArray[np.int32] = field(converter=owned_indices, repr=False)
    flux: NDArray[np.float64] = field(converter=owned_floats, repr=False)

    @cached_property
    def digest(self) -> str:
        """Identity of the sources."""
        return json_digest([self.catalogue, *(array_digest(a) for a in (self.row, self.pixel, self.flux))])

    def painted(self, shape: tuple[int, int], power: int = 1) -> NDArray[np.float64]:
        """Sum of flux^power in each pixel, shape (ny, nx)."""
        total = np.bincount(self.pixel, self.flux**power, minlength=shape[0] * shape[1])
        return np.asarray(total.reshape(shape), dtype=np.float64)

    def shared_shot(self, other: Sources, weight: NDArray[Any], other_weight: NDArray[Any], pixel_area: float) -> float:
        """White cross-power of the sources that two maps share: sum w_a w_b f_a f_b / (Omega sum w_a w_b) [unit_a unit_b sr].

        With itself and one weight, the shot noise of the map. Sources split over redshift bins by their densities are in several
        maps at once; the shot noise of the sum is that of the bins plus twice this, over all pairs.
        """
        both = weight.ravel().astype(np.float64) * other_weight.ravel()
        area = pixel_area * float(both.sum())
        if self.catalogue != other.catalogue or area == 0:
            return 0.0
        if self is other:
            return float(np.sum(both[self.pixel] * self.flux**2)) / area
        _, mine, its = np.intersect1d(self.row, other.row, assume_unique=True, return_indices=True)
        return float(np.sum(both[self.pixel[mine]] * self.flux[mine] * other.flux[its])) / area
