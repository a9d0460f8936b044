"""Hardness ratios of cross-powers: the colours of what is common to two backgrounds."""

from __future__ import annotations

import numpy as np
from attrs import frozen

__all__ = ["Hardness", "hardness_ratio"]


@frozen(kw_only=True)
class Hardness:
    """HR = (hard - soft) / (hard + soft) of two powers, which may be noisy and negative.

    Attributes
    ----------
    value : float
    error : float
        First-order propagation: 2 sqrt((soft sigma_hard)^2 + (hard sigma_soft)^2) / (soft + hard)^2.
    low, high : float
        16 and 84 per cent points of Monte Carlo draws; they, not the error, tell where the denominator may vanish.
    ill_defined : bool
        The sum lies within 3 sigma of zero: the linear error means nothing.
    """

    value: float
    error: float
    low: float
    high: float
    ill_defined: bool


def hardness_ratio(
    soft: float, soft_error: float, hard: float, hard_error: float, *, rng: np.random.Generator, draws: int = 20_000
) -> Hardness:
    """The hardness ratio of two independent powers.

    Parameters
    ----------
    soft, soft_error, hard, hard_error : float
        In one unit.
    rng : Generator
    draws : int

    Examples
    --------
    >>> round(hardness_ratio(10.45, 3.12, 2.60, 0.54, rng=np.random.default_rng(1)).value, 3)
    -0.602
    """
    total = soft + hard
    error = 2 * np.hypot(soft * hard_error, hard * soft_error) / total**2
    s, h = soft + soft_error * rng.standard_normal(draws), hard + hard_error * rng.standard_normal(draws)
    low, high = np.percentile((h - s) / (h + s), [15.865525, 84.134475])
    return Hardness(
        value=float((hard - soft) / total),
        error=float(error),
        low=float(low),
        high=float(high),
        ill_defined=bool(abs(total) < 3 * np.hypot(soft_error, hard_error)),
    )
