"""Simulated photons against the distributions that they are drawn from."""

import attrs
import numpy as np
import pytest
from scipy.stats import binom, kstest, poisson

from faintsky.core.box import Box
from faintsky.core.context import Context
from faintsky.core.photon_box import PhotonBox
from faintsky.core.photon_set import PhotonSet
from faintsky.core.point_sources import PointSources
from faintsky.core.psf import PSF, Place
from faintsky.core.registry import make
from faintsky.core.source_cuts import SourceCuts
from faintsky.core.units import ARCSEC
from faintsky.models.photons.box_light import BoxLight, background_positions
from faintsky.models.photons.energy_pools import EnergyPools
from faintsky.models.photons.simulation import drawn_from_mixture, simulated_like
from faintsky.models.photons.sky_sources import SkySources

ARCMIN = float(np.deg2rad(1 / 60))
KING = make("psfs", "king", core="0.6 arcsec", slope=2.0)


def gaussian(fwhm):
    """A Gaussian PSF of this full width at half maximum [arcsec]; half of its light lies within half of it."""
    return make("psfs", "gaussian", sigma=fwhm * ARCSEC / np.sqrt(8 * np.log(2)))


NARROW = gaussian(0.2)
ENERGIES = EnergyPools(sources=[1.0], background=[5.0])


class TwoEnergies(PSF):
    """A Gaussian that is wide at 4 keV and narrow at 1 keV; between them their mixture."""

    def __init__(self, energy=None):
        self.shape = gaussian(2.0 if energy == 4.0 else 0.2)
        self.known = energy

    energies = (1.0, 4.0)

    def placed(self, place):
        assert place.energy in self.energies
        return TwoEnergies(place.energy)

    def density(self, dx, dy):
        return self.shape.density(dx, dy)

    def encircled(self, radius):
        return self.shape.encircled(radius)

    def transfer(self, q):
        return self.shape.transfer(q)

    def drawn(self, number, rng):
        return self.shape.drawn(number, rng)


def template(number=20_000, observations=1, background=0.0, side=20.0, shape=None):
    """Observations of so many photons, whose places do not matter."""
    rng = np.random.default_rng(7)
    return PhotonSet(
        name="S",
        observations=tuple(
            PhotonBox(
                x=rng.uniform(-side / 2, side / 2, number),
                y=rng.uniform(-side / 2, side / 2, number),
                energy=np.ones(number),
                box=Box.square(side),
                place=Place(off_axis=1 * ARCMIN, observation=str(k)),
                exposure=1e5 - k,
                background_counts=background * 2100 / side**2,
                background_area=2100.0,
                background_shape=shape,
            )
            for k in range(observations)
        ),
    )


def positions(data, k=0):
    return np.stack([data.observations[k].x, data.observations[k].y], axis=1)


def test_photons_follow_the_encircled_energy_of_the_psf():
    # In a box so large that 1 - EEF(1000 arcsec) = 4e-7 of the light misses it.
    found = simulated_like(template(side=2000.0), SkySources.single(), KING, np.random.default_rng(1), energies=ENERGIES)
    r = np.hypot(*positions(found).T) * ARCSEC
    assert kstest(r, lambda x: KING.encircled(x)).pvalue > 0.01


def test_in_a_small_box_they_follow_the_truncated_density():
    # The marginal in x of a Gaussian at (0.9, 0) in a box of 2 arcsec: a normal cut at -1 and 1.
    from scipy.stats import truncnorm

    psf = gaussian(1.0)
    s = 1 / np.sqrt(8 * np.log(2))
    source = SkySources.single(0.9, 0.0)
    found = simulated_like(template(side=2.0), source, psf, np.random.default_rng(2), counts="fixed", energies=ENERGIES)
    assert len(found) == 20_000
    assert kstest(positions(found)[:, 0], truncnorm((-1 - 0.9) / s, (1 - 0.9) / s, loc=0.9, scale=s).cdf).pvalue > 0.01
    assert kstest(positions(found)[:, 1], truncnorm(-1 / s, 1 / s, scale=s).cdf).pvalue > 0.01


def test_ratios_are_those_on_the_sky_before_photons_miss_the_box():
    # The second source stands on a side: half of its light is lost, so that a ratio of 1 leaves 1 : 0.5 inside.
    source = SkySources(offsets=[[0, 0], [10.0, 0.0]], ratios=[1, 1])
    found = simulated_like(template(), source, NARROW, np.random.default_rng(3), counts="fixed", energies=ENERGIES)
    second = int(np.sum(positions(found)[:, 0] > 5))
    assert binom(20_000, 1 / 3).cdf(second) == pytest.approx(0.5, abs=0.4999)


def test_counts_are_poisson_about_the_expected_ones():
    # 400 simulations of 60 photons, 20 of them background: mean within 4 sigma, and the variance of a Poisson law (4 sigma of
    # that of 400 draws, sqrt(2 / 400) = 7 %). The background area is drawn anew: 20 * 2100 / 400 = 105.
    data = template(60, background=20.0)
    rng = np.random.default_rng(4)
    runs = [simulated_like(data, SkySources.single(), NARROW, rng, energies=ENERGIES) for _ in range(400)]
    for counts, mean in (([len(r) for r in runs], 60), ([r.observations[0].background_counts for r in runs], 105)):
        assert abs(np.mean(counts) - mean) < 4 * np.sqrt(mean / 400)
        assert abs(np.var(counts) / mean - 1) < 4 * np.sqrt(2 / 400)
    stray = [int(np.sum(r.observations[0].energy == 5.0)) for r in runs]
    assert abs(np.mean(stray) - 20) < 4 * np.sqrt(20 / 400)
    assert kstest(np.array(stray) + np.random.default_rng(5).random(400), _smoothed(poisson(20))).pvalue > 0.001


def _smoothed(law):
    """The distribution of a whole number plus a uniform one."""
    return lambda x: law.cdf(np.floor(x) - 1) + law.pmf(np.floor(x)) * (x - np.floor(x))


def test_the_background_is_uniform_or_follows_its_shape():
    box = Box(x_low=-10, x_high=10, y_low=-4, y_high=6)
    flat = background_positions(box, None, 20_000, np.random.default_rng(1))
    for column, (low, width) in zip(flat.T, ((-10, 20), (-4, 10)), strict=True):
        assert kstest(column, "uniform", (low, width)).pvalue > 0.01
    # Rows from low y: the second row is the upper half; its right cell holds half of all, and the lower left one nothing.
    shape = np.array([[0.0, 1.0], [1.0, 2.0]])
    x, y = background_positions(box, shape, 20_000, np.random.default_rng(2)).T
    share = [np.mean((x > 0) & (y > 1)), np.mean((x < 0) & (y > 1)), np.mean((x > 0) & (y < 1))]
    np.testing.assert_allclose(share, [0.5, 0.25, 0.25], atol=4 * np.sqrt(0.25 / 20_000))
    inside = (x > 0) & (y > 1)
    assert kstest(x[inside], "uniform", (0, 10)).pvalue > 0.01


def test_between_two_energies_photons_follow_the_mixture():
    # At 2 keV a third of the photons is scattered by the PSF of 4 keV.
    light = BoxLight(psf=TwoEnergies(), place=Place(), box=Box.square(40.0))
    found = light.drawn(np.full(20_000, 2.0), [[0.0, 0.0]], [1.0], np.random.default_rng(1))
    narrow, wide = (gaussian(width).encircled for width in (0.2, 2.0))
    r = np.hypot(*found.T) * ARCSEC
    assert kstest(r, lambda x: (2 * narrow(x) + wide(x)) / 3).pvalue > 0.01
    beyond = light.drawn(np.full(5_000, 9.0), [[0.0, 0.0]], [1.0], np.random.default_rng(2))
    assert kstest(np.hypot(*beyond.T) * ARCSEC, wide).pvalue > 0.01


def test_a_draw_from_the_likelihood_has_its_fractions_inside_the_box():
    # w_bkg = f_b / (1 + f_b), w_j = f_j / ((1 + f_b) sum f): with f_b = 0.25 and f = 1, 0.5, 0.5: 0.2, 0.4, 0.2, 0.2. The second
    # source stands on a side of the box: its fraction is that of the photons inside all the same.
    theta = [-5, 0, 10, 0, 0, 5, np.log10(0.25), np.log10(0.5), np.log10(0.5)]
    found = drawn_from_mixture(template(), theta, 3, NARROW, np.random.default_rng(1))
    xy = positions(found)
    number = len(xy)
    # The background adds its part of each disc of 1 arcsec (half a disc on the side); none of the narrow sources leaves it.
    for (x, y), weight, area in (((-5, 0), 0.4, np.pi), ((10, 0), 0.2, np.pi / 2), ((0, 5), 0.2, np.pi)):
        near = int(np.sum(np.hypot(*(xy - (x, y)).T) < 1))
        wanted = weight + 0.2 * area / 400
        assert abs(near - number * wanted) < 4 * np.sqrt(number * wanted * (1 - wanted))
    assert number == 20_000


def test_a_draw_from_the_likelihood_shifts_all_but_the_first_observation():
    theta = [1.0, 2.0, -3.0, 0.5, -0.5, -2.0, 1.0]
    found = drawn_from_mixture(template(2000, observations=3), theta, 1, NARROW, np.random.default_rng(1))
    for k, (dx, dy) in enumerate([(0, 0), (0.5, -0.5), (-2, 1)]):
        np.testing.assert_allclose(np.median(positions(found, k), axis=0), [1 + dx, 2 + dy], atol=0.02)


def test_a_source_beyond_a_side_is_seen_by_its_wings():
    # A King PSF 3 arcsec outside: photons pile up at that side. Analytic marginal: the density integrated along y, by quadrature.
    from scipy.integrate import quad

    theta = [13.0, 0.0, -3.0]
    data = template(3000)
    found = drawn_from_mixture(data, theta, 1, KING, np.random.default_rng(1))
    x = positions(found)[:, 0]

    def column(u):
        return quad(lambda v: float(KING.density((u - 13) * ARCSEC, v * ARCSEC)), -10, 10, limit=200)[0]

    grid = np.linspace(-10, 10, 161)
    upto = np.concatenate([[0], np.cumsum([column(u) for u in 0.5 * (grid[1:] + grid[:-1])])])
    # The background is a part of 0.001; the tolerance of KS (p > 0.01) at n = 3000 is 0.03, the steps of the grid matter less.
    assert kstest(x, lambda u: np.interp(u, grid, upto / upto[-1])).pvalue > 0.01


class Mixture:
    """The density of two sources above a background in a box of 8 arcsec, its normalisations by sums over a fine grid."""

    shape = np.array([[1.0, 2.0], [3.0, 1.0]])
    pixel = 0.025
    place = Place(off_axis=3 * ARCMIN, azimuth=0.4, observation="1")

    def __init__(self, psf):
        self.psf = psf
        energies = psf.energies
        self.nodes = [psf.placed(attrs.evolve(self.place, energy=e)) for e in energies] if energies else [psf]
        self.energies = energies or (1.0,)

    def photons(self, number, rng):
        box = PhotonBox(
            x=rng.uniform(-4, 4, number),
            y=rng.uniform(-4, 4, number),
            energy=rng.uniform(0.3, 9, number),
            box=Box.square(8),
            place=self.place,
            exposure=1e5,
            background_counts=80.0,
            background_area=2100.0,
            background_shape=self.shape,
        )
        return PhotonSet(name="S", observations=(box,))

    def density(self, theta, photons):
        background, ratio = 10 ** np.asarray(theta[4:])
        sources = self.source(theta[:2], photons) + ratio * self.source(theta[2:4], photons)
        cell = self.shape[(photons.y > 0).astype(int), (photons.x > 0).astype(int)]
        return (background * cell / self.shape.sum() / 16 + sources / (1 + ratio)) / (1 + background)

    def source(self, at, photons):
        middle = np.arange(-4 + self.pixel / 2, 4, self.pixel)
        grid = middle - at[0], (middle - at[1])[:, None]
        here = photons.x - at[0], photons.y - at[1]
        found, inside = (np.array([n.density(x * ARCSEC, y * ARCSEC) * ARCSEC**2 for n in self.nodes]) for x, y in (here, grid))
        inside = inside.sum(axis=(1, 2)) * self.pixel**2
        node = np.interp(photons.energy, self.energies, np.arange(len(self.nodes)))
        weight = np.clip(1 - np.abs(node - np.arange(len(self.nodes))[:, None]), 0, None)
        return (weight * found).sum(axis=0) / (weight * inside[:, None]).sum(axis=0)


@pytest.mark.parametrize("name", ["king", "two-king"])
def test_a_draw_from_the_likelihood_is_exact(name):
    # The mean of m(theta') / m(theta) over photons drawn at theta is 1 for any theta', where m is the density that they are drawn
    # from: with its truncation, background shape and energies. At 3.3 arcsec a source loses 10 to 20 % of its light at the side.
    mixture = Mixture(KING if name == "king" else make("psfs", "two-king"))
    theta = np.array([3.3, 0.2, -1.0, 1.0, -0.6, -0.3])
    rng = np.random.default_rng(3)
    drawn = drawn_from_mixture(mixture.photons(20_000, rng), theta, 2, mixture.psf, rng).observations[0]
    here = mixture.density(theta, drawn)
    for step in ([-0.06, 0.05, 0.05, -0.05, 0.1, 0.1], [0.1, 0, 0, 0.1, -0.1, 0], [-0.1, 0, 0, 0, 0, 0.2]):
        ratio = mixture.density(theta + step, drawn) / here
        error = ratio.std() / np.sqrt(ratio.size)
        assert error < 2e-3
        assert abs(ratio.mean() - 1) < 4 * error


def test_the_likelihood_is_the_density_that_photons_are_drawn_from():
    # ln L of `photon-mixture` against the explicit density: its tables may err by 1e-4 a photon.
    mixture = Mixture(make("psfs", "two-king"))
    rng = np.random.default_rng(4)
    data = mixture.photons(500, rng)
    theta = np.array([2.5, 0.2, -1.0, 1.0, -0.6, -0.3])
    drawn = drawn_from_mixture(data, theta, 2, mixture.psf, rng)
    likelihood = make("likelihoods", "photon-mixture").bind(drawn, PointSources(number=2, psf=mixture.psf), Context())
    for at in (theta, theta + np.array([-0.1, 0.1, 0, 0.1, 0.2, -0.2])):
        explicit = np.log(mixture.density(at, drawn.observations[0])).sum()
        assert abs(likelihood.log_likelihood(at[None])[0] - explicit) < 500 * 1e-4


def test_shifts_move_each_observation():
    data = template(2000, observations=2)
    moved = simulated_like(
        data, SkySources.single(), NARROW, np.random.default_rng(1), shifts=[[0, 0], [2.0, -1.0]], energies=ENERGIES
    )
    for k, shift in enumerate([(0, 0), (2, -1)]):
        np.testing.assert_allclose(np.median(positions(moved, k), axis=0), shift, atol=0.02)


def test_the_psf_of_a_simulation_need_not_be_that_of_a_fit():
    # The sky drawn through one PSF has its width; a fit with another one would see the mismatch.
    half = [
        np.median(np.hypot(*positions(simulated_like(template(), SkySources.single(), psf, np.random.default_rng(1))).T))
        for psf in (gaussian(1.0), gaussian(2.0))
    ]
    # The half-light radius of a Gaussian is half its FWHM.
    np.testing.assert_allclose(half, [0.5, 1.0], rtol=0.03)


def test_energies_are_those_of_source_and_background():
    data = template(20_000, background=5000.0)
    energies = EnergyPools(sources=[1.0, 2.0], background=[5.0, 6.0, 7.0])
    found = simulated_like(data, SkySources.single(), NARROW, np.random.default_rng(1), counts="fixed", energies=energies)
    energy, r = found.observations[0].energy, np.hypot(*positions(found).T)
    assert np.all(energy[r > 2] > 4)
    assert abs(np.sum(energy == 1.0) - 7500) < 4 * np.sqrt(7500)
    assert abs(np.sum(energy == 6.0) - 5000 / 3) < 4 * np.sqrt(5000 / 3)
    assert set(found.observations[0].background_energy) == {5.0, 6.0, 7.0}


def test_off_axis_angles_of_a_system_are_spread_over_the_area():
    # Inverse transform: theta^2 is uniform.
    from faintsky.models.photons.planned_source import drawn_off_axis

    theta = drawn_off_axis(1.0, 3.0, 5000, np.random.default_rng(1))
    assert kstest(theta**2, "uniform", (1, 8)).pvalue > 0.01


def test_a_sample_through_the_default_psf_has_its_half_light_radius():
    # 4000 photons on axis, with next to no background: half of them within the PSF's half-light radius of their centre at the
    # energies that they have. The energies are those of the sample, the PSF is asked at each node.
    psf = make("psfs", "two-king")
    made = make("photon_samples", "simulated", exposures=("1 ks",), counts=4000.0, shift=0.0, background="1e-9 1 / (s arcsec2)")
    sample = made.load(SourceCuts(), Context(seed=3))
    box = sample.sources[0].observations[0]
    x, y = sample.truth["x"][0], sample.truth["y"][0]
    r = np.hypot(box.x - x, box.y - y) * ARCSEC
    node = np.interp(box.energy, psf.energies, np.arange(len(psf.energies)))
    upto = np.zeros_like(np.sort(r))
    for i, energy in enumerate(psf.energies):
        weight = np.clip(1 - np.abs(node - i), 0, None).mean()
        upto += weight * psf.placed(attrs.evolve(box.place, energy=energy)).encircled(np.sort(r))
    # The box holds 98 % of the light or more; its corners cut circles, so the comparison ends at 5 arcsec.
    inside = np.sort(r) < 5 * ARCSEC
    measured = (np.arange(r.size) + 0.5) / r.size
    total = upto[inside].max() / measured[inside].max()
    # Kolmogorov: D < 1.63 / sqrt(n) at p = 0.01.
    assert np.max(np.abs(upto[inside] / total - measured[inside])) < 1.63 / np.sqrt(r.size)
    assert 0.97 < total <= 1.001
