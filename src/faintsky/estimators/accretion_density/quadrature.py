"""Gauss-Legendre quadrature on equal panels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faintsky.core.gauss_panels import gauss_panels

__all__ = ["panels"]

Array = NDArray[np.float64]


def panels(low: float, high: float, width: float, order: int) -> tuple[Array, Array]:
    """Nodes and weights between two ends, on panels no wider than `width` with `order` nodes each; both of shape (k,).

    Narrow panels bound what a kink of the integrand costs, wherever it lies.
    """
    number = max(int(np.ceil((high - low) / width - 1e-9)), 1)
    return gauss_panels(np.linspace(low, high, number + 1), order)
