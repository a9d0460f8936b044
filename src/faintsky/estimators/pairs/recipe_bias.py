"""How far the sum of a pair statistic is from the number of real pairs, in simulations made of a study's own redshifts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats
from faintsky.core.pair_sample import FieldGalaxies, PairSample
from faintsky.core.pair_statistic import PairStatistic
from faintsky.core.redshift import Redshifts

__all__ = ["RecipeBias", "recipe_bias"]

Array = NDArray[np.float64]

#: Field galaxies from which the redshift distribution of a companion is taken: the nearest in magnitude.
_ALIKE = 20


@frozen(kw_only=True, eq=False)
class RecipeBias:
    """Sums over truth for several shares of interlopers.

    Attributes
    ----------
    share : ndarray, shape (k,)
        Part of the projected pairs that is not real, on average.
    names : tuple of str, length s
        Of the statistics.
    ratio : ndarray, shape (k, s)
        Sum of the effective numbers of all realisations over their number of real pairs.
    scatter : ndarray, shape (k, s)
        Standard deviation of a single realisation's sum about its truth, over the mean truth.
    """

    share: Array = field(converter=owned_floats)
    names: tuple[str, ...]
    ratio: Array = field(converter=owned_floats)
    scatter: Array = field(converter=owned_floats)

    @property
    def columns(self) -> dict[str, Array]:
        """All numbers, by name."""
        found = {"interlopers": self.share}
        for i, name in enumerate(self.names):
            found |= {name: self.ratio[:, i], f"{name} scatter": self.scatter[:, i]}
        return found

    def to_table(self) -> Any:
        """A row for each share, as an astropy QTable."""
        from astropy.table import QTable

        return QTable(self.columns)

    @property
    def digest(self) -> str:
        """Identity of the result."""
        return json_digest([*self.names, *(array_digest(each) for each in self.columns.values())])


def recipe_bias(
    pairs: PairSample,
    statistics: Mapping[str, PairStatistic],
    shares: Sequence[float] = (0.1, 0.3, 0.5, 0.7, 0.9),
    *,
    ctx: Context,
    realisations: int = 10,
) -> RecipeBias:
    """Simulate pairs from the AGN, the field and the redshift distributions of a study, and weigh them.

    In each realisation an AGN gets a redshift drawn from its own distribution (or its spectroscopic one). Interlopers are field
    galaxies above its magnitude limit with their own distributions, evenly in area. A real companion has a magnitude of such a
    galaxy, too, and the distribution of one of the field galaxies nearest in magnitude, shifted in ln(1 + z) so that the redshift
    drawn from it falls on that of the AGN; separations are spread evenly up to the reach. So distributions are as wide, as
    skewed and as many-peaked as those of the study, and right on average. The number of pairs is that of the study, and the area
    of the field is such that its density is that of the interlopers.

    Parameters
    ----------
    pairs : PairSample
        With field galaxies.
    statistics : mapping of str to PairStatistic
        By the names of the result.
    shares : sequence of float
        Parts of the pairs that are interlopers, above 0 and below 1.
    ctx : Context
    realisations : int

    Raises
    ------
    DataError
        Where there are no pairs or no field galaxies above the limits, or a share is not between 0 and 1.
    """
    if not all(0 < share < 1 for share in shares):
        raise DataError(f"shares of interlopers lie between 0 and 1, got {', '.join(f'{share:g}' for share in shares)}")
    known = pairs.interlopers
    if known is None or not len(pairs) or not np.any(known.magnitude <= pairs.faintest.max()):
        raise DataError(
            "simulations from a study's own redshifts need its pairs and its field galaxies: give both, or leave them out"
        )
    rng = ctx.rng("recipe bias")
    ratio, scatter = np.empty((len(shares), len(statistics))), np.empty((len(shares), len(statistics)))
    for i, share in enumerate(shares):
        ctx.progress(i, len(shares), f"{share:g} of the pairs are interlopers")
        sums, truth = np.empty((realisations, len(statistics))), np.empty(realisations)
        for k in range(realisations):
            made = _realisation(pairs, known, share, rng)
            truth[k] = float(np.sum(made.companions["real"])) if len(made) else 0.0
            sums[k] = [statistic.weigh(made, ctx).number.sum() for statistic in statistics.values()]
        total = max(truth.sum(), 1.0)
        ratio[i] = sums.sum(axis=0) / total
        scatter[i] = np.std(sums - truth[:, None], axis=0) * realisations / total
    return RecipeBias(share=np.asarray(shares, dtype=float), names=tuple(statistics), ratio=ratio, scatter=scatter)


def _realisation(pairs: PairSample, known: FieldGalaxies, share: float, rng: np.random.Generator) -> PairSample:
    agn, n, size = pairs.agn, len(pairs), len(pairs.agn)
    assert agn.redshifts is not None
    z_spec = np.asarray(agn.columns.get("z_spec", np.full(size, np.nan)), dtype=float)
    z = np.where(np.isfinite(z_spec), z_spec, _drawn(agn.redshifts, rng))
    order = np.argsort(known.magnitude, kind="stable")
    brighter = np.searchsorted(known.magnitude[order], pairs.faintest, side="right")
    circles = np.pi * pairs.reach**2 * brighter
    usable = brighter > 0
    real = np.repeat(np.arange(size), rng.poisson((1 - share) * n / usable.sum() * usable))
    chance = np.repeat(np.arange(size), rng.poisson(share * n * circles / circles.sum()))
    owner = np.concatenate([real, chance])
    is_real = np.arange(owner.size) < real.size
    row = order[(rng.random(owner.size) * brighter[owner]).astype(np.intp)]
    x = rng.random(owner.size)
    angle = pairs.reach[owner] * np.where(is_real, x, np.sqrt(x))
    near = np.clip(np.searchsorted(known.magnitude[order], known.magnitude[row]) + rng.integers(-_ALIKE, _ALIKE, row.size), 0,
                   order.size - 1)  # fmt: skip
    template = np.where(is_real, order[near], row)
    redshifts = known.redshifts.select(template)
    moved = _shifted(redshifts.select(is_real), z[real], rng)
    cdf = np.array(redshifts.cdf)
    cdf[is_real] = moved
    columns = {
        "angle": angle,
        "magnitude": known.magnitude[row],
        "star": np.zeros(owner.size),
        "real": is_real.astype(float),
    }
    companions = Catalogue(columns=columns, redshifts=attrs.evolve(redshifts, cdf=cdf, mass=cdf[:, -1]))
    return PairSample(
        agn=agn, companions=companions, owner=owner, reach=pairs.reach, faintest=pairs.faintest,
        interlopers=attrs.evolve(known, area=float(circles.sum()) / (share * n)),
    )  # fmt: skip


def _drawn(redshifts: Redshifts, rng: np.random.Generator) -> Array:
    """A redshift of each distribution, shape (n,)."""
    u = rng.random(len(redshifts))
    return np.array([np.interp(u[i] * row[-1], row, redshifts.z) for i, row in enumerate(redshifts.cdf)])


def _shifted(redshifts: Redshifts, z: Array, rng: np.random.Generator) -> Array:
    """Cumulative distributions moved in ln(1 + z), so that a redshift drawn from each falls on `z`; shape (n, m)."""
    x, by = np.log1p(redshifts.z), np.log1p(z) - np.log1p(_drawn(redshifts, rng))
    found = np.empty(redshifts.cdf.shape)
    for i, row in enumerate(redshifts.cdf):
        found[i] = np.interp(x - by[i], x, row)
    found -= found[:, :1]
    inside = found[:, -1:] > 0
    return np.where(inside, found / np.where(inside, found[:, -1:], 1.0), 0.0)
