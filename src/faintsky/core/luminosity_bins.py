"""Bins of redshift and luminosity."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats

__all__ = ["LuminosityBins"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class LuminosityBins:
    """The product of redshift bins and luminosity bins.

    Attributes
    ----------
    z : ndarray, shape (nz + 1,)
        Increasing edges, above 0.
    log_l : ndarray, shape (nl + 1,)
        Increasing edges, log10 erg/s.
    """

    z: Array = field(converter=owned_floats)
    log_l: Array = field(converter=owned_floats)

    def __attrs_post_init__(self) -> None:
        for name, edges in (("z", self.z), ("log_l", self.log_l)):
            if edges.ndim != 1 or edges.size < 2 or not np.all(np.diff(edges) > 0) or not np.all(np.isfinite(edges)):
                raise DataError(f"bins of {name} need at least two increasing edges, got {edges.tolist()}")
        if self.z[0] < 0:
            raise DataError(f"redshift bins begin at 0 or above, got {self.z[0]:g}")

    @property
    def shape(self) -> tuple[int, int]:
        """(nz, nl)"""
        return self.z.size - 1, self.log_l.size - 1

    @property
    def z_centre(self) -> Array:
        """Middles of the redshift bins, shape (nz,)."""
        return 0.5 * (self.z[1:] + self.z[:-1])

    @property
    def log_l_centre(self) -> Array:
        """Middles of the luminosity bins, shape (nl,)."""
        return 0.5 * (self.log_l[1:] + self.log_l[:-1])

    def counts(self, log_l: Array, z: Array, weight: Array | None = None) -> Array:
        """Number of sources in each bin, shape (nz, nl); lower edges belong to a bin, and so does the last upper one."""
        known = np.isfinite(log_l) & np.isfinite(z)
        chosen = None if weight is None else weight[known]
        return np.asarray(np.histogram2d(z[known], log_l[known], bins=(self.z, self.log_l), weights=chosen)[0])

    def z_label(self, i: int) -> str:
        """Such as ``4-5``."""
        return f"{self.z[i]:g}-{self.z[i + 1]:g}"
