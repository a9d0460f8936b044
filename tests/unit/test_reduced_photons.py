"""The reduced photon likelihood: parameters, symmetry, observations without photons, pilot density, doubts, messages."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from scipy.special import logsumexp

from faintsky.core.box import Box
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.parameter import Parameter
from faintsky.core.photon_box import PhotonBox
from faintsky.core.photon_set import PhotonSet
from faintsky.core.point_sources import PointSources
from faintsky.core.prior import Normal, TruncatedNormal, Uniform
from faintsky.core.psf import Place
from faintsky.core.reduced_likelihood import Reducible
from faintsky.core.registry import make
from faintsky.estimators.photons.node_weights import node_weights
from faintsky.estimators.photons.reduced_photons import ReducedPhotons

_ARCSEC = np.pi / 648000
_BOX = Box.square(20.0)


def observation(name: str, counts: int, exposure: float, seed: int = 1, at: tuple[float, float] = (0.3, -0.2)) -> PhotonBox:
    """Photons of one source through the default PSF, a tenth of them background."""
    rng, place = np.random.default_rng(seed), Place(observation=name)
    dx, dy = make("psfs", "two-king").placed(place).drawn(counts, rng)
    x, y = at[0] + dx / _ARCSEC, at[1] + dy / _ARCSEC
    noise = rng.random(counts) < 0.1
    x, y = (np.where(noise | (np.abs(place) > 10), rng.uniform(-10, 10, counts), place) for place in (x, y))
    return PhotonBox(x=x, y=y, energy=rng.uniform(0.6, 6.0, counts), box=_BOX, place=place, exposure=exposure)


def reduced(number: int, *observations: PhotonBox, **options: object) -> ReducedPhotons:
    rule = make("likelihoods", "photon-mixture", background_mean=-1.0, **options)
    data = PhotonSet(name="source", observations=observations)
    likelihood = rule.bind(data, PointSources(number=number, psf=make("psfs", "two-king")), Context())
    assert isinstance(likelihood, Reducible)
    return likelihood.reduced()


def test_parameters_are_separations_and_fractions():
    one, two = observation("a", 30, 2.0), observation("b", 20, 1.0, seed=2)
    assert reduced(1, one, two).names == ("log_f_bkg",)
    assert reduced(2, one, two).names == ("sx_2", "sy_2", "log_f_bkg", "log_f_2")
    assert reduced(3, one).names == ("sx_2", "sy_2", "sx_3", "sy_3", "log_f_bkg", "log_f_2", "log_f_3")
    # A difference of two positions in a box of side 20 lies between -20 and 20.
    assert reduced(2, one).parameters[0].prior == Uniform(low=-20.0, high=20.0)


def test_spectral_parameters_stay():
    likelihood = reduced(2, observation("a", 30, 2.0), observation("b", 12, 1.0, seed=2), energies="gamma")
    assert likelihood.names[4:] == ("mean_energy_1", "shape_1", "mean_energy_2", "shape_2")
    points = likelihood.pilot(20, np.random.default_rng(1))
    assert np.isfinite(likelihood.log_likelihood(points)).any()
    drawn, log_l = likelihood.completed(points[np.isfinite(likelihood.log_likelihood(points))][:3], np.random.default_rng(1))
    assert drawn.shape == (3, 12)
    assert np.isfinite(log_l).all()


@pytest.mark.parametrize(
    ("prior", "half"),
    [
        (Uniform(low=-4.0, high=4.0), Uniform(low=-4.0, high=0.0)),
        (Uniform(low=-4.0, high=1.0), None),
        (Normal(mean=0.0, sigma=1.0), TruncatedNormal(mean=0.0, sigma=1.0, high=0.0)),
        (Normal(mean=-1.0, sigma=1.0), None),
    ],
)
def test_only_symmetric_priors_are_folded(prior, half):
    found = reduced(2, observation("a", 30, 2.0), log_f=prior).parameters[3].prior
    assert found == (prior if half is None else half)


def test_folding_leaves_the_evidence_as_it_is():
    """At every (s, f) the folded integrand is the sum of both orders of the sources: L(s, f) = L(-s, 1/f), exact."""
    full = evolve(reduced(2, observation("a", 40, 2.0), observation("b", 20, 1.0, seed=3)), fold=False)
    phi = np.array([[0.4, 0.3, -1.0, -0.3], [1.5, 0.0, -0.8, 0.2], [0.0, 2.0, -1.2, -1.0]])
    mirrored = phi * [-1, -1, 1, -1]
    assert full.log_likelihood(phi) == pytest.approx(full.log_likelihood(mirrored), abs=2e-3)


def test_triples_may_change_the_places_of_the_second_and_the_third():
    likelihood = reduced(3, observation("a", 40, 2.0))
    phi = np.array([[0.5, 0.3, -2.0, 1.0, -1.0, -0.3, -1.2], [1.5, 0.0, 0.1, 0.2, -0.8, -0.6, -2.0]])
    assert likelihood.log_likelihood(phi) == pytest.approx(likelihood.log_likelihood(phi[:, [2, 3, 0, 1, 4, 6, 5]]), abs=2e-3)


def test_a_triple_without_light_in_the_third_is_a_dual():
    """Its position is then free: the integral of its prior, over the prior of its separation, is the overlap of two boxes."""
    data = observation("a", 40, 2.0)
    dual, triple = np.array([[1.0, 0.2, -1.0, -0.5]]), np.array([[1.0, 0.2, 0.0, 0.0, -1.0, -0.5, -12.0]])
    found = reduced(3, data, log_f=Uniform(low=-13.0, high=13.0)).log_likelihood(triple)
    # p(mu_1 + s_3) / p(s_3) = (1 / 400) / (1 / 1600)
    assert found - np.log(4) == pytest.approx(reduced(2, data).log_likelihood(dual), abs=2e-3)


def test_an_observation_without_photons_changes_nothing():
    one, empty = observation("a", 30, 2.0), observation("b", 0, 1.0)
    phi = np.array([[1.0, 0.5, -1.0, -0.7]])
    with_empty = reduced(2, one, empty)
    assert with_empty.log_likelihood(phi) == pytest.approx(reduced(2, one).log_likelihood(phi), abs=1e-9)
    drawn, _ = with_empty.completed(np.repeat(phi, 400, axis=0), np.random.default_rng(1))
    # Its shift follows its prior, uniform between -3 and 3: standard deviation sqrt(3), good to 3.5 % from 800 numbers.
    assert drawn[:, 6:].std() == pytest.approx(np.sqrt(3), rel=0.1)


def test_the_first_observation_needs_photons():
    with pytest.raises(DataError, match="longest observation b has no photon"):
        reduced(1, observation("a", 30, 1.0), observation("b", 0, 2.0))


def test_observations_with_wide_shifts_multiply():
    """Where shifts are free, an observation adds ln of int L_k / 36: its own single-observation integral times 400 / 36."""
    one, two = observation("a", 60, 2.0), observation("b", 50, 1.0, seed=2)
    phi = np.array([[0.8, 0.5, -1.0, -0.7], [0.1, 0.0, -0.9, -3.0]])
    both = reduced(2, one, two).log_likelihood(phi)
    parts = [reduced(2, data).log_likelihood(phi) for data in (one, two)]
    # int L_1 dnu = 100 L(s, f) of the observation alone, since p(mu) p(mu + s) / p(s) = 4 / 400.
    assert both == pytest.approx(parts[0] + parts[1] + np.log(100 / 36), abs=1e-3)


def test_sources_that_do_not_fit_into_the_box_are_impossible():
    likelihood = reduced(2, observation("a", 30, 2.0))
    phi = np.array([[20.0, 0.0, -1.0, -2.0]])
    assert likelihood.log_likelihood(phi)[0] == -np.inf
    with pytest.raises(DataError, match="no place for all sources"):
        likelihood.completed(phi, np.random.default_rng(1))


def test_rows_do_not_depend_on_each_other():
    likelihood = reduced(2, observation("a", 40, 2.0), observation("b", 6, 1.0, seed=2))
    points = likelihood.pilot(30, np.random.default_rng(3))
    together = likelihood.log_likelihood(points)
    assert together == pytest.approx([likelihood.log_likelihood(point[None])[0] for point in points], rel=1e-12)
    assert likelihood.log_likelihood(np.empty((0, 4))).shape == (0,)


def test_pilot_density_is_that_of_its_points():
    """E[p / q] over draws of q is 1 for any density p with the support of the prior: here the prior itself."""
    likelihood = reduced(2, observation("a", 40, 2.0))
    points = likelihood.pilot(20_000, np.random.default_rng(1))
    ratio = np.exp(likelihood.log_prior(points) - likelihood.pilot_log_density(points))
    assert ratio.mean() == pytest.approx(1.0, abs=4 * ratio.std() / np.sqrt(20_000))
    # And the density of the points around photons integrates to 1: importance sampling of it from wide Gaussians.
    rng = np.random.default_rng(2)
    wide = 6.0 * rng.standard_normal((40_000, 2))
    share = np.exp(likelihood._places.log_density(wide) + (wide**2).sum(axis=1) / 72 + np.log(2 * np.pi * 36))
    assert share.mean() == pytest.approx(1.0, abs=4 * share.std() / 200)


def test_completed_keeps_what_was_given():
    likelihood = reduced(2, observation("a", 40, 2.0), observation("b", 20, 1.0, seed=2))
    points = np.array([[1.0, 0.5, -1.0, -0.7], [-2.0, 0.3, -0.8, -1.7]])
    full, log_l = likelihood.completed(points, np.random.default_rng(1))
    assert full.shape == (2, 8)
    assert full[:, 2:4] - full[:, :2] == pytest.approx(points[:, :2])
    assert full[:, 4:6] == pytest.approx(points[:, 2:])
    assert log_l == pytest.approx(likelihood.likelihood.log_likelihood(full))
    assert np.isfinite(likelihood.likelihood.log_prior(full)).all()


def test_sound_integrals_raise_no_doubts():
    likelihood = reduced(2, observation("a", 40, 2.0), observation("b", 12, 1.0, seed=2))
    points = likelihood.pilot(200, np.random.default_rng(1))
    log_l = likelihood.log_likelihood(points)
    found = likelihood.judged(points[log_l > log_l.max() - 8])
    assert found.doubts == ()
    assert 0 < found.error < 0.02


def test_a_shift_beyond_its_prior_raises_doubts():
    moved = observation("b", 40, 1.0, seed=2, at=(4.3, -0.2))  # 4 arcsec off, and the prior ends at 3
    likelihood = reduced(1, observation("a", 40, 2.0), moved)
    assert any("observation b" in text and "widen" in text for text in likelihood.judged(np.array([[-1.0]])).doubts)


def test_positions_without_ends_are_refused():
    likelihood = reduced(1, observation("a", 30, 2.0)).likelihood
    first = Parameter(name="x_1", prior=Normal(mean=0.0, sigma=1.0))
    with pytest.raises(DataError, match="laplace-is"):
        ReducedPhotons(likelihood=evolve(likelihood, priors=(first, *likelihood.priors[1:])))


def test_positions_may_have_priors_that_are_not_flat():
    """Against a fine sum over the full likelihood times its prior."""
    likelihood = reduced(1, observation("a", 12, 2.0)).likelihood
    prior = TruncatedNormal(mean=0.5, sigma=0.2, low=0.3, high=10.0)
    likelihood = evolve(likelihood, priors=(Parameter(name="x_1", prior=prior), *likelihood.priors[1:]))
    x, y = 0.3 + (np.arange(300) + 0.5) * 0.005, -2 + (np.arange(300) + 0.5) * 0.0133
    grid = np.stack([*np.meshgrid(x, y), np.full((300, 300), -1.0)], axis=-1).reshape(-1, 3)
    exact = logsumexp(likelihood.log_likelihood(grid) + prior.logpdf(grid[:, 0])) + np.log(0.005 * 0.0133 / 20)
    assert ReducedPhotons(likelihood=likelihood).log_likelihood(np.array([[-1.0]]))[0] == pytest.approx(exact, abs=0.01)


def test_node_weights_integrate_up_to_an_end_between_nodes():
    """A Gaussian of width 1 cut at c, on lattices of step 1 wherever they lie: ndtr(c); the weights are 1 far inside."""
    from scipy.special import ndtr

    for cut in (-0.7, 0.0, 1.3):
        for start in (0.0, 0.3, 0.8):
            x = np.arange(-12, 12) + start
            weights = node_weights([x], [Uniform(low=-30.0, high=cut)], 1.0) * (cut + 30)
            found = weights @ np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)
            assert found == pytest.approx(ndtr(cut), abs=0.01)
            assert weights[x < cut - 2] == pytest.approx(1.0)
            assert np.all(weights[x > cut + 2] == 0)
