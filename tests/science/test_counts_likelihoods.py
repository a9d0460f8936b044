"""Likelihoods of counts: the profiled background, real spectra against sherpa, and the traps of their scalings."""

import attrs
import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from scipy.stats import poisson

from faintsky.core.band import Band
from faintsky.core.context import Context
from faintsky.core.counts_spectrum import CountsSpectrum
from faintsky.core.errors import DataError
from faintsky.core.joint_likelihood import joint
from faintsky.core.observed_spectrum import ObservedSpectrum
from faintsky.core.registry import make
from faintsky.core.response import Response, redistribution
from faintsky.estimators.likelihoods.w_stat import profiled_background

CTX = Context()


def best_fit(bound, starts=((0.5, -4.0), (1.5, -5.0), (1.5, -6.0), (2.5, -4.0))):
    """Photon index, norm and statistic of the best of several starts: from afar a simplex falls to zero normalisation."""
    found = [
        minimize(
            lambda x: float(bound.statistic(np.array([[x[0], 10 ** x[1]]]))[0]),
            start,
            method="Nelder-Mead",
            options={"xatol": 1e-6, "fatol": 1e-7},
        )
        for start in starts
    ]
    best = min(found, key=lambda r: r.fun)
    return best.x[0], 10 ** best.x[1], best.fun


def toy(source, background=None, ratio=0.1, number=20):
    """Counts in channels that are photon energies, through 1 cm^2 in 1 s."""
    edges = np.linspace(1.0, 3.0, number + 1)
    data, channels, starts = redistribution(np.eye(number))
    response = Response(
        edges=edges,
        area=np.ones(number),
        channel_edges=np.stack([edges[:-1], edges[1:]], 1),
        data=data,
        channels=channels,
        starts=starts,
    )
    back = None if background is None else CountsSpectrum(counts=background, exposure=1.0, backscal=1.0)
    counts = CountsSpectrum(counts=source, exposure=1.0, backscal=ratio if back is not None else 1.0, background=back, name="toy")
    return ObservedSpectrum(counts=counts, response=response, band=Band(1.0, 3.0))


@pytest.mark.parametrize(
    ("s", "b", "r", "m"), [(5, 20, 0.1, 2.0), (0, 20, 0.1, 2.0), (5, 0, 0.1, 1.0), (5, 0, 0.1, 9.0), (3, 2, 1.7, 0.0)]
)
def test_the_profiled_background_maximises_the_likelihood(s, b, r, m):
    found = float(profiled_background(np.array([s]), np.array([b]), np.array([r]), np.array([m]))[0])

    def minus_log(x):
        return -(poisson.logpmf(s, m + r * x) + poisson.logpmf(b, x))

    direct = minimize_scalar(minus_log, bounds=(0.0, 200.0), method="bounded", options={"xatol": 1e-9})
    assert minus_log(found) <= direct.fun + 1e-6
    assert found == pytest.approx(direct.x, abs=1e-3)


def test_statistics_are_those_of_poisson_up_to_a_constant():
    rng = np.random.default_rng(4)
    data = toy(rng.poisson(3, 20), rng.poisson(12, 20))
    alone = toy(rng.poisson(3, 20))
    model = make("spectra", "powerlaw")
    theta = np.array([[1.0, 40.0], [2.0, 60.0]])
    expected = data.expected(make("spectra", "powerlaw", photon_index=theta[:, [0]], norm=theta[:, [1]]))
    cash = make("likelihoods", "cash").bind(alone, model, CTX).log_likelihood(theta)
    np.testing.assert_allclose(np.diff(cash), np.diff(poisson.logpmf(alone.source, expected).sum(axis=1)), rtol=1e-9)
    w = make("likelihoods", "w-stat").bind(data, model, CTX).log_likelihood(theta)
    b = profiled_background(data.source, data.background, data.ratio, expected)
    direct = (poisson.logpmf(data.source, expected + data.ratio * b) + poisson.logpmf(data.background, b)).sum(axis=1)
    np.testing.assert_allclose(np.diff(w), np.diff(direct), rtol=1e-9)


def test_an_impossible_model_has_no_likelihood_and_a_perfect_one_no_deviance():
    data = toy(np.arange(20))
    bound = make("likelihoods", "cash").bind(data, make("spectra", "powerlaw"), CTX)
    assert bound.log_likelihood(np.array([[1.0, 0.0]]))[0] == -np.inf
    assert bound.terms(data.source[None])[0] == pytest.approx(np.zeros(20))


def test_grouping_leaves_the_counts_and_needs_background_in_each_group():
    rng = np.random.default_rng(8)
    data = toy(rng.poisson(3, 20), rng.poisson(0.7, 20))
    bound = make("likelihoods", "w-stat", min_background=3).bind(data, make("spectra", "powerlaw"), CTX)
    assert bound.source.sum() == data.source.sum()
    assert bound.background.min() >= 3
    assert bound.expected(np.array([[1.0, 5.0]])).shape == (1, len(bound.starts))


def test_what_a_statistic_cannot_take_is_refused():
    with pytest.raises(DataError, match="has no background, which w-stat needs"):
        make("likelihoods", "w-stat").bind(toy(np.ones(20)), make("spectra", "powerlaw"), CTX)
    with pytest.raises(DataError, match="has a background, which cash does not use"):
        make("likelihoods", "cash").bind(toy(np.ones(20), np.ones(20)), make("spectra", "powerlaw"), CTX)
    with pytest.raises(DataError, match="is a factor and gives no photons"):
        make("likelihoods", "cash").bind(toy(np.ones(20)), make("spectra", "wabs"), CTX)


def test_spectra_of_one_source_are_fitted_together():
    one, two = (make("likelihoods", "cash").bind(toy(np.full(20, n)), make("spectra", "powerlaw"), CTX) for n in (2, 5))
    theta = np.array([[1.5, 30.0]])
    both = joint([one, two])
    assert both.log_likelihood(theta)[0] == pytest.approx((one.log_likelihood(theta) + two.log_likelihood(theta))[0])
    assert both.names == one.names
    assert joint([one]) is one
    other = make("likelihoods", "cash").bind(toy(np.ones(20)), make("spectra", "cutoffpl"), CTX)
    with pytest.raises(DataError, match="likelihoods of other parameters have no product"):
        joint([one, other])


def test_fits_of_simulated_counts_find_their_input():
    # 150 spectra of about 400 counts: the mean of the best fits is the input, its scatter that of the curvature.
    rng = np.random.default_rng(11)
    truth = np.array([1.7, 300.0])
    expected = toy(np.ones(20), np.ones(20)).expected(make("spectra", "powerlaw", photon_index=truth[0], norm=truth[1]))
    found = []
    for _ in range(150):
        data = toy(rng.poisson(expected + 1.0), rng.poisson(10.0, 20))
        bound = make("likelihoods", "w-stat").bind(data, make("spectra", "powerlaw"), CTX)
        best = minimize(lambda x, b=bound: float(b.statistic(x[None])[0]), truth, method="Nelder-Mead")
        found.append(best.x)
    mean, error = np.mean(found, axis=0), np.std(found, axis=0) / np.sqrt(150)
    np.testing.assert_allclose(mean, truth, atol=4 * error.max(), rtol=0.01)
    assert abs(mean[0] - truth[0]) < 4 * error[0]


# Fits of a power law at 0.5-7 keV by sherpa 4.19 (reference note on real data, 3.iii): photon index, norm, W.
SHERPA = {"9774.pi": (1.7338, 7.053e-5, 459.0), "179.pi": (0.7745, 8.446e-7, 629.7)}


@pytest.mark.parametrize("name", SHERPA)
def test_real_spectra_are_fitted_as_sherpa_fits_them(real_data, name):
    observed = make("counts_spectra", "pha", path=real_data / "chandra_spectra" / name).load(CTX)
    index, norm, statistic = best_fit(make("likelihoods", "w-stat").bind(observed, make("spectra", "powerlaw"), CTX))
    expected = SHERPA[name]
    assert index == pytest.approx(expected[0], abs=0.02)
    assert norm == pytest.approx(expected[1], rel=0.01)
    assert statistic == pytest.approx(expected[2], rel=0.01)


def test_areascal_alone_may_hold_the_ratio_of_the_areas(real_data):
    # BACKSCAL is 1 in both files of source 179; without AREASCAL the background is 32 times too strong and the fit is nonsense.
    source = make("counts_spectra", "pha", path=real_data / "chandra_spectra" / "179.pi")
    observed = source.load(CTX)
    assert observed.ratio[0] == pytest.approx(0.03082, rel=1e-3)
    background = attrs.evolve(observed.counts.background, areascal=1.0)
    wrong = attrs.evolve(observed, counts=attrs.evolve(observed.counts, background=background))
    right_fit, wrong_fit = (
        best_fit(make("likelihoods", "w-stat").bind(o, make("spectra", "powerlaw"), CTX)) for o in (observed, wrong)
    )
    assert wrong_fit[2] > 4 * right_fit[2]
    assert wrong_fit[1] < 0.1 * right_fit[1]


def test_w_is_the_w_of_sherpa(real_data):
    pytest.importorskip("sherpa", reason="sherpa is not installed: pip install 'faintsky[sherpa]'")
    from sherpa.astro.data import DataPHA
    from sherpa.astro.instrument import Response1D
    from sherpa.astro.io import read_arf, read_pha, read_rmf
    from sherpa.models.basic import PowLaw1D
    from sherpa.stats import WStat

    observed = make("counts_spectra", "pha", path=real_data / "chandra_spectra" / "9774.pi").load(CTX)
    data: DataPHA = read_pha(str(real_data / "chandra_spectra" / "9774.pi"))
    assert isinstance(data, DataPHA)
    data.set_arf(read_arf(str(real_data / "chandra_spectra" / "9774.arf")))
    data.set_rmf(read_rmf(str(real_data / "chandra_spectra" / "9774.rmf")))
    low, high = observed.energy[0, 0], observed.energy[-1, 1]
    data.set_analysis("energy")
    data.notice(low + 1e-4, high - 1e-4)
    model = PowLaw1D("pl")
    model.gamma, model.ampl = 1.7, 7e-5
    theirs = WStat().calc_stat(data, Response1D(data)(model))[0]
    ours = make("likelihoods", "w-stat").bind(observed, make("spectra", "powerlaw"), CTX).statistic(np.array([[1.7, 7e-5]]))[0]
    assert ours == pytest.approx(theirs, rel=1e-5)
