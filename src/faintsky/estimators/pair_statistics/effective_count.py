"""The effective number of pairs N_z of published pair counts."""

from __future__ import annotations

from attrs import frozen

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.pair_sample import PairSample
from faintsky.core.pair_statistic import PairProbabilities, PairStatistic
from faintsky.estimators.pair_statistics.parent_redshifts import companion_cells, off_grid, parent_cells
from faintsky.estimators.pair_statistics.shared_probability import shared_probability

__all__ = ["EffectiveCount"]


@component(references=["LiZhuang2025", "Duncan2019"], recipe=True)
@frozen(kw_only=True)
class EffectiveCount(PairStatistic):
    """N_z: how much of the redshift distributions of AGN and companion is common to both.

    N_z = int 2 Pa Pc / (Pa + Pc) dz, by the probabilities of cells. It is 1 for equal distributions and 0 for disjoint ones, and
    it lies between their overlap int min(Pa, Pc) dz and the Bhattacharyya coefficient int sqrt(Pa Pc) dz.

    It is no probability that a pair is real: it does not know how many interlopers there are, nor how much the distributions of
    unrelated galaxies have in common. In samples simulated like the paper's a real pair has N_z of 0.7 on average, and an
    interloper of 0.2: the sum is 0.7 times the number of real pairs where one projected pair in ten is none, and 1.8 times where
    85 in a hundred are (`recipe_bias`). The ``posterior`` knows of interlopers. That is why this one is marked as a recipe.

    References
    ----------
    Li, Zhuang et al., section 3.5, eqs. 1 and 2; Duncan et al. 2019, ApJ 876, 110.
    """

    spec: str = option(
        "photo-z",
        choices=("photo-z", "broadened"),
        help="AGN with a spectroscopic redshift: photo-z takes no notice of it, broadened puts a photo-z width about it",
    )
    width: float | None = option(
        None, gt=0, help="that width in ln(1 + z); default: the median of the AGN's photometric redshifts"
    )

    def weigh(self, pairs: PairSample, ctx: Context) -> PairProbabilities:
        """N_z of all pairs; `fraction` is their sum per AGN, without cap or interval.

        Raises
        ------
        DataError
            Where an AGN has no probability on the grid.
        """
        assert pairs.agn.redshifts is not None
        parents, companions = parent_cells(pairs, self.spec, self.width), companion_cells(pairs)
        cells = shared_probability(parents[pairs.owner], companions)
        return PairProbabilities(
            z=pairs.agn.redshifts.z,
            cells=cells,
            parents=parents,
            fraction=float(cells.sum()) / max(len(pairs.agn), 1),
            notes=("N_z is an overlap of redshift distributions, no probability", *off_grid(parents, companions)),
        )
