"""The built-in decompositions keep the contract of their kind."""

import importlib.util

import pytest

from faintsky.estimators.decompositions.band_by_band import BandByBand
from faintsky.estimators.decompositions.sersic_psf import SersicPsf
from faintsky.plugins.decompositions.imfit import Imfit
from faintsky.testing.decompositions import DecompositionConformance


class TestSersicPsf(DecompositionConformance):
    component = SersicPsf


class TestBandByBand(DecompositionConformance):
    component = BandByBand


@pytest.mark.skipif(importlib.util.find_spec("pyimfit") is None, reason="pyimfit is not installed")
class TestImfit(DecompositionConformance):
    component = Imfit
    # Imfit convolves with the pixel twice: fluxes of a compact galaxy and of the point in it trade places.
    tolerance = 0.05
