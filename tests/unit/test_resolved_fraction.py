"""Split normals and resolved fractions against closed forms and the worked numbers of theory.md 1.7 and 1.10."""

import numpy as np
import pytest
from scipy.stats import norm

from faintsky.core.errors import DataError
from faintsky.core.intervals import ONE_SIGMA
from faintsky.estimators.flux.resolved_fraction import resolved_fraction, split_normal

#: Kaminsky et al. 2025, section 4.2: coherent and unresolved flux, 0.5-2 keV [1e-13 erg / (s cm2 deg2)].
COHERENT = (2.64, 0.67, 0.52)
UNRESOLVED = (9.7, 1.8, 1.6)
#: theory.md 1.10: 0.5-2 keV of the total of Cappelluti et al. 2017, 10.91 +- 0.16 at 1 keV.
TOTAL = (75.6, 1.1, 1.1)
REFERENCE = "Cappelluti et al. 2017, ApJ 837, 19"
PERCENT = [50 * (1 - ONE_SIGMA), 50, 50 * (1 + ONE_SIGMA)]


def fractions(coherent=COHERENT, unresolved=UNRESOLVED, total=TOTAL, reference=REFERENCE, draws=400_000):
    inputs = {"coherent": coherent, "unresolved": unresolved, "total": total, "total_reference": reference}
    return resolved_fraction(**inputs, rng=np.random.default_rng(6), draws=draws)


def test_a_split_normal_has_the_percentiles_it_was_given():
    drawn = split_normal(5.0, 1.0, 3.0, np.random.default_rng(1), 400_000)
    np.testing.assert_allclose(np.percentile(drawn, PERCENT), [4, 5, 8], atol=0.03)
    # Two half normals: mean m + (h - l) / sqrt(2 pi), tails of Gaussians.
    assert drawn.mean() == pytest.approx(5 + 2 / np.sqrt(2 * np.pi), abs=0.02)
    assert np.mean(drawn > 11) == pytest.approx(norm.sf(2), rel=0.03)
    assert np.mean(drawn < 3) == pytest.approx(norm.sf(2), rel=0.03)
    np.testing.assert_array_equal(split_normal(5.0, 0.0, 0.0, np.random.default_rng(1), 3), 5.0)


def test_medians_do_not_add():
    # theory.md 1.7: the three published fluxes, whose sum is 26.39, give 28.0 (+8.5 -7.8) [1e-14 erg / (s cm2 deg2)].
    rng = np.random.default_rng(2)
    fluxes = ((9.68, 4.15, 5.73), (8.72, 3.83, 5.54), (7.99, 3.52, 5.24))
    low, median, high = np.percentile(sum(split_normal(*f, rng, 400_000) for f in fluxes), PERCENT)
    assert median == pytest.approx(28.0, abs=0.1)
    assert (high - median, median - low) == pytest.approx((8.5, 7.8), abs=0.1)


@pytest.mark.parametrize(("upper", "median", "low", "high"), [(0.52, 27.0, 7.5, 8.4), (0.95, 28.0, 7.5, 12.5)])
def test_the_published_share(upper, median, low, high):
    # theory.md 1.10: 2.64 / 9.7 = 27.2 %, with the printed upper error, and with that of the quadrature sum.
    found = fractions(coherent=(2.64, 0.67, upper))
    assert 100 * found.share[0] == pytest.approx(27.2, abs=0.05)
    assert 100 * found.share_median == pytest.approx(median, abs=0.1)
    assert (100 * found.share[1], 100 * found.share[2]) == pytest.approx((low, high), abs=0.15)


def test_the_resolved_fraction_hangs_on_the_total():
    # theory.md 1.10: 7.56e-12 in all gives 90.7 %, not the published 94 %, which takes 1.18e-11.
    found = fractions()
    assert found.before[0] == pytest.approx(1 - 0.1283, abs=1e-4)
    assert found.resolved[0] == pytest.approx(0.907, abs=5e-4)
    assert found.resolved[0] == pytest.approx(1 - 0.1283 * (1 - found.share[0]), abs=1e-4)
    assert found.total_reference == REFERENCE
    assert fractions(total=(118, 0, 0), reference="assumed").resolved[0] == pytest.approx(0.94, abs=1e-3)


def test_the_interval_of_the_resolved_fraction_is_that_of_a_difference():
    # Symmetric errors and an exact total: linear, so errors add in quadrature.
    found = fractions(coherent=(2.0, 0.3, 0.3), unresolved=(9.0, 0.4, 0.4), total=(100.0, 0.0, 0.0))
    assert found.resolved == pytest.approx((0.93, 0.005, 0.005), rel=0.01)
    assert found.resolved_median == pytest.approx(0.93, abs=1e-4)
    assert found.before == pytest.approx((0.91, 0.004, 0.004), rel=0.01)
    exact = fractions((2.0, 0, 0), (8.0, 0, 0), (100.0, 0, 0))
    assert exact.share == pytest.approx((0.25, 0, 0), abs=1e-12)
    assert exact.resolved == pytest.approx((0.94, 0, 0), abs=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reference": " "}, "has no reference"),
        ({"unresolved": (0.0, 1.0, 1.0)}, "the unresolved background is 0"),
        ({"total": (-1.0, 1.0, 1.0)}, "the total background is -1"),
        ({"coherent": (1.0, -0.5, 0.5)}, "distances --0.5"),
        ({"coherent": (np.nan, 0.5, 0.5)}, "finite numbers"),
    ],
)
def test_refusals(change, message):
    with pytest.raises(DataError, match=message):
        fractions(**change)
