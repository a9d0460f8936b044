"""Correlations on the lattice of lags against sums over all pairs of pixels."""

import numpy as np
import pytest

from faintsky.core.annuli import Annuli, disc_transform
from faintsky.core.bins import Bins
from faintsky.core.grid import Grid
from faintsky.core.lags import lag_correlation, radial_cells


def all_pairs(f, g):
    """Sum of f(x) g(x + d) by the absolute values of the lag, pair by pair."""
    ny, nx = f.shape
    total = np.zeros((ny, nx))
    for y in range(ny):
        for x in range(nx):
            for v in range(ny):
                for u in range(nx):
                    total[abs(v - y), abs(u - x)] += f[y, x] * g[v, u]
    return total


@pytest.mark.parametrize("shape", [(7, 10), (8, 8), (5, 1), (1, 6)])
def test_equals_the_sum_over_pairs(shape):
    rng = np.random.default_rng(1)
    f, g = rng.normal(size=shape), rng.normal(size=shape)
    np.testing.assert_allclose(lag_correlation(f, g), all_pairs(f, g), atol=1e-12)
    np.testing.assert_allclose(lag_correlation(f, f), all_pairs(f, f), atol=1e-12)
    np.testing.assert_allclose(lag_correlation(f, f.copy()), lag_correlation(f, f), atol=1e-12)


def test_single_precision_stays_and_is_close():
    f = (np.random.default_rng(2).random((200, 150)) > 0.35).astype(np.float32)
    single = lag_correlation(f, f)
    assert single.dtype == np.float32
    double = lag_correlation(f.astype(float), f.astype(float))
    np.testing.assert_allclose(single, double, atol=1e-6 * double.max())


def test_cells_hold_every_lag_once():
    grid = Grid((20, 31), (1.0, 0.5))
    cells = radial_cells(grid)
    assert cells.lags.sum() == (2 * 20 - 1) * (2 * 31 - 1)
    assert cells.lags[0] == 1
    assert cells.r[0] == 0
    values = np.random.default_rng(3).random(grid.shape)
    assert cells.sums(values).sum() == pytest.approx(values.sum(), rel=1e-13)
    assert np.all(np.diff(cells.r) > 0)


def test_disc_transform_is_the_hankel_integral():
    # d/dq of q J1(q r) / (2 pi r) is q J0(q r) / (2 pi), integrated here by the midpoint rule.
    from scipy.special import j0

    r = np.array([0.0, 0.3, 2.0, 7.0])
    q = (np.arange(20000) + 0.5) * 3.0 / 20000
    expected = (q[:, None] * j0(q[:, None] * r)).sum(axis=0) * 3.0 / 20000 / (2 * np.pi)
    np.testing.assert_allclose(disc_transform(np.array([3.0]), r)[0], expected, rtol=1e-6, atol=1e-7)


def test_annuli_follow_the_bins_and_reach_the_corner():
    grid = Grid((64, 64), "1 arcsec")
    bins = Bins(np.geomspace(grid.fundamental, 1.2 * grid.nyquist, 9))
    annuli = Annuli.of(grid, bins)
    assert annuli.edges[0] == 0
    assert annuli.edges[-1] == pytest.approx(grid.nyquist)
    assert annuli.corner[-1] == pytest.approx(np.sqrt(2) * grid.nyquist)
    for edge in bins.edges:
        assert np.min(np.abs(np.append(annuli.edges, annuli.corner) / edge - 1)) < 1e-12
    assert np.all(np.diff(annuli.q) > 0)
    # The disc below Nyquist covers pi/4 of the square of modes; the corner annuli hold the rest.
    assert annuli.corner_modes.sum() / grid.size == pytest.approx(1 - np.pi / 4, abs=0.02)
