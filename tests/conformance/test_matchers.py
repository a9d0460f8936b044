"""The built-in matchers keep the contract of their kind."""

from importlib.util import find_spec
from typing import ClassVar

import pytest

from faintsky.testing.matchers import MatcherConformance


class TestBayes(MatcherConformance):
    component = "bayes"


class TestBayesOfFewCounterparts(MatcherConformance):
    component = "bayes"
    options: ClassVar = {"radius": "5 arcsec", "prior_completeness": 0.8}
    pytestmark: ClassVar = [pytest.mark.filterwarnings("ignore:3 position errors")]


@pytest.mark.skipif(find_spec("nwaylib") is None, reason="NWAY is not installed (extra nway)")
class TestNway(MatcherConformance):
    component = "nway"
