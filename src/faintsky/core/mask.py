"""The kind ``masks``: which pixels are left out. A study takes the union of its named masks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.map import Map

__all__ = ["MaskRule"]


@runtime_checkable
class MaskRule(Protocol):
    """A component of kind ``masks``."""

    @abstractmethod
    def masked(self, maps: Mapping[str, Map], ctx: Context) -> NDArray[np.bool_]:
        """True where a pixel is left out, shape (ny, nx).

        Parameters
        ----------
        maps : mapping of str to Map
            All maps of the study, on one grid.

        Raises
        ------
        DataError
            Where a region cannot be understood (never skipped), or a catalogue lacks positions.
        """
