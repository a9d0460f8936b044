"""The conformance suite of the kind ``power_spectra``."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
import scipy.fft
from numpy.typing import NDArray

from faintsky.core.bins import Bins
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.map import Map
from faintsky.core.power_spectrum import PowerSpectrum
from faintsky.testing.subject import ComponentConformance

__all__ = ["PowerSpectrumConformance"]

Array = NDArray[np.float64]


class PowerSpectrumConformance(ComponentConformance):
    """Normalised as |FT|^2 / A, blind to masked pixels, with exact modes and a window that predicts it.

    Examples
    --------
    >>> class TestMine(PowerSpectrumConformance):
    ...     component = "decoupled"
    """

    kind: ClassVar[str] = "power_spectra"
    #: Relative error of the total power of an unmasked map over all bins against its variance.
    parseval: ClassVar[float] = 1e-9
    #: Relative difference that a transposed or flipped map may make.
    symmetry: ClassVar[float] = 1e-9
    #: Realisations of the tests against the expectation.
    realisations: ClassVar[int] = 40

    grid: ClassVar[Grid] = Grid((96, 96), "1.2 arcsec")

    @pytest.fixture
    def bins(self) -> Bins:
        """Seven bins from twice the fundamental mode to the axis Nyquist wavenumber."""
        return Bins(np.geomspace(2 * self.grid.fundamental, self.grid.nyquist, 8))

    @pytest.fixture
    def keep(self) -> NDArray[np.bool_]:
        """Holes of 4 pixels' radius over about a third of the field."""
        y, x = np.ogrid[: self.grid.shape[0], : self.grid.shape[1]]
        keep = np.ones(self.grid.shape, dtype=bool)
        for cy, cx in np.random.default_rng(7).uniform(0, self.grid.shape[0], (78, 2)):
            keep &= (y - cy) ** 2 + (x - cx) ** 2 > 16
        assert 0.55 < keep.mean() < 0.75
        return keep

    def map_of(self, values: Array, keep: NDArray[np.bool_] | None = None, **more: Any) -> Map:
        """A map on the grid of the suite."""
        return Map.from_array(values, grid=self.grid, weight=keep, unit="nW / (m2 sr)", **more)

    def noise(self, seed: int) -> Array:
        """White noise of unit variance."""
        return np.random.default_rng([11, seed]).standard_normal(self.grid.shape)

    def clustered(self, q: Array) -> Array:
        """A clustered spectrum: flat, and rising to large scales as q^-1.5."""
        return np.asarray(1 + (np.maximum(q, 1e-3) / (8 * self.grid.fundamental)) ** -1.5)

    def clustered_field(self, seed: int) -> Array:
        """A Gaussian field of the clustered spectrum, cut from a box of twice the size."""
        n, step = 2 * self.grid.shape[0], self.grid.scale[0]
        qy, qx = 2 * np.pi * scipy.fft.fftfreq(n, step), 2 * np.pi * scipy.fft.rfftfreq(n, step)
        shape = np.sqrt(self.clustered(np.hypot(qy[:, None], qx)) / self.grid.pixel_area)
        shape[0, 0] = 0
        white = np.random.default_rng([13, seed]).standard_normal((n, n))
        return np.asarray(scipy.fft.irfft2(scipy.fft.rfft2(white) * shape, s=(n, n))[: n // 2, : n // 2])

    def estimate(self, a: Map, b: Map, bins: Bins) -> PowerSpectrum:
        """The component's result."""
        found = self.made().estimate(a, b, bins, Context())
        assert isinstance(found, PowerSpectrum)
        return found

    def test_white_noise_has_its_variance_times_the_pixel(self, bins: Bins, keep: NDArray[np.bool_]) -> None:
        truth = 4.0 * self.grid.pixel_area
        for mask in (None, keep):
            found = [self.estimate(m, m, bins) for m in (self.map_of(2 * self.noise(s), mask) for s in range(8))]
            power = np.mean([f.power for f in found], axis=0)
            error = np.sqrt(2 / bins.modes(self.grid) / (1 if mask is None else keep.mean()) / 8)
            trusted = bins.modes(self.grid) >= 40
            assert np.all(np.abs(power / truth - 1)[trusted] < 5 * error[trusted] + 0.01)

    def test_total_power_is_the_variance(self) -> None:
        corner = np.hypot(np.pi / self.grid.scale[0], np.pi / self.grid.scale[1]) * (1 + 1e-9)
        everything = Bins(np.geomspace(0.9 * self.grid.fundamental, corner, 9))
        m = self.map_of(self.noise(0))
        found = self.estimate(m, m, everything)
        assert found.modes.sum() == self.grid.size - 1
        total = float(found.modes @ found.power) / self.grid.area
        assert total == pytest.approx(float(np.var(m.values)), rel=self.parseval)

    def test_independent_maps_have_no_cross_power(self, bins: Bins, keep: NDArray[np.bool_]) -> None:
        a, b = self.map_of(self.noise(1), keep), self.map_of(self.noise(2), keep)
        found = self.estimate(a, b, bins)
        assert np.all(np.abs(found.power) < 5 * found.error)

    def test_cross_power_of_a_shared_part_is_that_of_the_part(self, bins: Bins, keep: NDArray[np.bool_]) -> None:
        found = []
        for seed in range(8):
            shared = self.noise(100 + seed)
            a, b = (self.map_of(sign * shared + self.noise(seed + k), keep) for k, sign in ((200, 1.0), (300, -0.5)))
            found.append(self.estimate(a, b, bins).power)
        trusted = bins.modes(self.grid) >= 40
        power, error = np.mean(found, axis=0) / self.grid.pixel_area, np.sqrt(3 / bins.modes(self.grid) / 8)
        assert np.all(np.abs(power + 0.5)[trusted] < 5 * error[trusted])

    def test_masked_pixels_do_not_matter(self, bins: Bins, keep: NDArray[np.bool_]) -> None:
        values = self.noise(3)
        found = []
        for hidden in (0.0, np.nan, 1e30):
            m = self.map_of(np.where(keep, values, hidden), keep)
            found.append(self.estimate(m, m, bins))
        for other in found[1:]:
            np.testing.assert_array_equal(other.power, found[0].power)
            np.testing.assert_array_equal(other.covariance, found[0].covariance)

    def test_a_map_4_times_as_bright_has_16_times_the_power(self, bins: Bins, keep: NDArray[np.bool_]) -> None:
        one, four = (self.map_of(c * self.noise(4), keep) for c in (1.0, 4.0))
        a, b = self.estimate(one, one, bins), self.estimate(four, four, bins)
        np.testing.assert_array_equal(b.power, 16 * a.power)
        np.testing.assert_allclose(b.error, 16 * a.error, rtol=1e-9)

    def test_turned_maps_have_the_same_power(self, bins: Bins, keep: NDArray[np.bool_]) -> None:
        values = self.noise(5)
        reference = self.map_of(values, keep)
        expected = self.estimate(reference, reference, bins).power
        for turn in (np.transpose, np.flipud, np.fliplr):
            m = self.map_of(turn(values), turn(keep))
            np.testing.assert_allclose(self.estimate(m, m, bins).power, expected, rtol=self.symmetry)

    def test_bins_and_modes_are_those_of_the_grid(self, bins: Bins) -> None:
        m = self.map_of(self.noise(6))
        found = self.estimate(m, m, bins)
        np.testing.assert_array_equal(found.edges, bins.edges)
        np.testing.assert_array_equal(found.modes, bins.modes(self.grid))
        assert np.issubdtype(found.modes.dtype, np.integer)
        assert np.all((found.q >= bins.edges[:-1]) & (found.q < bins.edges[1:]))
        assert found.power.shape == found.error.shape == found.pseudo.shape == (len(bins),)
        assert np.all(found.error > 0)
        np.testing.assert_allclose(found.covariance, found.covariance.T, rtol=1e-12)

    def test_the_window_keeps_white_power(self, bins: Bins, keep: NDArray[np.bool_]) -> None:
        m = self.map_of(self.noise(7), keep)
        window = self.estimate(m, m, bins).window
        assert window.matrix.shape == (len(bins), window.q.size)
        assert np.all(np.diff(window.q) > 0)
        trusted = bins.modes(self.grid) >= 40
        np.testing.assert_allclose(window(np.ones(window.q.size))[trusted], 1.0, atol=0.02)

    def test_the_window_predicts_the_mean_of_a_clustered_sky(self, bins: Bins, keep: NDArray[np.bool_]) -> None:
        found = [
            self.estimate(m, m, bins) for m in (self.map_of(self.clustered_field(s), keep) for s in range(self.realisations))
        ]
        power = np.array([f.power for f in found])
        error = power.std(axis=0, ddof=1) / np.sqrt(len(power))
        expected = found[0].expected(self.clustered)
        trusted = bins.modes(self.grid) >= 40
        assert np.all(np.abs(power.mean(axis=0) - expected)[trusted] < (4.5 * error + 0.02 * expected)[trusted])

    def test_the_result_says_what_it_is(self, bins: Bins, keep: NDArray[np.bool_]) -> None:
        from astropy import units as u

        m = self.map_of(self.noise(8), keep, variance=np.ones(self.grid.shape))
        found = self.estimate(m, m, bins)
        assert u.Unit(found.unit) == u.Unit("nW / (m2 sr)") ** 2 * u.sr
        assert found.estimator
        assert found.f_sky == pytest.approx(keep.mean(), rel=1e-6)
        assert found.noise is not None
        trusted = bins.modes(self.grid) >= 40
        np.testing.assert_allclose(found.noise[trusted], self.grid.pixel_area, rtol=0.02)
        assert set(found.flags) >= {"beyond_nyquist", "wider_than_field"}
        assert len(found.to_table()) == len(bins)

    def test_it_is_deterministic_and_can_be_stored(self, bins: Bins, keep: NDArray[np.bool_]) -> None:
        from faintsky.core.storage import decode, encode

        one, other = self.map_of(self.noise(9), keep), self.map_of(self.noise(9), keep)
        first, second = self.estimate(one, one, bins), self.estimate(other, other, bins)
        np.testing.assert_array_equal(first.power, second.power)
        # The same map given as two objects is still an auto-spectrum.
        np.testing.assert_array_equal(self.estimate(one, other, bins).covariance, first.covariance)
        arrays: dict[str, NDArray[Any]] = {}
        again = decode(encode(first, arrays), arrays)
        np.testing.assert_array_equal(again.power, first.power)
        np.testing.assert_array_equal(again.window.matrix, first.window.matrix)
        assert again.estimator == first.estimator

    def test_maps_on_different_grids_are_refused(self, bins: Bins) -> None:
        a = self.map_of(self.noise(10))
        b = Map.from_array(self.noise(10)[:-1], "1.2 arcsec", unit=a.unit)
        with pytest.raises(DataError, match=r"96x96 pixels but .* is 95x96"):
            self.estimate(a, b, bins)

    def test_bins_without_modes_are_refused(self) -> None:
        m = self.map_of(self.noise(10))
        narrow = Bins(np.array([1.1, 1.2, 3.0]) * self.grid.fundamental)
        with pytest.raises(DataError, match="1 of 2 bins hold no Fourier mode"):
            self.estimate(m, m, narrow)
