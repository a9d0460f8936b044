"""The reduced photon likelihood against brute force over the full one, which shares no code with the reduction."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logsumexp

from faintsky.core.box import Box
from faintsky.core.context import Context
from faintsky.core.photon_box import PhotonBox
from faintsky.core.photon_set import PhotonSet
from faintsky.core.point_sources import PointSources
from faintsky.core.prior import Normal, Uniform
from faintsky.core.psf import Place
from faintsky.core.registry import make

_ARCSEC = np.pi / 648000
_SIDE = 20.0


def photons(
    counts: tuple[int, ...],
    *,
    off_axis: float = 0.0,
    separation: float = 1.2,
    ratio: float = 0.4,
    background: float = 0.1,
    place: tuple[float, float] = (0.3, -0.2),
    shift: float = 0.4,
    seed: int = 1,
) -> PhotonSet:
    """Photons of two sources through the default PSF; off-axis angle in arcmin, everything else in arcsec."""
    rng, box = np.random.default_rng(seed), Box.square(_SIDE)
    boxes = []
    for k, n in enumerate(counts):
        at = Place(off_axis=off_axis * np.pi / 10800, observation=f"o{k}")
        of_background = rng.binomial(n, background / (1 + background))
        dx, dy = make("psfs", "two-king").placed(at).drawn(n - of_background, rng)
        x, y = place[0] + dx / _ARCSEC, place[1] + dy / _ARCSEC
        x += separation * (rng.random(x.size) < ratio / (1 + ratio))
        moved = rng.uniform(-shift, shift, 2) if k else np.zeros(2)
        x = np.concatenate([x + moved[0], rng.uniform(-10, 10, of_background)])
        y = np.concatenate([y + moved[1], rng.uniform(-10, 10, of_background)])
        inside = box.holds(x, y)
        boxes.append(
            PhotonBox(
                x=x[inside],
                y=y[inside],
                energy=rng.uniform(0.6, 6.0, int(inside.sum())),
                box=box,
                place=at,
                exposure=1e5 - 1000 * k,
            )
        )
    return PhotonSet(name="source", observations=tuple(boxes))


def bound(data: PhotonSet, number: int, **options: object):
    psf = make("psfs", "two-king")
    rule = make("likelihoods", "photon-mixture", background_mean=-1.0, **options)
    return rule.bind(data, PointSources(number=number, psf=psf), Context())


def full_rows(likelihood, phi: np.ndarray, first: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Full parameters at one reduced point, for positions (m, 2) of the first source and shifts (m, 2 (K - 1))."""
    s = likelihood.number
    apart = np.concatenate([np.zeros(2), phi[: 2 * (s - 1)]])
    places = np.tile(first, s) + apart
    rest = np.broadcast_to(phi[2 * (s - 1) :], (len(first), len(phi) - 2 * (s - 1)))
    return np.concatenate([places, rest, shifts], axis=1)


def legendre(low: float, high: float, number: int) -> tuple[np.ndarray, np.ndarray]:
    x, w = np.polynomial.legendre.leggauss(number)
    return 0.5 * (low + high) + 0.5 * (high - low) * x, 0.5 * (high - low) * w


def brute_2d(likelihood, phi: np.ndarray, zoom: float = 2.0, number: int = 110) -> float:
    """ln of int dmu p(mu) p(mu + s) / p(s) L(mu) of one observation, by a fine midpoint sum about the maximum."""
    s = likelihood.number
    apart = np.concatenate([np.zeros(2), phi[: 2 * (s - 1)]]).reshape(s, 2)
    low, high = (-_SIDE / 2 - apart).max(axis=0), (_SIDE / 2 - apart).min(axis=0)
    wide = low, high
    best = 0.5 * (low + high)
    for half in (_SIDE, zoom):
        low, high = np.maximum(best - half, wide[0]), np.minimum(best + half, wide[1])
        axes = [low[i] + (np.arange(number) + 0.5) * (high[i] - low[i]) / number for i in range(2)]
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
        found = likelihood.log_likelihood(full_rows(likelihood, phi, grid, np.empty((len(grid), 0))))
        best = grid[found.argmax()]
    cell = np.prod((high - low) / number)
    area = _SIDE**2
    return float(logsumexp(found) + np.log(cell) - s * np.log(area) + (s - 1) * np.log(4 * area))


CASES = [
    (50, 0.0, 1e-4, 4.0),
    (50, 0.0, 0.5, 1.5),
    (50, 5.0, 1.0, 8.0),
    (300, 0.0, 0.05, 0.3),
    (300, 5.0, 0.5, 1.5),
    (300, 0.0, 1.0, 0.8),
    # The second source drives the first one out of its peak, to the edge of where both fit into the box.
    (50, 0.0, 0.01, 9.75),
    (50, 0.0, 0.01, 10.1),
]


@pytest.mark.parametrize(("counts", "off_axis", "ratio", "separation"), CASES)
def test_two_sources_in_one_observation_agree_with_a_fine_grid(counts, off_axis, ratio, separation):
    """0.01 in ln is what the issue asks for over the posterior; at 10.1 arcsec L is 18 in ln below that of a single source."""
    data = photons((counts,), off_axis=off_axis, separation=min(separation, 9.0), ratio=ratio)
    likelihood = bound(data, 2)
    phi = np.array([separation, 0.1, -1.0, np.log10(ratio)])
    zoom = 12.0 / np.sqrt(counts) * (1 + 2 * (off_axis > 0))
    exact = brute_2d(likelihood, phi, zoom)
    found = likelihood.reduced().log_likelihood(phi[None])[0]
    assert found == pytest.approx(exact, abs=0.01 if separation < 10 else 0.06)


@pytest.mark.parametrize("counts", [10, 40])
def test_evidence_of_a_single_source_is_the_three_dimensional_integral(counts):
    likelihood = bound(photons((counts,), ratio=0.0), 1)
    prior = likelihood.parameters[2].prior
    grid = prior.ppf((np.arange(8) + 0.5) / 8)[:, None]
    exact = [brute_2d(likelihood, phi, 20.0 / np.sqrt(counts)) for phi in grid]
    assert logsumexp(likelihood.reduced().log_likelihood(grid)) == pytest.approx(logsumexp(exact), abs=0.003)


def brute_4d(likelihood, phi: np.ndarray, supports: tuple[float, float], centre: np.ndarray, half: float, number: int) -> float:
    """The same of two observations, over mu around `centre` and over the shift within its support, by Gauss and Legendre."""
    s = likelihood.number
    mu = [legendre(centre[i] - half, centre[i] + half, number) for i in range(2)]
    shift = legendre(*supports, number)
    axes = [mu[0][0], mu[1][0], shift[0], shift[0]]
    weights = [mu[0][1], mu[1][1], shift[1], shift[1]]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 4)
    log_w = sum(np.log(w) for w in np.meshgrid(*weights, indexing="ij"))
    found = likelihood.log_likelihood(full_rows(likelihood, phi, grid[:, :2], grid[:, 2:]))
    prior = [p.prior for p in likelihood.parameters[-2:]]
    found = found + sum(p.logpdf(grid[:, 2 + i]) for i, p in enumerate(prior))
    return float(logsumexp(found + log_w.ravel()) - s * np.log(_SIDE**2) + (s - 1) * np.log(4 * _SIDE**2))


@pytest.mark.parametrize(
    ("counts", "shift", "supports"),
    [
        ((14, 4), Uniform(low=-0.4, high=0.4), (-0.4, 0.4)),  # cut through the middle of the second peak
        ((14, 9), Uniform(low=-0.5, high=0.25), (-0.5, 0.25)),  # not symmetric
        ((14, 4), Normal(mean=0.0, sigma=0.3), (-1.4, 1.4)),
    ],
)
def test_shifts_of_any_prior_agree_with_the_four_dimensional_integral(counts, shift, supports):
    likelihood = bound(photons(counts, shift=0.2, seed=3), 2, shift=shift)
    phi = np.array([1.2, 0.0, -1.0, -0.4])
    centre = np.median(np.stack([likelihood.data.observations[0].x, likelihood.data.observations[0].y]), axis=1)
    exact = brute_4d(likelihood, phi, supports, centre - [0.3, 0.0], 1.2, 26)
    assert likelihood.reduced().log_likelihood(phi[None])[0] == pytest.approx(exact, abs=0.01)


def test_draws_of_positions_and_shifts_follow_their_conditional_distribution():
    """Mean and covariance against the four-dimensional grid; 4000 draws leave 1.6 % of a standard deviation in a mean."""
    likelihood = bound(photons((14, 6), shift=0.2, seed=3), 1, shift=Uniform(low=-0.5, high=0.5))
    phi = np.array([-1.0])
    centre = np.median(np.stack([likelihood.data.observations[0].x, likelihood.data.observations[0].y]), axis=1)
    axes = [np.linspace(c - 1.1, c + 1.1, 16) for c in centre] + [(np.arange(14) + 0.5) / 14 - 0.5] * 2
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 4)
    log_l = likelihood.log_likelihood(full_rows(likelihood, phi, grid[:, :2], grid[:, 2:]))
    share = np.exp(log_l - logsumexp(log_l))
    mean = share @ grid
    covariance = (grid - mean).T @ (share[:, None] * (grid - mean))
    drawn, log_full = likelihood.reduced().completed(np.tile(phi, (4000, 1)), np.random.default_rng(5))
    found = drawn[:, [0, 1, 3, 4]]
    width = np.sqrt(np.diag(covariance))
    assert log_full == pytest.approx(likelihood.log_likelihood(drawn))
    assert (found.mean(axis=0) - mean) / width == pytest.approx(np.zeros(4), abs=0.055)
    assert np.cov(found.T) / np.outer(width, width) == pytest.approx(covariance / np.outer(width, width), abs=0.07)


@pytest.mark.slow
@pytest.mark.parametrize("counts", [(100,), (700,), (20,) * 5, (5,) * 10, (10,) * 10])
@pytest.mark.parametrize("off_axis", [0.0, 5.0])
def test_lattices_are_fine_enough_all_over_the_posterior(counts, off_axis):
    """Against lattices 2.5 times finer that reach further out, at the pilot points that matter."""
    likelihood = bound(photons(counts, off_axis=off_axis), 2)
    reduced = likelihood.reduced()
    points = reduced.pilot(400, np.random.default_rng(7))
    found = reduced.log_likelihood(points)
    some = points[np.argsort(-found)[:40]]
    fine = reduced._integrated(reduced._integral.finer(2.5), some)
    assert reduced.log_likelihood(some) == pytest.approx(fine, abs=0.01)
