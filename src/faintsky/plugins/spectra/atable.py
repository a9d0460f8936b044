"""Additive table models."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component
from faintsky.core.source_frame import norm
from faintsky.plugins.spectra.table_model import TableModel

__all__ = ["ATable"]

Array = NDArray[np.float64]


@component(references=["Arnaud1995"])
@frozen(kw_only=True)
class ATable(TableModel):
    """Additive table model: photons per bin from a file of spectra on a grid, such as borus02 or MYTorus.

    Spectra are interpolated linearly between the 2^k points of the grid around the parameters, in the parameter or in its
    logarithm as the file says; additional spectra times their parameters are added. Photons of the file's bins are shared out
    evenly within each bin. With a redshift they are those between E_1 (1 + z) and E_2 (1 + z), divided by (1 + z), as XSPEC has
    it; `escale` divides the energies that are looked up.

    Energies outside the table are an error, unless the file says 0 there (LOELIMIT, HIELIMIT) or ``outside = "xspec"`` gives no
    photons there, as XSPEC does without a word: right for a table that begins where absorption leaves nothing, wrong for one that
    ends where the spectrum goes on.
    """

    norm: float = norm("multiplies the photons of the file", unit="")

    @property
    def additive(self) -> bool:
        """True."""
        return True

    def photon_flux(self, edges_kev: Array) -> Array:
        """Photons in each bin [photons cm^-2 s^-1].

        Raises
        ------
        DataError
            Where a parameter or an energy lies outside the table.
        """
        redshift = np.asarray(self.values.get("redshift", 0.0))
        return np.asarray(self.norm * self.binned(edges_kev) / (1.0 + redshift))
