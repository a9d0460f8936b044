"""The selection function: which share of the sources of a magnitude was detected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.errors import DataError, nearest

__all__ = ["Selection"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class Selection:
    """eta(m) for each depth of a survey.

    Attributes
    ----------
    magnitude : ndarray, shape (m,)
        Increasing.
    eta : mapping of depth to ndarray, shape (m,)
        Between 0 and 1.
    """

    magnitude: Array
    eta: dict[float, Array]

    @classmethod
    def read(cls, path: Path) -> Selection:
        """A table with a column ``magnitude`` and either ``eta``, or ``eta_DEPTH`` for each depth, such as ``eta_2``.

        Raises
        ------
        DataError
            Where the columns are missing, magnitudes do not increase, or a selection lies outside 0 to 1.
        """
        from astropy.table import Table

        table = Table.read(path)
        if "magnitude" not in table.colnames:
            raise DataError(f"{path.name} has no column 'magnitude'. {nearest('magnitude', table.colnames)}")
        columns = {name: np.asarray(table[name], dtype=float) for name in table.colnames if name.startswith("eta")}
        if not columns:
            raise DataError(f"{path.name} has no column eta (or eta_2, eta_4, ... for each depth)")
        magnitude = np.asarray(table["magnitude"], dtype=float)
        if not np.all(np.diff(magnitude) > 0):
            raise DataError(f"the magnitudes of {path.name} do not increase")
        for name, values in columns.items():
            if not np.all((values >= 0) & (values <= 1)):
                raise DataError(f"the selection {name} of {path.name} leaves 0 to 1")
        depths = {float(name.partition("_")[2] or 0): values for name, values in columns.items()}
        return cls(magnitude=magnitude, eta=depths)

    @property
    def shallowest(self) -> float:
        """The depth of the lowest selection."""
        return min(self.eta, key=lambda depth: float(self.eta[depth].sum()))

    def at(self, magnitude: Array, depth: float) -> Array:
        """eta of a depth, interpolated; the end values beyond the table."""
        if depth not in self.eta:
            raise DataError(f"no selection is given for the depth {depth:g}; there are {', '.join(f'{d:g}' for d in self.eta)}")
        return np.interp(magnitude, self.magnitude, self.eta[depth])
