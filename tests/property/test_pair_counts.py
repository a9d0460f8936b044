"""Identities of the effective number of pairs: section 4.1 of the note, for distributions of any shape."""

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import trapezoid
from scipy.special import ndtr
from scipy.stats import norm

from faintsky.core.context import Context
from faintsky.core.redshift import Redshifts
from faintsky.core.registry import make
from faintsky.estimators.pair_statistics.shared_probability import effective_number, shared_probability
from faintsky.estimators.pairs.per_agn_cap import per_agn_cap
from faintsky.testing.pair_statistics import GRID, pair_sample

EXACT = 1e-10
WEIGHTS = st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1.0)), min_size=4, max_size=4)
CENTRE, WIDTH = st.floats(0.5, 3.0), st.floats(0.05, 0.4)
#: A mixture of two normal distributions.
MIXTURE = st.tuples(CENTRE, WIDTH, CENTRE, WIDTH, st.floats(0, 1))


def cells(edges, mixture):
    """Exact probabilities of cells."""
    a, s, b, t, share = mixture
    cdf = share * ndtr((edges - a) / s) + (1 - share) * ndtr((edges - b) / t)
    cdf = (cdf - cdf[0]) / (cdf[-1] - cdf[0])
    return np.diff(cdf)[None]


def number(a, c):
    return float(shared_probability(a, c).sum())


EDGES = np.linspace(0, 6, 301)


@given(MIXTURE, MIXTURE)
def test_identities_and_bounds(one, two):
    a, c = cells(EDGES, one), cells(EDGES, two)
    found, total = number(a, c), a + c
    triangle = np.sum((a - c) ** 2 / np.where(total > 0, total, 1))
    assert -EXACT <= found <= 1 + EXACT
    assert abs(found - number(c, a)) < EXACT
    assert abs(found - (1 - 0.5 * triangle)) < EXACT
    assert np.minimum(a, c).sum() - EXACT <= found <= np.sqrt(a * c).sum() + EXACT
    assert abs(number(a, a) - 1) < EXACT


@given(MIXTURE, MIXTURE)
def test_it_is_one_for_equal_distributions_only(one, two):
    a, c = cells(EDGES, one), cells(EDGES, two)
    # 1 - N_z = 1/2 sum (a - c)^2 / (a + c), which is at least a fourth of the squared total variation (Cauchy and Schwarz).
    assert 1 - number(a, c) >= 0.25 * np.abs(a - c).sum() ** 2 - EXACT


@given(st.floats(0.5, 2.0), st.floats(0.0, 3.0))
def test_top_hats_share_their_overlap(width, shift):
    # Steps of the cumulative distribution are exact where edges fall on those of the grid.
    edges = np.unique(np.concatenate([np.linspace(0, 7, 71), [1, 1 + width, 1 + shift, 1 + shift + width]]))
    a, c = (np.diff(np.clip((edges - low) / width, 0, 1))[None] for low in (1, 1 + shift))
    assert abs(number(a, c) - max(0.0, width - shift) / width) < EXACT


@given(MIXTURE, MIXTURE)
def test_cells_do_not_know_which_variable_they_are_of(one, two):
    # The same cells, named by ln(1 + z): the same numbers. A binning that is finer in the one than in the other: to 1e-4.
    logarithmic = np.expm1(np.linspace(0, np.log(7), 1201))
    fine = np.linspace(0, 6, 1501)
    assert abs(number(cells(fine, one), cells(fine, two)) - number(cells(logarithmic, one), cells(logarithmic, two))) < 1e-4


@settings(max_examples=40)
@given(CENTRE, WIDTH, CENTRE, WIDTH)
def test_densities_in_z_and_in_ln_1pz_agree(m1, s1, m2, s2):
    # Normal in x = ln(1 + z): given as densities per dz on one grid, and per dx on another one.
    x = np.linspace(0, np.log(12), 2001)
    z = np.linspace(0, 11, 6001)

    def of_z(m, s):
        p = norm.pdf(np.log1p(z), np.log1p(m), s) / (1 + z)
        return np.diff(Redshifts.from_pdf(z, p / trapezoid(p, z), values="density").cdf)

    def of_x(m, s):
        p = norm.pdf(x, np.log1p(m), s)
        return np.diff(Redshifts.from_pdf(x, p / trapezoid(p, x), values="density").cdf)

    assert abs(number(of_z(m1, s1), of_z(m2, s2)) - number(of_x(m1, s1), of_x(m2, s2))) < 1e-4


@settings(max_examples=40)
@given(WEIGHTS, WEIGHTS, st.floats(0.02, 0.3))
def test_broadening_both_never_lowers_it(one, two, width):
    # Point masses well inside of the grid, convolved with one kernel: nothing is lost at the ends.
    if sum(one) == 0 or sum(two) == 0:
        return
    at = np.array([2.0, 2.1, 2.5, 3.5])
    edges = np.linspace(-4, 10, 701)
    place = np.searchsorted(edges, at) - 1
    plain = np.zeros((2, edges.size - 1))
    plain[0, place], plain[1, place] = np.array(one) / sum(one), np.array(two) / sum(two)
    kernel = np.diff(ndtr((edges[None, :] - 0.5 * (edges[place] + edges[place + 1])[:, None]) / width), axis=1)
    broad = plain[:, place] @ kernel
    wider = plain[:, place] @ np.diff(ndtr((edges[None, :] - edges[place][:, None]) / (2 * width)), axis=1)
    assert number(plain[:1], plain[1:]) <= number(broad[:1], broad[1:]) + EXACT
    assert number(broad[:1], broad[1:]) <= number(wider[:1], wider[1:]) + EXACT


@given(st.lists(st.floats(0, 1), min_size=6, max_size=6))
def test_the_cap_holds_for_each_agn_and_keeps_parts_additive(values):
    owner = np.array([0, 0, 0, 1, 1, 2])
    n = np.array(values)
    factor = per_agn_cap(n, owner, 4)
    capped, plain = np.bincount(owner, factor * n, 4), np.bincount(owner, n, 4)
    np.testing.assert_allclose(capped, np.minimum(1, plain), atol=EXACT)
    assert np.sum((factor * n)[::2]) + np.sum((factor * n)[1::2]) == pytest.approx(np.minimum(1, plain).sum(), abs=EXACT)


@settings(max_examples=10)
@given(st.lists(st.floats(0.3, 4.5), min_size=3, max_size=3))
def test_sums_without_cells_are_those_with_them(redshifts):
    pairs = pair_sample([0.5, 1.0, 2.0], redshifts, [0, 1, 2])
    found = make("pair_statistics", "effective-count").weigh(pairs, Context())
    agn, companions = np.diff(pairs.agn.redshifts.cdf), np.diff(pairs.companions.redshifts.cdf)
    np.testing.assert_allclose(effective_number(agn, companions, pairs.owner), found.number, atol=EXACT)
    single = effective_number(agn.astype(np.float32), companions.astype(np.float32), pairs.owner)
    np.testing.assert_allclose(single, found.number, atol=1e-6)


def test_both_empty_cells_are_zero_not_nan():
    a = np.array([[0.0, 0.0, 1.0]])
    np.testing.assert_array_equal(shared_probability(a, np.array([[0.0, 1.0, 0.0]])), 0)


def test_the_spectroscopic_variant_puts_a_photometric_width_about_it():
    # With z_spec at the centre of a photometric distribution of the same width nothing changes; elsewhere N_z is that of the
    # shifted Gaussian. Widths are those of the peaks, 0.04.
    pairs = pair_sample([1.0, 1.0], [1.0, 1.0], [0, 1])
    known = {**pairs.agn.columns, "z_spec": np.array([1.0, 1.3])}
    moved = attrs.evolve(pairs, agn=attrs.evolve(pairs.agn, columns=known))
    plain = make("pair_statistics", "effective-count").weigh(moved, Context())
    assert plain.number == pytest.approx([1, 1], abs=1e-9)
    for width in (0.04, None):
        found = make("pair_statistics", "effective-count", spec="broadened", width=width).weigh(moved, Context())
        other = effective_number(
            np.diff(ndtr((np.log1p(GRID) - np.log1p(1.3)) / 0.04))[None],
            np.diff(pairs.companions.redshifts.cdf)[1:],
            np.array([0]),
        )
        # The default width is read off the grid by linear interpolation between its points: to 1 %.
        assert found.number == pytest.approx([1, other[0]], abs=3e-3 if width is None else 1e-6)
