"""The conformance suite of the kind ``detections``, and the small sky that it is run on."""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import Band
from faintsky.core.context import Context
from faintsky.core.detection import SourceList
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.units import ARCSEC
from faintsky.core.xray_image import EefMap, XrayImage
from faintsky.testing.subject import ComponentConformance

__all__ = ["DetectionConformance", "SimulatedSky"]

Array = NDArray[np.float64]


@attrs.frozen(kw_only=True, eq=False)
class SimulatedSky:
    """A square field of point sources over a background, seen through a Gaussian PSF.

    Attributes
    ----------
    side : int
        [pixel]; pixels of 0.5 arcsec.
    sigma : float
        Of the PSF [pixel].
    exposure : float
        On the axis [cm^2 s].
    vignetting : float
        Share of the exposure that is lost at the middle of the rim.
    background : float
        Expected counts per pixel on the axis, in proportion to the exposure.
    """

    side: int = 256
    sigma: float = 2.0
    exposure: float = 1e8
    vignetting: float = 0.0
    background: float = 0.03

    @property
    def grid(self) -> Grid:
        """At 150 deg, 2 deg."""
        return Grid.tangential((150.0, 2.0), (self.side, self.side), 0.5 * ARCSEC)

    @property
    def psf(self) -> EefMap:
        """Radii of the Gaussian spread over the pixel, whose variance is 1/12 pixel^2 in each coordinate."""
        spread = np.hypot(self.sigma, 1 / np.sqrt(12)) * 0.5 * ARCSEC
        return EefMap(radii={eef: spread * np.sqrt(-2 * np.log1p(-eef)) for eef in (0.7, 0.9, 0.95)}, name="gaussian")

    @property
    def exposure_map(self) -> Array:
        """Falls with the square of the distance from the axis."""
        y, x = np.indices(self.grid.shape) - 0.5 * (self.side - 1)
        return np.asarray(self.exposure * np.maximum(1 - self.vignetting * (x**2 + y**2) / (0.5 * self.side) ** 2, 0.05))

    @property
    def background_map(self) -> Array:
        """Expected counts per pixel."""
        return self.background * self.exposure_map / self.exposure

    def image(self, x: ArrayLike, y: ArrayLike, rate: ArrayLike, rng: np.random.Generator, band: Band | None = None) -> XrayImage:
        """A Poisson draw of sources of some rate [photons cm^-2 s^-1] at positions [pixel] and of the background."""
        places = [np.asarray(v, dtype=float) for v in (x, y)]
        exposure = self.exposure_map
        column, row = (np.clip(np.rint(v), 0, self.side - 1).astype(int) for v in places)
        number = rng.poisson(np.asarray(rate) * exposure[row, column])
        photons = [np.rint(np.repeat(v, number) + rng.normal(0, self.sigma, int(number.sum()))) for v in places]
        on = np.logical_and.reduce([(p >= 0) & (p < self.side) for p in photons])
        counts = rng.poisson(self.background_map).astype(np.int32)
        np.add.at(counts, tuple(p[on].astype(int) for p in photons[::-1]), 1)
        return XrayImage(counts=counts, exposure=exposure, grid=self.grid, band=band or Band(0.5, 7), psf=self.psf, name="sky")


class DetectionConformance(ComponentConformance):
    """Bright sources are found where they are, lists are finite and keep their threshold, and the same images give the same list.

    Examples
    --------
    >>> class TestMine(DetectionConformance):
    ...     component = "blind"
    """

    kind = "detections"
    #: Six sources of 100 to 400 expected counts, far from each other.
    bright = (np.array([40.2, 60.7, 200.1, 190.4, 120.3, 130.5]), np.array([50.1, 180.3, 70.2, 200.4, 110.4, 215.7]))
    rates = np.array([1.0, 1.5, 2.0, 3.0, 4.0, 1.2]) * 1e-6

    def images(self) -> dict[str, XrayImage]:
        """Two bands of one sky; the hard one has half the light and twice the background."""
        sky, rng = SimulatedSky(), np.random.default_rng(5)
        soft = sky.image(*self.bright, self.rates, rng, Band(0.5, 2))
        hard = attrs.evolve(sky, background=0.06).image(*self.bright, 0.5 * self.rates, rng, Band(2, 7))
        return {"soft": soft, "hard": hard}

    @pytest.fixture
    def found(self) -> tuple[SourceList, dict[str, XrayImage]]:
        sources, images = self.made().detect(self.images(), Context())
        return sources, dict(images)

    def test_bright_sources_are_found_where_they_are(self, found: tuple[SourceList, dict[str, XrayImage]]) -> None:
        sources, _ = found
        for x, y, rate in zip(*self.bright, self.rates, strict=True):
            distance = np.hypot(sources.x - x, sources.y - y)
            assert np.sum(distance < 5) == 1, "each source once"
            row = int(np.argmin(distance))
            # 5 of its own sigmas; a Rayleigh deviate exceeds them with a chance of 4e-6.
            assert distance[row] * 0.5 < 5 * sources.position_error[row]
            soft = sources.photometry["soft"]
            # 5 sigma of the counts in the aperture, with a tenth for the share of light in this very aperture.
            sigma = np.sqrt(soft.counts[row]) / soft.sensitivity[row]
            assert abs(soft.rate[row] - rate) < 5 * sigma + 0.1 * rate

    def test_hardly_anything_else_is_found(self, found: tuple[SourceList, dict[str, XrayImage]]) -> None:
        assert len(found[0]) <= len(self.rates) + 3

    def test_the_list_is_finite_and_complete(self, found: tuple[SourceList, dict[str, XrayImage]]) -> None:
        sources, images = found
        for column in ("x", "y", "ra", "dec", "position_error"):
            assert np.all(np.isfinite(getattr(sources, column))), column
        assert np.all(sources.position_error > 0)
        assert set(sources.photometry) == set(sources.detected) == set(images) == {"soft", "hard"}
        for part in sources.photometry.values():
            assert np.all(np.isfinite(part.rate))
        ra, dec = images["soft"].grid.wcs.wcs_pix2world(sources.x, sources.y, 0)
        np.testing.assert_allclose([sources.ra, sources.dec], [ra, dec], rtol=1e-10)
        assert len(sources.to_table()) == len(sources)

    def test_detections_keep_the_threshold(self, found: tuple[SourceList, dict[str, XrayImage]]) -> None:
        sources, _ = found
        flags = np.array(list(sources.detected.values()))
        assert np.all(flags.any(axis=0)), "a source is detected in at least one band"
        for band, part in sources.photometry.items():
            assert np.all(part.false_probability[sources.detected[band]] < sources.threshold)

    def test_the_returned_images_are_those_given_with_a_background(self, found: tuple[SourceList, dict[str, XrayImage]]) -> None:
        _, images = found
        for name, given in self.images().items():
            image = images[name]
            np.testing.assert_array_equal(image.counts, given.counts)
            assert not np.any(image.footprint & ~given.footprint)
            assert image.background is not None
            assert np.all(image.background[image.footprint] > 0)

    def test_the_same_images_give_the_same_list(self, found: tuple[SourceList, dict[str, XrayImage]]) -> None:
        again, _ = self.made().detect(self.images(), Context(seed=1))
        assert again.digest == found[0].digest

    def test_an_image_without_area_is_refused(self) -> None:
        image = self.images()["soft"]
        empty = attrs.evolve(image, footprint=np.zeros(image.grid.shape, dtype=bool))
        with pytest.raises(DataError, match="area"):
            self.made().detect({"soft": empty}, Context())

    def test_an_aperture_larger_than_the_psf_map_or_the_image_is_refused(self) -> None:
        image = self.images()["soft"]
        core = EefMap(radii={0.3: 1 * ARCSEC, 0.5: 1.5 * ARCSEC})
        huge = EefMap(radii={0.7: 100 * ARCSEC, 0.95: 200 * ARCSEC})
        for psf in (core, huge):
            with pytest.raises(DataError, match=r"enclosed fractions|larger than the image"):
                self.made().detect({"soft": attrs.evolve(image, psf=psf)}, Context())
