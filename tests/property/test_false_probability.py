"""False probabilities and threshold counts, for any counts and background."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from faintsky.core.aperture_photometry import false_probability
from faintsky.core.threshold_counts import threshold_counts
from faintsky.estimators.detections.false_fraction import false_fraction, false_fraction_threshold

BACKGROUND = st.floats(1e-3, 50.0)
THRESHOLD = st.floats(1e-9, 0.1)


def test_the_tail_of_the_poisson_distribution():
    """P(>= T | b) = poisson.sf(T - 1, b), for T <= 200 and b of 1e-3 to 50, to 1e-12 (acceptance number 4 of the note)."""
    counts, background = np.meshgrid(np.arange(0.0, 201), np.geomspace(1e-3, 50, 60), indexing="ij")
    np.testing.assert_allclose(false_probability(counts, background), poisson.sf(counts - 1, background), rtol=1e-11, atol=1e-12)


def test_it_is_positive_where_one_minus_a_sum_is_not():
    """Down to 1e-300 the leading term b^T e^-b / T! holds, within the next one's share b / (T + 1) and its square."""
    from scipy.special import gammaln

    background, counts = 0.01, np.arange(1.0, 101)
    found = false_probability(counts, np.full(100, background))
    leading = counts * np.log(background) - background - gammaln(counts + 1)
    seen = leading > np.log(1e-300)
    assert seen.sum() > 80
    assert np.all(found[seen] > 0)
    np.testing.assert_allclose(np.log(found[seen]), leading[seen] + np.log1p(background / (counts[seen] + 1)), atol=1e-4)
    assert 0 < found[seen].min() < 1e-290


def test_the_threshold_table():
    """Reference note, section 4: thresholds 4e-6, 3.38e-5, 1.74e-5 at b = 0.1, 0.5, 1, 2.5, 10."""
    background = [0.1, 0.5, 1, 2.5, 10]
    assert threshold_counts(background, 4e-6).tolist() == [4, 7, 9, 13, 28]
    assert threshold_counts(background, 3.38e-5).tolist() == [4, 6, 8, 12, 26]
    assert threshold_counts(background, 1.74e-5).tolist() == [4, 6, 8, 12, 27]


@given(BACKGROUND, THRESHOLD)
def test_the_threshold_is_the_smallest_that_keeps_the_probability(background, threshold):
    level = float(threshold_counts(background, threshold))
    # A background within rounding of the one where L changes may be given either.
    assert false_probability(level, background) <= threshold * (1 + 1e-9)
    assert false_probability(level - 1, background) > threshold * (1 - 1e-9)


@given(st.integers(0, 200), BACKGROUND)
def test_more_counts_are_less_probable_and_more_background_explains_more(counts, background):
    here = false_probability(counts, background)
    assert 0 <= here <= 1
    assert false_probability(counts + 1, background) <= here
    assert false_probability(counts, 1.1 * background) >= here
    assert false_probability(0, background) == 1


@given(st.lists(st.floats(1e-12, 1.0), min_size=1, max_size=40), st.floats(0.01, 0.5), st.integers(0, 5000))
def test_the_threshold_of_a_false_fraction_is_the_last_crossing(probabilities, fraction, more):
    galaxies = len(probabilities) + more
    threshold = false_fraction_threshold(probabilities, galaxies, fraction)
    if threshold > 0:
        assert false_fraction(probabilities, galaxies, threshold) <= fraction * (1 + 1e-9)
    above = np.geomspace(max(threshold, 1e-13) * (1 + 1e-6), 1.0, 200)
    beyond = false_fraction(probabilities, galaxies, above)
    assert np.all((beyond > fraction) | np.isnan(beyond))
