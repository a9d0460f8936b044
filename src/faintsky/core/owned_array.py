"""Arrays that a frozen object owns: copied, in one type, and read-only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["owned_flags", "owned_floats", "owned_indices", "owned_reals"]


def _locked(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array


def owned_floats(values: ArrayLike) -> NDArray[np.float64]:
    """A read-only copy in float64."""
    return _locked(np.array(values, dtype=np.float64))


def owned_reals(values: ArrayLike) -> NDArray[Any]:
    """A read-only copy in float64, or in float32 where it came so."""
    array = np.array(values)
    return _locked(array.astype(np.float32 if array.dtype == np.float32 else np.float64, copy=False))


def owned_indices(values: ArrayLike) -> NDArray[np.int32]:
    """A read-only copy in int32."""
    return _locked(np.array(values, dtype=np.int32))


def owned_flags(values: ArrayLike) -> NDArray[np.bool_]:
    """A read-only copy in bool."""
    return _locked(np.array(values, dtype=bool))
