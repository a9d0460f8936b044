"""The conformance suite of the kind ``segmentations``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import attrs
import numpy as np
import pytest

from faintsky.core.bandpass import Bandpass
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.image_set import BandImage
from faintsky.core.segments import Segments
from faintsky.testing.subject import ComponentConformance

__all__ = ["SegmentationConformance", "gaussian_image"]

#: x, y [pixel], flux, rms along and across [pixel], angle of the major axis [rad].
Blob = tuple[float, float, float, float, float, float]


def gaussian_image(blobs: Sequence[Blob], shape: tuple[int, int] = (120, 160), sigma: float = 0.01, seed: int = 7) -> BandImage:
    """Gaussians of known flux over white noise; each of them overlaps the image, and `a` is the larger of the two sizes."""
    values = np.random.default_rng(seed).normal(0.0, sigma, shape)
    for x0, y0, flux, a, b, angle in blobs:
        # Ten times the rms, beyond which nothing is left.
        rows, columns = (
            np.arange(max(round(middle - 10 * a), 0), min(round(middle + 10 * a) + 1, size), dtype=float)
            for middle, size in zip((y0, x0), shape, strict=True)
        )
        dx, dy = columns[None, :] - x0, rows[:, None] - y0
        along, across = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
        light = flux / (2 * np.pi * a * b) * np.exp(-0.5 * ((along / a) ** 2 + (across / b) ** 2))
        values[int(rows[0]) : int(rows[-1]) + 1, int(columns[0]) : int(columns[-1]) + 1] += light
    return BandImage(values=values, sigma=np.full(shape, sigma), bandpass=Bandpass.box("F277W", 2.42, 3.13))


class SegmentationConformance(ComponentConformance):
    """Finds what is there, nothing in noise or behind masks, parts blends by contrast, in any unit of flux.

    The images suit thresholds of 2 to 5 sigma and sources of 5 to 10 pixels.

    Examples
    --------
    >>> class TestMine(SegmentationConformance):
    ...     component = "sep"
    """

    kind: ClassVar[str] = "segmentations"

    #: Far from each other; flux over noise is 100 or more.
    apart: ClassVar[tuple[Blob, ...]] = (
        (30.3, 25.6, 20.0, 2.0, 2.0, 0.0),
        (110.0, 30.4, 40.0, 4.0, 2.0, 0.6),
        (45.7, 90.1, 30.0, 3.0, 2.0, -0.9),
        (125.2, 85.0, 60.0, 4.0, 3.0, 1.3),
    )

    def found(self, image: BandImage, contrast: float = 0.005) -> Segments:
        """What the component finds."""
        result = self.made().segment(image, contrast, Context(seed=3))
        assert isinstance(result, Segments)
        return result

    def test_isolated_sources_are_found_where_they_are_with_their_flux_and_shape(self) -> None:
        found = self.found(gaussian_image(self.apart)).sources
        assert len(found) == len(self.apart)
        for x, y, flux, a, b, angle in self.apart:
            row = int(np.argmin(np.hypot(found["x"] - x, found["y"] - y)))
            assert np.hypot(found["x"][row] - x, found["y"][row] - y) < 0.1
            assert np.hypot(found["x_peak"][row] - x, found["y_peak"][row] - y) < 2
            # The Kron ellipse holds 1 - exp(-3.5^2 / 2) = 99.8 % of a Gaussian whose moments are known, and somewhat less where
            # they are cut off at the isophote.
            assert 0.96 * flux < found["auto_flux"][row] < 1.02 * flux
            assert 0.8 * a < found["a"][row] < 1.05 * a
            assert 0.8 * b < found["b"][row] < 1.05 * b
            # The circle with half of the light of a round Gaussian has sqrt(2 ln 2) times its rms.
            if a == b:
                assert found["half_radius"][row] == pytest.approx(np.sqrt(2 * np.log(2)) * a, rel=0.05)
            else:
                turn = (found["theta"][row] - angle + np.pi / 2) % np.pi - np.pi / 2
                assert abs(turn) < 0.05
            assert 0 < found["auto_error"][row] < 0.05 * flux

    def test_labels_and_rows_belong_together(self) -> None:
        found = self.found(gaussian_image(self.apart))
        assert found.labels.shape == (120, 160)
        number = np.bincount(found.labels.ravel(), minlength=len(found.sources) + 1)
        np.testing.assert_array_equal(number[1:], found.sources["pixels"])
        rows, columns = (found.sources[name].astype(int) for name in ("y_peak", "x_peak"))
        np.testing.assert_array_equal(found.labels[rows, columns], 1 + np.arange(len(found.sources)))
        wanted = {"x", "y", "x_peak", "y_peak", "flux", "auto_flux", "auto_error", "a", "b", "theta", "half_radius"}
        assert wanted | {"kron_radius", "pixels"} <= set(found.sources.columns)

    def test_noise_alone_holds_no_source(self) -> None:
        found = self.found(gaussian_image([]))
        assert len(found.sources) == 0
        assert not found.labels.any()

    def test_masked_pixels_belong_to_no_source(self) -> None:
        image = gaussian_image(self.apart)
        values, sigma = np.array(image.values), np.array(image.sigma)
        # The first source is hidden as a whole, the last one on its left; what stands behind a mask must not matter.
        masked = np.zeros(values.shape, dtype=bool)
        masked[10:45, 10:50] = masked[70:100, 100:123] = True
        values[masked] = np.where(np.indices(values.shape)[0][masked] % 2, np.nan, 1e6)
        found = self.found(attrs.evolve(image, values=values, sigma=np.where(masked, np.inf, sigma)))
        assert len(found.sources) == 3
        assert not found.labels[masked].any()
        assert np.all(np.isfinite(found.sources["auto_flux"]))
        assert found.sources["auto_flux"].max() < 100

    def test_low_contrast_parts_a_blend_and_high_contrast_does_not(self) -> None:
        # The fainter one has 9 % of the light and a peak of its own.
        image = gaussian_image([(60.0, 60.0, 100.0, 3.0, 3.0, 0.0), (73.0, 61.0, 10.0, 2.0, 2.0, 0.0)])
        assert len(self.found(image, 0.005).sources) == 2
        assert len(self.found(image, 0.5).sources) == 1
        assert len(self.found(image, 1.0).sources) == 1

    def test_the_unit_of_flux_does_not_matter(self) -> None:
        image = gaussian_image(self.apart)
        first = self.found(image)
        for by in (1e-6, 3e5):
            scaled = self.found(attrs.evolve(image, values=by * image.values, sigma=by * image.sigma))
            np.testing.assert_array_equal(scaled.labels, first.labels)
            for name in ("flux", "auto_flux", "auto_error"):
                np.testing.assert_allclose(scaled.sources[name], by * first.sources[name], rtol=1e-5)
            for name in ("x", "y", "a", "b", "theta", "half_radius", "kron_radius"):
                np.testing.assert_allclose(scaled.sources[name], first.sources[name], rtol=1e-5)

    def test_the_image_stays_as_it_is_and_the_answer_too(self) -> None:
        image = gaussian_image([*self.apart, (118.0, 30.0, 20.0, 2.0, 2.0, 0.0)])
        before = image.digest
        first = self.found(image)
        assert image.digest == before
        assert self.found(image).digest == first.digest

    def test_sources_at_the_edge_are_measured(self) -> None:
        found = self.found(gaussian_image([(1.0, 60.0, 30.0, 3.0, 3.0, 0.0), (159.4, 119.4, 30.0, 3.0, 3.0, 0.0)])).sources
        assert len(found) == 2
        assert np.all(np.isfinite(found["auto_flux"]))
        assert np.all((found["auto_flux"] > 5) & (found["auto_flux"] < 33))

    @pytest.mark.parametrize("contrast", [-0.001, 1.001, float("nan")])
    def test_a_contrast_that_is_no_share_is_refused(self, contrast: float) -> None:
        with pytest.raises(DataError, match="contrast"):
            self.found(gaussian_image(self.apart), contrast)

    def test_an_image_without_errors_is_refused(self) -> None:
        image = gaussian_image([])
        with pytest.raises(DataError, match="F277W"):
            self.found(attrs.evolve(image, sigma=np.full(image.sigma.shape, np.inf)))
