"""What is made of bandpowers: broadband means, differences, splits, beams, stacks."""

import attrs
import numpy as np
import pytest

from faintsky.core.bins import Bins
from faintsky.core.broadband import WEIGHTINGS, broadband
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.map import Map
from faintsky.core.power_spectrum import PowerSpectrum, Window
from faintsky.core.registry import make
from faintsky.core.units import ARCSEC
from faintsky.estimators.bandpowers.beam import beam_in_window, beam_power, deconvolved
from faintsky.estimators.bandpowers.jackknife import blocks, jackknife
from faintsky.estimators.bandpowers.splits import split_power
from faintsky.estimators.bandpowers.stack import STACKINGS, stacked

BINS = Bins.log("10 arcsec", "1000 arcsec", per_decade=4)


def spectrum(power, error=None, modes=None, bins=BINS, **more):
    """Bandpowers with given errors, through a window of one wavenumber a bin."""
    power = np.asarray(power, dtype=float)
    error = 0.1 * np.abs(power) + 1e-3 if error is None else np.asarray(error, dtype=float)
    given = {
        "edges": bins.edges,
        "q": bins.q,
        "modes": np.full(power.size, 40) if modes is None else np.asarray(modes),
        "power": power,
        "covariance": np.diag(error**2),
        "pseudo": power,
        "window": Window(q=bins.q, matrix=np.eye(power.size)),
        "unit": "sr",
        "f_sky": 0.7,
        "names": ("a", "b"),
        "auto": (np.abs(power) + 1, np.abs(power) + 2),
    }
    return PowerSpectrum(**(given | more))


THREE = Bins.from_edges([100.0, 200.0, 400.0, 800.0])


def three(**more):
    """The example of three bins that the weights are worked out for by hand."""
    return spectrum([4.0, 2.0, 1.0], [2.0, 1.0, 0.5], [4, 16, 64], THREE, **more)


@pytest.mark.parametrize(
    ("weights", "value", "error"),
    [
        # By hand (T20). sigma: (2x4 + 1x2 + .5x1) / 3.5 and sqrt(2^4 + 1 + .5^4) / 3.5.
        ("sigma", 10.5 / 3.5, np.sqrt(16 + 1 + 0.0625) / 3.5),
        # 1/sigma^2 = .25, 1, 4: (1 + 2 + 4) / 5.25 and 1 / sqrt(5.25).
        ("inverse-variance", 7 / 5.25, 1 / np.sqrt(5.25)),
        ("uniform", 7 / 3, np.sqrt(4 + 1 + 0.25) / 3),
        # modes 4, 16, 64: (16 + 32 + 64) / 84.
        ("modes", 112 / 84, np.sqrt((4 * 2) ** 2 + 16**2 + 32**2) / 84),
        # q^2 = 2, 8, 32 (1e4): (8 + 16 + 32) / 42.
        ("q2", 56 / 42, np.sqrt((2 * 2) ** 2 + 8**2 + 16**2) / 42),
    ],
)
def test_weights_of_a_broadband_mean_by_hand(weights, value, error):
    found = broadband(three(), 1e-4, 1.0, weights)
    assert found.value == pytest.approx(value, rel=1e-12)
    assert found.error == pytest.approx(error, rel=1e-12)
    assert found.bins == 3
    assert found.mean_sigma == pytest.approx(3.5 / 3)
    assert found.snr == pytest.approx(value / error)


def test_a_broadband_error_knows_the_correlations():
    covariance = np.array([[4.0, -1.5, 0], [-1.5, 1.0, 0.2], [0, 0.2, 0.25]])
    w = np.array([4, 16, 64]) / 84
    found = broadband(three(covariance=covariance), 1e-4, 1.0, "modes")
    assert found.error == pytest.approx(np.sqrt(w @ covariance @ w), rel=1e-12)


def test_a_broadband_mean_says_what_is_wrong():
    with pytest.raises(DataError, match=r"no bin lies between 0.2063 and 0.4125 arcsec; the spectrum reaches from"):
        broadband(three(), 1e-6, 2e-6)
    with pytest.raises(DataError, match=r"no weighting is called 'sigmas'\. Did you mean 'sigma'"):
        broadband(three(), 1e-4, 1.0, "sigmas")
    assert set(WEIGHTINGS) == {"modes", "inverse-variance", "uniform", "q2", "sigma"}


def test_mean_square_fluctuation_is_q2_p_over_2_pi():
    s = three()
    value, error = s.q2p()
    np.testing.assert_allclose(value, s.q**2 * s.power / (2 * np.pi), rtol=1e-14)
    np.testing.assert_allclose(error, s.q**2 * s.error / (2 * np.pi), rtol=1e-14)


def test_a_matched_spectrum_is_subtracted_and_the_errors_add():
    a, b = three(), spectrum([1.0, 1.0, 1.0], [0.3, 0.4, 1.2], [4, 16, 64], THREE)
    d = a.subtract(b)
    np.testing.assert_allclose(d.power, [3, 1, 0])
    np.testing.assert_allclose(d.error, [np.hypot(2, 0.3), np.hypot(1, 0.4), 1.3])
    for other, why in (
        (attrs.evolve(b, f_sky=0.6), "the masks differ"),
        (attrs.evolve(b, unit="s sr"), "cannot subtract"),
        (attrs.evolve(b, beam="deconvolved"), "cannot subtract"),
        (attrs.evolve(b, edges=b.edges * 1.1), "same bins"),
    ):
        with pytest.raises(DataError, match=why):
            a.subtract(other)


def noisy(k, grid, seed=1, noise=2.0):
    """One white sky of variance 1 seen K times."""
    rng = np.random.default_rng(seed)
    sky = rng.standard_normal(grid.shape)
    splits = tuple(sky + noise * rng.standard_normal(grid.shape) for _ in range(k))
    return Map.from_array(np.mean(splits, axis=0), grid=grid, unit="s", splits=splits)


def test_splits_of_two_are_sum_less_difference():
    grid = Grid((64, 64), "5 arcsec")
    m, estimator = noisy(2, grid), make("power_spectra", "decoupled")
    bins = Bins.log("12 arcsec", "200 arcsec", per_decade=4)
    found = split_power(m, estimator, bins, Context())
    total, difference = (estimator.estimate(x, x, bins, Context()).power for x in (m.half_sum(), m.half_difference()))
    np.testing.assert_allclose(found.power, total - difference, atol=1e-12 * total.max())


def test_errors_of_many_splits_are_those_of_their_scatter():
    # 4 splits of noise 4 times the sky: the scatter over 400 skies and the quoted errors agree within the Monte Carlo error.
    grid = Grid((32, 32), "5 arcsec")
    bins = Bins.log("12 arcsec", "120 arcsec", per_decade=3)
    estimator = make("power_spectra", "fft", error="narrow-kernel")
    found = [split_power(noisy(4, grid, seed), estimator, bins, Context()) for seed in range(400)]
    powers = np.array([f.power for f in found])
    quoted = np.sqrt(np.mean([f.error**2 for f in found], axis=0))
    ratio = powers.std(axis=0) / quoted
    assert np.all((ratio > 0.85) & (ratio < 1.15)), ratio
    truth = grid.pixel_area
    assert np.all(np.abs(powers.mean(axis=0) / truth - 1) < 4 * powers.std(axis=0) / truth / np.sqrt(400))
    with pytest.raises(DataError, match="splits = 2"):
        split_power(Map.from_array(np.ones((8, 8)) + np.eye(8), "1 arcsec"), estimator, bins, Context())


GAUSS = make("psfs", "gaussian", sigma="10 arcsec")


def test_a_beam_in_the_window_and_one_divided_out_expect_the_same():
    true = 3.0 * (BINS.q / 1000) ** -1.2
    beam = np.exp(-((BINS.q * 10 * ARCSEC) ** 2))
    measured = spectrum(true * beam)
    with_window, without = beam_in_window(measured, (GAUSS, GAUSS)), deconvolved(measured, (GAUSS, GAUSS), threshold=0.05)
    np.testing.assert_allclose(with_window.window(true), measured.power, rtol=1e-12)
    good = beam >= 0.05
    assert 0 < good.sum() < len(BINS)
    np.testing.assert_allclose(without.power[good], true[good], rtol=1e-12)
    np.testing.assert_allclose(without.error[good], measured.error[good] / beam[good], rtol=1e-12)
    assert np.all(np.isnan(without.power[~good]))
    assert without.flags["below_beam"] == tuple((~good).tolist())
    assert without.beam == "deconvolved"
    with pytest.raises(DataError, match="deconvolved already"):
        deconvolved(without, (GAUSS, GAUSS))


def test_a_cross_spectrum_holds_one_beam():
    q = BINS.q
    np.testing.assert_allclose(beam_power(q, (GAUSS, None)), GAUSS.transfer(q), rtol=1e-12)
    np.testing.assert_allclose(beam_power(q, (None, None)), 1.0)
    np.testing.assert_allclose(beam_power(q, (GAUSS, GAUSS)), GAUSS.transfer(q) ** 2, rtol=1e-12)


def test_division_allows_for_the_beam_within_a_bin():
    # Two wavenumbers a bin: dividing by the mean leaves a shape that the window still knows.
    q = np.sort(np.concatenate([BINS.q * 0.9, BINS.q * 1.1]))
    matrix = np.repeat(np.eye(len(BINS)), 2, axis=1) / 2
    true = (q / 1000) ** -2.0
    seen = spectrum(matrix @ (true * GAUSS.transfer(q) ** 2), window=Window(q=q, matrix=matrix))
    found = deconvolved(seen, (GAUSS, GAUSS))
    good = ~np.array(found.flags["below_beam"])
    np.testing.assert_allclose(found.window(true)[good], found.power[good], rtol=1e-12)


def test_a_beam_wider_than_the_field_is_refused():
    wide = make("psfs", "gaussian", sigma="2 deg")
    with pytest.raises(DataError, match="wider than the field"):
        deconvolved(spectrum(np.ones(len(BINS))), (wide, wide))


def test_a_plain_stack_is_the_mean_with_errors_in_quadrature():
    fields = {f"f{i}": spectrum(np.full(len(BINS), float(i + 1)), np.full(len(BINS), 0.5)) for i in range(5)}
    s = stacked(fields, BINS)
    np.testing.assert_allclose(s.power, 3.0)
    np.testing.assert_allclose(s.error, np.sqrt(5 * 0.25) / 5)
    np.testing.assert_allclose(s.modes, 200)
    model = 7.0 * BINS.q**-0.5
    np.testing.assert_allclose(s.window(7.0 * s.window.q**-0.5), model)


def test_a_stack_takes_the_fields_that_have_modes():
    short = Bins(BINS.edges[3:])
    one = spectrum(np.full(len(BINS), 2.0), np.full(len(BINS), 0.3))
    two = spectrum(np.full(len(short), 4.0), np.full(len(short), 0.4), bins=short)
    s = stacked({"one": one, "two": two}, BINS)
    np.testing.assert_allclose(s.power, [2, 2, 2, 3, 3, 3, 3, 3])
    np.testing.assert_allclose(s.error, [0.3] * 3 + [0.25] * 5)
    np.testing.assert_allclose(s.edges, BINS.edges)


def test_weights_of_a_stack():
    one = spectrum(np.full(len(BINS), 2.0), np.full(len(BINS), 0.5), np.full(len(BINS), 30))
    two = spectrum(np.full(len(BINS), 4.0), np.full(len(BINS), 1.0), np.full(len(BINS), 10))
    values = {w: stacked({"one": one, "two": two}, BINS, w).power[0] for w in STACKINGS}
    assert values == pytest.approx({"uniform": 3.0, "inverse-variance": (8 + 4) / 5, "modes": 2.5, "area": 2.5})
    with pytest.raises(DataError, match="Did you mean 'uniform'"):
        stacked({"one": one}, BINS, "uniforms")


def test_fields_with_other_bins_are_refused():
    other = Bins(BINS.edges * 1.05)
    with pytest.raises(DataError, match=r"the field 'two' has other bins .* identical edges"):
        stacked({"one": spectrum(np.ones(8)), "two": spectrum(np.ones(8), bins=other)}, BINS)
    merged = Bins(np.delete(BINS.edges, 3))
    with pytest.raises(DataError, match="the field 'two' has other bins"):
        stacked({"one": spectrum(np.ones(8)), "two": spectrum(np.ones(7), bins=merged)}, BINS)
    with pytest.raises(DataError, match="is in s sr"):
        stacked({"one": spectrum(np.ones(8)), "two": spectrum(np.ones(8), unit="s sr")}, BINS)


def test_regions_of_a_jackknife_share_the_field():
    keep = np.random.default_rng(1).random((100, 140)) > 0.3
    keep[:, 100:] = False
    numbered = blocks(keep, 25)
    counts = np.bincount(numbered[keep], minlength=25)
    assert counts.size == 25
    assert np.all(np.abs(counts / counts.mean() - 1) < 0.2)


def test_a_jackknife_covers_the_scatter_of_white_fields():
    # 16 regions, small scales only, where a mode is far smaller than a region: the ratio is 0.97-1.12 there (fluctuations 3.2).
    rng = np.random.default_rng(3)
    bins = Bins.log("2.2 arcsec", "5 arcsec", per_decade=4)
    estimator = make("power_spectra", "decoupled")
    maps = [Map.from_array(rng.standard_normal((96, 96)), "1 arcsec", unit="s") for _ in range(40)]
    scatter = np.std([estimator.estimate(m, m, bins, Context()).power for m in maps], axis=0)
    errors = np.mean([jackknife(m, m, estimator, bins, Context(), regions=16).error for m in maps[:8]], axis=0)
    assert np.mean(errors / scatter) == pytest.approx(1.05, abs=0.25)
    found = jackknife(maps[0], maps[0], estimator, bins, Context(), regions=16)
    assert found.vectors.shape == (16, len(bins))
    with pytest.raises(DataError, match="at least 4 regions"):
        jackknife(maps[0], maps[0], estimator, bins, Context(), regions=2)
