"""The likelihood of photons against explicit formulas, integrals and simulated photons of known origin."""

import math

import attrs
import numpy as np
import pytest

from faintsky.core.box import Box
from faintsky.core.context import Context
from faintsky.core.photon_set import PhotonSet
from faintsky.core.point_sources import PointSources
from faintsky.core.psf import Place
from faintsky.core.registry import make
from faintsky.core.tabulated_psf import TabulatedPsf
from faintsky.estimators.photons.contained_light import ContainedLight
from faintsky.estimators.photons.observation_mixture import ObservationMixture, mixture_weights
from faintsky.testing.photon_sets import photon_box, photon_set

ARCMIN = np.pi / 180 / 60
SIGMA = 0.5
GAUSSIAN = make("psfs", "gaussian", sigma=f"{SIGMA} arcsec")


def bound(psf, data, number, **options):
    return make("likelihoods", "photon-mixture", **options).bind(data, PointSources(number=number, psf=psf), Context())


def explicit(theta, data, number, truncate):
    """ln L with a Gaussian PSF, photon by photon, from the equation alone."""
    box, total = data.box, 0.0
    f_bkg = 10 ** theta[2 * number]
    ratios = [1.0, *(10 ** theta[2 * number + j] for j in range(1, number))]
    shares = [f / sum(ratios) / (1 + f_bkg) for f in ratios]

    def within(low, high, at):
        return 0.5 * (math.erf((high - at) / SIGMA / math.sqrt(2)) - math.erf((low - at) / SIGMA / math.sqrt(2)))

    for k, photons in enumerate(data.observations):
        dx, dy = (0.0, 0.0) if k == 0 else theta[3 * number + 2 * (k - 1) : 3 * number + 2 * k]
        for x, y in zip(photons.x, photons.y, strict=True):
            density = f_bkg / (1 + f_bkg) / ((box.x_high - box.x_low) * (box.y_high - box.y_low))
            for j, share in enumerate(shares):
                at_x, at_y = theta[2 * j] + dx, theta[2 * j + 1] + dy
                light = math.exp(-0.5 * ((x - at_x) ** 2 + (y - at_y) ** 2) / SIGMA**2) / (2 * math.pi * SIGMA**2)
                if truncate:
                    light /= within(box.x_low, box.x_high, at_x) * within(box.y_low, box.y_high, at_y)
                density += share * light
            total += math.log(density)
    return total


@pytest.mark.parametrize("truncate", [True, False])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_explicit_formula(number, truncate):
    data = photon_set(GAUSSIAN, [(0, 0, 60), (1.5, 1, 20)], shifts=[(0, 0), (0.6, -0.3), (-0.2, 0.4)], background=12)
    likelihood = bound(GAUSSIAN, data, number, truncate="box" if truncate else "none")
    rng = np.random.default_rng(4)
    theta = likelihood.prior_transform(rng.random((40, likelihood.ndim)))
    theta[:20, : 2 * number] = rng.normal(0, 1, (20, 2 * number))
    theta[:20, 3 * number :] = rng.normal(0, 0.5, (20, likelihood.ndim - 3 * number))
    # Clear of the edges in every observation, where the table of contained light is good to 1e-4 per photon.
    theta[20:, : 2 * number] *= 0.5
    wanted = [explicit(row, data, number, truncate) for row in theta]
    # The table of the PSF is linear in the radius with an error of 1e-4: over 276 photons of random sign far less than their sum.
    np.testing.assert_allclose(likelihood.log_likelihood(theta), wanted, atol=0.01, rtol=0)


@pytest.mark.parametrize("name", ["two-king", "gaussian"])
@pytest.mark.parametrize("places", [[(0.0, 0.0), (1.0, -0.5)], [(5.5, 4.0), (-6.0, 0.3)]])
def test_the_density_is_normalised_in_the_box(name, places):
    # int m dx dy = 1 by the midpoint rule on 0.05 arcsec (Gaussian: spectral; the two-King profile: 1e-4 in its core).
    psf = GAUSSIAN if name == "gaussian" else make("psfs", name)
    box = Box(x_low=-8, x_high=8, y_low=-6, y_high=6)
    x, y = np.meshgrid(np.arange(-8, 8, 0.05) + 0.025, np.arange(-6, 6, 0.05) + 0.025)
    photons = attrs.evolve(
        photon_box(psf, [(0, 0, 5)], box=box, off_axis=4 * ARCMIN), x=x.ravel(), y=y.ravel(), energy=np.full(x.size, 2.2)
    )
    shape = np.random.default_rng(1).uniform(0.5, 2, (6, 8))
    one = ObservationMixture(
        photons=attrs.evolve(photons, background_shape=shape), psf=TabulatedPsf.of(psf, photons.place, 20.0), margin=0.0
    )
    weights = mixture_weights([-0.5], [[-0.3]])[0]
    density = weights[0] * one.background + weights[1:] @ one.densities(np.array(places))
    assert density.sum() * 0.05**2 == pytest.approx(1.0, abs=5e-4)


@pytest.mark.parametrize(("off_axis", "inner", "outer", "tolerance"), [
    (0.0, 0.0, 8.0, 1e-4), (5.0, 0.0, 7.0, 2e-4), (0.0, 9.5, 10.0, 2e-3), (5.0, 9.5, 10.0, 5e-4),
])  # fmt: skip
def test_the_table_of_contained_light(off_axis, inner, outer, tolerance):
    # Against the integral for each place itself: ln C, which enters ln L once per photon of the source.
    psf = TabulatedPsf.of(make("psfs", "two-king"), Place(off_axis=off_axis * ARCMIN), 32.0)
    box = Box.square(20.0)
    places = np.random.default_rng(3).uniform(-outer, outer, (600, 2))
    places = places[np.abs(places).max(axis=1) >= inner]
    found = ContainedLight.of(psf, box, 3.0).at(places)
    exact = psf.contained(places[:, 0], places[:, 1], box).T
    np.testing.assert_allclose(np.log(found), np.log(exact), atol=tolerance)


def test_a_source_outside_the_box_is_not_blown_up():
    # With 1e-7 of its light inside, 1 / C would make its wings as bright as a source: C is held at 1e-3.
    psf = TabulatedPsf.of(GAUSSIAN, Place(), 32.0)
    assert ContainedLight.of(psf, Box.square(20.0), 3.0).at(np.array([[12.9, 0.0], [40.0, 0.0]])).ravel() == pytest.approx(1e-3)


class TestEnergies:
    """The spectral term: densities of energies, and what they tell apart."""

    def likelihood(self, **changes):
        data = PhotonSet(name="s", observations=(attrs.evolve(photon_box(GAUSSIAN), **changes),))
        return bound(GAUSSIAN, data, 2, energies="gamma", background_mean=-1.0)

    @pytest.mark.parametrize("known", [0, 5, 40, 3000])
    def test_they_are_normalised_over_the_band(self, known):
        # Photons at the middles of fine energy bins turn the sum of densities into an integral (midpoint rule).
        grid = np.linspace(0.5, 8.0, 20_001)
        energy = 0.5 * (grid[1:] + grid[:-1])
        x = np.random.default_rng(1).normal(0, 0.5, energy.size)
        background = 0.5 + 7.5 * np.random.default_rng(2).beta(1, 3, known) if known else None
        likelihood = self.likelihood(x=x, y=x, energy=energy, background_energy=background)
        theta = likelihood.prior_transform(np.random.default_rng(5).random((30, likelihood.ndim)))
        found = likelihood.spectra(theta, 0)
        assert found.shape == (30, 3, energy.size)
        np.testing.assert_allclose(found.sum(axis=2) * (grid[1] - grid[0]), 1.0, rtol=2e-3)

    def test_background_energies_are_followed_where_known(self):
        # Beta(1, 3) over the band: density 3 (1 - u)^2 / 7.5; 30000 photons in 173 bins: 8 % each, 3 sigma.
        energies = 0.5 + 7.5 * np.random.default_rng(2).beta(1, 3, 30_000)
        at = np.linspace(0.6, 6.0, 100)
        theta = np.array([[0, 0, 2, 0, -1, 0, 2, 2, 2, 2.0]])
        found = self.likelihood(background_energy=energies, energy=at).spectra(theta, 0)[0, 0]
        np.testing.assert_allclose(found, 3 * (1 - (at - 0.5) / 7.5) ** 2 / 7.5, rtol=0.3)

    def test_spectra_tell_sources_apart_at_one_place(self):
        # Two sources at one place, 60 photons about 1 keV and 30 about 5 keV: no position knows them, their energies do.
        # A single source has one gamma density with the mean and variance of both.
        rng = np.random.default_rng(8)
        energy = np.clip(np.concatenate([rng.gamma(9, 1 / 9, 60), rng.gamma(9, 5 / 9, 30), rng.uniform(0.5, 8, 10)]), 0.51, 7.99)
        likelihood = self.likelihood(energy=energy)
        one = np.array([[0, 0, 0, 0, -1, -4, 2.3, 1.2, 5, 9.0]])
        two = np.array([[0, 0, 0, 0, -1, np.log10(0.5), 1.0, 9.0, 5, 9.0]])
        plain = bound(GAUSSIAN, likelihood.data, 2)
        assert np.ptp(plain.log_likelihood(np.concatenate([one, two])[:, :6])) < 0.01
        assert likelihood.log_likelihood(two)[0] - likelihood.log_likelihood(one)[0] > 10

    def test_shape_one_is_an_exponential(self):
        likelihood = self.likelihood()
        found = likelihood.spectra(np.array([[0, 0, 2, 0, -1, 0, 2.0, 1.0, 3.0, 1.0]]), 0)[0, 1]
        energy = likelihood.data.observations[0].energy
        np.testing.assert_allclose(found, np.exp(-energy / 2) / 2 / (math.exp(-0.25) - math.exp(-4)), rtol=1e-12)


def scores(truncate, place, number=150):
    """d ln L / d x_1 at the truth, in its own standard error, over simulated observations of a source there."""
    psf = make("psfs", "two-king")
    found = []
    for seed in range(number):
        data = PhotonSet(
            name="s", observations=(photon_box(psf, [(*place, 100)], background=10, seed=seed, off_axis=4 * ARCMIN),)
        )
        likelihood = bound(psf, data, 1, truncate=truncate)
        ends = np.array([[place[0] + s, place[1], -1.0] for s in (0.02, -0.02)])
        up, down = likelihood.log_likelihood(ends)
        found.append((up - down) / 0.04)
    return np.mean(found) / (np.std(found) / np.sqrt(number))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*from the edge of the box")
def test_photons_drawn_from_the_model_have_no_score_at_the_truth():
    # E[d ln L / d theta] = 0 at the truth. Photons outside the box are lost: only the truncated density knows of that.
    assert abs(scores("box", (0.0, 0.0))) < 4
    assert abs(scores("box", (8.6, 0.0))) < 4
    assert scores("none", (8.6, 0.0)) < -6
