"""The Map: what it refuses, what it zeroes, what its shot noise is."""

import numpy as np
import pytest

from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.map import Map
from faintsky.core.units import ARCSEC


def test_a_map_owns_its_arrays_and_zeroes_masked_pixels():
    values, weight = np.ones((8, 8)), np.ones((8, 8))
    weight[2, 3] = 0
    values[2, 3] = np.nan
    made = Map.from_array(values, "1 arcsec", weight)
    values[:] = 7
    assert made.values[2, 3] == 0
    assert made.values[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        made.values[0, 0] = 3


@pytest.mark.parametrize("content", [np.nan, 1e30, -np.inf])
def test_the_content_of_masked_pixels_changes_no_bit(content):
    rng = np.random.default_rng(1)
    values, weight = rng.normal(size=(32, 32)), (rng.random((32, 32)) > 0.3).astype(float)
    spoiled = np.where(weight == 0, content, values)
    a, b = Map.from_array(values, "1 arcsec", weight), Map.from_array(spoiled, "1 arcsec", weight)
    assert a.digest == b.digest
    assert np.array_equal(a.fourier, b.fourier)


def test_nan_in_a_kept_pixel_is_refused_with_its_place():
    values = np.ones((8, 8))
    values[5, 6] = np.nan
    with pytest.raises(DataError, match=r"1 kept pixels of values are not finite, the first at \(y, x\) = \(5, 6\)"):
        Map.from_array(values, "1 arcsec")


def test_an_empty_mask_is_refused():
    with pytest.raises(DataError, match="leaves none of the 64 pixels"):
        Map.from_array(np.ones((8, 8)), "1 arcsec", np.zeros((8, 8)))


def test_shapes_must_agree():
    with pytest.raises(DataError, match=r"weight has the shape \(8, 9\), the grid \(8, 8\)"):
        Map(values=np.ones((8, 8)), weight=np.ones((8, 9)), grid=Grid((8, 8), "1 arcsec"))


def test_float32_stays_float32_and_the_mean_is_that_of_float64():
    rng = np.random.default_rng(2)
    values = rng.normal(1e3, 1, size=(64, 64)).astype(np.float32)
    made = Map.from_array(values, "1 arcsec")
    assert made.values.dtype == np.float32
    assert made.fourier.dtype == np.complex64
    assert made.mean == pytest.approx(values.astype(float).mean(), rel=1e-6)


def test_the_shot_noise_of_point_sources_is_n_f2_over_a():
    # N sources of flux f: the variance per pixel is sum f^2 / Omega^2, and P = N f^2 / A (an identity).
    rng = np.random.default_rng(3)
    counts, flux, scale = rng.poisson(0.2, (64, 64)), 3.0, 1.5 * ARCSEC
    made = Map.from_array(counts * flux / scale**2, scale, variance=counts * flux**2 / scale**4)
    assert made.shot_noise() == pytest.approx(counts.sum() * flux**2 / made.geometry.area, rel=1e-12)


def test_halves():
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(2, 16, 16))
    made = Map.from_array((a + b) / 2, "1 arcsec", splits=(a, b))
    assert np.allclose(made.half_sum().values, (a + b) / 2)
    assert np.allclose(made.half_difference().values, (a - b) / 2)
    with pytest.raises(DataError, match="no splits"):
        made.split(0).half_sum()


def test_a_map_is_a_source_on_its_own_grid_only():
    made = Map.from_array(np.ones((8, 8)), "1 arcsec")
    assert made.load(made.grid(), None) is made
    with pytest.raises(DataError, match="the grid it is asked for"):
        made.load(Grid((9, 9), "1 arcsec"), None)
