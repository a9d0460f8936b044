"""The conformance suite of the kind ``pair_statistics``."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.core.pair_sample import FieldGalaxies, PairSample
from faintsky.core.pair_statistic import PairProbabilities, PairStatistic
from faintsky.core.redshift import Redshifts
from faintsky.testing.subject import ComponentConformance

__all__ = ["PairStatisticConformance", "pair_sample", "peaks"]

#: Uniform in ln(1 + z), from 0 to 6.
GRID = np.expm1(np.linspace(0.0, np.log(7.0), 196))


def peaks(z: ArrayLike, width: float = 0.04, mass: float = 1.0) -> Redshifts:
    """Distributions that are normal in ln(1 + z) with a width, cut far from their centres, and put `mass` on the grid."""
    x = np.log1p(np.atleast_1d(np.asarray(z, dtype=float)))[:, None]
    cdf = ndtr((np.log1p(GRID) - x) / width)
    cdf = np.where(np.abs(np.log1p(GRID) - x) < 8 * width, cdf, np.round(cdf))
    cdf -= cdf[:, :1]
    cdf *= mass / cdf[:, -1:]
    return Redshifts(z=GRID, cdf=cdf, mass=cdf[:, -1], spectroscopic=np.zeros(len(x), dtype=bool), origin="pdf")


def pair_sample(agn: ArrayLike, companions: ArrayLike, owner: ArrayLike, mass: float = 1.0) -> PairSample:
    """AGN and companions of these redshifts, all halfway to the reach, and a field of 2000 galaxies at redshifts of 0.2 to 5.

    About half an interloper is expected for each AGN.
    """
    z_agn, z = (np.asarray(each, dtype=float) for each in (agn, companions))
    n, m = z_agn.size, z.size
    columns = {
        "name": np.array([f"c{i}" for i in range(m)], dtype=str),
        "separation": np.full(m, 7.5),
        "angle": np.ones(m),
        "magnitude": np.full(m, 23.0),
        "dual": np.arange(m) % 2.0,
        "star": np.zeros(m),
    }
    parents = {
        "name": np.array([f"a{i}" for i in range(n)]), "z": z_agn, "z_spec": np.full(n, np.nan),
        "log_lbol": np.linspace(44, 46, n),
    }  # fmt: skip
    return PairSample(
        agn=Catalogue(columns=parents, redshifts=peaks(z_agn, mass=mass)),
        companions=Catalogue(columns=columns, redshifts=peaks(z) if m else None),
        owner=np.asarray(owner, dtype=int),
        reach=np.full(n, 2.0),
        faintest=np.full(n, 24.0),
        interlopers=_field(),
    )


@lru_cache(maxsize=1)
def _field() -> FieldGalaxies:
    magnitude = 24 + np.log10(np.random.default_rng(5).uniform(0.02, 1.9, 2000))
    return FieldGalaxies(area=2.5e4, magnitude=magnitude, redshifts=peaks(np.linspace(0.2, 5.0, 2000), 0.06))


class PairStatisticConformance(ComponentConformance):
    """Numbers of probabilities, more for equal redshifts than for others, whatever the order, and for samples without pairs.

    Attributes
    ----------
    sees_redshifts : bool
        Whether it uses the redshifts of companions at all.

    Examples
    --------
    >>> class TestMine(PairStatisticConformance):
    ...     component = "effective-count"
    """

    kind = "pair_statistics"
    sees_redshifts: ClassVar[bool] = True

    def sample(self) -> PairSample:
        """12 AGN; six pairs at one redshift, one at nearly the same, three at others, two of them with one AGN."""
        agn = np.array([0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 2.5, 3.0, 3.5, 4.0, 0.5])
        owner = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 8])
        return pair_sample(agn, [0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.15, 0.5, 1.2, 1.0], owner)

    def found(self, pairs: PairSample) -> PairProbabilities:
        """What the component says of a sample."""
        made = self.made()
        assert isinstance(made, PairStatistic)
        result = made.weigh(pairs, Context(seed=2))
        assert isinstance(result, PairProbabilities)
        return result

    def test_numbers_are_those_of_probabilities(self) -> None:
        pairs = self.sample()
        found = self.found(pairs)
        assert found.cells.shape == (10, GRID.size - 1)
        np.testing.assert_array_equal(found.z, GRID)
        assert np.all(found.cells >= 0)
        assert np.all(found.parents >= 0)
        assert np.all(found.number <= 1 + 1e-9)

    def test_parents_hold_the_mass_of_their_agn(self) -> None:
        pairs = self.sample()
        np.testing.assert_allclose(self.found(pairs).parents.sum(axis=1), 1, atol=1e-6)
        part = pair_sample(pairs.agn["z"], pairs.companions["angle"] * 1.3, pairs.owner, mass=0.97)
        np.testing.assert_allclose(self.found(part).parents.sum(axis=1), 0.97, atol=1e-6)

    def test_equal_redshifts_weigh_more_than_others(self) -> None:
        number = self.found(self.sample()).number
        if not self.sees_redshifts:
            np.testing.assert_allclose(number, number[0])
            return
        assert np.all(number[:6] > number[6])
        assert np.all(number[6] > number[7:])

    def test_disjoint_redshifts_have_none(self) -> None:
        if self.sees_redshifts:
            np.testing.assert_allclose(self.found(self.sample()).number[7:], 0, atol=1e-9)

    def test_pairs_lie_where_both_do(self) -> None:
        pairs = self.sample()
        cells = self.found(pairs).cells
        if self.sees_redshifts:
            assert pairs.agn.redshifts is not None
            assert pairs.companions.redshifts is not None
            possible = (np.diff(pairs.agn.redshifts.cdf)[pairs.owner] > 0) & (np.diff(pairs.companions.redshifts.cdf) > 0)
            assert np.all(cells[~possible] == 0)

    def test_the_order_of_pairs_does_not_matter(self) -> None:
        pairs = self.sample()
        order: NDArray[np.int64] = np.array([9, 3, 5, 0, 8, 1, 7, 2, 6, 4])
        other = attrs.evolve(pairs, companions=pairs.companions.select(order), owner=pairs.owner[order])
        np.testing.assert_allclose(self.found(other).cells, self.found(pairs).cells[order], atol=1e-6)

    def test_the_same_input_gives_the_same_numbers(self) -> None:
        one, two = self.found(self.sample()), self.found(self.sample())
        assert one.digest == two.digest
        assert one.fraction == two.fraction

    def test_samples_without_pairs_are_samples(self) -> None:
        found = self.found(pair_sample([0.5, 1.0, 2.0], [], []))
        assert found.cells.shape == (0, GRID.size - 1)
        assert found.number.sum() == 0
        np.testing.assert_allclose(found.parents.sum(axis=1), 1, atol=1e-6)

    def test_the_interval_holds_the_fraction(self) -> None:
        found = self.found(self.sample())
        if np.isfinite(found.fraction_low):
            assert found.fraction_low <= found.fraction <= found.fraction_high
