"""The conformance suite of the kind ``photo_z``."""

from __future__ import annotations

import warnings
from typing import ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from faintsky.core.bandpass import Bandpass
from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.one_sigma import QUANTILES
from faintsky.core.photo_z import PhotoZ
from faintsky.core.photometry import Photometry
from faintsky.testing.subject import ComponentConformance

__all__ = ["PhotoZConformance", "broken_spectra"]

#: Five bands of the papers, as boxes [um].
_BANDS = {"b": (0.70, 0.96), "y": (1.01, 1.28), "h": (1.33, 1.67), "m": (2.42, 3.13), "l": (3.88, 4.99)}


def broken_spectra() -> Photometry:
    """Six sources of 10 to 40 uJy with a break of a factor 3 at 0.4 um, moved to redshifts 1 to 6, and errors of 4 per cent."""
    bands = tuple(Bandpass.box(name, *ends) for name, ends in _BANDS.items())
    pivots, z = np.array([band.pivot for band in bands]), np.linspace(1, 6, 6)
    rise = np.linspace(10, 40, 6)[:, None]
    flux = rise * np.where(pivots < 0.4 * (1 + z[:, None]), 1 / 3, 1.0) * (pivots / (0.4 * (1 + z[:, None]))) ** 0.3
    return Photometry(names=tuple(f"source {k}" for k in range(6)), bands=bands, flux=flux, error=0.04 * flux)


class PhotoZConformance(ComponentConformance):
    """Rows in the order of the names, normalised, the same every time; wider for worse data, whatever the unit.

    Attributes
    ----------
    measures : bool
        Whether distributions come from the fluxes; False for those that are read from a file by the names alone.
    scale_free : bool
        Whether a factor on all fluxes and errors of a source changes nothing, as it must without a prior on magnitudes.

    Examples
    --------
    >>> class TestMine(PhotoZConformance):
    ...     component = "templates"
    """

    kind: ClassVar[str] = "photo_z"
    measures: ClassVar[bool] = True
    scale_free: ClassVar[bool] = True

    def photometry(self) -> Photometry:
        """The sources that the component is tried on."""
        return broken_spectra()

    def found(self, photometry: Photometry) -> PhotoZ:
        """What the component says of them; what it warns of is not the point here."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FaintskyWarning)
            result = self.made().estimate(photometry, Context(seed=1))
        assert isinstance(result, PhotoZ)
        return result

    @staticmethod
    def width(result: PhotoZ) -> NDArray[np.float64]:
        """Of the central 68 per cent of each distribution."""
        limits = result.redshifts
        return limits.quantile(QUANTILES[2]) - limits.quantile(QUANTILES[0])

    def test_distributions_of_all_sources_in_the_order_of_their_names(self) -> None:
        data = self.photometry()
        found = self.found(data)
        assert found.names == data.names
        np.testing.assert_array_equal(found.bands, data.measured.sum(axis=1))
        backwards = np.arange(len(data))[::-1]
        again = self.found(data.select(backwards))
        assert again.names == data.names[::-1]
        np.testing.assert_allclose(again.redshifts.cdf[::-1], found.redshifts.cdf, atol=1e-9)

    def test_distributions_rise_to_their_mass(self) -> None:
        redshifts = self.found(self.photometry()).redshifts
        assert np.all(redshifts.cells >= -1e-12)
        np.testing.assert_allclose(redshifts.cdf[:, -1], redshifts.mass, atol=1e-9)
        assert np.all((redshifts.mass > 0) & (redshifts.mass < 1.05))

    def test_the_median_lies_within_its_limits(self) -> None:
        found = self.found(self.photometry())
        low, high = found.z_limits.T
        assert np.all((low <= found.z_ml) & (found.z_ml <= high))

    def test_the_same_data_give_the_same_digest(self) -> None:
        assert self.found(self.photometry()).digest == self.found(self.photometry()).digest

    def test_larger_errors_widen(self) -> None:
        if self.measures:
            data = self.photometry()
            worse = attrs.evolve(data, error=8 * data.error)
            # Not each one: between two peaks even a good source can be uncertain.
            assert np.median(self.width(self.found(worse))) > 1.2 * np.median(self.width(self.found(data)))

    def test_a_band_that_was_not_measured_counts_nothing(self) -> None:
        data = self.photometry()
        flux, error = np.array(data.flux), np.array(data.error)
        flux[:, 1] = error[:, 1] = np.nan
        found = self.found(attrs.evolve(data, flux=flux, error=error))
        assert np.all(np.isfinite(found.z_ml))
        np.testing.assert_array_equal(found.bands, len(data.bands) - 1)
        if self.measures:
            # An infinite error says the same as NaN, whatever flux stands beside it.
            unknown = np.array(data.error)
            unknown[:, 1] = np.inf
            same = self.found(attrs.evolve(data, error=unknown))
            np.testing.assert_allclose(same.redshifts.cdf, found.redshifts.cdf, atol=1e-9)

    def test_a_source_without_any_band_is_said_to_be_one(self) -> None:
        if not self.measures:
            return
        data = self.photometry()
        flux = np.array(data.flux)
        flux[0] = np.nan
        said, found = [], None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                found = self.made().estimate(attrs.evolve(data, flux=flux), Context())
            except DataError as error:
                said.append(str(error))
        said += [str(each.message) for each in caught]
        assert any(data.names[0] in each for each in said)
        if found is not None:
            assert np.isnan(found.z_best[0])
            assert self.width(found)[0] > self.width(found)[1:].min()

    def test_the_scale_of_the_fluxes_does_not_matter(self) -> None:
        if self.measures and self.scale_free:
            data = self.photometry()
            factor = np.geomspace(1e-3, 1e4, len(data))[:, None]
            scaled = self.found(attrs.evolve(data, flux=factor * data.flux, error=factor * data.error))
            np.testing.assert_allclose(scaled.redshifts.cdf, self.found(data).redshifts.cdf, atol=1e-7)
