"""The likelihood of Poisson counts with a measured background, profiled over the background of each channel."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.likelihood import LikelihoodRule
from faintsky.core.observed_spectrum import ObservedSpectrum
from faintsky.core.spectrum import Spectrum
from faintsky.estimators.likelihoods.bound_counts import BoundCounts, poisson_deviance

__all__ = ["WCounts", "WStat", "profiled_background"]

Array = NDArray[np.float64]


@component(references=["Wachter1979"])
@frozen(kw_only=True)
class WStat(LikelihoodRule[ObservedSpectrum, Spectrum]):
    """Poisson likelihood of source and background counts, with the background of each channel at its best value.

    W = 2 sum [s + r b - S + S ln(S / (s + r b)) + b - B + B ln(B / b)], ln L = -W / 2, with r the ratio of source to background
    in exposure, BACKSCAL and AREASCAL, and b the root of dW/db = 0. Where channels have no background counts the profile is
    biased: `min_background` groups channels until each group has some.
    """

    min_background: int = option(0, ge=0, help="group channels until each group has so many background counts")

    def bind(self, data: ObservedSpectrum, model: Spectrum, ctx: Context) -> WCounts:
        """The likelihood of the free parameters of `model`.

        Raises
        ------
        DataError
            Where the spectrum has no background, or the model gives no photons.
        """
        if data.background is None:
            raise DataError(f"{data.counts.name} has no background, which w-stat needs: give one, or take cash")
        starts = _groups(data.background, self.min_background)
        return WCounts(
            data=data,
            model=model,
            starts=starts,
            source=np.add.reduceat(data.source, starts),
            background=np.add.reduceat(data.background, starts),
            ratio=np.add.reduceat(data.ratio, starts) / np.diff(np.append(starts, data.source.size)),
        )


def _groups(background: Array, least: int) -> NDArray[np.intp]:
    """Starts of groups of channels with at least so many background counts; a rest joins the last group."""
    if least == 0:
        return np.arange(background.size)
    starts, held = [0], 0.0
    for i, counts in enumerate(background):
        if held >= least:
            starts.append(i)
            held = 0.0
        held += counts
    if held < least and len(starts) > 1:
        starts.pop()
    return np.array(starts)


def profiled_background(source: Array, background: Array, ratio: Array, expected: Array) -> Array:
    """The background b [counts in the background region] that maximises the likelihood of S and B, for expected source counts s.

    The positive root of r (1 + r) b^2 + [(1 + r) s - r (S + B)] b - B s = 0, in the form that does not cancel.
    """
    a = ratio * (1 + ratio)
    half = (1 + ratio) * expected - ratio * (source + background)
    root = np.sqrt(half**2 + 4 * a * background * expected)
    total = half + root
    return np.where(half <= 0, (root - half) / (2 * a), 2 * background * expected / np.where(total > 0, total, 1.0))


@frozen(kw_only=True, eq=False)
class WCounts(BoundCounts):
    """Poisson counts of a model and of a background of any spectrum.

    Attributes
    ----------
    source, background : ndarray, shape (ngroup,)
        Counts.
    ratio : ndarray, shape (ngroup,)
        Source over background in EXPOSURE x BACKSCAL x AREASCAL.
    """

    source: Array = field(repr=False)
    background: Array = field(repr=False)
    ratio: Array = field(repr=False)

    def terms(self, expected: Array) -> Array:
        """W of each group, from expected source counts of shape (n, ngroup)."""
        return self._terms(self.source, self.background, expected)

    def _terms(self, source: Array, background: Array, expected: Array) -> Array:
        b = profiled_background(source, background, self.ratio, expected)
        return poisson_deviance(source, expected + self.ratio * b) + poisson_deviance(background, b)

    def simulated(self, expected: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """New source and background counts, with the background at its best value for the observed ones, and their W."""
        b = profiled_background(self.source, self.background, self.ratio, expected)
        source = rng.poisson(expected + self.ratio * b).astype(float)
        return source, self._terms(source, rng.poisson(b).astype(float), expected)
