"""The conformance suite of the kind ``hardness_ratios``."""

from __future__ import annotations

from typing import ClassVar

import attrs
import numpy as np
import pytest
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.hardness import BandPair, CountsPair, HardnessRatios, PowerPair
from faintsky.testing.subject import ComponentConformance

__all__ = ["HardnessConformance", "faint_sources"]


def faint_sources(
    number: int, rng: np.random.Generator, prior_index: float, background_prior_index: float = 1.0, ratio: float = 20.0
) -> tuple[CountsPair, NDArray[np.float64]]:
    """Sources with 5 to 20 counts in each band, drawn from the prior of the estimators, and their true hardness ratios.

    The priors lambda^(psi - 1) are improper; here they end at 60 counts, from where 20 counts or less have a chance of 1e-9. A
    choice by the counts changes no posterior, which is conditional on them, so that intervals must hold their level exactly.
    """
    found: list[NDArray[np.float64]] = []
    while sum(len(f) for f in found) < number:
        rate, sky = (60 * rng.random((2, 20_000)) ** (1 / psi) for psi in (prior_index, background_prior_index))
        counts, background = rng.poisson(rate + sky), rng.poisson(ratio * sky)
        kept = np.all((counts >= 5) & (counts <= 20), axis=0)
        found.append(np.concatenate([rate, counts, background])[:, kept].T)
    columns = np.concatenate(found)[:number].T
    soft_rate, hard_rate, soft, hard, soft_background, hard_background = columns
    pair = CountsPair(
        soft=soft, hard=hard, soft_background=soft_background, hard_background=hard_background, soft_ratio=ratio, hard_ratio=ratio
    )
    return pair, (hard_rate - soft_rate) / (hard_rate + soft_rate)


class HardnessConformance(ComponentConformance):
    """Antisymmetric in the bands, independent of the unit, narrower for brighter sources, calibrated.

    Attributes
    ----------
    takes : type
        `CountsPair` or `PowerPair`: which of them the component is tried on.
    prior : (float, float), optional
        psi and psi_b of the priors lambda^(psi - 1), xi^(psi_b - 1) that its posterior of counts has; None where it has none,
        and no interval to calibrate.
    tolerance : float
        How far equal results may lie apart, as a part of their half-width: the scatter of draws, or the error of the numerics.

    Examples
    --------
    >>> class TestMine(HardnessConformance):
    ...     component = "exact"
    ...     takes = CountsPair
    ...     prior = (0.5, 1.0)
    """

    kind: ClassVar[str] = "hardness_ratios"
    takes: ClassVar[type[BandPair]] = CountsPair
    prior: ClassVar[tuple[float, float] | None] = None
    tolerance: ClassVar[float] = 1e-4
    #: Simulated sources of the test of the level; fewer for a slow estimator.
    sources: ClassVar[int] = 400

    def pair(self) -> BandPair:
        """Four sources: of some counts in both bands, of none in one; powers with a sum well above its error, and without."""
        if self.takes is PowerPair:
            return PowerPair(
                soft=[10.45, 6.13, 2.08, 1.12], soft_error=[3.12, 2.18, 0.4, 1.02], hard=[2.6, 2.08, 2.02, 0.21],
                hard_error=[0.54, 0.4, 0.76, 1.45],
            )  # fmt: skip
        return CountsPair(
            soft=[5, 12, 30, 0], hard=[3, 9, 10, 4], soft_background=[10, 50, 100, 20], hard_background=[10, 80, 100, 30],
            soft_ratio=[10, 20, 100, 25], hard_ratio=[10, 30, 80, 25], soft_exposure=1.0, hard_exposure=[1.0, 1.2, 0.7, 1.0],
        )  # fmt: skip

    def scaled(self, by: float) -> BandPair:
        """The same pair in another unit of the exposure, or of the power."""
        pair = self.pair()
        names = [a.name for a in attrs.fields(type(pair)) if self.takes is PowerPair or a.name.endswith("_exposure")]
        return attrs.evolve(pair, **{name: by * getattr(pair, name) for name in names})

    def brighter(self) -> BandPair:
        """The same pair with ten times the counts, or a third of the errors."""
        pair = self.pair()
        end, by = ("_error", 1 / 3) if self.takes is PowerPair else (("soft", "hard", "_background"), 10.0)
        return attrs.evolve(
            pair, **{a.name: by * getattr(pair, a.name) for a in attrs.fields(type(pair)) if a.name.endswith(end)}
        )

    def found(self, pair: BandPair) -> HardnessRatios:
        """What the component says of `pair`."""
        result = self.made().estimate(pair, Context(seed=3))
        assert isinstance(result, HardnessRatios)
        return result

    def assert_same(self, one: HardnessRatios, value: object, low: object, high: object) -> None:
        """Whether a result has these numbers, within the tolerance."""
        for mine, theirs in ((one.value, value), (one.low, low), (one.high, high)):
            np.testing.assert_array_less(np.abs(mine - np.asarray(theirs)), self.tolerance * one.error)

    def test_a_row_for_each_source_with_the_value_inside_the_interval(self) -> None:
        found = self.found(self.pair())
        for name in ("value", "low", "high", "mean", "error", "ill_defined", "uninformative", "drawn"):
            assert getattr(found, name).shape == (4,), name
        assert np.all(found.low <= found.value)
        assert np.all(found.value <= found.high)
        assert np.all(found.error > 0)
        assert 0 < found.level < 1
        table = found.to_table()
        assert len(table) == 4
        assert table.meta["estimator"] == found.estimator != ""

    def test_the_same_context_gives_the_same_numbers(self) -> None:
        one, two = self.found(self.pair()), self.found(self.pair())
        np.testing.assert_array_equal(one.value, two.value)
        np.testing.assert_array_equal(one.low, two.low)

    def test_exchanging_the_bands_flips_the_sign_and_the_interval(self) -> None:
        one, other = self.found(self.pair()), self.found(self.pair().swapped())
        self.assert_same(other, -one.value, -one.high, -one.low)

    def test_the_unit_of_the_exposure_or_power_does_not_matter(self) -> None:
        one, other = self.found(self.pair()), self.found(self.scaled(7.0))
        self.assert_same(other, one.value, one.low, one.high)

    def test_brighter_data_narrow_the_interval(self) -> None:
        assert np.all(self.found(self.brighter()).error < self.found(self.pair()).error)

    def test_no_counts_are_said_to_be_uninformative(self) -> None:
        if self.takes is PowerPair:
            pytest.skip("powers have no prior to return")
        none = CountsPair(
            soft=[0, 5], hard=[0, 3], soft_background=[20, 10], hard_background=[30, 10], soft_ratio=25, hard_ratio=25
        )
        assert self.found(none).uninformative.tolist() == [True, False]

    def test_intervals_hold_their_level_for_sources_of_the_prior(self) -> None:
        if self.takes is PowerPair or self.prior is None:
            pytest.skip("no posterior of counts")
        number = self.sources
        pair, truth = faint_sources(number, np.random.default_rng(11), *self.prior)
        found = self.found(pair)
        inside = np.mean((found.low <= truth) & (truth <= found.high))
        # 3.3 sigma of the binomial: one good component in a thousand fails.
        assert abs(inside - found.level) < 3.3 * np.sqrt(found.level * (1 - found.level) / number)
