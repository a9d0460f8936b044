"""The unbinned likelihood of sources whose redshifts are densities."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.comoving_volume import comoving_volume
from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.likelihood import Likelihood, LikelihoodRule
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.source_sample import SourceSample
from faintsky.core.survey_set import SurveySet
from faintsky.estimators.populations.point import refuse_outside
from faintsky.estimators.populations.population_rule import PopulationRule, Ranges
from faintsky.estimators.populations.redshift_cells import RedshiftCells, exact_redshifts, known_redshifts
from faintsky.estimators.populations.source_nodes import SourceNodes

__all__ = ["Pdf", "PdfRule"]

Array = NDArray[np.float64]

#: A source with less of its probability inside of the ranges is refused.
_INSIDE = 0.01


@frozen(kw_only=True)
class PdfRule(PopulationRule):
    """What the likelihoods that know redshift densities share."""

    without_redshift: str = option(
        "error",
        choices=("error", "drop", "flat"),
        help="a source without redshift: refused, left out with a warning ('drop'), or spread evenly over z_range ('flat')",
    )
    step: float = option(0.02, gt=0, le=0.2, help="widest cell of a redshift density in ln(1 + z); wider ones are cut")

    def known(self, sample: SourceSample) -> NDArray[np.bool_]:
        """Sources with a spectroscopic redshift or a density."""
        return known_redshifts(sample)

    def _remedy(self) -> str:
        return (
            "neither spectroscopic nor a density. Give redshifts, leave them out with without_redshift = 'drop', which lowers "
            "all densities, or spread them over z_range with 'flat'"
        )

    def cells(self, sample: SourceSample, ranges: Ranges) -> tuple[Array, Array, NDArray[np.bool_]]:
        """Redshifts (k,), probabilities (n, k) at them, and which sources are spectroscopic (n,), whose row is 0."""
        exact = exact_redshifts(sample)
        spread = ~known_redshifts(sample)
        flat = np.array(ranges.z)
        grid = flat if sample.redshifts is None else np.asarray(sample.redshifts.z, dtype=float)
        cells = RedshiftCells.of(grid, ranges.z, self.step)
        masses = np.zeros((len(sample), cells.z.size)) if sample.redshifts is None else cells.masses(sample.redshifts.cdf)
        if spread.any():
            even = RedshiftCells.of(flat, ranges.z, self.step)
            rows = np.zeros((len(sample), even.z.size))
            rows[spread] = even.share
            order = np.argsort(np.concatenate([cells.z, even.z]))
            masses[spread] = 0
            return np.concatenate([cells.z, even.z])[order], _exact_empty(np.hstack([masses, rows])[:, order], exact), exact
        return cells.z, _exact_empty(masses, exact), exact

    def check_sources(self, samples: dict[str, SourceSample], ranges: Ranges, ctx: Context) -> None:
        """Refuse sources outside of the ranges, and say how much of the densities is cut off."""
        cut = []
        for sample in samples.values():
            z, masses, exact = self.cells(sample, ranges)
            self.check_exact(sample.select(exact), ranges)
            inside = self.inside(sample, z, masses, ranges)
            whole = np.ones(len(sample)) if sample.redshifts is None else np.asarray(sample.redshifts.mass, dtype=float)
            whole = np.where(known_redshifts(sample), np.maximum(whole, 1e-300), 1.0)
            share = np.where(exact, 1.0, inside / whole)
            if np.any(share < _INSIDE):
                i = int(np.argmin(share))
                raise DataError(
                    f"only {100 * share[i]:.2g} % of the redshift density of source {i} of {sample.name or 'the sample'}, "
                    f"counted from 0, lie inside of {ranges.z[0]:g} < z < {ranges.z[1]:g}, {ranges.log_l[0]:g} < log L < "
                    f"{ranges.log_l[1]:g} ({(share < _INSIDE).sum()} such sources): widen z_range and log_l_range, which must "
                    "hold all sources, or take them out of the sample"
                )
            cut.append(1 - share)
        lost = np.concatenate(cut)
        if (much := int((lost > 0.01).sum())) > 0:
            ctx.warn(
                f"{much} redshift densities reach beyond z_range or log_l_range by more than 1 % of their probability "
                f"({lost.sum():.3g} sources in all): there the population is taken to be empty"
            )

    def check_exact(self, sample: SourceSample, ranges: Ranges) -> None:
        """Refuse spectroscopic sources outside of the ranges."""
        refuse_outside(sample, ranges)

    def inside(self, sample: SourceSample, z: Array, masses: Array, ranges: Ranges) -> Array:
        """Probability of each source inside of the ranges, shape (n,)."""
        return np.asarray(masses.sum(axis=1))


def _exact_empty(masses: Array, exact: NDArray[np.bool_]) -> Array:
    masses[exact] = 0
    return masses


@component(references=["Loredo2004", "Aird2010"])
@frozen(kw_only=True)
class Pdf(PdfRule, LikelihoodRule[SurveySet, LuminosityFunction]):
    """Likelihood of sources with redshift densities: ln L = sum_i ln int p_i(z) phi(L_i(z), z) dV/dz dz - N.

    L_i(z) is the luminosity that the measured brightness has at z: the brightness counts as exact. Spectroscopic sources are
    points. p_i is a likelihood of the redshift: a posterior made with a prior that is not flat counts that prior twice.

    Cells of the given grid hold the probability that the cumulative distribution gives them; those wider than `step` are cut.
    What lies outside of z_range and log_l_range is cut off with a warning, as the population is empty there.
    """

    def bind(self, data: SurveySet, model: LuminosityFunction, ctx: Context) -> Likelihood:
        """The likelihood of the free parameters of `model`.

        Raises
        ------
        DataError
            Where luminosities or cosmologies differ, or a source has no redshift density or lies outside of the ranges.
        """
        return self.bound(data, model, ctx)

    def check_sources(self, samples: dict[str, SourceSample], ranges: Ranges, ctx: Context) -> None:
        """Refuse sources without brightness, too."""
        for sample in samples.values():
            faint = np.flatnonzero(~np.isfinite(sample.log_x))
            if faint.size:
                raise DataError(
                    f"source {faint[0]} of {sample.name or 'the sample'}, counted from 0, has a net rate that is not positive: "
                    "the likelihood 'counts-pdf' knows what to do with it"
                )
        super().check_sources(samples, ranges, ctx)

    def inside(self, sample: SourceSample, z: Array, masses: Array, ranges: Ranges) -> Array:
        """Probability along the track of constant brightness that lies inside."""
        log_l = sample.log_x[:, None] + sample.conversion.at(z)
        return np.asarray(np.where(ranges.holds(log_l, z), masses, 0.0).sum(axis=1))

    def nodes_of(self, sample: SourceSample, ranges: Ranges) -> SourceNodes:
        """Nodes along the tracks of constant brightness."""
        z, masses, exact = self.cells(sample, ranges)
        log_l = sample.log_x[:, None] + sample.conversion.at(z)
        masses = np.where(ranges.holds(log_l, z), masses, 0.0)
        masses, log_l = np.insert(masses, 0, exact, axis=1), np.insert(log_l, 0, 0.0, axis=1)
        places = np.broadcast_to(np.concatenate([[0.0], z]), masses.shape).copy()
        places[exact, 0], log_l[exact, 0] = sample.z[exact], sample.log_l()[exact]
        used = masses > 0
        return SourceNodes(
            log_l=log_l[used],
            z=places[used],
            log_weight=np.log(masses[used] * comoving_volume(sample.cosmology, places[used])),
            starts=np.concatenate([[0], np.cumsum(used.sum(axis=1))[:-1]]),
        )
