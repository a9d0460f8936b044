"""The conformance suite of the kind ``cross_sections``."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from faintsky.core.errors import DataError
from faintsky.testing.subject import ComponentConformance

__all__ = ["CrossSectionConformance"]


class CrossSectionConformance(ComponentConformance):
    """Positive, falling, its means those of itself, and an error where it is not known.

    Examples
    --------
    >>> class TestMine(CrossSectionConformance):
    ...     component = "mm83"
    ...     lowest = 0.03
    """

    kind: ClassVar[str] = "cross_sections"
    #: Softest energy that it must know [keV]; at half of it there must be an error. None: it knows all.
    lowest: ClassVar[float | None] = 0.01
    #: Relative error that its means may have.
    tolerance: ClassVar[float] = 1e-4

    @pytest.fixture
    def section(self) -> Any:
        return self.made()

    def softest(self) -> float:
        """Where the tests begin [keV]."""
        return 0.01 if self.lowest is None else self.lowest

    def test_it_names_its_abundances(self, section: Any) -> None:
        assert isinstance(section.abundances, str)
        assert section.abundances.strip()

    def test_positive_and_finite_to_1_mev(self, section: Any) -> None:
        energy = np.geomspace(self.softest(), 1000.0, 3000)
        sigma = section.at(energy)
        assert np.all(np.isfinite(sigma))
        assert np.all(sigma > 0)
        mean = section.mean(energy)
        assert np.all(np.isfinite(mean))
        assert np.all(mean > 0)

    def test_hard_photons_pass_as_the_third_power_of_the_energy_or_a_little_faster(self, section: Any) -> None:
        # All K edges lie below 15 keV; the power is -3 for mm83 and goes to -3.5 in the nonrelativistic limit of K electrons.
        energy = np.geomspace(15.0, 100.0, 50)
        slope = np.diff(np.log(section.at(energy))) / np.diff(np.log(energy))
        assert np.all((slope > -3.6) & (slope < -2.6))

    def test_any_shape_gives_its_own(self, section: Any) -> None:
        energy = np.geomspace(0.3, 10.0, 24)
        np.testing.assert_array_equal(section.at(energy.reshape(2, 3, 4)), section.at(energy).reshape(2, 3, 4))

    def test_mean_of_a_narrow_bin_is_the_value_in_it(self, section: Any) -> None:
        # Over 1e-5 in ln E it curves by 1e-10; an edge lies in one of these bins with a chance below 1 per cent.
        low = np.geomspace(self.softest() * 1.001, 900.0, 1000)
        bins = np.stack([low, low * (1 + 1e-5)], axis=-1)
        np.testing.assert_allclose(section.mean(bins)[:, 0], section.at(low * (1 + 0.5e-5)), rtol=self.tolerance)

    def test_mean_of_a_wide_bin_is_the_integral_across_its_edges(self, section: Any) -> None:
        for low, high in ((0.2, 0.6), (0.5, 1.0), (1.0, 5.0), (7.0, 7.3), (5.0, 40.0)):
            energy = low + (high - low) * (np.arange(40_000) + 0.5) / 40_000
            # The midpoint rule misplaces an edge by half a step: 1.25e-5 of the bin, times a jump of up to twice the mean.
            assert section.mean(np.array([low, high]))[0] == pytest.approx(section.at(energy).mean(), rel=self.tolerance + 3e-5)

    def test_mean_is_additive_over_sub_bins(self, section: Any) -> None:
        edges = np.geomspace(self.softest() * 1.001, 300.0, 2001)
        fine = section.mean(edges) * np.diff(edges)
        for parts in (4, 100, 2000):
            coarse = section.mean(edges[::parts]) * np.diff(edges[::parts])
            np.testing.assert_allclose(fine.reshape(-1, parts).sum(axis=1), coarse, rtol=1e-9)

    def test_rows_of_redshifted_bins_are_those_rows(self, section: Any) -> None:
        edges = np.geomspace(0.3, 10.0, 101)
        batch = edges * (1 + np.linspace(0, 20, 12))[:, None]
        found = section.mean(batch)
        assert found.shape == (12, 100)
        for row, alone in zip(found, batch, strict=True):
            np.testing.assert_array_equal(row, section.mean(alone))
        np.testing.assert_array_equal(section.mean(batch.reshape(3, 4, 101)), found.reshape(3, 4, 100))

    def test_softer_than_it_knows_is_an_error(self, section: Any) -> None:
        if self.lowest is None:
            pytest.skip("it knows all energies")
        section.at(np.array([self.lowest]))
        with pytest.raises(DataError, match="keV"):
            section.at(np.array([1.0, self.lowest / 2]))
        with pytest.raises(DataError, match="keV"):
            section.mean(np.array([[1.0, 2.0, 3.0], [self.lowest / 2, 1.0, 2.0]]))

    def test_energies_that_are_not_positive_are_an_error(self, section: Any) -> None:
        for wrong in (0.0, -1.0, np.nan):
            with pytest.raises(DataError, match="positive"):
                section.at(np.array([1.0, wrong]))
