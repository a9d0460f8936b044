"""Covariances of bandpowers: the improved narrow-kernel approximation, and the papers' formulas."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.bins import Bins
from faintsky.core.knox import smooth_auto, smooth_cross
from faintsky.core.map import Map
from faintsky.core.modes import mean_wavenumbers
from faintsky.core.pseudo_power import pseudo_power
from faintsky.estimators.power_spectra.coupling import Coupling

__all__ = ["Totals", "narrow_kernel", "paper_errors", "totals"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class Totals:
    """Total powers of two maps, noise included, over some rings: pseudo spectra over the mean squared weight.

    Attributes
    ----------
    a, b, cross : ndarray, shape (n,)
        Smooth where a ring holds few modes.
    """

    a: Array
    b: Array
    cross: Array


def totals(a: Map, b: Map, bins: Bins, cross: Array, norm: float) -> Totals:
    """Smooth totals of two maps.

    Parameters
    ----------
    cross : ndarray, shape (n,)
        The pseudo spectrum of the pair, and `norm` its mean w1 w2.
    """
    q, modes = mean_wavenumbers(a.grid_, bins), bins.modes(a.grid_)
    if a is b:
        smooth = smooth_auto(q, cross / norm, modes)
        return Totals(a=smooth, b=smooth, cross=smooth)
    one, two = (smooth_auto(q, pseudo_power(m, m, bins) / m.w2, modes) for m in (a, b))
    # Masks that never overlap leave nothing to measure: their pseudo spectrum is no estimate of the cross-power.
    pair = cross / norm if norm > 0 else np.zeros_like(cross)
    return Totals(a=one, b=two, cross=smooth_cross(q, pair, one, two, modes))


def narrow_kernel(mask: Coupling, power: Totals) -> Array:
    """Covariance of the pseudo spectrum in the improved narrow-kernel approximation, shape (n, n).

    Cov[b, b'] = (P_aa,b P_bb,b' M(w_a^2, w_b^2)[b, b'] + P_ab,b P_ab,b' M(w_a w_b, w_a w_b)[b, b']) / N_b', where the P are
    pseudo spectra over <w^2> (Nicola et al. 2021), with P_aa P_bb taken in its symmetric form.
    """
    both = np.sqrt(np.abs(power.a * power.b))
    covariance = np.outer(both, both) * mask.same + np.outer(power.cross, power.cross) * mask.crossed
    covariance = covariance / mask.modes
    return np.asarray(0.5 * (covariance + covariance.T))


def paper_errors(power: Array, auto_a: Array, auto_b: Array, modes: NDArray[np.int64], auto: bool) -> Array:
    """The published errors: P / sqrt(0.5 N_q), and sqrt(P_a P_b / N_q) for a cross-spectrum, shape (n,).

    The P are the measured ones, noise included; no allowance for the mask is made.
    """
    if auto:
        return np.asarray(np.abs(power) / np.sqrt(0.5 * modes))
    return np.asarray(np.sqrt(np.abs(auto_a * auto_b) / modes))
