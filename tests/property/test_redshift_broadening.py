"""Redshift distributions convolved with Gaussians: what holds for all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from faintsky.core.errors import DataError
from faintsky.core.redshift import Redshifts
from faintsky.estimators.photo_z.broadened import broadened, on_log_grid

X = np.linspace(0.0, 2.0, 401)
Z = np.expm1(X)
STEP = X[1] - X[0]
#: Bumps far from the ends: 6 times the widest kernel, and of the widest bump, lie between.
BUMPS = st.lists(st.tuples(st.floats(0.9, 1.1), st.floats(0.004, 0.05), st.floats(0.05, 1.0)), min_size=1, max_size=4)
WIDTHS = st.floats(0.0, 0.1)


def mixture(bumps) -> Redshifts:
    """A sum of Gaussians in ln(1 + z)."""
    cdf = sum(weight * norm.cdf(X, mean, sigma) for mean, sigma, weight in bumps)
    cdf = (cdf - cdf[0]) / (cdf[-1] - cdf[0])
    return Redshifts(z=Z, cdf=cdf[None], mass=[1.0], spectroscopic=np.array([False]))


def moments(redshifts: Redshifts):
    """Mean and variance of ln(1 + z)."""
    x = np.log1p(redshifts.z)
    middle, cells = 0.5 * (x[1:] + x[:-1]), redshifts.cells[0] / redshifts.cells[0].sum()
    mean = cells @ middle
    return mean, cells @ (middle - mean) ** 2


def effective(a: Redshifts, c: Redshifts) -> float:
    """The sum of 2 Pa Pc / (Pa + Pc) over cells."""
    p, q = a.cells[0], c.cells[0]
    return float(np.sum(np.divide(2 * p * q, p + q, out=np.zeros_like(p), where=p + q > 0)))


@given(BUMPS, WIDTHS)
@settings(max_examples=60)
def test_probability_and_mean_are_kept_and_the_variance_adds(bumps, width):
    before = mixture(bumps)
    after, lost = broadened(before, width)
    assert lost[0] == pytest.approx(0, abs=1e-9)
    assert after.cdf[0, -1] == pytest.approx(1, abs=1e-12)
    (mean, variance), (moved, grown) = moments(before), moments(after)
    assert moved == pytest.approx(mean, abs=1e-9)
    # Kernels narrower than a tenth of a cell are within 2e-4 of a cell squared, wider ones within rounding of it.
    assert grown == pytest.approx(variance + width**2, abs=(2e-4 if width < 0.1 * STEP else 4e-5) * STEP**2)


@given(st.floats(0.0, 1.9), st.floats(0.01, 0.3), st.floats(0.005, 0.2))
@settings(max_examples=60)
def test_what_leaves_the_grid_is_told(mean, sigma, width):
    # The loss is the integral of the broadened Gaussian beyond the ends, over what was inside: that of a sum of two Gaussian
    # numbers, of which the first lies inside.
    before = mixture([(mean, sigma, 1.0)])
    after, lost = broadened(before, width)
    middle = 0.5 * (X[1:] + X[:-1])
    out = norm.cdf((X[0] - middle) / width) + norm.sf((X[-1] - middle) / width)
    # Half a cell is what the middles of cells may be wrong by; twice the height of the kernel there.
    assert lost[0] == pytest.approx(before.cells[0] @ out, abs=0.1 * STEP / width + 1e-9)
    assert after.cdf[0, -1] == pytest.approx(before.cdf[0, -1], abs=1e-12)
    assert np.all(after.cells >= 0)


@given(BUMPS, BUMPS, WIDTHS)
@settings(max_examples=60)
def test_one_kernel_on_both_of_a_pair_never_lowers_their_effective_count(one, other, width):
    # The data-processing inequality: what 2 Pa Pc / (Pa + Pc) lacks to 1 is half the triangular discrimination, an f-divergence.
    a, c = mixture(one), mixture(other)
    more = effective(broadened(a, width)[0], broadened(c, width)[0])
    assert more >= effective(a, c) - 1e-10
    assert 0 <= more <= 1 + 1e-12


@given(BUMPS)
@settings(max_examples=20)
def test_a_width_of_nothing_is_the_identity(bumps):
    before = mixture(bumps)
    after, lost = broadened(before, 0.0)
    assert after.digest == before.digest
    assert lost[0] == 0


@given(st.lists(st.floats(0.02, 0.4), min_size=3, max_size=40), st.integers(0, 1000))
@settings(max_examples=40)
def test_another_grid_keeps_probabilities(steps, seed):
    z = np.concatenate([[0.0], np.cumsum(steps)])
    cdf = np.concatenate([[0.0], np.cumsum(np.random.default_rng(seed).dirichlet(np.ones(len(steps))))])
    before = Redshifts(z=z, cdf=cdf[None], mass=[1.0], spectroscopic=np.array([False]))
    after = on_log_grid(before, 0.01)
    assert np.ptp(np.diff(np.log1p(after.z))) < 1e-9
    assert after.z[[0, -1]].tolist() == z[[0, -1]].tolist()
    # At the new nodes the cumulative distribution is the old one, so that a cell holds what lay between.
    np.testing.assert_allclose(after.cdf[0], np.interp(after.z, z, cdf), atol=1e-12)
    assert after.cells.sum() == pytest.approx(1)


def test_a_step_becomes_the_kernel_itself():
    # A spectroscopic redshift, spread over its cell: the analytic Gaussian within a cell.
    spec = Redshifts.from_spec([np.expm1(1.0)], Z)
    after, lost = broadened(spec, 0.05)
    at = np.log1p(spec.median[0])
    np.testing.assert_allclose(after.cdf[0], norm.cdf(X, at, 0.05), atol=2e-4)
    assert lost[0] == pytest.approx(0, abs=1e-12)
    assert after.spectroscopic[0]


def test_each_row_has_its_own_kernel_as_by_itself():
    rows = [mixture([(1.0, 0.02, 1.0)]), mixture([(0.3, 0.1, 1.0), (1.5, 0.05, 0.5)]), mixture([(0.02, 0.02, 1.0)])]
    together = Redshifts(z=Z, cdf=np.concatenate([r.cdf for r in rows]), mass=np.ones(3), spectroscopic=np.zeros(3, dtype=bool))
    widths = np.array([0.03, 0.0, 0.11])
    found, lost = broadened(together, widths)
    for k, row in enumerate(rows):
        alone, gone = broadened(row, widths[k])
        np.testing.assert_allclose(found.cdf[k], alone.cdf[0], atol=1e-13)
        assert lost[k] == pytest.approx(gone[0])
    assert lost[2] > 0.4


def test_a_linear_grid_is_made_even():
    z = np.linspace(0, 7, 701)
    given_ = Redshifts.from_pdf(z, norm.pdf(z, [[1.0], [4.0]], 0.1), values="density")
    found, _ = broadened(given_, 0.07)
    assert np.ptp(np.diff(np.log1p(found.z))) < 1e-9
    # Of a Gaussian of width s / (1 + z) and the kernel, to the curvature of the logarithm.
    for row, mean in enumerate((1.0, 4.0)):
        low, high = (np.log1p(found.quantile(q)[row]) for q in (0.15865525, 0.84134475))
        assert 0.5 * (high - low) == pytest.approx(np.hypot(0.1 / (1 + mean), 0.07), rel=3e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: broadened(r, [0.1, 0.1]), "as many widths"),
        (lambda r: broadened(r, -0.1), "negative or no number"),
        (lambda r: broadened(r, np.nan), "negative or no number"),
        (lambda r: on_log_grid(r, 0.0), "must be positive"),
        (lambda r: on_log_grid(Redshifts.from_spec([0.0], [-1.5, 1.0])), "more than -1"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(DataError, match=message):
        call(mixture([(1.0, 0.02, 1.0)]))
