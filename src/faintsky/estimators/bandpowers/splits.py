"""Noise-free power from independent splits of one map."""

from __future__ import annotations

from itertools import combinations

import attrs
import numpy as np

from faintsky.core.bins import Bins
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.map import Map
from faintsky.core.power_spectrum import PowerSpectrum, PowerSpectrumEstimator

__all__ = ["split_power"]


def split_power(m: Map, estimator: PowerSpectrumEstimator, bins: Bins, ctx: Context) -> PowerSpectrum:
    """Mean of the cross-spectra of all K (K - 1) / 2 pairs of splits: the power of the sky without the noise.

    For two splits it is A x B, which equals P((A+B)/2) - P((A-B)/2). With K splits of noise N each, every bandpower of the mean
    has the variance (2 S^2 + 4 S N / K + 2 N^2 / (K (K - 1))) / modes; the covariance of one pair is scaled to it.

    Parameters
    ----------
    m : Map
        With K >= 2 splits.
    estimator : PowerSpectrumEstimator
    bins : Bins

    Raises
    ------
    DataError
        Without splits.
    """
    k = m.n_splits
    if k < 2:
        raise DataError("noise-free power needs a map with splits; ask its source for splits (splits = 2)")
    parts = [m.split(i) for i in range(k)]
    pairs = [estimator.estimate(a, b, bins, ctx) for a, b in combinations(parts, 2)]
    first = pairs[0]
    if k == 2:
        return first
    power = np.mean([p.power for p in pairs], axis=0)
    signal = np.maximum(power, 0.0)
    noise = np.maximum(np.mean([np.sqrt(np.abs(p.auto[0] * p.auto[-1])) for p in pairs], axis=0) - signal, 0.0)
    one = (signal + noise) ** 2 + signal**2
    many = 2 * signal**2 + 4 * signal * noise / k + 2 * noise**2 / (k * (k - 1))
    scale = np.sqrt(np.divide(many, one, out=np.ones_like(one), where=one > 0))
    covariance = np.mean([p.covariance for p in pairs], axis=0) * np.outer(scale, scale)
    return attrs.evolve(first, power=power, covariance=covariance, pseudo=np.mean([p.pseudo for p in pairs], axis=0))
