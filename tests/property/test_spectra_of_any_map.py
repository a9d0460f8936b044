"""Properties that hold for any map, mask and bins."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from faintsky.core.bins import Bins
from faintsky.core.context import Context
from faintsky.core.grid import Grid
from faintsky.core.lags import lag_correlation
from faintsky.core.map import Map
from faintsky.core.modes import mode_counts
from faintsky.estimators.power_spectra.coupling import coupling
from faintsky.estimators.power_spectra.fft import Fft
from faintsky.estimators.power_spectra.two_point import TwoPoint

shapes = st.tuples(st.integers(6, 25), st.integers(6, 25))
seeds = st.integers(0, 2**32 - 1)


@st.composite
def binned_grids(draw):
    """A grid of any shape and pixel, and bins from below its fundamental mode to its corner."""
    grid = Grid(draw(shapes), draw(st.tuples(st.floats(0.3, 3), st.floats(0.3, 3)) | st.floats(0.1, 10)))
    corner = np.hypot(np.pi / grid.scale[0], np.pi / grid.scale[1]) * (1 + 1e-9)
    return grid, Bins(np.geomspace(0.9 * grid.fundamental, corner, draw(st.integers(2, 6))))


def masked(grid, seed, kept=0.7):
    rng = np.random.default_rng(seed)
    weight = (rng.random(grid.shape) < kept).astype(float)
    weight[0, 0] = 1
    return Map.from_array(rng.normal(size=grid.shape), grid=grid, weight=weight)


@given(binned_grids())
def test_bins_to_the_corner_hold_every_mode_but_the_mean(made):
    grid, bins = made
    assert mode_counts(grid, bins).sum() == grid.size - 1


@given(binned_grids(), st.floats(0.2, 5.0))
def test_counts_of_split_bins_add_up(made, where):
    grid, bins = made
    middle = np.sqrt(bins.edges[0] * bins.edges[-1]) * where
    if bins.edges[0] < middle < bins.edges[-1]:
        two = mode_counts(grid, Bins(np.array([bins.edges[0], middle, bins.edges[-1]])))
        assert two.sum() == mode_counts(grid, bins).sum()


@settings(max_examples=40)
@given(binned_grids(), seeds)
def test_parseval(made, seed):
    grid, bins = made
    bins, _ = bins.fitted(grid)
    m = masked(grid, seed)
    found = Fft().estimate(m, m, bins, Context())
    field = m.weight * (m.values - m.mean)
    total = np.sum(field**2) / grid.size - np.mean(field) ** 2
    np.testing.assert_allclose(found.modes @ found.pseudo / grid.area, total, rtol=1e-11, atol=1e-14)


@settings(max_examples=40)
@given(shapes, seeds)
def test_pairs_of_pixels_are_all_counted(shape, seed):
    weight = masked(Grid(shape, 1.0), seed).weight
    pairs = lag_correlation(weight, weight)
    number = weight.sum()
    np.testing.assert_allclose(pairs.sum(), number**2, rtol=1e-12)
    np.testing.assert_allclose(pairs, np.rint(pairs), atol=1e-8)
    reach = float(np.hypot(*shape))
    found = TwoPoint().correlation(*(masked(Grid(shape, "1 arcsec"), seed),) * 2, [0.0, reach + 1])
    assert found.npairs.tolist() == [number * (number - 1) / 2]


@settings(max_examples=30)
@given(binned_grids(), seeds, seeds)
def test_coupling_conserves_power_and_is_symmetric(made, seed, other):
    """All rings and q = 0 together pass on the mean of w1 w2, and N_b M[b, b'] = N_b' M[b', b]."""
    grid, bins = made
    bins, _ = bins.fitted(grid)
    a, b = masked(grid, seed), masked(grid, other)
    found = coupling(a, b, bins)
    weighted = found.modes[:, None] * found.matrix
    np.testing.assert_allclose(weighted, weighted.T, atol=1e-12 * np.abs(weighted).max())
    # What q = 0 gives to ring b: the mean of Re W1 W2* over the ring, over N_pix^2.
    power = (np.fft.fft2(a.weight) * np.fft.fft2(b.weight).conj()).real / grid.size**2
    from_zero = found.norm - found.matrix.sum(axis=1)
    np.testing.assert_allclose(np.sum(from_zero * found.modes), power.sum() - power[0, 0], atol=1e-10)


@settings(max_examples=40)
@given(binned_grids(), seeds, st.floats(-1e6, 1e6), st.integers(-30, 30))
def test_level_does_not_matter_and_scale_is_squared(made, seed, level, exponent):
    grid, bins = made
    bins, _ = bins.fitted(grid)
    m = masked(grid, seed)
    power = Fft().estimate(m, m, bins, Context()).power
    scaled = Map.from_array(m.values * 2.0**exponent, grid=grid, weight=m.weight)
    np.testing.assert_array_equal(Fft().estimate(scaled, scaled, bins, Context()).power, power * 4.0**exponent)
    lifted = Map.from_array(m.values + level, grid=grid, weight=m.weight)
    np.testing.assert_allclose(
        Fft().estimate(lifted, lifted, bins, Context()).power, power, atol=1e-9 * (1 + abs(level)) * power.max()
    )
