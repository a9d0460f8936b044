"""The built-in samplers keep the contract of their kind."""

from typing import ClassVar

from faintsky.testing.samplers import SamplerConformance


class TestEmcee(SamplerConformance):
    component = "emcee"
    options: ClassVar = {"steps": 1000}
    evidence = False


class TestDynesty(SamplerConformance):
    component = "dynesty"
    options: ClassVar = {"nlive": 150, "sample": "unif"}


class TestNestle(SamplerConformance):
    component = "nestle"
    options: ClassVar = {"nlive": 200}


class TestNestleSingle(SamplerConformance):
    component = "nestle"
    options: ClassVar = {"nlive": 150, "method": "single"}
