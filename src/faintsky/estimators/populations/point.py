"""The unbinned likelihood of sources at known luminosities and redshifts."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from faintsky.core.comoving_volume import comoving_volume
from faintsky.core.component import component
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.likelihood import Likelihood, LikelihoodRule
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.source_sample import SourceSample
from faintsky.core.survey_set import SurveySet
from faintsky.estimators.populations.population_rule import PopulationRule, Ranges
from faintsky.estimators.populations.source_nodes import SourceNodes

__all__ = ["Point", "point_nodes", "refuse_outside"]


def refuse_outside(sample: SourceSample, ranges: Ranges) -> None:
    """Refuse sources whose best luminosity or redshift lies outside of the ranges.

    Raises
    ------
    DataError
        The message holds the ranges that would hold them.
    """
    log_l, z = sample.log_l(), sample.z
    faint = np.flatnonzero(~np.isfinite(log_l))
    if faint.size:
        raise DataError(
            f"source {faint[0]} of {sample.name or 'the sample'}, counted from 0, has no luminosity (a net rate that is not "
            "positive): the likelihood 'counts-pdf' knows what to do with it"
        )
    outside = np.flatnonzero(~ranges.holds(log_l, z))
    if outside.size:
        i = outside[0]
        lows = (min(ranges.log_l[0], np.floor(10 * log_l.min()) / 10), min(ranges.z[0], np.floor(1e3 * z.min()) / 1e3))
        highs = (max(ranges.log_l[1], np.ceil(10 * log_l.max()) / 10), max(ranges.z[1], np.ceil(100 * z.max()) / 100))
        raise DataError(
            f"{outside.size} sources of {sample.name or 'the sample'} lie outside of {ranges.z[0]:g} < z < {ranges.z[1]:g}, "
            f"{ranges.log_l[0]:g} < log L < {ranges.log_l[1]:g}, such as source {i}, counted from 0, at z = {z[i]:g}, log L = "
            f"{log_l[i]:.2f}. They belong to the population as much as the others: log_l_range = [{lows[0]:g}, {highs[0]:g}] and "
            f"z_range = [{lows[1]:g}, {highs[1]:g}] hold all of them; or take them out of the sample, with their area"
        )


def point_nodes(sample: SourceSample) -> SourceNodes:
    """One node for each source, at its best redshift, with the weight dV/dz."""
    return SourceNodes(
        log_l=sample.log_l(),
        z=np.array(sample.z),
        log_weight=np.log(comoving_volume(sample.cosmology, sample.z)),
        starts=np.arange(len(sample)),
    )


@component(references=["Marshall1983", "Loredo2004"])
@frozen(kw_only=True)
class Point(PopulationRule, LikelihoodRule[SurveySet, LuminosityFunction]):
    """Likelihood of sources at known luminosities and redshifts: ln L = sum_i ln [phi(L_i, z_i) dV/dz] - N.

    N = int phi A dV/dz dlogL dz is the number of sources that the model expects. The density is one per dex of luminosity and
    unit of redshift, the volume [Mpc^3] that of a square degree: the constant is fixed, and evidences of models compare.

    Right for spectroscopic redshifts. A few per cent of catastrophic photometric ones pile up at high redshift and luminosity,
    where true sources are few: bright-end densities at z > 4 come out 3 to 16 times too high. Take ``pdf`` or ``counts-pdf``.
    """

    def bind(self, data: SurveySet, model: LuminosityFunction, ctx: Context) -> Likelihood:
        """The likelihood of the free parameters of `model`.

        Raises
        ------
        DataError
            Where luminosities or cosmologies differ, or a source has no redshift or lies outside of the ranges.
        """
        return self.bound(data, model, ctx)

    def check_sources(self, samples: dict[str, SourceSample], ranges: Ranges, ctx: Context) -> None:
        """Refuse sources outside of the ranges; warn of photometric redshifts."""
        for sample in samples.values():
            refuse_outside(sample, ranges)
        guessed = sum(int((~s.spectroscopic).sum()) for s in samples.values())
        if guessed:
            ctx.warn(
                f"{guessed} of {sum(len(s) for s in samples.values())} redshifts are photometric, and 'point' takes them for "
                "exact: a few catastrophic ones make the bright end at z > 4 come out 3 to 16 times too high; 'pdf' and "
                "'counts-pdf' know their densities"
            )

    def nodes_of(self, sample: SourceSample, ranges: Ranges) -> SourceNodes:
        """One node for each source."""
        return point_nodes(sample)
