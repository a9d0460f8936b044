"""Coherence: how much of two backgrounds is one."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.one_sigma import QUANTILES
from faintsky.core.power_spectrum import PowerSpectrum

__all__ = ["Coherence", "coherence", "drawn_powers"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class Coherence:
    """C = P_12^2 / (P_1 P_2) in bands of scale.

    Attributes
    ----------
    edges : ndarray, shape (n + 1,)
        [rad^-1]
    q : ndarray, shape (n,)
    value : ndarray, shape (n,)
        (P_12^2 - var P_12) / (P_1 P_2), the noise of the square taken out; NaN where not `valid`. Never clipped: it may be
        negative, or above 1.
    raw : ndarray, shape (n,)
        P_12^2 / (P_1 P_2) as published (eq. 3), biased high by noise.
    low, high : ndarray, shape (n,)
        16 and 84 per cent points of Monte Carlo draws about the measured powers.
    valid : ndarray of bool, shape (n,)
        Both auto-powers are positive, at twice their error.
    """

    edges: Array
    q: Array
    value: Array
    raw: Array
    low: Array
    high: Array
    valid: NDArray[np.bool_]


def drawn_powers(
    one: Array, two: Array, cross: Array, dof: Array, draws: int, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    """Auto- and cross-powers of two correlated Gaussian fields as measured from `dof` real modes: Wishart variates.

    Parameters
    ----------
    one, two, cross, dof : ndarray, shape (n,)
        Total powers, noise included, and effective numbers of modes, at least 2.

    Returns
    -------
    three ndarray, shape (draws, n)
        Positive autos, and no coherence above 1: what independent normal draws do not respect.
    """
    nu = np.maximum(dof, 2.0)
    r = np.clip(cross / np.sqrt(one * two), -0.999999, 0.999999)
    first = np.sqrt(rng.chisquare(nu, (draws, nu.size)))
    second = np.sqrt(rng.chisquare(nu - 1, (draws, nu.size)))
    mixed = rng.standard_normal((draws, nu.size))
    along, across = r * first + np.sqrt(1 - r**2) * mixed, np.sqrt(1 - r**2) * second
    return one * first**2 / nu, two * (along**2 + across**2) / nu, np.sqrt(one * two) * first * along / nu


def coherence(
    cross: PowerSpectrum,
    auto_a: PowerSpectrum,
    auto_b: PowerSpectrum,
    *,
    rng: np.random.Generator,
    merge: int = 1,
    draws: int = 4000,
) -> Coherence:
    """Coherence of two maps.

    Parameters
    ----------
    cross : PowerSpectrum
        P_12.
    auto_a, auto_b : PowerSpectrum
        P_1 and P_2 without noise bias (from splits) where there is noise.
    rng : Generator
    merge : int
        So many neighbouring bins are averaged, weighted by their modes, before the division: a ratio of noisy numbers is not the
        noisy number of a ratio.
    draws : int

    Raises
    ------
    DataError
        Where bins or the treatment of beams differ: P_12 holds one beam and P_2 two, so all or none must be corrected.
    """
    for other, name in ((auto_a, "first auto"), (auto_b, "second auto")):
        if other.edges.shape != cross.edges.shape or not np.allclose(other.edges, cross.edges, rtol=1e-9):
            raise DataError(f"the {name}-spectrum has other bins than the cross-spectrum")
        if other.beam != cross.beam:
            raise DataError(
                f"the beams of the {name}-spectrum are {other.beam}, of the cross-spectrum {cross.beam}: correct all, or none"
            )
    usable = np.isfinite(cross.power) & np.isfinite(auto_a.power) & np.isfinite(auto_b.power)
    groups = np.arange(len(cross.q)) // merge
    number = int(groups[-1]) + 1
    weight = np.zeros((number, len(cross.q)))
    weight[groups, np.arange(len(cross.q))] = cross.modes * usable
    total = weight.sum(axis=1)
    weight = np.divide(weight, total[:, None], out=np.zeros_like(weight), where=total[:, None] > 0)

    def banded(s: PowerSpectrum) -> tuple[Array, Array]:
        covariance = np.where(np.outer(usable, usable), s.covariance, 0.0)
        return weight @ np.where(usable, s.power, 0.0), np.einsum("ij,jk,ik->i", weight, covariance, weight)

    (p12, v12), (p1, v1), (p2, v2) = (banded(s) for s in (cross, auto_a, auto_b))
    valid = (total > 0) & (p1 > 2 * np.sqrt(v1)) & (p2 > 2 * np.sqrt(v2))
    bottom = np.where(valid, p1 * p2, np.nan)
    t1, t2 = (weight @ np.where(usable, a, 0.0) for a in (cross.auto[0], cross.auto[-1]))
    t1, t2 = np.maximum(t1, np.abs(p1)), np.maximum(t2, np.abs(p2))
    dof = np.divide(t1 * t2 + p12**2, v12, out=np.full(number, 2.0), where=v12 > 0)
    safe = [np.where(valid, t, 1.0) for t in (t1, t2)]
    d1, d2, d12 = drawn_powers(safe[0], safe[1], np.where(valid, p12, 0.0), dof, draws, rng)
    ratio = (d12**2 - v12) / ((d1 - (t1 - p1)) * (d2 - (t2 - p2)))
    low, high = np.quantile(ratio, QUANTILES[::2], axis=0)
    edges = np.append(cross.edges[:-1][::merge], cross.edges[-1])
    return Coherence(
        edges=edges,
        q=np.where(total > 0, weight @ cross.q, np.nan),
        value=(p12**2 - v12) / bottom,
        raw=p12**2 / bottom,
        low=np.where(valid, low, np.nan),
        high=np.where(valid, high, np.nan),
        valid=valid,
    )
