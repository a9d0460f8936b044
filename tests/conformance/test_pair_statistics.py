"""The built-in pair statistics keep the contract of their kind."""

from typing import ClassVar

from faintsky.core.component import info
from faintsky.core.pair_statistic import PairStatistic
from faintsky.core.registry import registry
from faintsky.testing.pair_statistics import PairStatisticConformance


class TestEffectiveCount(PairStatisticConformance):
    component = "effective-count"


class TestEffectiveCountBroadened(PairStatisticConformance):
    component = "effective-count"
    options: ClassVar = {"spec": "broadened", "width": 0.05}


class TestPosterior(PairStatisticConformance):
    component = "posterior"


class TestPosteriorFitted(PairStatisticConformance):
    component = "posterior"
    options: ClassVar = {"density": "fitted", "separations": "area", "evolution": False, "magnitudes": "field"}


class TestPosteriorGiven(PairStatisticConformance):
    component = "posterior"
    options: ClassVar = {"fraction": 0.3, "prior": "ln(1+z)", "spec": "photo-z"}


class TestRandomPlacement(PairStatisticConformance):
    component = "random-placement"
    sees_redshifts = False


def test_only_the_published_count_is_a_recipe():
    names = ("effective-count", "posterior", "random-placement")
    classes = {name: type(registry.make("pair_statistics", name)) for name in names}
    assert [info(cls).recipe for cls in classes.values()] == [True, False, False]
    assert all(issubclass(cls, PairStatistic) for cls in classes.values())
