"""Real pairs as the excess over what random places would show."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.intervals import poisson_interval
from faintsky.core.pair_sample import PairSample
from faintsky.core.pair_statistic import PairProbabilities, PairStatistic
from faintsky.estimators.pair_statistics.interloper_field import field_of
from faintsky.estimators.pair_statistics.parent_redshifts import parent_cells

__all__ = ["RandomPlacement"]

Array = NDArray[np.float64]


@component(references=["LiZhuang2025", "Gehrels1986"])
@frozen(kw_only=True)
class RandomPlacement(PairStatistic):
    """Pairs beyond those that the same circles would hold at random places, without any redshift of a companion.

    About AGN i placed at random lambda_i = pi theta_i^2 Sigma_i galaxies above its magnitude limit are expected, so the excess is
    n - sum lambda_i. It is spread over the pairs by weights w_j = F / (F + 2 x_j lambda_i), with x_j the separation in units of
    the reach, for real pairs that are spread evenly in it, and F such that the weights sum to the excess.

    Stars that are not flagged count as real pairs, as the field holds galaxies only.

    Good for: a check of the sum of any other statistic that photometric redshifts cannot spoil. Not good for: saying which pair
    is real (the weights know separation and limit only), or how the fraction varies with redshift. Its interval is that of the
    Poisson number of pairs, and of the counted field; galaxies cluster, so that the true one is wider.
    """

    spec: str = option(
        "exact", choices=("exact", "photo-z", "broadened"), help="where AGN with a spectroscopic redshift lie; see posterior"
    )

    def weigh(self, pairs: PairSample, ctx: Context) -> PairProbabilities:
        """Weights of all pairs (0 of stars), spread over redshift as their AGN are.

        `fraction` is the excess per AGN, which may be negative; the weights are then 0.

        Raises
        ------
        DataError
            Where there are no field galaxies, or an AGN has no probability on the grid.
        """
        assert pairs.agn.redshifts is not None
        parents = np.asarray(parent_cells(pairs, self.spec), dtype=float)
        kept = np.asarray(pairs.companions.columns.get("star", np.zeros(len(pairs)))) != 1
        n, agn = int(kept.sum()), max(len(pairs.agn), 1)
        galaxies = field_of(pairs, "random placement")
        magnitude = np.sort(galaxies.magnitude)
        counted = np.searchsorted(magnitude, pairs.faintest, side="right")
        circles = np.pi * pairs.reach**2 / galaxies.area
        expected = circles * counted
        total = float(expected.sum())
        # One field galaxy adds a circle of each AGN that would see it.
        seen = np.searchsorted(np.sort(pairs.faintest), magnitude, side="left")
        rising = np.concatenate([[0.0], np.cumsum(circles[np.argsort(pairs.faintest)])])
        field_error = float(np.sqrt(np.sum((rising[-1] - rising[seen]) ** 2)))
        interval = poisson_interval(n)
        number = np.zeros(len(pairs))
        number[kept] = _spread(min(max(n - total, 0.0), float(n)), self._ratios(pairs, expected)[kept])
        down, up = np.hypot(n - float(interval.low), field_error), np.hypot(float(interval.high) - n, field_error)
        excess = n - total
        return PairProbabilities(
            z=pairs.agn.redshifts.z,
            cells=number[:, None] * parents[pairs.owner],
            parents=parents,
            fraction=excess / agn,
            fraction_low=(excess - float(down)) / agn,
            fraction_high=(excess + float(up)) / agn,
            notes=(
                f"{n} pairs without stars, {total:.1f} +- {field_error:.1f} expected at random places: an excess of {excess:.1f}",
            ),
        )

    def _ratios(self, pairs: PairSample, expected: Array) -> Array:
        """Density of interlopers over that of real pairs, for one of these per AGN; shape (n,)."""
        if not len(pairs):
            return np.zeros(0)
        near = np.asarray(pairs.companions["angle"], dtype=float) / pairs.reach[pairs.owner]
        return np.asarray(2 * near * expected[pairs.owner])


def _spread(total: float, ratios: Array) -> Array:
    """F / (F + ratio), with the F for which it sums to `total`."""
    from scipy.optimize import brentq

    if total <= 0 or not ratios.size:
        return np.zeros_like(ratios)
    if total >= ratios.size or not np.any(ratios > 0):
        return np.full_like(ratios, total / ratios.size)
    kept = np.maximum(ratios, 1e-9 * ratios.max())
    at = brentq(lambda x: float(np.sum(1 / (1 + kept * np.exp(-x)))) - total, -60 + np.log(kept.max()), 60 + np.log(kept.max()))
    return np.asarray(1 / (1 + kept * np.exp(-at)))
