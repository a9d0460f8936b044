"""Fluxes that a least-squares problem is linear in, solved from its normal equations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["inverse", "project_out", "solve_fluxes", "square_root"]

Array = NDArray[np.float64]


def solve_fluxes(normal: Array, moments: Array, positive: NDArray[np.bool_]) -> Array:
    """The c that minimises c^T N c - 2 c^T m, with c >= 0 where `positive`.

    Components leave one by one, the most negative first, and come back where the gradient wants them to (Lawson & Hanson 1974,
    ch 23, from the side of the free solution).

    Parameters
    ----------
    normal : ndarray, shape (c, c)
    moments : ndarray, shape (c,)
    positive : ndarray of bool, shape (c,)
    """
    free = np.diag(normal) > 0
    for _ in range(4 * len(moments)):
        found = np.zeros(len(moments))
        if free.any():
            found[free] = np.linalg.lstsq(normal[np.ix_(free, free)], moments[free], rcond=1e-12)[0]
        wrong = np.where(positive, found, 0.0)
        if wrong.min(initial=0.0) < 0:
            free[int(np.argmin(wrong * np.sqrt(np.diag(normal))))] = False
            continue
        pull = np.where(free | (np.diag(normal) <= 0), 0.0, moments - normal @ found)
        if pull.max(initial=0.0) <= 1e-9 * np.abs(moments).max(initial=0.0):
            break
        free[int(np.argmax(pull / np.sqrt(np.maximum(np.diag(normal), 1e-300))))] = True
    return found


def project_out(gram: Array, linear: NDArray[np.bool_]) -> Array:
    """Inner products of what is left of vectors when the span of some of them is taken out.

    Parameters
    ----------
    gram : ndarray, shape (k, k)
        Inner products of k vectors.
    linear : ndarray of bool, shape (k,)
        The vectors that are taken out.

    Returns
    -------
    ndarray, shape (r, r)
        Of the others: G_rr - G_rl G_ll^-1 G_lr (variable projection: Golub & Pereyra 1973, in Kaufman's 1975 form).
    """
    inside = gram[np.ix_(linear, linear)]
    cross = gram[np.ix_(linear, ~linear)]
    scale = 1 / np.sqrt(np.maximum(np.diag(inside), 1e-300))
    cross = scale[:, None] * cross
    solved = np.linalg.lstsq(scale[:, None] * inside * scale, cross, rcond=1e-13)[0]
    return np.asarray(gram[np.ix_(~linear, ~linear)] - cross.T @ solved)


def square_root(gram: Array) -> Array:
    """R with R^T R = G, shape (k, k): k vectors in as many dimensions, for all that depends on inner products alone."""
    scale = np.sqrt(np.maximum(np.diag(gram), 1e-300))
    values, vectors = np.linalg.eigh(gram / scale[:, None] / scale)
    return np.asarray(np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T * scale)


def inverse(normal: Array) -> Array:
    """Inverse of normal equations; infinite on the diagonal where the data say nothing."""
    scale = np.sqrt(np.diag(normal))
    known = scale > 0
    found = np.zeros_like(normal)
    found[~known, ~known] = np.inf
    inside = np.ix_(known, known)
    unit = normal[inside] / np.outer(scale[known], scale[known])
    found[inside] = np.linalg.pinv(unit, rcond=1e-13, hermitian=True) / np.outer(scale[known], scale[known])
    return found
