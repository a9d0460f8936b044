"""The conformance suite of the kind ``counts_spectra``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core import storage
from faintsky.core.context import Context
from faintsky.core.observed_spectrum import ObservedSpectrum
from faintsky.core.spectrum import Spectrum
from faintsky.testing.subject import ComponentConformance

__all__ = ["SpectrumSourceConformance"]

Array = NDArray[np.float64]


@frozen(kw_only=True)
class _Flat(Spectrum):
    """The same number of photons per keV everywhere."""

    level: Any = 1.0

    @property
    def additive(self) -> bool:
        return True

    def photon_flux(self, edges_kev: Array) -> Array:
        return np.asarray(self.level * np.diff(edges_kev))


class SpectrumSourceConformance(ComponentConformance):
    """Loads the same twice; whole counts in the noticed channels; expects of a model what its response folds; is stored whole.

    Examples
    --------
    >>> class TestMine(SpectrumSourceConformance):
    ...     component = "pha"
    ...     options = {"path": "source.pi"}
    """

    kind: ClassVar[str] = "counts_spectra"

    @pytest.fixture
    def spectrum(self) -> Any:
        return self.made().load(Context(seed=3))

    def test_it_loads_the_same_twice(self, spectrum: Any) -> None:
        assert isinstance(spectrum, ObservedSpectrum)
        assert self.made().load(Context(seed=3)).digest == spectrum.digest

    def test_it_has_whole_counts_in_its_band(self, spectrum: Any) -> None:
        assert spectrum.source.size == spectrum.noticed.sum() > 0
        assert np.all(spectrum.source >= 0)
        np.testing.assert_array_equal(spectrum.source, np.round(spectrum.source))
        middle = spectrum.energy.mean(axis=1)
        assert np.all((middle >= spectrum.band.low) & (middle < spectrum.band.high))
        assert spectrum.counts.exposure > 0

    def test_its_background_has_the_same_channels(self, spectrum: Any) -> None:
        if spectrum.background is None:
            pytest.skip("this spectrum has no background")
        assert spectrum.background.shape == spectrum.source.shape == spectrum.ratio.shape
        assert np.all(spectrum.ratio > 0)

    def test_it_expects_what_its_response_folds(self, spectrum: Any) -> None:
        response = spectrum.response
        scale = np.broadcast_to(spectrum.counts.areascal, (response.nchan,)) * spectrum.counts.exposure
        folded = (response.fold(np.diff(response.edges)) * scale)[spectrum.noticed]
        np.testing.assert_allclose(spectrum.expected(_Flat()), folded, rtol=1e-12, atol=1e-14 * folded.max())
        levels = np.array([[0.0], [1.0], [2.5]])
        np.testing.assert_allclose(spectrum.expected(_Flat(level=levels)), levels * folded, rtol=1e-12, atol=1e-14 * folded.max())

    def test_it_survives_storage(self, spectrum: Any, tmp_path: Path) -> None:
        storage.save(spectrum, tmp_path / "spectrum.h5")
        found = storage.load(tmp_path / "spectrum.h5")
        assert found.digest == spectrum.digest
        np.testing.assert_array_equal(found.source, spectrum.source)
        assert (found.background is None) == (spectrum.background is None)
