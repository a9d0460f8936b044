"""The mode coupling against the sum over all pairs of modes that defines it."""

import numpy as np
import pytest

from faintsky.core.bins import Bins
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.map import Map
from faintsky.estimators.power_spectra.coupling import coupling


def ring_of(grid, bins):
    (ny, nx), (dy, dx) = grid.shape, grid.scale
    q = 2 * np.pi * np.hypot(np.fft.fftfreq(ny, dy)[:, None], np.fft.fftfreq(nx, dx))
    ring = np.digitize(q * (1 + 1e-12), bins.edges) - 1
    ring[0, 0] = -1
    return ring


def brute(grid, bins, w1, w2):
    """1 / (N_b N_pix^2) sum over k in b, k' in b' of Re W1(k - k') W2*(k - k')."""
    ny, nx = grid.shape
    power = (np.fft.fft2(w1) * np.fft.fft2(w2).conj()).real
    ring = ring_of(grid, bins)
    modes = [np.argwhere(ring == b) for b in range(len(bins))]
    matrix = np.zeros((len(bins), len(bins)))
    for i, first in enumerate(modes):
        for j, second in enumerate(modes):
            d = first[:, None] - second[None]
            matrix[i, j] = power[d[..., 0] % ny, d[..., 1] % nx].sum() / len(first) / grid.size**2
    return matrix


def two_masks(grid, seed=0):
    rng = np.random.default_rng(seed)
    holes, weights = (rng.random(grid.shape) > 0.35).astype(float), rng.random(grid.shape)
    ones = np.ones(grid.shape)
    return holes, weights, Map.from_array(ones, grid=grid, weight=holes), Map.from_array(ones, grid=grid, weight=weights)


@pytest.mark.parametrize("shape", [(24, 24), (23, 24), (24, 23), (21, 27)])
def test_equals_the_sum_over_pairs_of_modes(shape):
    grid = Grid(shape, "1.2 arcsec")
    bins = Bins(np.array([1, 2, 3.5, 5, 8, 10]) * grid.fundamental)
    holes, weights, a, b = two_masks(grid)
    for first, second, x, y in ((holes, holes, a, a), (holes, weights, a, b), (weights, weights, b, b)):
        found = coupling(x, y, bins)
        for matrix, pair in (
            (found.matrix, (first, second)),
            (found.same, (first**2, second**2)),
            (found.crossed, (first * second, first * second)),
        ):
            expected = brute(grid, found.bins, *pair)
            np.testing.assert_allclose(matrix, expected, atol=1e-12 * expected.max())
        assert found.norm == pytest.approx(np.mean(first * second), rel=1e-12)


def test_oblong_pixels():
    grid = Grid((20, 24), ("1.2 arcsec", "0.8 arcsec"))
    bins = Bins(np.array([1, 2, 4, 7]) * grid.fundamental)
    holes, _, a, _ = two_masks(grid)
    found = coupling(a, a, bins)
    np.testing.assert_allclose(found.matrix, brute(grid, found.bins, holes, holes), atol=1e-13)


def test_no_mask_no_coupling():
    grid = Grid((32, 32), "1 arcsec")
    m = Map.from_array(np.ones(grid.shape), grid=grid)
    found = coupling(m, m, Bins(np.array([1, 2, 4, 8]) * grid.fundamental))
    np.testing.assert_allclose(found.matrix, np.eye(len(found.modes)), atol=1e-13)


def test_white_power_through_the_window_is_the_mean_squared_weight():
    grid = Grid((48, 48), "1 arcsec")
    _, weights, _, b = two_masks(grid)
    found = coupling(b, b, Bins(np.array([2, 4, 8, 16]) * grid.fundamental))
    # Less what the subtraction of the mean takes: |W(k)|^2 / W(0)^2 of the level.
    np.testing.assert_allclose(found.window.sum(axis=1), np.mean(weights**2), rtol=2e-3)


def test_single_precision_is_within_1e_5():
    grid = Grid((256, 256), "1 arcsec")
    _, _, a, b = two_masks(grid)
    bins = Bins(np.geomspace(1, 100, 12) * grid.fundamental)
    single, double = (coupling(a, b, bins, precision) for precision in ("float32", "float64"))
    np.testing.assert_allclose(single.matrix, double.matrix, atol=1e-5 * double.matrix.max())
    np.testing.assert_allclose(single.window, double.window, atol=1e-5 * double.window.max())


def test_couplings_are_cached_by_the_masks():
    grid = Grid((32, 32), "1 arcsec")
    bins = Bins(np.array([1, 2, 4, 8]) * grid.fundamental)
    _, _, a, b = two_masks(grid)
    again = Map.from_array(np.full(grid.shape, 7.0), grid=grid, weight=a.weight)
    assert coupling(a, b, bins) is coupling(b, again, bins)
    assert coupling(a, b, bins) is not coupling(a, a, bins)
    assert coupling(a, b, bins) is not coupling(a, b, Bins(bins.edges * 1.01))


def test_bins_and_grids_are_checked():
    grid = Grid((32, 32), "1 arcsec")
    _, _, a, _ = two_masks(grid)
    with pytest.raises(DataError, match="hold no Fourier mode"):
        coupling(a, a, Bins(np.array([0.1, 0.2, 4]) * grid.fundamental))
    other = Map.from_array(np.ones((32, 31)), "1 arcsec")
    with pytest.raises(DataError, match="32x32 pixels but"):
        coupling(a, other, Bins(np.array([1, 4]) * grid.fundamental))
