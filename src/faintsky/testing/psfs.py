"""The conformance suite of the kind ``psfs``."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from faintsky.core.psf import PSF, Place
from faintsky.core.psf_ellipse import round_frame
from faintsky.testing.subject import ComponentConformance

__all__ = ["PSFConformance"]


class PSFConformance(ComponentConformance):
    """Normalised, positive, its encircled energy, transfer, ellipse and photons those of its density.

    Examples
    --------
    >>> class TestMine(PSFConformance):
    ...     component = "gaussian"
    ...     options = {"sigma": "1 arcsec"}
    """

    kind: ClassVar[str] = "psfs"
    #: Relative error that its numbers may have against numerical integrals of its own density.
    tolerance: ClassVar[float] = 1e-3
    #: Photons of the test of its random draws, and the smallest probability that they may have.
    photons: ClassVar[int] = 100_000
    least_p: ClassVar[float] = 0.01

    @pytest.fixture
    def psf(self) -> Any:
        return self.made()

    @staticmethod
    def radius(psf: Any, fraction: float) -> float:
        """Radius that holds a fraction of the light [rad], by bisection in the logarithm."""
        low, high = 1e-12, 1.0
        for _ in range(200):
            middle = np.sqrt(low * high)
            low, high = (middle, high) if float(psf.encircled(middle)) < fraction else (low, middle)
        return float(high)

    def test_encircled_energy_grows_from_0_to_1(self, psf: Any) -> None:
        half = self.radius(psf, 0.5)
        r = np.append(0.0, np.geomspace(1e-3 * half, 1e8 * half, 400))
        eef = psf.encircled(r)
        assert eef[0] == 0
        assert np.all(np.diff(eef) >= 0)
        assert eef[-1] == pytest.approx(1, abs=1e-6)
        assert np.all(eef <= 1)

    def test_density_is_positive_and_integrates_to_the_encircled_energy(self, psf: Any) -> None:
        outer = self.radius(psf, 0.9)
        step = outer / 2000
        r = (np.arange(2000) + 0.5) * step
        phi = (np.arange(96) + 0.5) * 2 * np.pi / 96
        density = psf.density(r[:, None] * np.cos(phi), r[:, None] * np.sin(phi))
        assert density.shape == (2000, 96)
        assert np.all(density >= 0)
        inside = 2 * np.pi * step * np.cumsum(r * density.mean(axis=1))
        for number in (500, 1000, 2000):
            assert inside[number - 1] == pytest.approx(float(psf.encircled(number * step)), rel=self.tolerance)

    def test_transfer_is_1_at_0_and_the_hankel_transform_of_the_light(self, psf: Any) -> None:
        from scipy.special import j0

        half = self.radius(psf, 0.5)
        edges = np.append(0.0, np.geomspace(1e-4 * half, 1e7 * half, 40001))
        light, middle = np.diff(psf.encircled(edges)), 0.5 * (edges[1:] + edges[:-1])
        q = np.array([0.0, 0.03, 0.1, 0.3, 1.0]) / half
        expected = np.array([float(light @ j0(k * middle)) for k in q])
        found = psf.transfer(q)
        assert found[0] == pytest.approx(1, abs=1e-9)
        assert np.all(np.abs(found) <= 1 + 1e-9)
        np.testing.assert_allclose(found, expected, atol=max(self.tolerance, 1e-3))

    def test_a_grid_of_wavenumbers_gives_the_numbers_of_single_ones(self, psf: Any) -> None:
        half = self.radius(psf, 0.5)
        q = np.linspace(0, 3 / half, 4000).reshape(40, 100)
        all_at_once = psf.transfer(q)
        assert all_at_once.shape == q.shape
        for i, j in ((0, 0), (3, 7), (39, 99)):
            assert float(all_at_once[i, j]) == pytest.approx(float(psf.transfer(q[i, j])), abs=1e-5)

    def test_it_stays_a_psf_at_a_place_and_says_where_energies_matter(self, psf: Any) -> None:
        energies = psf.energies
        assert list(energies) == sorted(set(energies))
        for energy in energies or (1.5,):
            assert energy > 0
            placed = psf.placed(Place(energy=energy))
            assert isinstance(placed, PSF)
            assert placed.density(0.0, 0.0) > 0

    def test_its_ellipse_is_that_of_its_density(self, psf: Any) -> None:
        if psf.ellipse is None:
            return
        assert 0 < psf.ellipse[0] <= 1
        phi = np.linspace(0, 2 * np.pi, 37)
        rho = np.array([0.3, 1.0, 3.0])[:, None] * self.radius(psf, 0.5)
        dx, dy = np.einsum(
            "ij,jkl->ikl", np.linalg.inv(round_frame(psf.ellipse)), np.stack([rho * np.cos(phi), rho * np.sin(phi)])
        )
        density = psf.density(dx, dy)
        np.testing.assert_allclose(density, np.broadcast_to(density[:, :1], density.shape), rtol=1e-9)

    def test_its_lattice_is_its_density(self, psf: Any) -> None:
        if psf.lattice is None:
            return
        values, (x, y), step = psf.lattice
        assert not any(np.any(rim) for rim in (values[0], values[-1], values[:, 0], values[:, -1]))
        rows, columns = values.shape
        along = psf.density(x + step * np.arange(columns), y + step * (rows // 2))
        np.testing.assert_allclose(along, values[rows // 2], rtol=1e-6, atol=1e-12 * values.max())
        cell = values[rows // 2 : rows // 2 + 2, columns // 2 : columns // 2 + 2]
        middle = psf.density(x + step * (columns // 2 + 0.5), y + step * (rows // 2 + 0.5))
        assert float(middle) == pytest.approx(cell.mean(), rel=1e-6)

    def test_its_photons_follow_its_encircled_energy_and_its_directions(self, psf: Any) -> None:
        from scipy.stats import kstest

        dx, dy = psf.drawn(self.photons, np.random.default_rng(20))
        assert dx.shape == dy.shape == (self.photons,)
        assert kstest(np.hypot(dx, dy), psf.encircled).pvalue > self.least_p
        if psf.ellipse is not None:
            u, v = round_frame(psf.ellipse) @ np.stack([dx, dy])
            assert kstest(np.arctan2(v, u), "uniform", args=(-np.pi, 2 * np.pi)).pvalue > self.least_p
        assert all(offsets.shape == (0,) for offsets in psf.drawn(0, np.random.default_rng(0)))

    def test_the_same_seed_draws_the_same_photons(self, psf: Any) -> None:
        first, again = (psf.drawn(100, np.random.default_rng(7)) for _ in range(2))
        np.testing.assert_array_equal(first, again)

    def test_another_realisation_is_a_psf_or_none(self, psf: Any) -> None:
        other = psf.resampled(np.random.default_rng(4))
        assert other is None or float(other.encircled(self.radius(psf, 0.999))) == pytest.approx(0.999, abs=0.1)
