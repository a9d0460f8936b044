"""Coherence and joint covariances against simulations whose truth is known."""

import numpy as np
import pytest

from faintsky.core.bins import Bins
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.map import Map
from faintsky.core.registry import make
from faintsky.estimators.bandpowers.beam import deconvolved
from faintsky.estimators.bandpowers.coherence import coherence, drawn_powers
from faintsky.estimators.bandpowers.joint_covariance import joint_covariance
from faintsky.estimators.bandpowers.splits import split_power

GRID = Grid((64, 64), "10 arcsec")
BINS, _ = Bins.log("25 arcsec", "640 arcsec", per_decade=4).fitted(GRID)
ESTIMATOR = make("power_spectra", "decoupled")


def pair(rng, root_c=0.5**0.5, noise=1.0, mask=None):
    """Two white maps of unit power with coherence C, the second in two noisy halves."""
    sky = rng.standard_normal(GRID.shape)
    other = root_c * sky + np.sqrt(1 - root_c**2) * rng.standard_normal(GRID.shape)
    halves = tuple(other + noise * np.sqrt(2) * rng.standard_normal(GRID.shape) for _ in range(2))
    weight = None if mask is None else mask
    return (
        Map.from_array(sky, grid=GRID, unit="s", weight=weight),
        Map.from_array(np.mean(halves, axis=0), grid=GRID, unit="s", splits=halves, weight=weight),
    )


def measured(a, b):
    cross = ESTIMATOR.estimate(a, b, BINS, Context())
    return cross, ESTIMATOR.estimate(a, a, BINS, Context()), split_power(b, ESTIMATOR, BINS, Context())


def test_coherence_is_recovered_and_its_interval_covers():
    # True coherence 0.5, noise equal to the sky: means over 120 skies within 3 sigma + 3 %, coverage of the 68 % interval.
    rng = np.random.default_rng(1)
    values, raw, inside = [], [], []
    for _ in range(120):
        c = coherence(*measured(*pair(rng)), rng=rng, draws=600)
        values.append(c.value)
        raw.append(c.raw)
        inside.append((c.low <= 0.5) & (c.high >= 0.5))
    many = np.array(values)[:, -2:]  # bins of more than 400 modes
    mean, error = many.mean(axis=0), many.std(axis=0) / np.sqrt(120)
    assert np.all(np.abs(mean - 0.5) < 3 * error + 0.03), mean
    assert 0.58 < np.mean(np.array(inside)[:, -2:]) < 0.8
    assert np.all(np.array(raw)[:, -2:].mean(axis=0) > mean)


def test_no_coherence_is_zero_on_average_and_never_clipped():
    rng = np.random.default_rng(2)
    found = [coherence(*measured(*pair(rng, root_c=0.0)), rng=rng, draws=200) for _ in range(80)]
    values = np.array([c.value for c in found])[:, -2:]
    assert np.all(np.abs(values.mean(axis=0)) < 3.5 * values.std(axis=0) / np.sqrt(80))
    assert np.any(values < 0)
    raw = np.array([c.raw for c in found])[:, -2:]
    assert np.all(raw.mean(axis=0) > 3 * raw.std(axis=0) / np.sqrt(80))  # the published form finds coherence in noise


def test_a_map_with_itself_is_coherent():
    rng = np.random.default_rng(3)
    sky = Map.from_array(rng.standard_normal(GRID.shape), grid=GRID, unit="s")
    auto = ESTIMATOR.estimate(sky, sky, BINS, Context())
    c = coherence(auto, auto, auto, rng=rng)
    np.testing.assert_allclose(c.raw[c.valid], 1.0, rtol=1e-12)


def test_where_the_auto_power_is_lost_in_noise_there_is_no_coherence():
    rng = np.random.default_rng(4)
    c = coherence(*measured(*pair(rng, noise=30.0)), rng=rng, draws=100)
    assert not c.valid[:3].all()
    assert np.all(np.isnan(c.value[~c.valid]))
    assert np.all(np.isnan(c.low[~c.valid]))


def test_bands_are_averaged_before_the_division():
    rng = np.random.default_rng(5)
    cross, auto, signal = measured(*pair(rng))
    merged = coherence(cross, auto, signal, rng=rng, merge=2)
    w = cross.modes[-2:] / cross.modes[-2:].sum() if len(BINS) % 2 == 0 else np.array([1.0])
    last = slice(-len(w), None)
    expected = (w @ cross.power[last]) ** 2 / ((w @ auto.power[last]) * (w @ signal.power[last]))
    assert merged.raw[-1] == pytest.approx(expected, rel=1e-12)


def test_beams_must_be_treated_alike():
    rng = np.random.default_rng(6)
    cross, auto, signal = measured(*pair(rng))
    beam = make("psfs", "gaussian", sigma="5 arcsec")
    with pytest.raises(DataError, match="correct all, or none"):
        coherence(cross, auto, deconvolved(signal, (beam, beam)), rng=rng)


def test_drawn_powers_have_the_moments_of_measured_ones():
    # Wishart: variance 2 P^2 / N of an auto, (P1 P2 + P12^2) / N of the cross.
    rng = np.random.default_rng(7)
    one, two, cross, dof = (np.array([v]) for v in (3.0, 2.0, 1.5, 24.0))
    a, b, c = drawn_powers(one, two, cross, dof, 200_000, rng)
    for drawn, mean, variance in ((a, 3.0, 18 / 24), (b, 2.0, 8 / 24), (c, 1.5, (6 + 2.25) / 24)):
        assert drawn.mean() == pytest.approx(mean, rel=0.01)
        assert drawn.var() == pytest.approx(variance, rel=0.03)
    assert np.all(c**2 <= a * b * (1 + 1e-12))


def test_covariance_between_spectra_is_the_scatter_of_simulations():
    """Three maps of one sky behind a mask: correlations of all six spectra against 600 skies."""
    rng = np.random.default_rng(8)
    mask = (rng.random(GRID.shape) > 0.3).astype(float)
    roots = {"a": 1.0, "b": 0.8, "c": 0.5}
    pairs = [("a", "a"), ("b", "b"), ("a", "b"), ("a", "c"), ("b", "c")]
    vectors, predicted = [], []
    for i in range(600):
        sky = rng.standard_normal(GRID.shape)
        maps = {
            n: Map.from_array(
                r * sky + np.sqrt(1 - r**2) * rng.standard_normal(GRID.shape), grid=GRID, unit="s", weight=mask, meta={"name": n}
            )
            for n, r in roots.items()
        }
        spectra = {f"{x} {y}": ESTIMATOR.estimate(maps[x], maps[y], BINS, Context()) for x, y in pairs}
        vectors.append(np.concatenate([s.power for s in spectra.values()]))
        if i < 40:
            predicted.append(joint_covariance(spectra))
    scatter, expected = np.cov(np.array(vectors).T), np.mean(predicted, axis=0)
    n = len(BINS)
    sigma = np.sqrt(np.diag(scatter))
    for i in range(len(pairs)):
        for j in range(len(pairs)):
            for b in range(2, n):
                ours = expected[i * n + b, j * n + b] / (sigma[i * n + b] * sigma[j * n + b])
                theirs = scatter[i * n + b, j * n + b] / (sigma[i * n + b] * sigma[j * n + b])
                # 600 skies know a correlation to 0.04, a variance to 6 %; the approximation is good to some per cent.
                assert ours == pytest.approx(theirs, abs=0.2), (pairs[i], pairs[j], b)
    assert np.all(np.linalg.eigvalsh(expected / np.outer(sigma, sigma)) > -1e-6)
