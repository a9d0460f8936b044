"""The built-in decompositions keep the contract of their kind."""

import importlib.util

import pytest

from faintsky.plugins.decompositions.imfit import Imfit
from faintsky.testing.decompositions import DecompositionConformance


class TestSersicPsf(DecompositionConformance):
    component = "sersic-psf"


class TestBandByBand(DecompositionConformance):
    component = "band-by-band"


@pytest.mark.skipif(importlib.util.find_spec("pyimfit") is None, reason="pyimfit is not installed")
class TestImfit(DecompositionConformance):
    component = Imfit
    # Imfit convolves with the pixel twice: fluxes of a compact galaxy and of the point in it trade places.
    tolerance = 0.05
