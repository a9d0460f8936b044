"""Energy bins of X-ray spectra: what edges must be, and bins fine enough for a product of bin means."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError, FaintskyWarning

__all__ = ["KEV_TO_ERG", "bin_integrals", "checked_edges", "mean_over", "refined", "sum_over"]

Array = NDArray[np.float64]

#: Energy of one keV [erg] (CODATA 2018, exact).
KEV_TO_ERG: float = 1.602176634e-9
#: Widest bin, in ln E, over which the mean of a product is the product of the means to 1e-3 behind an optical depth of 7.
_WIDEST = 0.02


def checked_edges(edges_kev: ArrayLike) -> Array:
    """Edges of energy bins as float64.

    Parameters
    ----------
    edges_kev : array_like, shape (nbin + 1,)
        [keV]

    Raises
    ------
    DataError
        Where they are not finite, not positive, or do not increase; the message holds the index.
    """
    edges = np.asarray(edges_kev, dtype=float)
    if edges.ndim != 1 or edges.size < 2:
        raise DataError(f"energy edges must be one row of at least two numbers [keV], got the shape {edges.shape}")
    return _checked(edges.tobytes())


@lru_cache(maxsize=64)
def _checked(raw: bytes) -> Array:
    edges = np.frombuffer(raw)
    if not np.all(np.isfinite(edges)):
        raise DataError(f"energy edge {int(np.argmin(np.isfinite(edges)))} is not finite")
    if not edges[0] > 0:
        raise DataError(f"energy edge {int(np.argmin(edges > 0))} is {edges[edges <= 0][0]:g} keV: energies are positive")
    falls = np.flatnonzero(np.diff(edges) <= 0)
    if falls.size:
        i = int(falls[0])
        raise DataError(f"energy edges must increase: edge {i + 1} ({edges[i + 1]:g}) does not exceed edge {i} ({edges[i]:g})")
    if edges[0] > 50 and edges[-1] > 1e3:
        warnings.warn(
            f"energies from {edges[0]:g} to {edges[-1]:g} keV look like eV; edges are in keV", FaintskyWarning, stacklevel=4
        )
    return edges


def refined(edges: Array) -> tuple[Array, NDArray[np.intp]]:
    """The bins cut into equal parts in ln E, none wider than 2 per cent.

    Returns
    -------
    edges : ndarray, shape (nfine + 1,)
    starts : ndarray of int, shape (nbin,)
        First fine bin of each bin, as `numpy.add.reduceat` wants it.
    """
    return _refined(checked_edges(edges).tobytes())


@lru_cache(maxsize=32)
def _refined(raw: bytes) -> tuple[Array, NDArray[np.intp]]:
    edges = np.frombuffer(raw)
    width = np.log(edges[1:] / edges[:-1])
    parts = np.maximum(1, np.ceil(width / _WIDEST * (1 - 1e-12))).astype(int)
    starts = np.concatenate([[0], np.cumsum(parts)[:-1]])
    step = np.arange(parts.sum()) - np.repeat(starts, parts)
    fine = np.repeat(edges[:-1], parts) * np.exp(np.repeat(width / parts, parts) * step)
    found = np.append(fine, edges[-1])
    found.flags.writeable = False
    return found, starts


def sum_over(values: Array, starts: NDArray[np.intp]) -> Array:
    """Sums over bins of what is known on their parts (`refined`), (..., nfine) to (..., nbin)."""
    if len(starts) == values.shape[-1]:
        return values
    return np.asarray(np.add.reduceat(values, starts, axis=-1))


def mean_over(values: Array, fine: Array, starts: NDArray[np.intp]) -> Array:
    """Means over bins of what is known on their parts (`refined`), each part with the weight of its width.

    Parameters
    ----------
    values : ndarray, shape (..., nfine)
    fine : ndarray, shape (nfine + 1,)
    starts : ndarray of int, shape (nbin,)

    Returns
    -------
    ndarray, shape (..., nbin)
    """
    if len(starts) == len(fine) - 1:
        return values
    width = np.diff(fine)
    return np.asarray(np.add.reduceat(values * width, starts, axis=-1) / np.add.reduceat(width, starts))


def bin_integrals(density: Callable[[Array], Array], edges: Array) -> Array:
    """Integrals of a smooth density over bins: five-point Gauss-Legendre, wide bins in parts.

    Exact to 1e-13 for what changes like a power law or an exponential over 2 per cent in energy.

    Parameters
    ----------
    density : callable
        Per keV, at energies of shape (m,); gives (m,), or (n, m) with parameters in columns.
    edges : ndarray, shape (nbin + 1,)
        [keV]

    Returns
    -------
    ndarray, shape (nbin,) or (n, nbin)
    """
    fine, starts = refined(edges)
    middle, half = 0.5 * (fine[1:] + fine[:-1]), 0.5 * np.diff(fine)
    nodes, weights = np.polynomial.legendre.leggauss(5)
    energies = middle[:, None] + half[:, None] * nodes
    values = density(energies.ravel())
    parts = values.reshape(*values.shape[:-1], *energies.shape) @ weights * half
    return sum_over(parts, starts)
