"""Redshifts: every form gives the probability between two redshifts that its definition says."""

import numpy as np
import pytest
from scipy.stats import norm

from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.redshift import Redshifts, redshift_grid

GRID = np.linspace(0, 8, 801)


def test_a_density_is_integrated():
    pdf = norm.pdf(GRID, [[2.0], [4.0]], 0.3)
    found = Redshifts.from_pdf(GRID, pdf, values="density")
    assert len(found) == 2
    np.testing.assert_allclose(found.probability(1.9, 2.4), norm.cdf(2.4, [2, 4], 0.3) - norm.cdf(1.9, [2, 4], 0.3), atol=1e-4)
    np.testing.assert_allclose(found.mass, 1, atol=1e-6)


def test_a_probability_per_cell_is_summed_and_the_two_are_not_mixed_up():
    pdf = norm.pdf(GRID, 3.0, 0.2)
    found = Redshifts.from_pdf(GRID, pdf * 0.01, values="probability")
    assert found.probability(2.8, 3.2)[0] == pytest.approx(norm.cdf(1) - norm.cdf(-1), abs=2e-3)
    with pytest.raises(DataError, match=r"row 0 sums to 100.*density or a probability per cell"):
        Redshifts.from_pdf(GRID, pdf, values="probability")
    with pytest.raises(DataError, match=r"row 0 sums to 0\.01"):
        Redshifts.from_pdf(GRID, pdf * 0.01, values="density")


def test_what_lies_outside_the_grid_is_told_and_not_put_back():
    short = np.linspace(0, 3, 301)
    found = Redshifts.from_samples(np.random.default_rng(0).normal(3.0, 0.2, (1, 4000)), short)
    assert found.outside[0] == pytest.approx(0.5, abs=0.03)
    assert found.probability(0, 3)[0] == pytest.approx(0.5, abs=0.03)


def test_samples_are_their_own_fractions():
    samples = np.array([[1.005, 1.995, 2.995, 3.995], [0.5, 0.5, 0.5, 7.5]])
    found = Redshifts.from_samples(samples, GRID)
    np.testing.assert_allclose(found.probability(1.5, 3.5), [0.5, 0])
    np.testing.assert_allclose(found.probability(0.2, 0.8), [0, 0.75])


def test_percentiles_are_split_normals_with_a_warning():
    with pytest.warns(FaintskyWarning, match="split normals"):
        found = Redshifts.from_percentiles([4.0], [3.5], [5.0], GRID)
    assert found.probability(3.5, 4.0)[0] == pytest.approx(norm.cdf(0) - norm.cdf(-1), abs=1e-3)
    assert found.probability(4.0, 5.0)[0] == pytest.approx(norm.cdf(1) - norm.cdf(0), abs=1e-3)
    with pytest.raises(DataError, match="outside its own 68 %"):
        Redshifts.from_percentiles([4.0], [4.2], [5.0], GRID)


def test_a_spectroscopic_redshift_is_certain():
    found = Redshifts.from_spec([2.5, 9.0], GRID)
    np.testing.assert_array_equal(found.probability(2.4, 2.6), [1, 0])
    np.testing.assert_array_equal(found.outside, [0, 1])
    assert found.spectroscopic.all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Redshifts.from_pdf(None, [1.0], values="density"), "without its grid"),
        (lambda: Redshifts.from_pdf(GRID, GRID, values="pdf"), "must be 'density' or 'probability'"),
        (lambda: Redshifts.from_pdf(GRID, GRID[:-1], values="density"), "800 points, the grid 801"),
        (lambda: Redshifts.from_pdf(GRID, GRID - 1, values="density"), "negative or NaN"),
        (lambda: Redshifts.from_spec(1.0, [2.0, 1.0]), "increasing"),
        (lambda: Redshifts.from_spec(1.0, GRID).probability(3, 2), "z_low must lie below"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(DataError, match=message):
        call()


def test_cells_hold_the_probability_between_neighbours():
    found = Redshifts.from_pdf(GRID, norm.pdf(GRID, [[2.0], [4.0]], 0.3), values="density")
    assert found.cells.shape == (2, GRID.size - 1)
    np.testing.assert_allclose(found.cells[:, 200], found.probability(GRID[200], GRID[201]), atol=1e-15)
    np.testing.assert_allclose(found.cells.sum(axis=1), found.mass)


def test_quantiles_are_those_of_the_distribution_and_of_what_is_inside():
    # Of a Gaussian; with a step of 0.01 in a width of 0.3 the trapezium rule is good to 1e-4.
    found = Redshifts.from_pdf(GRID, norm.pdf(GRID, [[2.0], [4.0]], 0.3), values="density")
    np.testing.assert_allclose(found.median, [2, 4], atol=1e-4)
    for q in (0.1587, 0.8413, 0.99):
        np.testing.assert_allclose(found.quantile(q), norm.ppf(q, [2, 4], 0.3), atol=3e-4)
    assert found.quantile(0)[0] == 0
    # Half of the samples lie outside of the grid: the median is that of the other half. None inside: no median.
    half = Redshifts.from_samples([[0.5, 1.0, 1.5, 9.0, 9.0, 9.0], [9.0] * 6], GRID)
    assert half.median[0] == pytest.approx(1.0, abs=0.01)
    assert np.isnan(half.median[1])
    with pytest.raises(DataError, match=r"at 0 to 1, got 1\.2"):
        found.quantile(1.2)


def test_spectroscopic_redshifts_win_where_there_are_any():
    found = Redshifts.from_pdf(GRID, norm.pdf(GRID, [[2.0], [4.0]], 0.3), values="density")
    both = found.with_spec([np.nan, 1.005])
    np.testing.assert_array_equal(both.spectroscopic, [False, True])
    np.testing.assert_allclose(both.probability(1.0, 1.02), [found.probability(1.0, 1.02)[0], 1])
    np.testing.assert_allclose(both.median, [2.0, 1.005], atol=0.006)
    with pytest.raises(DataError, match="2 distributions need as many"):
        found.with_spec([1.0])


def test_a_grid_is_given_by_its_ends_or_by_its_values():
    np.testing.assert_allclose(redshift_grid((0, 2, 5)), [0, 0.5, 1, 1.5, 2])
    np.testing.assert_allclose(redshift_grid((0, 2, 3)), [0, 2, 3])
