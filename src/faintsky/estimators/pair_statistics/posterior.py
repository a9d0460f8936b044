"""The probability that a projected pair is real."""

from __future__ import annotations

from functools import partial

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.pair_sample import PairSample
from faintsky.core.pair_statistic import PairProbabilities, PairStatistic
from faintsky.estimators.pair_statistics.fraction_fit import FractionFit, fitted
from faintsky.estimators.pair_statistics.interloper_field import InterloperField, field_of
from faintsky.estimators.pair_statistics.magnitude_shares import MagnitudeShares
from faintsky.estimators.pair_statistics.pair_likelihood import PairLikelihood
from faintsky.estimators.pair_statistics.parent_redshifts import companion_cells, off_grid, parent_cells

__all__ = ["Posterior"]

Array = NDArray[np.float64]

#: Separations below this part of the reach count as if they were there: the density of interlopers vanishes at 0.
_NEAREST = 1e-3
#: Redshift evidence per interloper below which a companion has none on the grid.
_NOTHING = 1e-12


@component(references=["LiZhuang2025", "LopezSanjuan2015", "MalzHogg2022"])
@frozen(kw_only=True)
class Posterior(PairStatistic):
    """Probability that a pair is real, by the redshifts and separation of the pair and the density of interlopers in the field.

    About AGN i at redshift z companions are two Poisson processes. Real ones: f(z) on average, at the redshift of the AGN, with
    separations theta spread evenly from 0 to the reach theta_i. Interlopers: the surface density Sigma_i of field galaxies
    brighter than the AGN's limit, with their redshifts n(z | m), so lambda_i = pi theta_i^2 Sigma_i of them, with the density
    2 theta / theta_i^2. So in cells of redshift

    K_j(z) = G_j L_j(z) / [2 (theta_j / theta_i) lambda_i sum_z n(z | m_j) L_j(z)],   L_j = Pc_j(z) / prior(z)

    is the ratio of the two densities for f = 1: L_j is what the photometry of the companion says without the prior that its
    distribution was made with, and G_j is how much more frequent its magnitude is among real companions than in the field,
    which is learnt from the sample (`MagnitudeShares`): real ones are brighter, and without G the sum of simulated samples is
    3 % too large, or 6 % where interlopers are twice as many. The probability of the pair is

    p_j = sum_z Pa'_i(z) f(z) K_j(z) / [1 + f(z) K_j(z)],   Pa'_i proportional to Pa_i exp(-f) prod_k (1 + f K_k),

    with all companions k of the AGN at once, which share its redshift. f(z) = f0 [(1 + z) / (1 + z0)]^slope is fitted to the
    sample, with the redshifts of all AGN and companions unknown within their distributions (`PairLikelihood`). An interloper
    that is by chance at the redshift of the AGN is still one: the field holds such galaxies at their due frequency.

    It is calibrated where the distributions are: photometric redshifts that scatter more than they say must be broadened first.
    Real pairs make the mean density about AGN larger than that of the field; beyond them it assumes that AGN do not cluster with
    galaxies outside of the pairs, and that the field is the same for all. Where cuts that the field did not pass took away
    interlopers (a mass ratio), weigh the pairs before the cut, or fit the density.

    References
    ----------
    Lopez-Sanjuan et al. 2015, A&A 576, A53 (redshift distributions of both members in pair counts); Malz & Hogg 2022,
    ApJ 928, 127 (the prior of the distributions). The model is our own.
    """

    spec: str = option(
        "exact",
        choices=("exact", "photo-z", "broadened"),
        help="AGN with a spectroscopic redshift lie there (exact), at their photometric one, or within a photo-z width of it",
    )
    width: float | None = option(
        None, gt=0, help="width in ln(1 + z) of broadened; default: the median of the AGN's photometric redshifts"
    )
    fraction: float | None = option(None, gt=0, help="real pairs per AGN, where it is known; default: fitted to the sample")
    evolution: bool = option(True, help="let the fraction vary as a power of 1 + z, fitted with a prior of 0 +- 2 on its slope")
    separations: str = option(
        "flat", choices=("flat", "area"), help="real pairs spread evenly in separation, or in area as interlopers do"
    )
    density: str = option(
        "counted", choices=("counted", "fitted"), help="of interlopers: as counted in the field, or that times a fitted factor"
    )
    prior: str = option(
        "z", choices=("z", "ln(1+z)"), help="what the photometric redshifts were made with: a prior flat in z, or in ln(1 + z)"
    )
    magnitudes: str = option(
        "learnt", choices=("learnt", "field"), help="of real pairs: learnt from the sample, or spread as those of the field"
    )
    iterations: int = option(3, ge=1, help="steps from the stack of the field's distributions towards its redshifts")

    def weigh(self, pairs: PairSample, ctx: Context) -> PairProbabilities:
        """Probabilities of all pairs; those with a star are 0.

        Raises
        ------
        DataError
            Where there are pairs and no field galaxies, or an AGN has no probability on the grid.
        """
        assert pairs.agn.redshifts is not None
        grid, n = pairs.agn.redshifts.z, len(pairs)
        parents = parent_cells(pairs, self.spec, self.width)
        is_star = np.asarray(pairs.companions.columns.get("star", np.zeros(n))) == 1
        order = np.argsort(pairs.owner, kind="stable")
        order = order[~is_star[order]]
        owner = pairs.owner[order].astype(np.intp)
        likelihood = PairLikelihood(
            z=0.5 * (grid[1:] + grid[:-1]), parents=parents, odds=np.zeros((0, grid.size - 1)), owner=owner, expected=0.0
        )
        if n:
            prior = np.asarray(np.diff(grid if self.prior == "z" else np.log1p(grid)))
            galaxies = InterloperField.of(field_of(pairs, "the posterior"), prior, float(pairs.faintest.max()), self.iterations)
            magnitude = np.asarray(pairs.companions["magnitude"], dtype=float)[order]
            magnitude = np.where(np.isfinite(magnitude), magnitude, pairs.faintest[owner])
            expected = np.pi * pairs.reach**2 * galaxies.density(pairs.faintest)
            likelihood = attrs.evolve(
                likelihood, odds=self._odds(pairs, order, magnitude, expected, galaxies, prior), expected=float(expected.sum())
            )
            if self.magnitudes == "learnt":
                shares = MagnitudeShares.of(galaxies, magnitude, pairs.faintest[owner])
                likelihood = shares.learnt(likelihood, partial(self._fitted, interval=False))
        fit = self._fitted(likelihood)
        cells = np.zeros((n, grid.size - 1))
        cells[order], parents = likelihood.probabilities(fit.fraction, fit.slope, fit.density)
        blank = int(np.sum(~np.any(likelihood.odds > 0, axis=1)))
        return PairProbabilities(
            z=grid, cells=cells, parents=parents, fraction=fit.fraction, fraction_low=fit.low, fraction_high=fit.high,
            notes=(
                *self._notes(fit, likelihood.expected, int(is_star.sum()), blank),
                *off_grid(likelihood.parents, companion_cells(pairs)),
            ),
        )  # fmt: skip

    def _fitted(self, likelihood: PairLikelihood, interval: bool = True) -> FractionFit:
        return fitted(
            likelihood, fraction=self.fraction, evolving=self.evolution, density_free=self.density == "fitted", interval=interval
        )

    def _odds(
        self,
        pairs: PairSample,
        order: NDArray[np.intp],
        magnitude: Array,
        expected: Array,
        galaxies: InterloperField,
        prior: Array,
    ) -> Array:
        """K of the chosen companions of these magnitudes, shape (k, m); 0 where one has no probability on the grid."""
        owner = pairs.owner[order]
        odds = np.asarray(companion_cells(pairs)[order], dtype=float) / prior
        evidence = np.einsum("ij,ij->i", odds, galaxies.redshifts(magnitude))
        near = np.maximum(np.asarray(pairs.companions["angle"], dtype=float)[order] / pairs.reach[owner], _NEAREST)
        interlopers = expected[owner] * evidence * (2 * near if self.separations == "flat" else 1.0)
        odds /= np.where(interlopers < _NOTHING, np.inf, interlopers)[:, None]
        return odds

    def _notes(self, fit: FractionFit, expected: float, stars: int, blank: int) -> tuple[str, ...]:
        notes = [f"{expected:.1f} interlopers expected in all from the density of the field"]
        if self.evolution:
            notes.append(f"the fraction varies as (1 + z)^{fit.slope:.2f}")
        if self.density == "fitted":
            notes.append(f"interlopers are {fit.density:.2f} times as many as in the field, by the fit")
        if stars:
            notes.append(f"{stars} companions are stars and have the probability 0")
        if blank:
            notes.append(f"{blank} companions have no probability on the redshift grid, and none of being real")
        return tuple(notes)
