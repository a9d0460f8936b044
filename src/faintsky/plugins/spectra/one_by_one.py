"""Evaluation of engines that take one set of parameter values at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["one_by_one"]

Array = NDArray[np.float64]


def one_by_one(evaluate: Callable[[dict[str, float]], Array], values: Mapping[str, Any]) -> Array:
    """A model at every combination of its parameters.

    Parameters
    ----------
    evaluate : callable
        Gives shape (nbin,) for one value of each parameter.
    values : mapping of str to float or ndarray
        Numbers, or columns of shape (..., 1) that broadcast against each other.

    Returns
    -------
    ndarray, shape (nbin,), or (..., nbin)
    """
    columns = {name: np.asarray(value, dtype=float) for name, value in values.items()}
    shape = np.broadcast_shapes(*(column.shape for column in columns.values()))
    if not shape:
        return evaluate({name: float(column) for name, column in columns.items()})
    spread = {name: np.broadcast_to(column, shape)[..., 0] for name, column in columns.items()}
    rows = [evaluate({name: float(column[place]) for name, column in spread.items()}) for place in np.ndindex(shape[:-1])]
    return np.array(rows).reshape(*shape[:-1], -1)
