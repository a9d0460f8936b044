"""Radii of enclosed light: the inverse of a PSF's encircled energy."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.psf import PSF

__all__ = ["EefRadius"]

Array = NDArray[np.float64]

#: Radii at which the enclosed energy is tabulated, up to a radian: their steps of 0.1 % leave errors of 1e-7 between them.
_RADII = np.geomspace(1e-9, 1.0, 20_001)


@frozen(kw_only=True, eq=False)
class EefRadius:
    """Radius [rad] that encloses a share of the light of a PSF: the inverse of `PSF.encircled`."""

    psf: PSF
    _table: tuple[Array, Array] = field(init=False, repr=False)

    @_table.default
    def _tabulated(self) -> tuple[Array, Array]:
        share = np.asarray(self.psf.encircled(_RADII))
        rising = np.concatenate([[True], np.diff(np.maximum.accumulate(share)) > 0])
        return share[rising], np.log(_RADII[rising])

    def at(self, share: ArrayLike) -> Array:
        """Radii of shares between 0 and 1, of any shape; what lies beyond a radian is put there."""
        return np.asarray(np.exp(np.interp(np.asarray(share, dtype=float), *self._table)))
