"""The built-in priors keep the contract of their kind."""

from typing import ClassVar

from faintsky.testing.priors import PriorConformance


class TestUniform(PriorConformance):
    component = "uniform"
    options: ClassVar = {"low": -3.0, "high": 7.5}


class TestNarrowUniform(PriorConformance):
    component = "uniform"
    options: ClassVar = {"low": 1e-20, "high": 3e-20}


class TestLogUniform(PriorConformance):
    component = "log-uniform"
    options: ClassVar = {"low": 1e-12, "high": 1e-3}


class TestNormal(PriorConformance):
    component = "normal"
    options: ClassVar = {"mean": -2.0, "sigma": 0.4}


class TestTruncatedNormal(PriorConformance):
    component = "truncated-normal"
    options: ClassVar = {"mean": 1.0, "sigma": 2.0, "low": 0.0, "high": 4.0}


class TestHalfNormal(PriorConformance):
    component = "truncated-normal"
    options: ClassVar = {"mean": 0.0, "sigma": 2.0, "low": 0.0}


class TestFarUpperTail(PriorConformance):
    """30 sigma out, where a naive difference of cumulative probabilities is 0."""

    component = "truncated-normal"
    options: ClassVar = {"mean": 0.0, "sigma": 1.0, "low": 30.0, "high": 31.0}


class TestFarLowerTail(PriorConformance):
    component = "truncated-normal"
    options: ClassVar = {"mean": 0.0, "sigma": 1.0, "low": -31.0, "high": -30.0}


class TestTabulated(PriorConformance):
    component = "tabulated"
    options: ClassVar = {"x": (0.0, 1.0, 1.5, 4.0), "pdf": (0.1, 2.0, 0.5, 0.0)}


class TestFlatTable(PriorConformance):
    component = "tabulated"
    options: ClassVar = {"x": (0.0, 1.0, 2.0), "pdf": (1.0, 1.0, 1.0)}
