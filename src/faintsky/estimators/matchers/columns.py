"""Columns of a catalogue that priors are built of: magnitudes, and colours as their differences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faintsky.core.errors import DataError, nearest
from faintsky.core.matcher import SkyPositions

__all__ = ["column_of"]


def column_of(positions: SkyPositions, name: str) -> NDArray[np.float64]:
    """A column, or the difference ``a-b`` of two, shape (n,); NaN where there is no value.

    Raises
    ------
    DataError
        Where there is no such column.
    """
    known = positions.columns
    if name in known:
        return np.asarray(known[name], dtype=float)
    for cut in (i for i, letter in enumerate(name) if letter == "-"):
        first, second = name[:cut].strip(), name[cut + 1 :].strip()
        if first in known and second in known:
            return np.asarray(np.subtract(known[first], known[second]), dtype=float)
    has = f"{nearest(name, known)} Columns: {', '.join(known) or 'none'}"
    raise DataError(f"catalogue {positions.name}: no column {name!r}, nor a difference of two. {has}")
