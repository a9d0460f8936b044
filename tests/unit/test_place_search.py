"""The compiled search for peaks and nodes against numpy, which does the same steps without it."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import frozen

from faintsky.core.box import Box
from faintsky.core.context import Context
from faintsky.core.photon_box import PhotonBox
from faintsky.core.photon_set import PhotonSet
from faintsky.core.point_sources import PointSources
from faintsky.core.psf import PSF, Place
from faintsky.core.registry import make
from faintsky.estimators.photons import place_search

pytest.importorskip("numba", reason="without it there is nothing to compare")


@frozen
class Bumps(PSF):
    """Two Gaussians of width 3e-6 rad, 8e-6 rad apart: no ellipse, so that it is tabulated as an image."""

    def density(self, dx, dy):
        bumps = [np.exp(-0.5 * ((dx - s) ** 2 + np.square(dy)) / 9e-12) for s in (-4e-6, 4e-6)]
        return np.asarray(0.5 * sum(bumps) / (2 * np.pi * 9e-12))

    def encircled(self, radius):
        return make("psfs", "gaussian", sigma=4.5e-6).encircled(radius)

    def transfer(self, q):
        return np.exp(-0.5 * (np.asarray(q) * 3e-6) ** 2)


def photons(counts: int, exposure: float, seed: int) -> PhotonBox:
    """A clump at the middle and a few photons all over the box."""
    rng, box = np.random.default_rng(seed), Box.square(20.0)
    x, y = 0.4 * rng.standard_t(3, (2, counts))
    x[::6], y[::6] = rng.uniform(-10, 10, (2, len(x[::6])))
    inside = box.holds(x, y)
    place = Place(off_axis=1e-3, observation=f"o{seed}")
    energy = rng.uniform(0.6, 6.0, counts)[inside]
    return PhotonBox(x=x[inside], y=y[inside], energy=energy, box=box, place=place, exposure=exposure)


@pytest.mark.parametrize(
    ("psf", "options"),
    [
        (make("psfs", "two-king"), {}),
        (make("psfs", "two-king"), {"truncate": "none"}),
        (make("psfs", "two-king"), {"energies": "gamma"}),
        (make("psfs", "king", core="0.5 arcsec"), {}),
        (Bumps(), {}),
    ],
    ids=["energies", "not truncated", "spectra", "one table", "image"],
)
def test_compiled_integrals_are_those_of_numpy(psf, options, monkeypatch):
    """Nodes are the same and densities agree to rounding; a peak that rounding moves changes only what is negligible."""
    data = PhotonSet(name="source", observations=(photons(30, 2.0, 1), photons(9, 1.0, 2)))
    rule = make("likelihoods", "photon-mixture", background_mean=-1.0, **options)

    def integrals(points: int) -> np.ndarray:
        reduced = rule.bind(data, PointSources(number=2, psf=psf), Context()).reduced()
        searches = [local._search is not None for local in reduced._integral.locals.values()]
        assert searches == [place_search.compiled() is not None] * 2
        return reduced.log_likelihood(reduced.pilot(points, np.random.default_rng(1)))

    found = integrals(60)
    monkeypatch.setattr(place_search, "compiled", lambda: None)
    expected = integrals(60)
    assert np.isfinite(found).sum() > 40
    assert found == pytest.approx(expected, abs=1e-8)
