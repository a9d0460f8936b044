"""The conformance suite of the kind ``binned_luminosity_functions``, with surveys and densities to try a component on."""

from __future__ import annotations

import warnings
from typing import ClassVar

import attrs
import numpy as np
import pytest
from attrs import frozen
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from faintsky.core.area_curve import AreaCurve
from faintsky.core.band import Band
from faintsky.core.binned_luminosity_function import BinnedLuminosityFunction
from faintsky.core.brightness_conversion import BrightnessConversion
from faintsky.core.comoving_volume import comoving_volume, log_luminosity_area
from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.luminosity_bins import LuminosityBins
from faintsky.core.luminosity_function import AssumedCosmology, LuminosityFunction, Provenance
from faintsky.core.registry import registry
from faintsky.core.source_sample import SourceSample
from faintsky.core.survey_set import SurveySet
from faintsky.core.validity import Validity
from faintsky.testing.subject import ComponentConformance

__all__ = ["BinnedLuminosityFunctionConformance", "PowerLawDensity", "drawn_sample", "empty_field"]

Array = NDArray[np.float64]

_BAND = Band(2, 10)


@frozen(kw_only=True)
class PowerLawDensity(LuminosityFunction):
    """phi = norm L^-slope ((1 + z) / 5)^evolution, with L in 10^44 erg/s."""

    norm: float = 1e-5
    slope: float = 0.0
    evolution: float = 0.0
    band: Band = _BAND
    cosmology: AssumedCosmology = AssumedCosmology()
    validity: Validity = Validity()
    provenance: Provenance = Provenance(source="a test", verified="by definition")
    outside: str = "warn"

    def log_density(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """ln phi."""
        bright = np.log(10) * (np.asarray(log_l, dtype=float) - 44)
        return np.asarray(np.log(self.norm) - self.slope * bright + self.evolution * np.log((1 + np.asarray(z, dtype=float)) / 5))


def empty_field(
    area: float = 1.35, log_x50: float = -14.8, width: float = 0.25, points: int = 601, name: str = "field"
) -> SourceSample:
    """A field without sources: area times Phi((log flux - log_x50) / width), to 6 widths on either side; 2-10 keV, Gamma 1.9."""
    cosmology = registry.make("cosmologies", "flat", h0=70, omega_m0=0.3)
    z = np.expm1(np.linspace(np.log1p(0.005), np.log1p(12.0), 500))
    log_x = log_x50 + np.linspace(-6, 6, points) * width
    return SourceSample(
        log_x=[],
        z=[],
        area=AreaCurve(log_x=log_x, area=area * ndtr((log_x - log_x50) / width), quantity="flux", band=_BAND, name=name),
        conversion=BrightnessConversion(
            z=z,
            log_factor=log_luminosity_area(cosmology, z) - 0.1 * np.log10(1 + z),
            quantity="flux",
            band=_BAND,
            rest_band=_BAND,
        ),
        cosmology=cosmology,
        spectroscopic=np.zeros(0, dtype=bool),
        name=name,
    )


def drawn_sample(
    field: SourceSample, model: LuminosityFunction, z: tuple[float, float], log_l: tuple[float, float], rng: np.random.Generator
) -> SourceSample:
    """The field with sources of a density: drawn over its whole area from 400 x 400 cells, and seen with probability A / A_total.

    Redshifts and fluxes are exact, and all are called spectroscopic.
    """
    edges_z, edges_l = np.linspace(*z, 401), np.linspace(*log_l, 401)
    step = (edges_z[1] - edges_z[0], edges_l[1] - edges_l[0])
    middle_z, middle_l = edges_z[:-1] + 0.5 * step[0], edges_l[:-1] + 0.5 * step[1]
    volume = comoving_volume(field.cosmology, middle_z) * field.area.total * step[0] * step[1]
    expected = np.exp(model.log_density(middle_l[None, :], middle_z[:, None])) * volume[:, None]
    seen = field.area.at(field.conversion.log_x(edges_l[None, 1:], edges_z[:-1, None])) > 0  # spare the faint ones nobody sees
    cumulative = np.cumsum(np.where(seen, expected, 0.0))
    number = rng.poisson(cumulative[-1])
    row, column = np.divmod(np.searchsorted(cumulative, rng.random(number) * cumulative[-1]), 400)
    at_z, at_l = edges_z[row] + step[0] * rng.random(number), edges_l[column] + step[1] * rng.random(number)
    log_x = field.conversion.log_x(at_l, at_z)
    kept = rng.random(number) * field.area.total < field.area.at(log_x)
    return attrs.evolve(field, log_x=log_x[kept], z=at_z[kept], spectroscopic=np.ones(int(kept.sum()), dtype=bool))


def _doubled(sample: SourceSample) -> SourceSample:
    """Each source twice, on twice the area."""
    area = attrs.evolve(sample.area, area=2 * sample.area.area)
    return attrs.evolve(sample.select(np.tile(np.arange(len(sample)), 2)), area=area)


class BinnedLuminosityFunctionConformance(ComponentConformance):
    """Limits for empty bins, NaN with a reason without volume, areas that add up, and a flat density that is recovered.

    Examples
    --------
    >>> class TestMine(BinnedLuminosityFunctionConformance):
    ...     component = "page-carrera"
    """

    kind: ClassVar[str] = "binned_luminosity_functions"
    bins: ClassVar[LuminosityBins] = LuminosityBins(z=[3.0, 4.0, 5.5], log_l=[43.5, 44.0, 44.5, 45.0])
    #: Flat in a bin, so that all estimators estimate the same number.
    truth: ClassVar[PowerLawDensity] = PowerLawDensity(norm=2e-6)

    def sample(self, seed: int = 0) -> SourceSample:
        """A field with sources of `truth`, and with redshift densities at their redshifts."""
        return drawn_sample(empty_field(), self.truth, (3.0, 5.5), (43.5, 45.0), np.random.default_rng(seed))

    def found(self, sample: SourceSample | SurveySet, bins: LuminosityBins | None = None) -> BinnedLuminosityFunction:
        """What the component says of one field, or of several."""
        surveys = sample if isinstance(sample, SurveySet) else SurveySet.of(sample)
        result = self.made().estimate(surveys, bins or self.bins, self.truth, Context(seed=2))
        assert isinstance(result, BinnedLuminosityFunction)
        return result

    def test_intervals_hold_the_density_and_the_table_has_a_row_for_each_bin(self) -> None:
        found = self.found(self.sample())
        assert np.all(found.low <= found.phi)
        assert np.all(found.phi <= found.high)
        assert found.n_obs.sum() == pytest.approx(len(self.sample()))
        assert found.estimator
        assert found.interval
        assert len(found.to_table()) == 6

    def test_an_empty_bin_has_an_upper_limit_only(self) -> None:
        found = self.found(empty_field())
        assert np.all(found.is_limit)
        assert np.all(found.phi == 0)
        assert np.all(found.low == 0)
        assert np.all((found.high > 0) & np.isfinite(found.high))

    def test_a_bin_without_volume_is_nan_and_says_why(self) -> None:
        sample = self.sample()
        blind = LuminosityBins(z=[3.0, 4.0, 5.5], log_l=[38.0, 39.0, 44.0, 45.0])
        one = attrs.evolve(sample.select(np.array([0])), log_x=sample.conversion.log_x([38.5], [3.5]), z=[3.5])
        with pytest.warns(FaintskyWarning, match="cannot be measured"):
            found = self.found(one, blind)
        assert np.all(np.isnan(found.phi[:, 0]) & np.isnan(found.low[:, 0]) & np.isnan(found.high[:, 0]))
        assert all(found.reasons[i][0] and not found.reasons[i][2] for i in range(2))
        assert not np.any(np.isinf(found.n_mdl))

    def test_twice_the_sources_on_twice_the_area_are_the_same_density_better_known(self) -> None:
        one, two = self.found(self.sample()), self.found(_doubled(self.sample()))
        np.testing.assert_allclose(two.phi, one.phi, rtol=1e-10)
        assert np.all((two.high - two.low < one.high - one.low)[one.n_obs > 0])

    def test_fields_add_up(self) -> None:
        sample = self.sample()
        half = attrs.evolve(sample, area=attrs.evolve(sample.area, area=0.5 * sample.area.area))
        odd = np.arange(len(sample)) % 2 == 1
        together = self.found(SurveySet(samples={"odd": half.select(odd), "even": half.select(~odd)}))
        np.testing.assert_allclose(together.phi, self.found(sample).phi, rtol=1e-9)

    def test_a_flat_density_is_recovered(self) -> None:
        every = [self.found(self.sample(seed)) for seed in range(1, 41)]
        ratio = np.array([f.phi / self.truth.norm for f in every])
        # 4 sigma of the mean of 40 surveys, of which each bin scatters as measured here.
        np.testing.assert_array_less(np.abs(ratio.mean(axis=0) - 1), 4 * ratio.std(axis=0) / np.sqrt(40))
        inside = np.mean([(f.low <= self.truth.norm) & (self.truth.norm <= f.high) for f in every])
        assert 0.6 < inside < 0.95  # Poisson intervals hold 0.68 at least, and more of few counts

    def test_photometric_points_above_redshift_4_are_warned_of_and_spectra_are_not(self) -> None:
        sample = self.sample()
        if getattr(self.made(), "redshifts", "point") != "point":
            pytest.skip("redshifts are shared out")
        with warnings.catch_warnings():
            warnings.simplefilter("error", FaintskyWarning)
            self.found(sample)
        with pytest.warns(FaintskyWarning, match="point photo-z"):
            self.found(attrs.evolve(sample, spectroscopic=np.zeros(len(sample), dtype=bool)))

    def test_a_model_of_other_luminosities_is_refused(self) -> None:
        with pytest.raises(DataError, match="luminosities"):
            self.made().estimate(SurveySet.of(self.sample()), self.bins, PowerLawDensity(band=Band(0.5, 2)), Context())
