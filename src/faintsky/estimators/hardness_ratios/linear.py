"""The hardness ratio with first-order errors."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.special import ndtri

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.hardness import BandPair, CountsPair, HardnessEstimator, HardnessRatios
from faintsky.core.intervals import ONE_SIGMA

__all__ = ["Linear", "sum_near_zero"]


def sum_near_zero(pair: BandPair, threshold: float) -> NDArray[np.bool_]:
    """Whether soft + hard lies within `threshold` of its own sigmas of zero, shape (n,)."""
    soft, soft_error, hard, hard_error = pair.rates()
    return np.asarray(np.abs(soft + hard) <= threshold * np.hypot(soft_error, hard_error))


@component(references=["Li2019"])
@frozen(kw_only=True)
class Linear(HardnessEstimator[BandPair]):
    """Ratio of the measured numbers, with first-order propagation of their errors.

    HR = (h - s) / (h + s), sigma = 2 sqrt((s sigma_h)^2 + (h sigma_s)^2) / (s + h)^2. Nothing is clipped to [-1, 1]: powers are
    signed, and so are net counts.

    For signed powers it is right where their sum is well above its error, and ``ill_defined`` says where it is not. For counts
    s and h are net rates, (S - B / r) / e, with errors sqrt(S + B / r^2) / e. That is the old recipe, and wrong below some 20
    counts in either band: the errors are symmetric where the posterior is not, an empty band has no error at all, and a net
    count below zero leads outside [-1, 1]. Use `exact` for counts.

    Notes
    -----
    The threshold of 2 sigma: of the six ratios of Li et al. (2019, table 2) the sums are 4.1, 3.2 and 0.8 sigma (3.6 um) and 3.7,
    4.8 and 1.7 sigma (4.5 um) from zero. Draws about the first two of each give, within 20 %, the linear errors; about the third
    they give -1.8 ... 1.5 and -2.0 ... -0.1. So 2 parts the ones from the others, as any number between 1.7 and 3.2 would.
    """

    threshold: float = option(2.0, ge=0, help="sigmas from zero within which the sum makes a ratio ill defined")
    level: float = option(
        ONE_SIGMA, gt=0, lt=1, help="probability inside the (Gaussian) interval; the default, 0.6827, is 1 sigma"
    )

    def estimate(self, pair: BandPair, ctx: Context) -> HardnessRatios:
        """Hardness ratios of the n sources of `pair`; NaN or infinite where soft + hard is 0, and ill defined there."""
        soft, soft_error, hard, hard_error = pair.rates()
        with np.errstate(divide="ignore", invalid="ignore"):
            value = (hard - soft) / (hard + soft)
            error = 2 * np.hypot(soft * hard_error, hard * soft_error) / (hard + soft) ** 2
            half = float(ndtri(0.5 * (1 + self.level))) * error
            low, high = value - half, value + half
        empty = (pair.soft == 0) & (pair.hard == 0) if isinstance(pair, CountsPair) else np.zeros(len(pair), dtype=bool)
        return HardnessRatios(
            value=value,
            low=low,
            high=high,
            mean=value,
            error=error,
            ill_defined=sum_near_zero(pair, self.threshold),
            uninformative=empty,
            drawn=np.zeros(len(pair)),
            level=self.level,
            interval="equal",
            estimator="linear",
        )
