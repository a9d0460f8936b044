"""Multiplicative table models."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component
from faintsky.plugins.spectra.table_model import TableModel

__all__ = ["MTable"]

Array = NDArray[np.float64]


@component(references=["Arnaud1995"])
@frozen(kw_only=True)
class MTable(TableModel):
    """Multiplicative table model: factors from a file of spectra on a grid, such as the absorption of a torus.

    Interpolated as an `atable` is; the factor of a bin is the mean over its energies E (1 + z) in the frame of the source.
    Energies outside the table are an error, unless the file says the factor there (LOELIMIT, HIELIMIT) or
    ``outside = "xspec"`` makes it 1, as XSPEC does.
    """

    @property
    def additive(self) -> bool:
        """False."""
        return False

    def photon_flux(self, edges_kev: Array) -> Array:
        """The mean factor of each bin.

        Raises
        ------
        DataError
            Where a parameter or an energy lies outside the table.
        """
        return self.binned(edges_kev)
