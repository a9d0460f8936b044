"""Quadrature of Gauss and Legendre on panels."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["gauss_panels"]

Array = NDArray[np.float64]


def gauss_panels(edges: Array, number: int) -> tuple[Array, Array]:
    """Nodes and weights of Gauss and Legendre in each panel.

    Parameters
    ----------
    edges : ndarray, shape (..., k + 1)
        Of k panels each.
    number : int
        Nodes of a panel.

    Returns
    -------
    nodes, weights : ndarray, shape (..., k * number)
        In the order of the panels; the weights of a row add up to its length.

    Examples
    --------
    >>> nodes, weights = gauss_panels(np.array([0.0, 1.0, 3.0]), 2)
    >>> round(float(nodes**3 @ weights), 12)
    20.25
    """
    at, weight = _legendre(number)
    width = np.diff(edges, axis=-1)[..., None]
    nodes = edges[..., :-1, None] + width * at
    shape = (*edges.shape[:-1], -1)
    return nodes.reshape(shape), (width * weight).reshape(shape)


@lru_cache(maxsize=64)
def _legendre(number: int) -> tuple[Array, Array]:
    """Nodes and weights on 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(number)
    return 0.5 * (nodes + 1), 0.5 * weights
