"""Area curves and brightness conversions: interpolation between the points, and what they refuse."""

import numpy as np
import pytest

from faintsky.core.area_curve import AreaCurve
from faintsky.core.band import Band
from faintsky.core.brightness_conversion import BrightnessConversion
from faintsky.core.errors import DataError

FULL = Band(0.5, 7.0)


def curve(log_x=(-16.0, -15.0, -14.0), area=(0.0, 0.5, 1.0), quantity="flux", band=FULL, **more):
    return AreaCurve(log_x=log_x, area=area, quantity=quantity, band=band, **more)


def test_it_is_linear_in_the_logarithm_zero_below_and_constant_above():
    assert curve().at([-17.0, -15.5, -14.5, -10.0]).tolist() == [0.0, 0.25, 0.75, 1.0]


def test_areas_add_up_also_where_one_curve_jumps_from_nothing():
    jump = curve(log_x=(-15.3, -14.0), area=(2.0, 3.0))
    both = AreaCurve.summed([curve(), jump])
    x = np.linspace(-17, -13, 4001)
    np.testing.assert_allclose(both.at(x), curve().at(x) + jump.at(x), rtol=1e-12, atol=1e-12)
    assert both.total == 4.0


def test_a_level_is_where_the_area_reaches_a_fraction():
    flat = curve(log_x=(-17.0, -16.0, -15.0, -14.0, -13.0), area=(0.0, 0.0, 0.5, 1.0, 1.0))
    for fraction in (0.001, 0.1, 0.5, 0.9, 1.0):
        assert flat.at(flat.level(fraction)) == pytest.approx(fraction)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"area": (0.0, 1.0, 0.9)}, r"falls from 1 to 0.9 deg2 after log x = -15.*cumulative"),
        ({"area": (-0.1, 0.5, 1.0)}, "start at 0 or above"),
        ({"area": (0.0, 0.0, 0.0)}, "end above 0"),
        ({"log_x": (-16.0, -16.0, -14.0)}, "must increase"),
        ({"area": (0.0, np.nan, 1.0)}, "not finite"),
        ({"area": (0.0, 1.0)}, "as many areas as brightnesses"),
        ({"quantity": "counts"}, "quantity is one of rate, flux"),
    ],
)
def test_what_is_no_area_curve_is_refused(change, match):
    with pytest.raises(DataError, match=match):
        curve(**change)


def test_curves_of_different_bands_are_not_added():
    with pytest.raises(DataError, match="cannot be added"):
        AreaCurve.summed([curve(), curve(band=Band(2, 7))])


def conversion(**more):
    z = np.linspace(0.1, 5, 500)
    given = {"z": z, "log_factor": 56 + 2 * np.log10(z), "quantity": "flux", "band": FULL, "rest_band": Band(2, 10)}
    return BrightnessConversion(**{**given, **more})


def test_luminosity_and_brightness_are_inverse():
    z = np.linspace(0.1, 5, 77)
    assert conversion().log_x(conversion().log_l(-15.0, z), z) == pytest.approx(np.full(77, -15.0), abs=1e-12)


def test_redshifts_beyond_the_conversion_are_refused():
    with pytest.raises(DataError, match=r"reaches from 0\.1 to 5"):
        conversion().at([1.0, 5.1])


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"z": np.linspace(0, 5, 500)}, "increasing redshifts above 0"),
        ({"log_factor": np.full(500, np.inf)}, "not finite"),
        ({"quantity": "energy"}, "one of rate, flux"),
    ],
)
def test_what_is_no_conversion_is_refused(change, match):
    with pytest.raises(DataError, match=match):
        conversion(**change)
