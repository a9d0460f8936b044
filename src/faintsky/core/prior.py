"""Priors of one parameter (kind ``priors``): quantile function, log density, draws, support.

`scipy.special` is enough for them; `scipy.stats` takes over a second to import.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, runtime_checkable

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_ndtr, ndtr, ndtri

from faintsky.core.component import component, option
from faintsky.core.errors import DataError

__all__ = ["LogUniform", "Normal", "Prior", "Tabulated", "TruncatedNormal", "Uniform"]

Array = NDArray[np.float64]
_LOG_SQRT_2PI = 0.5 * np.log(2 * np.pi)


@runtime_checkable
class Prior(Protocol):
    """The prior of one parameter, in the parameter's unit."""

    @property
    @abstractmethod
    def support(self) -> tuple[float, float]:
        """Smallest and largest possible value."""

    @abstractmethod
    def ppf(self, u: ArrayLike) -> Array:
        """Quantile function: values at the cumulative probabilities `u` in [0, 1], same shape."""

    @abstractmethod
    def logpdf(self, x: ArrayLike) -> Array:
        """Natural logarithm of the normalised density at `x`, same shape; -inf outside the support."""

    def rvs(self, rng: np.random.Generator, size: int | tuple[int, ...] | None = None) -> Array:
        """Draws from the prior."""
        return self.ppf(rng.random(size))


def _inside(x: ArrayLike, support: tuple[float, float]) -> tuple[Array, NDArray[np.bool_]]:
    values = np.asarray(x, dtype=float)
    return values, (values >= support[0]) & (values <= support[1])


def _ordered(prior: Uniform | LogUniform | TruncatedNormal) -> None:
    if not prior.low < prior.high:
        raise DataError(f"low must lie below high, got low = {prior.low:g}, high = {prior.high:g}")


@component()
@frozen(kw_only=True)
class Uniform(Prior):
    """Flat between `low` and `high`."""

    low: float = option(help="lower end, in the parameter's unit")
    high: float = option(help="upper end, in the parameter's unit")

    def __attrs_post_init__(self) -> None:
        _ordered(self)

    @property
    def support(self) -> tuple[float, float]:
        return self.low, self.high

    def ppf(self, u: ArrayLike) -> Array:
        return self.low + (self.high - self.low) * np.asarray(u, dtype=float)

    def logpdf(self, x: ArrayLike) -> Array:
        _, inside = _inside(x, self.support)
        return np.where(inside, -np.log(self.high - self.low), -np.inf)


@component()
@frozen(kw_only=True)
class LogUniform(Prior):
    """Flat in the logarithm between `low` and `high`, both positive."""

    low: float = option(gt=0, help="lower end, in the parameter's unit")
    high: float = option(gt=0, help="upper end, in the parameter's unit")

    def __attrs_post_init__(self) -> None:
        _ordered(self)

    @property
    def support(self) -> tuple[float, float]:
        return self.low, self.high

    def ppf(self, u: ArrayLike) -> Array:
        u = np.asarray(u, dtype=float)
        return np.clip(self.low * (self.high / self.low) ** u, self.low, self.high)

    def logpdf(self, x: ArrayLike) -> Array:
        values, inside = _inside(x, self.support)
        density = -np.log(np.where(inside, values, 1.0)) - np.log(np.log(self.high / self.low))
        return np.where(inside, density, -np.inf)


@component()
@frozen(kw_only=True)
class Normal(Prior):
    """Gaussian of mean `mean` and standard deviation `sigma`."""

    mean: float = option(help="mean, in the parameter's unit")
    sigma: float = option(gt=0, help="standard deviation, in the parameter's unit")

    @property
    def support(self) -> tuple[float, float]:
        return -np.inf, np.inf

    def ppf(self, u: ArrayLike) -> Array:
        return self.mean + self.sigma * ndtri(np.asarray(u, dtype=float))

    def logpdf(self, x: ArrayLike) -> Array:
        z = (np.asarray(x, dtype=float) - self.mean) / self.sigma
        return np.asarray(-0.5 * z * z - _LOG_SQRT_2PI - np.log(self.sigma))


@component()
@frozen(kw_only=True)
class TruncatedNormal(Prior):
    """Gaussian cut to [`low`, `high`] and normalised there; exact far out in either tail."""

    mean: float = option(help="mean of the uncut Gaussian")
    sigma: float = option(gt=0, help="standard deviation of the uncut Gaussian")
    low: float = option(-np.inf, help="lower cut")
    high: float = option(np.inf, help="upper cut")

    def __attrs_post_init__(self) -> None:
        _ordered(self)

    @property
    def support(self) -> tuple[float, float]:
        return self.low, self.high

    def _cuts(self) -> tuple[float, float, float]:
        """The cuts in sigma, mirrored so that the probability between them is a difference of lower tails."""
        a, b = (self.low - self.mean) / self.sigma, (self.high - self.mean) / self.sigma
        return (-b, -a, -1.0) if a > 0 else (a, b, 1.0)

    def ppf(self, u: ArrayLike) -> Array:
        a, b, sign = self._cuts()
        u = np.asarray(u, dtype=float)
        share = u if sign > 0 else 1.0 - u
        z = ndtri(ndtr(a) + share * (ndtr(b) - ndtr(a)))
        return np.clip(self.mean + sign * self.sigma * z, self.low, self.high)

    def logpdf(self, x: ArrayLike) -> Array:
        values, inside = _inside(x, self.support)
        a, b, _ = self._cuts()
        norm = log_ndtr(b) + np.log1p(-np.exp(log_ndtr(a) - log_ndtr(b)))
        z = (values - self.mean) / self.sigma
        return np.where(inside, -0.5 * z * z - _LOG_SQRT_2PI - np.log(self.sigma) - norm, -np.inf)


def _increasing(prior: Tabulated, _: object, x: tuple[float, ...]) -> None:
    if len(x) < 2 or not np.all(np.diff(x) > 0):
        raise ValueError("x must hold at least two strictly increasing values")


@component()
@frozen(kw_only=True)
class Tabulated(Prior):
    """Density given at points, linear between them, normalised on construction."""

    x: tuple[float, ...] = option(help="increasing points", validator=_increasing)
    pdf: tuple[float, ...] = option(help="density at the points, any normalisation", ge=0)
    _cdf: Array = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if len(self.x) != len(self.pdf):
            raise DataError(f"x holds {len(self.x)} points but pdf {len(self.pdf)}")
        x, pdf = np.asarray(self.x), np.asarray(self.pdf)
        cdf = np.concatenate([[0.0], np.cumsum(0.5 * (pdf[1:] + pdf[:-1]) * np.diff(x))])
        if not cdf[-1] > 0:
            raise DataError("a tabulated prior needs a density above zero somewhere")
        object.__setattr__(self, "_cdf", cdf)

    @property
    def support(self) -> tuple[float, float]:
        return self.x[0], self.x[-1]

    def ppf(self, u: ArrayLike) -> Array:
        x, pdf, cdf = np.asarray(self.x), np.asarray(self.pdf), self._cdf
        target = np.asarray(u, dtype=float) * cdf[-1]
        i = np.clip(np.searchsorted(cdf, target, side="right") - 1, 0, len(x) - 2)
        rest, slope = target - cdf[i], (pdf[i + 1] - pdf[i]) / (x[i + 1] - x[i])
        # The stable root of slope/2 s^2 + pdf s = rest; the naive one cancels where the slope is small.
        root = np.sqrt(np.maximum(pdf[i] ** 2 + 2 * slope * rest, 0.0))
        denominator = pdf[i] + root
        step = np.where(denominator > 0, 2 * rest / np.where(denominator > 0, denominator, 1.0), 0.0)
        return np.asarray(np.clip(x[i] + step, x[0], x[-1]))

    def logpdf(self, x: ArrayLike) -> Array:
        values, inside = _inside(x, self.support)
        density = np.interp(values, self.x, self.pdf) / self._cdf[-1]
        with np.errstate(divide="ignore"):
            return np.asarray(np.where(inside, np.log(density), -np.inf))
