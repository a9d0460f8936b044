"""The papers' likelihood of bandpowers: errors from the observed power."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.likelihood import LikelihoodRule
from faintsky.core.power_model import PowerModel
from faintsky.core.power_spectrum import PowerSpectrum
from faintsky.estimators.likelihoods.bound_bandpowers import chosen_bins
from faintsky.estimators.likelihoods.gaussian_bandpowers import GaussianBandpowers

__all__ = ["GaussianObservedSigma"]


@component(references=["Kashlinsky2012", "Li2018"], recipe=True)
@frozen(kw_only=True)
class GaussianObservedSigma(LikelihoodRule[PowerSpectrum, PowerModel]):
    """Gaussian bandpowers with errors from the observed power, as the papers fit: biased low.

    A bin that fluctuates low gets a small error: the expected amplitude of an auto-spectrum is low by the factor
    (N_q - 4) / N_q per bin. `gaussian-model-sigma` is the sound form.
    """

    theta: tuple[float, float] | None = option(None, unit="rad", help="scales 2 pi / q that take part; default: all")

    def bind(self, data: PowerSpectrum, model: PowerModel, ctx: Context) -> GaussianBandpowers:
        """The likelihood with the errors |P| / sqrt(0.5 Nq), or sqrt(P1 P2 / Nq), of the measured powers.

        Raises
        ------
        DataError
            Where no bin is left.
        """
        chosen = chosen_bins(data, self.theta)
        modes = data.modes[chosen]
        if len(data.auto) > 1:
            errors = np.sqrt(np.abs(data.auto[0] * data.auto[1])[chosen] / modes)
        else:
            errors = np.abs(data.power[chosen]) / np.sqrt(0.5 * modes)
        return GaussianBandpowers(
            model=model.for_spectrum(data, chosen),
            data=data.power[chosen],
            covariance=np.diag(errors**2),
            q=data.window.q,
            window=data.window.matrix[chosen],
            unit=data.unit,
        )
