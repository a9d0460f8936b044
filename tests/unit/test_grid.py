"""Grids: geometry, and the refusal of what a flat-sky estimate cannot use."""

import numpy as np
import pytest
from astropy.wcs import WCS

from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.units import ARCSEC


def tangent(scale_arcsec=(1.2, 1.2), shape=(100, 120), rotation=0.0, skew=0.0, dec=20.0):
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [150.0, dec]
    wcs.wcs.crpix = [shape[1] / 2, shape[0] / 2]
    dx, dy = scale_arcsec[1] / 3600, scale_arcsec[0] / 3600
    c, s = np.cos(rotation), np.sin(rotation)
    wcs.wcs.cd = np.array([[-dx * c, dy * (s + skew)], [dx * s, dy * c]])
    wcs.wcs.set()
    return wcs


def test_fundamental_and_nyquist():
    grid = Grid((100, 200), "2 arcsec")
    assert grid.fundamental == pytest.approx(2 * np.pi / (400 * ARCSEC))
    assert grid.nyquist == pytest.approx(np.pi / (2 * ARCSEC))
    assert grid.area == pytest.approx(100 * 200 * (2 * ARCSEC) ** 2)


def test_rotated_and_non_square_pixels_are_handled():
    grid = Grid.from_wcs(tangent((1.2, 2.4), rotation=0.4), (100, 120))
    assert grid.scale == pytest.approx((1.2 * ARCSEC, 2.4 * ARCSEC), rel=1e-9)
    assert abs(grid.rotation) == pytest.approx(0.4, abs=1e-9)


def test_a_skewed_wcs_is_refused_with_the_number():
    with pytest.raises(DataError, match=r"skewed by 5\.7\d\d deg"):
        Grid.from_wcs(tangent(skew=0.1), (100, 120))


def test_a_field_that_is_not_flat_is_refused_with_the_number():
    # A tangential projection magnifies areas by 1/cos^3 of the distance: 6 deg off centre that is 1.7 %.
    with pytest.raises(DataError, match=r"pixel area varies by \d\.\d+ %"):
        Grid.from_wcs(tangent((300.0, 300.0), (140, 140)), (140, 140))


def test_the_area_variation_of_a_tangential_projection():
    grid = Grid.from_wcs(tangent((60.0, 60.0), (101, 101)), (101, 101))
    corner = np.arctan(np.hypot(50, 50) * 60 * ARCSEC)
    assert grid.area_variation == pytest.approx(1 - np.cos(corner) ** 3, rel=0.05)


def test_grids_that_differ_are_refused_with_both_numbers():
    a = Grid((100, 120), "1.2 arcsec")
    with pytest.raises(DataError, match=r"100x120 pixels but .* 100x121"):
        a.check_same(Grid((100, 121), "1.2 arcsec"))
    with pytest.raises(DataError, match=r"1\.2 x 1\.2 arcsec .* 1\.3 x 1\.3 arcsec"):
        a.check_same(Grid((100, 120), "1.3 arcsec"))
    shifted = tangent()
    shifted.wcs.crpix = [61.0, 50.0]
    with pytest.raises(DataError, match="offset by up to 1 pixels"):
        Grid.from_wcs(tangent(), (100, 120)).check_same(Grid.from_wcs(shifted, (100, 120)))
    a.check_same(Grid((100, 120), "1.2 arcsec"))
