"""The likelihoods of bandpowers against their closed form."""

import attrs
import numpy as np
import pytest

from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.power_spectrum import PowerSpectrum, Window
from faintsky.core.prior import Normal, Uniform
from faintsky.core.units import ARCSEC
from faintsky.estimators.likelihoods.gaussian_bandpowers import GaussianBandpowers
from faintsky.estimators.likelihoods.gaussian_model_sigma import GaussianModelSigma
from faintsky.estimators.likelihoods.gaussian_observed_sigma import GaussianObservedSigma
from faintsky.models.power_models.shot_plus_power_law import ShotPlusPowerLaw

MODEL = ShotPlusPowerLaw()
TRUE = np.array([2e-11, 3e-11, 1.5])


def spectrum(signed=False, scale=1.0, **changes):
    """Bandpowers exactly on the model, 4 fine annuli to a bin."""
    edges = 2 * np.pi / (np.geomspace(1000, 4, 13) * ARCSEC)
    fine = np.geomspace(edges[0], edges[-1], 49)
    q_fine = np.sqrt(fine[1:] * fine[:-1])
    matrix = np.kron(np.eye(12), np.full((1, 4), 0.25)) * 0.8
    model = attrs.evolve(MODEL, shot=TRUE[0], amplitude=TRUE[1] * (-1 if signed else 1), slope=TRUE[2])
    power = scale * model.power(q_fine) @ matrix.T
    modes = np.geomspace(20, 1e5, 12).astype(np.int64)
    total = np.abs(power) * (5 if signed else 1)
    values = {
        "edges": edges,
        "q": np.sqrt(edges[1:] * edges[:-1]),
        "modes": modes,
        "power": power,
        "covariance": np.diag((2 if not signed else 1) * total**2 / modes),
        "pseudo": power,
        "window": Window(q=q_fine, matrix=matrix),
        "unit": "nW2 / (m4 sr)",
        "f_sky": 0.65,
        "names": ("ir", "x") if signed else ("ir", "ir"),
        "auto": (total, total) if signed else (power,),
        "flags": {"beyond_nyquist": (False,) * 12, "wider_than_field": (False,) * 12},
    }
    return PowerSpectrum(**(values | changes))


def test_is_the_multivariate_gaussian():
    data = spectrum()
    rng = np.random.default_rng(1)
    root = rng.normal(size=(12, 12)) * np.sqrt(np.diag(data.covariance)) / 5
    covariance = data.covariance + root.T @ root
    bound = GaussianBandpowers(
        model=MODEL, data=data.power, covariance=covariance, q=data.window.q, window=data.window.matrix, unit=data.unit
    )
    theta = TRUE * rng.uniform(0.8, 1.2, (20, 3))
    found = bound.log_likelihood(theta)
    chi2 = np.diff(
        [-0.5 * (r := data.power - bound.expected(t[None])[0]) @ np.linalg.solve(covariance * 1e22, r * 1e22) for t in theta]
    )
    np.testing.assert_allclose(np.diff(found), chi2, rtol=1e-9, atol=1e-9)
    sign, logdet = np.linalg.slogdet(2 * np.pi * covariance * 1e22)
    norm = found[0] + 0.5 * bound.residuals(theta[:1])[0] @ bound.residuals(theta[:1])[0]
    assert sign == 1
    assert norm == pytest.approx(-0.5 * (logdet - 12 * np.log(1e22)), rel=1e-12)


@pytest.mark.parametrize("rule", [GaussianModelSigma(), GaussianObservedSigma()])
@pytest.mark.parametrize("signed", [False, True], ids=["auto", "cross"])
def test_exact_data_are_found_through_the_window(rule, signed):
    """Data on the model: the truth is the best fit, so the window is applied exactly once."""
    data = spectrum(signed)
    bound = rule.bind(data, MODEL, Context())
    truth = TRUE * [1, -1 if signed else 1, 1]
    assert bound.names == ("shot", "amplitude", "slope")
    np.testing.assert_allclose(bound.expected(truth[None])[0], data.power, rtol=1e-12)
    others = truth * np.random.default_rng(2).uniform(0.9, 1.1, (200, 3))
    assert np.all(bound.log_likelihood(others) <= bound.log_likelihood(truth[None])[0])
    assert np.isfinite(bound.log_prior(truth[None])).all()


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e20])
def test_priors_follow_the_level_of_the_spectrum(scale):
    """The same map in another unit: the same fit, whatever the powers of ten."""
    one, other = (GaussianModelSigma().bind(spectrum(scale=s), MODEL, Context()) for s in (1.0, scale))
    for a, b in zip(one.parameters[:2], other.parameters[:2], strict=True):
        np.testing.assert_allclose(np.array(b.prior.support), scale * np.array(a.prior.support), rtol=1e-9)
    factor = np.array([scale, scale, 1.0])
    theta = TRUE * np.random.default_rng(3).uniform(0.5, 2, (50, 3))
    np.testing.assert_allclose(
        np.diff(other.log_likelihood(theta * factor)), np.diff(one.log_likelihood(theta)), rtol=1e-6, atol=1e-6
    )


def test_priors_are_signed_for_a_cross_spectrum_alone():
    auto, cross = (GaussianModelSigma().bind(spectrum(signed), MODEL, Context()).parameters for signed in (False, True))
    assert [p.prior.support[0] for p in auto[:2]] == [0, 0]
    assert all(p.prior.support[0] == -p.prior.support[1] for p in cross[:2])
    assert all(p.unit == "nW2 / (m4 sr)" for p in auto[:2])


def test_a_given_prior_stays():
    given = Normal(mean=2e-11, sigma=1e-12)
    model = ShotPlusPowerLaw(priors={"shot": given}, fixed={"slope": 1.5})
    bound = GaussianModelSigma().bind(spectrum(), model, Context())
    assert bound.names == ("shot", "amplitude")
    assert bound.parameters[0].prior is given


def test_errors_are_of_the_model_not_of_the_data():
    """A bin that fluctuates to a tenth keeps the error of the model; the recipe gives it a tenth of it."""
    data = spectrum()
    power = data.power.copy()
    power[5] *= 0.1
    low = spectrum(power=power, auto=(power,), covariance=np.diag(2 * power**2 / data.modes))
    model = ShotPlusPowerLaw(
        fixed=dict(zip(("amplitude", "slope"), TRUE[1:], strict=True)), priors={"shot": Uniform(low=0, high=1e-9)}
    )
    ours = GaussianModelSigma().bind(low, model, Context())
    theirs = GaussianObservedSigma().bind(low, model, Context())
    expected = np.sqrt(2 / data.modes) * data.power
    np.testing.assert_allclose(np.sqrt(np.diag(ours.covariance)), expected, rtol=0.05)
    assert np.sqrt(theirs.covariance[5, 5]) == pytest.approx(0.1 * expected[5])


@pytest.mark.parametrize("rule", [GaussianModelSigma, GaussianObservedSigma])
def test_scales_can_be_cut(rule):
    bound = rule(theta=("10 arcsec", "200 arcsec")).bind(spectrum(), MODEL, Context())
    theta = spectrum().theta / ARCSEC
    assert len(bound.data) == np.sum((theta >= 10) & (theta <= 200))
    with pytest.raises(DataError, match=r"no bin with a finite error is left to fit.*from 5\.035 to 794\.5 arcsec"):
        rule(theta=("1 arcsec", "2 arcsec")).bind(spectrum(), MODEL, Context())


def test_bins_beyond_nyquist_take_no_part():
    flags = {"beyond_nyquist": (False,) * 10 + (True,) * 2}
    assert len(GaussianModelSigma().bind(spectrum(flags=flags), MODEL, Context()).data) == 10


def test_impossible_covariance_is_refused():
    data = spectrum()
    covariance = data.covariance.copy()
    covariance[0, 1] = covariance[1, 0] = 10 * covariance[0, 0]
    with pytest.raises(DataError, match="not positive definite"):
        GaussianModelSigma().bind(spectrum(covariance=covariance), MODEL, Context())


def test_fingerprint_tells_data_and_priors_apart():
    one = GaussianModelSigma().bind(spectrum(), MODEL, Context()).fingerprint()
    assert one == GaussianModelSigma().bind(spectrum(), MODEL, Context()).fingerprint()
    other_prior = ShotPlusPowerLaw(priors={"slope": Uniform(low=0.5, high=3)})
    assert one != GaussianModelSigma().bind(spectrum(), other_prior, Context()).fingerprint()
    assert one != GaussianModelSigma().bind(spectrum(scale=1.001), MODEL, Context()).fingerprint()


def test_power_model_broadcasts_columns():
    from faintsky.core.parameter import at

    q = np.geomspace(1e3, 1e6, 5)
    theta = np.array([[1.0, 2.0, 1.5], [0.5, -1.0, 2.0]])
    found = at(MODEL, theta).power(q)
    q0 = 2 * np.pi / (100 * ARCSEC)
    for row, (shot, amplitude, slope) in zip(found, theta, strict=True):
        np.testing.assert_allclose(row, shot + amplitude * (q / q0) ** -slope, rtol=1e-12)


def test_errors_that_the_mask_brings_from_other_scales_do_not_follow_the_model():
    # A steep spectrum over a ragged field: the variance is 100 times that of the bin's own power, which is nearly 0 in one
    # bin. Errors that scaled with model / measured power would be wrong by orders of magnitude in it.
    data = spectrum()
    power = data.power.copy()
    power[4] *= 1e-4
    leaking = attrs.evolve(data, power=power, auto=(power,), covariance=100 * data.covariance)
    bound = GaussianModelSigma().bind(leaking, MODEL, Context())
    np.testing.assert_allclose(np.diag(bound.covariance) / np.diag(leaking.covariance), 1, atol=0.1)
    # Where the variance is the bin's own, it follows the model.
    low = attrs.evolve(data, power=0.25 * power, auto=(0.25 * power,), covariance=data.covariance / 16)
    clean = attrs.evolve(low, power=data.power)
    bound = GaussianModelSigma().bind(clean, MODEL, Context())
    kept = np.arange(12) != 4
    np.testing.assert_allclose((np.diag(bound.covariance) / np.diag(low.covariance))[kept], 16, rtol=0.25)
