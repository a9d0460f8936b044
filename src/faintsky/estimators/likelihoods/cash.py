"""The likelihood of Poisson counts without a background."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.likelihood import LikelihoodRule
from faintsky.core.observed_spectrum import ObservedSpectrum
from faintsky.core.spectrum import Spectrum
from faintsky.estimators.likelihoods.bound_counts import BoundCounts, poisson_deviance

__all__ = ["Cash", "CashCounts"]

Array = NDArray[np.float64]


@component(references=["Cash1979"])
@frozen(kw_only=True)
class Cash(LikelihoodRule[ObservedSpectrum, Spectrum]):
    """Poisson likelihood of source counts: C = 2 sum [m - n + n ln(n / m)], ln L = -C / 2.

    For a spectrum without background, or one whose background is part of the model. A measured background is refused
    unless `ignore_background`.
    """

    ignore_background: bool = option(False, help="leave a measured background out: right only where the model holds it")

    def bind(self, data: ObservedSpectrum, model: Spectrum, ctx: Context) -> CashCounts:
        """The likelihood of the free parameters of `model`.

        Raises
        ------
        DataError
            Where the spectrum has a background, or the model gives no photons.
        """
        if data.background is not None and not self.ignore_background:
            raise DataError(
                f"{data.counts.name} has a background, which cash does not use: take w-stat, or ignore_background = true where "
                "the model itself holds the background"
            )
        return CashCounts(data=data, model=model, starts=np.arange(data.source.size))


@frozen(kw_only=True, eq=False)
class CashCounts(BoundCounts):
    """Poisson counts of a model alone."""

    def terms(self, expected: Array) -> Array:
        """2 [m - n + n ln(n / m)] of each channel, shape (n, m)."""
        return poisson_deviance(self.data.source, expected)

    def simulated(self, expected: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """New counts, and their statistic for the model that they are drawn from."""
        counts = rng.poisson(expected).astype(float)
        return counts, poisson_deviance(counts, expected)
