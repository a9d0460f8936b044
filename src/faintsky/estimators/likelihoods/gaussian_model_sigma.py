"""The default likelihood of bandpowers: the errors are those of the model, not of the measured power."""

from __future__ import annotations

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.knox import smooth_auto
from faintsky.core.likelihood import LikelihoodRule
from faintsky.core.power_model import PowerModel
from faintsky.core.power_spectrum import PowerSpectrum
from faintsky.estimators.likelihoods.bound_bandpowers import chosen_bins
from faintsky.estimators.likelihoods.gaussian_bandpowers import GaussianBandpowers

__all__ = ["GaussianModelSigma"]

Array = NDArray[np.float64]


@component(references=["Knox1995"])
@frozen(kw_only=True)
class GaussianModelSigma(LikelihoodRule[PowerSpectrum, PowerModel]):
    """Gaussian bandpowers with errors of the model.

    The error of a bandpower grows with the power itself, so a bin that fluctuates low gets a small error and pulls a
    fit with observed errors down. Here the model is fitted, the covariance is scaled to the fitted power, and so on
    until it stays: the expectation of the amplitude is then unbiased. The spectrum's window is applied once.
    """

    theta: tuple[float, float] | None = option(None, unit="rad", help="scales 2 pi / q that take part; default: all")
    rounds: int = option(8, ge=1, help="at most so many rounds of fitting and scaling of the covariance")

    def bind(self, data: PowerSpectrum, model: PowerModel, ctx: Context) -> GaussianBandpowers:
        """The likelihood of the free parameters of `model`.

        Raises
        ------
        DataError
            Where no bin is left, or the covariance is not positive definite.
        """
        chosen = chosen_bins(data, self.theta)
        bound = GaussianBandpowers(
            model=model.for_spectrum(data, chosen),
            data=data.power[chosen],
            covariance=data.covariance[np.ix_(chosen, chosen)],
            q=data.window.q,
            window=data.window.matrix[chosen],
            unit=data.unit,
        )
        if not bound.parameters:
            return bound
        measured = bound.covariance
        best = _best(bound, None, ctx)
        for _ in range(self.rounds):
            scale = _scale(data, chosen, bound.expected(best[None])[0])
            bound = evolve(bound, covariance=measured * np.outer(scale, scale))
            moved = _best(bound, best, ctx)
            if np.allclose(moved, best, rtol=1e-4, atol=0):
                break
            best = moved
        return bound


def _scale(data: PowerSpectrum, chosen: NDArray[np.bool_], model: Array) -> Array:
    """Error of the expected power over the error that the covariance was made with.

    The part of a bin's variance that is its own power's (Knox 1995) follows the model; what the mask brings from other
    scales, which rules a steep spectrum over a ragged field, stays.
    """
    modes = data.modes[chosen] * data.f_sky
    autos = [np.abs(a[chosen]) for a in data.auto] or [np.abs(data.power[chosen])]
    if len(autos) == 1:
        measured, expected = 2 * autos[0] ** 2, 2 * model**2
    else:
        both = autos[0] * autos[1]
        measured = both + np.minimum(data.power[chosen] ** 2, both)
        # The autos of the two maps fluctuate with their cross-power: taken as measured, they would pull the fit down too.
        one, other = (smooth_auto(data.q[chosen], a, data.modes[chosen]) for a in autos)
        expected = one * other + np.minimum(model**2, one * other)
    variance = np.diag(data.covariance)[chosen] * modes
    own = np.minimum(measured / variance, 1.0)
    ratio = np.divide(expected, measured, out=np.ones_like(expected), where=measured > 0)
    return np.asarray(np.sqrt(np.clip(1 - own + own * ratio, 0.01, 1e6)))


def _best(bound: GaussianBandpowers, start: Array | None, ctx: Context) -> Array:
    """The best fit within the priors, from the last one or from the best of many draws."""
    from scipy.optimize import least_squares

    begin = _best_of_many(bound, ctx) if start is None else start
    low, high = (np.array(ends) for ends in zip(*(p.prior.support for p in bound.parameters), strict=True))
    size = np.maximum(np.abs(begin), 1e-3 * np.where(np.isfinite(high - low), high - low, np.abs(begin)))
    size = np.where(size > 0, size, 1.0)
    inner = np.clip(begin, low + 1e-9 * size, high - 1e-9 * size)

    def residuals(x: Array) -> Array:
        return np.asarray(bound.residuals((x * size)[None])[0])

    found = least_squares(residuals, inner / size, bounds=(low / size, high / size))
    return np.asarray(found.x * size)


def _best_of_many(bound: GaussianBandpowers, ctx: Context) -> Array:
    """The likeliest of many draws from the prior."""
    drawn = bound.prior_transform(ctx.rng("bandpowers").random((4000, bound.ndim)))
    return np.asarray(drawn[int(np.argmax(bound.log_likelihood(drawn)))])
