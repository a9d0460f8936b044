"""The conformance suite of the kind ``responses``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from faintsky.core import storage
from faintsky.core.band import Band
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.response import Response
from faintsky.testing.subject import ComponentConformance

__all__ = ["ResponseConformance"]

Array = NDArray[np.float64]


class ResponseConformance(ComponentConformance):
    """Loads the same twice; folds linearly, alike one by one and in a batch; detects no more than falls on the area.

    Examples
    --------
    >>> class TestMine(ResponseConformance):
    ...     component = "effective-area"
    ...     options = {"energy": ("0.3 keV", "11 keV"), "area": ("300 cm2", "300 cm2"), "epoch": "any"}
    """

    kind: ClassVar[str] = "responses"
    #: Two neighbouring bands that the channels cover.
    bands: ClassVar[tuple[str, str]] = ("0.5-2 keV", "2-7 keV")
    #: How much the rows of a matrix may exceed 1: calibrated ones do so by up to 0.0092 (the CSC's of ObsID 1575).
    excess: ClassVar[float] = 0.02

    @pytest.fixture
    def response(self) -> Any:
        return self.made().load(Context())

    @staticmethod
    def photons(response: Response, number: int = 40) -> Array:
        """Power laws of many slopes in the bins of a response, shape (number, nbin)."""
        slopes = np.linspace(-1, 4, number)[:, None]
        middle = 0.5 * (response.edges[1:] + response.edges[:-1])
        return np.asarray(np.diff(response.edges) * middle**-slopes)

    def test_it_loads_the_same_twice(self, response: Any) -> None:
        again = self.made().load(Context(seed=1, task="another"))
        assert isinstance(response, Response)
        assert again.digest == response.digest
        assert again.name == response.name

    def test_its_name_holds_the_epoch(self, response: Any) -> None:
        assert self.made().epoch in response.name

    def test_counts_never_exceed_the_photons_on_the_area(self, response: Any) -> None:
        lines = np.eye(len(response.area))
        counts = response.fold(lines).sum(axis=-1)
        assert np.all(counts >= 0)
        assert np.all(counts <= response.area * (1 + self.excess))
        assert counts.max() > 0

    def test_it_is_linear(self, response: Any) -> None:
        one, two = self.photons(response, 2)
        together = response.fold(2.0 * one + 3.0 * two)
        apart = 2.0 * response.fold(one) + 3.0 * response.fold(two)
        np.testing.assert_allclose(together, apart, rtol=1e-12, atol=1e-14 * together.max())
        assert np.all(response.fold(0.0 * one) == 0)

    def test_a_batch_is_the_loop_over_its_rows(self, response: Any) -> None:
        many = self.photons(response)
        loop = np.array([response.fold(row) for row in many])
        np.testing.assert_allclose(response.fold(many), loop, rtol=1e-12, atol=1e-14 * loop.max())
        deep = many.reshape(5, 8, -1)
        np.testing.assert_allclose(response.fold(deep), loop.reshape(5, 8, -1), rtol=1e-12, atol=1e-14 * loop.max())

    def test_chosen_channels_are_those_of_all(self, response: Any) -> None:
        chosen = response.channels_of(Band.of(self.bands[0]))
        assert 0 < chosen.sum() < response.nchan
        for photons in (self.photons(response)[7], self.photons(response)):
            full = response.fold(photons)
            np.testing.assert_allclose(response.fold(photons, chosen), full[..., chosen], rtol=1e-12, atol=1e-14 * full.max())

    def test_neighbouring_bands_add_up(self, response: Any) -> None:
        soft, hard = (Band.of(text) for text in self.bands)
        both = response.channels_of(Band(soft.low, hard.high))
        np.testing.assert_array_equal(both, response.channels_of(soft) ^ response.channels_of(hard))
        weights = response.collapse((soft, hard, Band(soft.low, hard.high))).weights
        np.testing.assert_allclose(weights[0] + weights[1], weights[2], rtol=1e-13)

    def test_a_collapsed_response_is_the_sum_over_the_channels(self, response: Any) -> None:
        bands = tuple(Band.of(text) for text in self.bands)
        many = self.photons(response, 3)
        sums = np.stack([response.fold(many)[:, response.channels_of(band)].sum(axis=1) for band in bands], axis=1)
        np.testing.assert_allclose(many @ response.collapse(bands).weights.T, sums, rtol=1e-13)

    def test_photons_in_other_bins_are_refused(self, response: Any) -> None:
        with pytest.raises(DataError, match=str(len(response.area))):
            response.fold(np.ones(len(response.area) + 1))

    def test_it_survives_storage(self, response: Any, tmp_path: Path) -> None:
        storage.save(response, tmp_path / "response.h5")
        found = storage.load(tmp_path / "response.h5")
        assert type(found) is type(response)
        assert (found.digest, found.name, found.first_channel) == (response.digest, response.name, response.first_channel)
        photons = self.photons(response)[3]
        np.testing.assert_array_equal(found.fold(photons), response.fold(photons))
