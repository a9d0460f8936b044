"""Simulated pairs are what they are said to be; the likelihood of pairs against sums written out."""

import itertools

import attrs
import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq

from faintsky.core.angular_scale import kpc_per_arcsec
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.registry import make
from faintsky.estimators.pair_statistics.fraction_fit import fitted
from faintsky.estimators.pair_statistics.pair_likelihood import PairLikelihood
from faintsky.models.pairs.galaxy_counts import GalaxyCounts
from faintsky.models.pairs.photometric_errors import PhotometricErrors
from faintsky.models.pairs.simulated import SimulatedPairs

FLAT = make("cosmologies", "flat", h0=70, omega_m0=0.3)


def test_photometric_distributions_are_calibrated_for_their_prior():
    # Redshifts drawn from the prior, flat in z: the cumulative probability of the truth is uniform.
    errors = PhotometricErrors(outliers=(0.0, 0.2), z_max=4.0)
    rng = np.random.default_rng(3)
    z, magnitude = 4 * rng.random(4000), rng.uniform(21, 26, 4000)
    seen = errors.seen(z, magnitude, rng)
    at = np.array([np.interp(one, seen.z, row) for one, row in zip(z, seen.cdf, strict=True)])
    assert stats.kstest(at, "uniform").pvalue > 1e-3
    np.testing.assert_allclose(seen.mass, 1)
    assert np.all(np.diff(seen.cdf) >= 0)


def test_errors_grow_with_magnitude_and_may_be_claimed_too_small():
    rng, z = np.random.default_rng(1), np.full(3000, 1.0)
    for magnitude, sigma in ((20.0, 0.04), (23.5, 0.075), (27.0, 0.11)):
        seen = PhotometricErrors(claimed=0.5).seen(z, np.full(3000, magnitude), rng)
        middle = np.array([np.interp(0.5, row, seen.z) for row in seen.cdf])
        assert np.std(np.log1p(middle)) == pytest.approx(sigma, rel=0.06)
        low, high = (np.mean([np.interp(q, row, np.log1p(seen.z)) for row in seen.cdf]) for q in stats.norm.cdf([-1, 1]))
        assert 0.5 * (high - low) == pytest.approx(0.5 * sigma, rel=0.05)
    with pytest.raises(DataError, match="brighter"):
        PhotometricErrors(magnitudes=(25.0, 22.0))


def test_counts_have_their_slope_and_median_redshift():
    counts, rng = GalaxyCounts(), np.random.default_rng(2)
    m = counts.magnitudes(np.full(20_000, 25.0), rng)
    assert np.mean(m < 24) == pytest.approx(10**-0.3, abs=0.015)
    assert counts.below(24) * 3600 == pytest.approx(35)
    assert np.median(counts.redshifts(np.full(20_000, 26.0), rng)) == pytest.approx(1.3 + 0.3, rel=0.02)


def test_a_sample_has_the_numbers_it_was_asked_for():
    made = SimulatedPairs(cosmology=FLAT, field_area=10.0)
    samples = [made.sample(Context(seed=seed)) for seed in range(3)]
    real = sum(np.sum(s.companions["real"]) for s in samples)
    expected = sum(np.sum(0.12 * (1 + s.agn["z_true"]) / 2.2) for s in samples)
    # A reach of a wrong redshift loses some 2 % of the real ones.
    assert abs(real - 0.98 * expected) < 3.5 * np.sqrt(expected)
    chance = sum(np.sum((s.companions["real"] == 0) & (s.companions["is_star"] == 0)) for s in samples)
    interlopers = sum(np.sum(np.pi * s.reach**2 * made.galaxies.below(s.faintest)) for s in samples)
    assert abs(chance - interlopers) < 3.5 * np.sqrt(interlopers)
    for s in samples:
        assert np.all(s.companions["angle"] <= s.reach[s.owner])
        assert np.all(s.companions["separation"] <= 15 + 1e-9)
        assert np.all(s.companions["magnitude"] <= s.faintest[s.owner])
        is_real = s.companions["real"] == 1
        np.testing.assert_allclose(s.companions["z_true"][is_real], s.agn["z_true"][s.owner[is_real]])
        assert 0.45 < np.mean(np.isfinite(s.agn["z_spec"])) < 0.65
    # 15 kpc at z = 2 are 1.79 arcsec (the note, section 4.1).
    assert 15 / kpc_per_arcsec(2.0, made.cosmology) == pytest.approx(1.79, abs=0.005)
    assert made.sample(Context(seed=1)).digest == samples[1].digest != samples[2].digest


def test_a_sample_without_companions_is_one():
    made = SimulatedPairs(cosmology=FLAT, number=5, fraction=0.0, interlopers=1e-9, stars=0.0, field_area=1.0)
    pairs = made.sample(Context())
    assert len(pairs) == 0
    assert len(pairs.agn) == 5


def likelihood(parents, odds, owner, expected=2.0):
    m = parents.shape[1]
    return PairLikelihood(z=np.linspace(0.5, 3, m), parents=parents, odds=odds, owner=np.array(owner), expected=expected)


def test_the_likelihood_and_its_probabilities_against_sums_over_all_cases():
    # Every companion real or not, every AGN in every cell, written out.
    rng = np.random.default_rng(6)
    parents = rng.dirichlet(np.ones(4), 3)
    odds, owner = rng.exponential(3.0, (3, 4)), [0, 0, 2]
    like = likelihood(parents, odds, owner)
    f, slope, q = 0.3, 1.2, 1.4
    rate = like.rate(f, slope)
    assert parents.mean(axis=0) @ rate == pytest.approx(f)
    total, real = np.zeros(3), np.zeros((3, 4))
    for i, c in itertools.product(range(3), range(4)):
        mine = [j for j in range(3) if owner[j] == i]
        for kinds in itertools.product((0, 1), repeat=len(mine)):
            weight = (
                parents[i, c]
                * np.exp(-rate[c])
                * np.prod([(rate[c] * odds[j, c] / q) ** k for j, k in zip(mine, kinds, strict=True)])
            )
            total[i] += weight
            for j, k in zip(mine, kinds, strict=True):
                real[j, c] += k * weight
    expected = np.log(total).sum() - q * 2.0 + 3 * np.log(q)
    assert like.log_likelihood(f, slope, q) == pytest.approx(expected, rel=1e-12)
    cells, after = like.probabilities(f, slope, q)
    np.testing.assert_allclose(cells, real / total[owner][:, None], rtol=1e-12)
    np.testing.assert_allclose(after.sum(axis=1), 1)
    assert np.all(cells <= after[owner] + 1e-15)


def test_without_interlopers_the_fit_is_that_of_a_poisson_number():
    # All of 30 companions of 200 AGN are real: f = 0.15, and 2 ln L falls by 1 where f - 0.15 - 0.15 ln(f / 0.15) = 1 / 400.
    parents = np.full((200, 5), 0.2)
    found = fitted(likelihood(parents, np.full((30, 5), 1e9), np.arange(30)), fraction=None, evolving=False, density_free=False)
    ends = [brentq(lambda f: f - 0.15 - 0.15 * np.log(f / 0.15) - 1 / 400, *where) for where in ((0.05, 0.15), (0.15, 0.4))]
    assert found.fraction == pytest.approx(0.15, rel=1e-3)
    assert (found.low, found.high) == pytest.approx(tuple(ends), rel=3e-3)


def test_no_pair_gives_an_upper_limit_and_a_given_fraction_is_held():
    # exp(-N f): 2 ln L falls by 1 at f = 1 / (2 N).
    parents = np.full((50, 5), 0.2)
    none = likelihood(parents, np.zeros((0, 5)), np.zeros(0, dtype=np.intp), 0.0)
    found = fitted(none, fraction=None, evolving=True, density_free=False)
    assert (found.fraction, found.low) == (0, 0)
    assert found.high == pytest.approx(0.01, rel=0.01)
    held = fitted(none, fraction=0.2, evolving=False, density_free=False)
    assert (held.fraction, held.low, held.high) == (0.2, 0.2, 0.2)


def test_the_fitted_density_finds_how_many_interlopers_there_are():
    # Real pairs and interlopers that redshifts tell apart: twice as many interlopers as the field says.
    parents = np.full((100, 2), 0.5)
    odds = np.concatenate([np.full((10, 2), 1e4), np.full((40, 2), 1e-4)])
    like = likelihood(parents, odds, np.arange(50), expected=20.0)
    found = fitted(like, fraction=None, evolving=False, density_free=True)
    assert found.fraction == pytest.approx(0.1, rel=0.02)
    assert found.density == pytest.approx(2, rel=0.02)
    given = attrs.evolve(like, expected=40.0)
    assert fitted(given, fraction=None, evolving=False, density_free=True).density == pytest.approx(1, rel=0.02)
