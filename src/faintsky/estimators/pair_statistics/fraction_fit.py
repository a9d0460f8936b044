"""The number of real pairs per AGN by maximum likelihood, with the interval of its profile."""

from __future__ import annotations

from functools import partial

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.estimators.pair_statistics.pair_likelihood import PairLikelihood

__all__ = ["FractionFit", "fitted"]

Array = NDArray[np.float64]

#: Real companions per AGN between which they are sought: below the first there are none.
_LEAST, _MOST = 1e-5, 10.0
#: Standard deviation of the prior of the slope: without it a handful of pairs runs to any slope.
_SLOPE = 2.0
_SLOPES, _DENSITIES = (-6.0, 6.0), (-3.0, 3.0)


@frozen(kw_only=True)
class FractionFit:
    """Parameters of a `PairLikelihood`.

    Attributes
    ----------
    fraction, low, high : float
        Real companions per AGN, and the 68 % interval of the profile likelihood; equal where the fraction was given.
    slope : float
        Of f in 1 + z.
    density : float
        Factor of the density of interlopers.
    """

    fraction: float
    low: float
    high: float
    slope: float
    density: float


def fitted(
    likelihood: PairLikelihood, *, fraction: float | None, evolving: bool, density_free: bool, interval: bool = True
) -> FractionFit:
    """Maximise the likelihood, times a normal prior of the slope (0 +- 2).

    Parameters
    ----------
    likelihood : PairLikelihood
    fraction : float, optional
        Held where given.
    evolving : bool
        Whether the slope is free; otherwise it is 0.
    density_free : bool
        Whether the factor of the density of interlopers is free; otherwise it is 1.
    interval : bool
        Whether the interval is wanted; it costs ten times the maximum. NaN without.
    """
    from scipy.optimize import brentq

    ends = (float(np.log(_LEAST)), float(np.log(_MOST)))
    best = partial(_best, likelihood, evolving, density_free)
    if fraction is not None:
        rest, _ = best(float(np.log(max(fraction, _LEAST))), (0.0, 0.0))
        return FractionFit(fraction=fraction, low=fraction, high=fraction, slope=rest[0], density=float(np.exp(rest[1])))
    at, rest, top = _highest(likelihood, evolving, density_free, ends)

    def drop(x: float) -> float:
        return 2 * (top - best(x, rest)[1]) - 1

    none = at < ends[0] + 1e-3
    value, slope, density = 0.0 if none else float(np.exp(at)), rest[0], float(np.exp(rest[1]))
    if not interval:
        return FractionFit(fraction=value, low=np.nan, high=np.nan, slope=slope, density=density)
    low = brentq(drop, ends[0], at, xtol=1e-3) if drop(ends[0]) > 0 else -np.inf
    high = brentq(drop, at, ends[1], xtol=1e-3) if drop(ends[1]) > 0 else ends[1]
    return FractionFit(fraction=value, low=float(np.exp(low)), high=float(np.exp(high)), slope=slope, density=density)


def _value(likelihood: PairLikelihood, x: float, slope: float, log_density: float) -> float:
    return likelihood.log_likelihood(float(np.exp(x)), slope, float(np.exp(log_density))) - 0.5 * (slope / _SLOPE) ** 2


def _bounds(evolving: bool, density_free: bool) -> list[tuple[float, float]]:
    return [_SLOPES if evolving else (0.0, 0.0), _DENSITIES if density_free else (0.0, 0.0)]


def _best(
    likelihood: PairLikelihood, evolving: bool, density_free: bool, x: float, start: tuple[float, float]
) -> tuple[tuple[float, float], float]:
    """Slope and ln q that are most likely for ln f = x, and the likelihood there."""
    from scipy.optimize import minimize

    if not (evolving or density_free):
        return (0.0, 0.0), _value(likelihood, x, 0.0, 0.0)

    def cost(p: Array) -> float:
        return -_value(likelihood, x, float(p[0]), float(p[1]))

    found = minimize(cost, np.array(start), method="L-BFGS-B", bounds=_bounds(evolving, density_free))
    return (float(found.x[0]), float(found.x[1])), -float(found.fun)


def _highest(
    likelihood: PairLikelihood, evolving: bool, density_free: bool, ends: tuple[float, float]
) -> tuple[float, tuple[float, float], float]:
    """ln f, slope and ln q of the maximum, and the likelihood there."""
    from scipy.optimize import minimize

    def cost(p: Array) -> float:
        return -_value(likelihood, float(p[0]), float(p[1]), float(p[2]))

    bounds = [ends, *_bounds(evolving, density_free)]
    # Far below the maximum the likelihood is flat in ln f: begin where it is not.
    starts = [float(np.log(0.1)), ends[0]]
    tries = [minimize(cost, np.array([x, 0.0, 0.0]), method="L-BFGS-B", bounds=bounds) for x in starts]
    found = min(tries, key=lambda each: float(each.fun))
    return float(found.x[0]), (float(found.x[1]), float(found.x[2])), -float(found.fun)
