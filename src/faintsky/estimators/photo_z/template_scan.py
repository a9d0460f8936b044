"""All templates against all sources at one redshift."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from faintsky.core.photometry import Photometry

__all__ = ["Scan", "TemplateScan"]

Array = NDArray[np.float64]

#: Products of sources and templates that are made at once: what a processor holds close by.
_AT_ONCE = 1 << 16


class Scan(NamedTuple):
    """What templates at one redshift make of n sources.

    Attributes
    ----------
    best : ndarray, shape (n,)
        Largest gain: half of chi2 without light minus chi2 of the best template.
    mean : ndarray, shape (n,)
        log of the mean of exp(gain) over the templates.
    """

    best: Array
    mean: Array


class TemplateScan:
    """chi2 of templates whose amplitude is fitted and not negative.

    With d the fluxes and s their errors, a template m has a = max(0, sum(d m / s^2) / sum(m^2 / s^2)) and chi2 = sum(d^2 / s^2) -
    a sum(d m / s^2): two matrix products over the bands give it for all sources and templates. Bands without a measurement have
    no weight; fluxes that are negative or below their errors count as they are.

    Attributes
    ----------
    null : ndarray, shape (n,)
        chi2 without light, sum(d^2 / s^2).
    """

    def __init__(self, photometry: Photometry) -> None:
        measured = photometry.measured
        weight = np.zeros(photometry.flux.shape)
        weight[measured] = photometry.error[measured] ** -2.0
        flux = np.where(measured, photometry.flux, 0.0)
        # In units of each source's own, so that the product of light and light neither overflows nor vanishes.
        largest = np.max(weight, axis=1, keepdims=True, initial=0.0)
        largest[largest == 0] = 1.0
        self._weight = weight / largest
        self._weighted = self._weight * flux * np.sqrt(largest)
        self.null: Array = np.sum(weight * flux**2, axis=1)

    def scan(self, models: NDArray[np.floating]) -> Scan:
        """Compare with templates.

        Parameters
        ----------
        models : ndarray, shape (t, b)
            Their flux densities in the bands, up to a constant each.

        Returns
        -------
        Scan
            Of no gain at all, and of probability 0, where there are no templates.
        """
        number = len(self.null)
        if not len(models):
            return Scan(np.zeros(number), np.full(number, -np.inf))
        best, mean = np.empty(number), np.empty(number)
        for rows, gain in self._gains(models):
            best[rows] = top = gain.max(axis=1)
            gain -= top[:, None]
            # In single precision, which takes a third of the time: of a likelihood over the best one 1e-7 is enough.
            share = gain.astype(np.float32)
            mean[rows] = top + np.log(np.exp(share, out=share).mean(axis=1, dtype=float))
        return Scan(best, mean)

    def best(self, models: NDArray[np.floating]) -> tuple[NDArray[np.int64], Array]:
        """The best template of each source and its gain, each of shape (n,)."""
        which, best = np.zeros(len(self.null), dtype=np.int64), np.zeros(len(self.null))
        for rows, gain in self._gains(models):
            which[rows] = gain.argmax(axis=1)
            best[rows] = gain.max(axis=1)
        return which, best

    def _gains(self, models: NDArray[np.floating]) -> Iterator[tuple[slice, Array]]:
        light = np.asarray(models, dtype=float)
        top = light.max(axis=1, keepdims=True)
        light = (light / np.where(top > 0, top, 1.0)).T
        squares, tiny = light**2, np.finfo(float).tiny
        step = max(1, _AT_ONCE // light.shape[1])
        for start in range(0, len(self.null), step):
            rows = slice(start, start + step)
            gain = self._weighted[rows] @ light
            np.maximum(gain, 0, out=gain)
            np.square(gain, out=gain)
            norm = self._weight[rows] @ squares
            norm *= 2
            np.maximum(norm, tiny, out=norm)
            gain /= norm
            yield rows, gain
