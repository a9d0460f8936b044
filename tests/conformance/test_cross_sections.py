"""The built-in cross-sections keep the contract of their kind."""

from typing import ClassVar

import numpy as np
import pytest

from faintsky.core.errors import DataError
from faintsky.core.registry import make
from faintsky.testing.cross_sections import CrossSectionConformance


class TestMm83(CrossSectionConformance):
    component = "mm83"
    lowest = 0.03


class TestMm83Extrapolated(CrossSectionConformance):
    component = "mm83"
    options: ClassVar = {"extrapolate": True}
    lowest = None


class TestVerner(CrossSectionConformance):
    component = "verner"


class TestVernerAspl(CrossSectionConformance):
    component = "verner"
    options: ClassVar = {"abundances": "aspl", "extrapolate": True}
    lowest = None


class TestWilms(CrossSectionConformance):
    component = "wilms"


class TestWilmsAllGas(CrossSectionConformance):
    component = "wilms"
    options: ClassVar = {"molecular": 0.0, "grains": False}


@pytest.mark.parametrize("name", ["verner", "wilms"])
def test_fits_of_the_softest_photons_only_where_they_are_asked_for(name):
    soft = make("cross_sections", name, extrapolate=True)
    # No neutral atom is ionised by 4 eV; sodium is by 8 eV, and hydrogen is not.
    assert soft.at(np.array([0.004])) == 0
    assert 0 < soft.at(np.array([0.008]))[0] < 1e-20
    assert soft.mean(np.array([0.0001, 0.0002])) == 0


@pytest.mark.parametrize("name", ["verner", "wilms"])
def test_means_end_at_100_mev(name):
    with pytest.raises(DataError, match="up to 100000 keV"):
        make("cross_sections", name).mean(np.array([1.0, 1e6]))


@pytest.mark.parametrize("name", ["verner", "wilms"])
def test_unknown_abundances_come_with_the_nearest(name):
    with pytest.raises(ValueError, match="wilm"):
        make("cross_sections", name, abundances="wilms")
