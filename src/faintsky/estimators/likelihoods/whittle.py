"""Whittle's likelihood: a bandpower of few modes is not Gaussian, but a gamma variate."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.special import gammaln

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.likelihood import LikelihoodRule
from faintsky.core.power_model import PowerModel
from faintsky.core.power_spectrum import PowerSpectrum
from faintsky.estimators.likelihoods.bound_bandpowers import BoundBandpowers, chosen_bins

__all__ = ["GammaBandpowers", "Whittle"]

Array = NDArray[np.float64]


@component(references=["Whittle1953"])
@frozen(kw_only=True)
class Whittle(LikelihoodRule[PowerSpectrum, PowerModel]):
    """Gamma-distributed bandpowers of an auto-spectrum, as the sum of the squares of Gaussian modes is.

    ln p(P | m) = (N/2) ln(N / 2m) - ln Gamma(N/2) + (N/2 - 1) ln P - N P / 2m with N the effective number of real modes of a
    bin, 2 P^2 / variance of its Gaussian error. Right also for bins of a few modes; correlations between bins are left out.
    """

    theta: tuple[float, float] | None = option(None, unit="rad", help="scales 2 pi / q that take part; default: all")

    def bind(self, data: PowerSpectrum, model: PowerModel, ctx: Context) -> GammaBandpowers:
        """The likelihood of the free parameters of `model`.

        Raises
        ------
        DataError
            For a cross-spectrum, or where a bandpower is not positive (noise was subtracted).
        """
        chosen = chosen_bins(data, self.theta)
        if len(data.auto) > 1 or data.names[0] != data.names[1]:
            raise DataError(
                f"whittle is for the total power of one map, not for the cross-spectrum {' x '.join(data.names)}: use "
                "gaussian-model-sigma"
            )
        power = data.power[chosen]
        if np.any(power <= 0):
            raise DataError(
                f"{int(np.sum(power <= 0))} bandpowers are not positive, as those of a map that holds its noise are: fit the "
                "auto-spectrum from which nothing is subtracted, or use gaussian-model-sigma"
            )
        total = data.auto[0][chosen] if data.auto else power
        return GammaBandpowers(
            model=model.for_spectrum(data, chosen),
            data=power,
            modes=2 * total**2 / data.error[chosen] ** 2,
            q=data.window.q,
            window=data.window.matrix[chosen],
            unit=data.unit,
        )


@frozen(kw_only=True, eq=False)
class GammaBandpowers(BoundBandpowers):
    """Bandpowers with gamma distributions about the expected power, through the window.

    Attributes
    ----------
    modes : ndarray, shape (nbin,)
        Effective number of real modes.
    """

    modes: Array

    def log_likelihood(self, theta: Array) -> Array:
        """ln L at `theta` of shape (n, d), shape (n,); -inf where the expected power is not positive."""
        m = self.expected(theta)
        safe = np.where(m > 0, m, 1.0)
        half = self.modes / 2
        each = half * np.log(half / safe) - gammaln(half) + (half - 1) * np.log(self.data) - half * self.data / safe
        return np.where(np.all(m > 0, axis=1), each.sum(axis=1), -np.inf)

    @property
    def _errors(self) -> Array:
        return self.modes
