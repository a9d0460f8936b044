"""Identities of the unbinned likelihood of photons, for any positions, fractions and shapes of the PSF."""

import attrs
import numpy as np
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from faintsky.core.box import Box
from faintsky.core.context import Context
from faintsky.core.photon_set import PhotonSet
from faintsky.core.point_sources import PointSources
from faintsky.core.psf import PSF
from faintsky.core.registry import make
from faintsky.core.units import ARCSEC
from faintsky.testing.photon_sets import photon_box, photon_set

SIGMA = 0.6 * ARCSEC
NUMBERS = st.integers(0, 2**31 - 1)
FEW = settings(max_examples=15, deadline=None)


@frozen(kw_only=True)
class Elliptical(PSF):
    """A Gaussian with similar elliptical isophotes."""

    ratio: float
    angle: float

    @property
    def ellipse(self):
        return self.ratio, self.angle

    def density(self, dx, dy):
        u = np.cos(self.angle) * np.asarray(dx) + np.sin(self.angle) * np.asarray(dy)
        v = np.cos(self.angle) * np.asarray(dy) - np.sin(self.angle) * np.asarray(dx)
        return np.exp(-0.5 * (self.ratio * u**2 + v**2 / self.ratio) / SIGMA**2) / (2 * np.pi * SIGMA**2)

    def encircled(self, radius):
        phi = np.linspace(0, 2 * np.pi, 256, endpoint=False)
        g2 = self.ratio * np.cos(phi) ** 2 + np.sin(phi) ** 2 / self.ratio
        return np.mean(-np.expm1(-0.5 * (np.asarray(radius, dtype=float)[..., None] / SIGMA) ** 2 * g2) / g2, axis=-1)

    def drawn(self, number, rng):
        u, v = SIGMA * rng.standard_normal((2, number)) * np.sqrt([[1 / self.ratio], [self.ratio]])
        return rotated(u, v, self.angle)

    def transfer(self, q):
        return np.exp(-0.5 * (np.asarray(q) * SIGMA) ** 2)


def bound(psf, data, number=2, **options):
    return make("likelihoods", "photon-mixture", **options).bind(data, PointSources(number=number, psf=psf), Context())


def drawn(likelihood, seed, number=20):
    return likelihood.prior_transform(np.random.default_rng(seed).random((number, likelihood.ndim)))


def rotated(x, y, angle):
    return np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y


@given(angle=st.floats(-3.1, 3.1), ratio=st.floats(0.4, 1.0), seed=NUMBERS)
@FEW
def test_a_rotation_of_photons_and_psf_changes_nothing(angle, ratio, seed):
    # Without truncation the box enters only by its area.
    before = Elliptical(ratio=ratio, angle=0.3)
    one = photon_box(before, [(0.5, 0.2, 40), (-1.0, 0.8, 20)], background=0, seed=seed, background_area=0.0)
    x, y = rotated(one.x, one.y, angle)
    other = attrs.evolve(one, x=x, y=y)
    options = {"truncate": "none", "background_mean": -1.0}
    first = bound(before, PhotonSet(name="s", observations=(one,)), **options)
    second = bound(Elliptical(ratio=ratio, angle=0.3 + angle), PhotonSet(name="s", observations=(other,)), **options)
    theta = drawn(first, seed)
    turned = theta.copy()
    turned[:, :4:2], turned[:, 1:4:2] = rotated(theta[:, :4:2], theta[:, 1:4:2], angle)
    np.testing.assert_allclose(second.log_likelihood(turned), first.log_likelihood(theta), rtol=1e-10)


@given(quarters=st.integers(0, 3), along=st.floats(-20, 20), across=st.floats(-20, 20), seed=NUMBERS)
@settings(max_examples=6, deadline=None)
def test_quarter_turns_and_translations_take_the_box_with_them(quarters, along, across, seed):
    turn = quarters * np.pi / 2
    psf = Elliptical(ratio=0.7, angle=0.4)
    one = photon_box(psf, [(0.5, 0.2, 40), (-4.0, 0.8, 20)], box=Box(x_low=-6, x_high=6, y_low=-4, y_high=5), seed=seed)
    corners = np.array([rotated(x, y, turn) for x in (-6.0, 6.0) for y in (-4.0, 5.0)])
    low, high = corners.min(axis=0) - 1e-13, corners.max(axis=0) + 1e-13
    box = Box(x_low=low[0] + along, x_high=high[0] + along, y_low=low[1] + across, y_high=high[1] + across)
    x, y = rotated(one.x, one.y, turn)
    other = attrs.evolve(one, x=x + along, y=y + across, box=box)
    first = bound(psf, PhotonSet(name="s", observations=(one,)))
    second = bound(Elliptical(ratio=0.7, angle=0.4 + turn), PhotonSet(name="s", observations=(other,)))
    theta = drawn(first, seed)
    moved = theta.copy()
    moved[:, :4:2], moved[:, 1:4:2] = rotated(theta[:, :4:2], theta[:, 1:4:2], turn)
    moved[:, :4] += [along, across, along, across]
    np.testing.assert_allclose(second.log_likelihood(moved), first.log_likelihood(theta), rtol=1e-10)


@given(seed=NUMBERS)
@FEW
def test_swapped_sources_with_the_inverse_ratio_are_the_same(seed):
    psf = make("psfs", "gaussian", sigma=SIGMA)
    likelihood = bound(psf, photon_set(psf, [(0, 0, 50), (2, 1, 30)], shifts=[(0, 0), (0.5, -0.4)]))
    theta = drawn(likelihood, seed)
    swapped = theta[:, [2, 3, 0, 1, 4, 5, 6, 7]] * [1, 1, 1, 1, 1, -1, 1, 1]
    np.testing.assert_allclose(likelihood.log_likelihood(swapped), likelihood.log_likelihood(theta), rtol=1e-12)


@given(seed=NUMBERS)
@FEW
def test_the_order_of_photons_does_not_matter(seed):
    psf = make("psfs", "gaussian", sigma=SIGMA)
    one = photon_box(psf, seed=3)
    order = np.random.default_rng(seed).permutation(len(one))
    other = attrs.evolve(one, x=one.x[order], y=one.y[order], energy=one.energy[order])
    first, second = (bound(psf, PhotonSet(name="s", observations=(box,))) for box in (one, other))
    theta = drawn(first, seed)
    np.testing.assert_allclose(second.log_likelihood(theta), first.log_likelihood(theta), rtol=1e-12)


@given(seed=NUMBERS)
@FEW
def test_observations_add_up(seed):
    psf = make("psfs", "gaussian", sigma=SIGMA)
    data = photon_set(psf, [(0, 0, 20), (2, 1, 10)], shifts=[(0, 0), (0.5, -0.4), (-1, 0.1)], background=5)
    likelihood = bound(psf, data, truncate="none")
    alone = [bound(psf, PhotonSet(name="s", observations=(one,)), truncate="none") for one in data.observations]
    theta = drawn(likelihood, seed)
    shifts = [np.zeros((len(theta), 2)), theta[:, 6:8], theta[:, 8:10]]
    parts = [
        one.log_likelihood(np.hstack([theta[:, :4] + np.tile(d, 2), theta[:, 4:6]])) for one, d in zip(alone, shifts, strict=True)
    ]
    np.testing.assert_allclose(np.sum(parts, axis=0), likelihood.log_likelihood(theta), rtol=1e-12)


@given(seed=NUMBERS, number=st.sampled_from([2, 3]))
@FEW
def test_sources_without_photons_are_not_there(seed, number):
    # 1e-15 of the counts: each ln of a density moves by at most that share times 400 arcsec^2 / (w_b 2 pi sigma^2) < 1e-9 here.
    psf = make("psfs", "gaussian", sigma=SIGMA)
    data = photon_set(psf)
    single, several = bound(psf, data, 1), bound(psf, data, number)
    theta = drawn(single, seed)
    rng = np.random.default_rng(seed)
    more = np.hstack(
        [theta[:, :2], rng.uniform(-8, 8, (len(theta), 2 * number - 2)), theta[:, 2:], np.full((len(theta), number - 1), -15.0)]
    )
    np.testing.assert_allclose(several.log_likelihood(more), single.log_likelihood(theta), rtol=1e-9)


@given(seed=NUMBERS)
@FEW
def test_two_sources_at_one_place_are_one(seed):
    psf = make("psfs", "gaussian", sigma=SIGMA)
    data = photon_set(psf)
    single, dual = bound(psf, data, 1), bound(psf, data, 2)
    theta = drawn(single, seed)
    log_f = np.random.default_rng(seed).uniform(-4, 4, (len(theta), 1))
    both = np.hstack([theta[:, :2], theta[:, :2], theta[:, 2:], log_f])
    np.testing.assert_allclose(dual.log_likelihood(both), single.log_likelihood(theta), rtol=1e-12)
