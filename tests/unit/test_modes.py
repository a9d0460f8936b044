"""Modes of the Fourier plane against a count of every single one."""

import numpy as np
import pytest

from faintsky.core.bins import Bins
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.map import Map
from faintsky.core.modes import fourier_rings, mean_wavenumbers, mode_counts
from faintsky.core.outer_rings import with_outer_rings
from faintsky.core.pseudo_power import pseudo_power


def full_plane(grid):
    """q of every mode of the full plane [rad^-1]."""
    (ny, nx), (dy, dx) = grid.shape, grid.scale
    return 2 * np.pi * np.hypot(np.fft.fftfreq(ny, dy)[:, None], np.fft.fftfreq(nx, dx))


def ring_of(grid, bins):
    """Number of the half-open ring of each mode; -1 outside and for q = 0."""
    # The margin puts modes that lie on an edge up to rounding above it, where a half-open ring has them.
    ring = np.digitize(full_plane(grid) * (1 + 1e-12), bins.edges) - 1
    ring[ring >= len(bins)] = -1
    ring[0, 0] = -1
    return ring


GRIDS = [
    Grid(shape, scale)
    for shape in [(64, 64), (63, 64), (64, 63), (33, 65), (48, 20)]
    for scale in ["1.2 arcsec", ("1.2 arcsec", "0.7 arcsec")]
]


@pytest.mark.parametrize("grid", GRIDS, ids=lambda g: f"{g.shape[0]}x{g.shape[1]}{'' if g.scale[0] == g.scale[1] else ' oblong'}")
def test_counts_means_and_power_are_those_of_the_full_plane(grid):
    bins = Bins(np.array([0, 1, 2, 3, 4.5, 7, 10, 20, 25, 60, 200]) * grid.fundamental)
    ring, number = ring_of(grid, bins), len(bins)
    inside = ring >= 0
    counts = np.bincount(ring[inside], minlength=number)
    np.testing.assert_array_equal(mode_counts(grid, bins), counts)
    assert mode_counts(grid, bins).sum() == grid.size - 1
    filled = counts > 0
    mean = np.bincount(ring[inside], full_plane(grid)[inside], minlength=number) / np.maximum(counts, 1)
    np.testing.assert_allclose(mean_wavenumbers(grid, bins)[filled], mean[filled], rtol=1e-13)
    values = np.random.default_rng(0).normal(3.0, 1.0, grid.shape)
    power = np.abs(np.fft.fft2(values - values.mean())) ** 2 * grid.pixel_area / grid.size
    expected = np.bincount(ring[inside], power[inside], minlength=number) / np.maximum(counts, 1)
    m = Map.from_array(values, grid=grid)
    np.testing.assert_allclose(pseudo_power(m, m, bins)[filled], expected[filled], rtol=1e-12)
    half = fourier_rings(grid, bins).index(slice(0, grid.shape[0]))
    np.testing.assert_array_equal(half, ring[:, : grid.shape[1] // 2 + 1])


def test_an_edge_on_a_mode_holds_it_above():
    # On a square grid the modes of |q| = 5 fundamental are the 12 of 3-4-5 and of the axes.
    grid = Grid((64, 64), "0.98 arcsec")
    for pixel in ("0.98 arcsec", "1.2 arcsec", "0.6 arcsec"):
        grid = Grid((64, 64), pixel)
        edges = np.array([5.0, 5.0 + 1e-6]) * 2 * np.pi / (64 * grid.scale[0])
        assert mode_counts(grid, Bins(edges)).tolist() == [12]
        assert mode_counts(grid, Bins(np.array([4.9, 5.0]) * grid.fundamental)).tolist() == [0]


def test_q_zero_is_in_no_bin():
    grid = Grid((8, 8), 1.0)
    assert mode_counts(grid, Bins(np.array([0.0, 1e-9]))).tolist() == [0]
    assert mode_counts(grid, Bins(np.array([0.0, 1.01 * grid.fundamental]))).tolist() == [4]


def test_empty_bins_are_named_with_the_remedy():
    grid = Grid((64, 64), "1 arcsec")
    bins = Bins.log("2 arcsec", "640 arcsec", per_decade=10)
    with pytest.raises(DataError, match=r"bins hold no Fourier mode .*64 arcsec \(the fundamental mode\).*Bins.fitted"):
        bins.check(grid)
    fitted, said = bins.fitted(grid)
    fitted.check(grid)
    assert len(said) >= 1
    assert np.all(fitted.modes(grid) > 0)


@pytest.mark.parametrize("shape", [(64, 64), (65, 40)])
@pytest.mark.parametrize("ends", [(1.0, 10.0), (3.0, 20.0), (8.0, 500.0)])
def test_outer_rings_hold_all_other_modes(shape, ends):
    grid = Grid(shape, "1 arcsec")
    bins = Bins(np.geomspace(*np.array(ends), 5) * grid.fundamental)
    rings, kept = with_outer_rings(grid, bins)
    np.testing.assert_array_equal(rings.edges[kept.start : kept.stop + 1], bins.edges)
    counts = mode_counts(grid, rings)
    assert counts.sum() == grid.size - 1
    outer = np.delete(counts, np.arange(kept.start, kept.stop))
    assert np.all(outer > 0)
