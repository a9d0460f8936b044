"""The unbinned likelihood of sources whose counts and redshift densities are known."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from faintsky.core.aperture_photometry import AperturePhotometry
from faintsky.core.comoving_volume import comoving_volume
from faintsky.core.component import component
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.gauss_panels import gauss_panels
from faintsky.core.likelihood import Likelihood, LikelihoodRule
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.source_sample import SourceSample
from faintsky.core.survey_set import SurveySet
from faintsky.estimators.populations.pdf import PdfRule
from faintsky.estimators.populations.population_rule import Ranges
from faintsky.estimators.populations.source_nodes import SourceNodes

__all__ = ["CountsPdf"]

Array = NDArray[np.float64]

#: Nodes of Gauss and Legendre in log10 of the rate: where the source makes the counts, and where the background does.
_SOURCE, _BACKGROUND = 24, 12
#: Standard deviations of the counts that the first panel reaches to, and the fewest counts that it begins at.
_REACH, _FEW = 7.0, 0.3
#: Nodes whose probability is below exp(-_LOST) of the largest one are dropped.
_LOST = 60.0


@component(references=["Loredo2004", "Aird2010", "Aird2015", "Buchner2015"])
@frozen(kw_only=True)
class CountsPdf(PdfRule, LikelihoodRule[SurveySet, LuminosityFunction]):
    """Likelihood of counts and redshift densities: p(D_i | L, z) = Poisson(T_i | b_i + x p_i t_i) p_i(z).

    ln L = sum_i ln int int p(D_i | L, z) phi dV/dz dlogL dz - N, with x the rate of a source of luminosity L at z. There is no
    detection probability in the data term (Loredo 2004): it stands in N alone, by way of the area curve.

    The integral reaches down to the lowest luminosity of log_l_range: a faint source upon a fluctuation of the background is a
    possibility like any other. It knows that faint sources are more numerous (Eddington's bias), and takes sources whose net rate
    is negative. The area curve and the conversion must be against ``rate``.
    """

    def bind(self, data: SurveySet, model: LuminosityFunction, ctx: Context) -> Likelihood:
        """The likelihood of the free parameters of `model`.

        Raises
        ------
        DataError
            Where luminosities or cosmologies differ, a sample has no counts, or a source has no redshift density or lies outside
            of the ranges.
        """
        for sample in data.samples.values():
            _photometry(sample)
        return self.bound(data, model, ctx)

    def check_exact(self, sample: SourceSample, ranges: Ranges) -> None:
        """Refuse spectroscopic redshifts outside of z_range; luminosities are not exact."""
        outside = sample.z[(sample.z < ranges.z[0]) | (sample.z > ranges.z[1])]
        if outside.size:
            raise DataError(
                f"{outside.size} spectroscopic redshifts of {sample.name or 'the sample'} lie outside of z_range = "
                f"[{ranges.z[0]:g}, {ranges.z[1]:g}], such as {outside[0]:g}: z_range = [{min(ranges.z[0], sample.z.min()):g}, "
                f"{max(ranges.z[1], sample.z.max()):g}] holds all of them"
            )

    def nodes_of(self, sample: SourceSample, ranges: Ranges) -> SourceNodes:
        """Nodes in rate at each redshift."""
        seen = _photometry(sample)
        cells, masses, exact = self.cells(sample, ranges)
        parts = []
        for i in range(len(sample)):
            used = masses[i] > 0
            z = sample.z[i : i + 1] if exact[i] else cells[used]
            mass = np.ones(1) if exact[i] else masses[i][used]
            parts.append(_counts_nodes(sample, seen, i, z, mass, ranges))
        return SourceNodes.joined(parts)


def _photometry(sample: SourceSample) -> AperturePhotometry:
    called = sample.name or "the sample"
    if sample.photometry is None:
        raise DataError(f"{called} has no counts, which counts-pdf rests on: give its photometry, or take the likelihood 'pdf'")
    if sample.conversion.quantity != "rate":
        raise DataError(
            f"counts-pdf compares counts with rates, but the area curve and the conversion of {called} are against "
            f"{sample.conversion.quantity}: make both against rate (rate_conversion of a grid of kappa), or take 'pdf'"
        )
    blind = np.flatnonzero(~sample.photometry.observed)
    if blind.size:
        raise DataError(f"source {blind[0]} of {called}, counted from 0, was not observed: its exposure is 0")
    return sample.photometry


def _counts_nodes(sample: SourceSample, seen: AperturePhotometry, i: int, z: Array, mass: Array, ranges: Ranges) -> SourceNodes:
    """Nodes of one source at redshifts of shape (k,) with their probabilities."""
    counts, background, reach = seen.counts[i], seen.background[i], seen.sensitivity[i]
    spread = _REACH * np.sqrt(counts + 1)
    least = np.log10(max(counts - background - spread, _FEW) / reach)
    most = np.log10((max(counts - background, 0.0) + spread + 20) / reach)
    factor = sample.conversion.at(z)
    low, high = ranges.log_l[0] - factor, ranges.log_l[1] - factor
    middle = np.clip(least, low, high)
    ends = np.stack([low, middle, np.clip(most, low, high)], axis=-1)
    parts = [gauss_panels(ends[:, 1:], _SOURCE), gauss_panels(ends[:, :2], _BACKGROUND)]
    log_x, step = (np.concatenate(pair, axis=1) for pair in zip(*parts, strict=True))
    expected = background + reach * 10**log_x
    chance = xlogy(counts, expected) - expected - gammaln(counts + 1)
    with np.errstate(divide="ignore"):
        weight = chance + np.log(step) + np.log(mass * comoving_volume(sample.cosmology, z))[:, None]
    kept = weight > weight.max() - _LOST
    return SourceNodes(
        log_l=(log_x + factor[:, None])[kept],
        z=np.broadcast_to(z[:, None], kept.shape)[kept],
        log_weight=weight[kept],
        starts=np.zeros(1, dtype=np.intp),
    )
