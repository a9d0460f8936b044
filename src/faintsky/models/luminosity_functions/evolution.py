"""Pieces that the forms of luminosity functions share, in natural logarithms: a double power law, and broken evolution."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["LN10", "log_broken_evolution", "log_double_power_law", "turning_redshift"]

Array = NDArray[np.float64]

#: ln 10.
LN10: float = float(np.log(10.0))


def log_double_power_law(log_l: ArrayLike, log_norm: Any, log_l_star: Any, gamma1: Any, gamma2: Any) -> Array:
    """ln of A / [(L / L*)^gamma1 + (L / L*)^gamma2]; the arguments broadcast, and no power overflows."""
    ln_ratio = LN10 * (np.asarray(log_l, dtype=float) - log_l_star)
    return np.asarray(LN10 * log_norm - np.logaddexp(gamma1 * ln_ratio, gamma2 * ln_ratio))


def log_broken_evolution(z: ArrayLike, p: Any, *breaks: tuple[Any, Any]) -> Array:
    """ln e(z), where e goes as (1 + z)^p up to the first break, and with the index of each break above it; e(0) = 1.

    ln e = p x + sum_i (p_i - p_(i-1)) max(x - x_i, 0), with x = ln(1 + z): continuous by construction, also where a fit moves the
    breaks past each other.

    Parameters
    ----------
    z : array_like
    p : array_like
        Index from z = 0.
    *breaks : tuple of array_like
        (redshift, index above it); a redshift of infinity is no break.
    """
    x = np.log1p(np.asarray(z, dtype=float))
    found, before = np.asarray(p * x), p
    for at, index in breaks:
        found = found + (index - before) * np.maximum(x - np.log1p(at), 0.0)
        before = index
    return found


def turning_redshift(log_l: ArrayLike, zc: Any, log_la: Any, alpha: Any) -> Array:
    """zc (L / La)^alpha below La, and zc from there on."""
    below = np.minimum(np.asarray(log_l, dtype=float) - log_la, 0.0)
    return np.asarray(zc * np.exp(LN10 * alpha * below))
