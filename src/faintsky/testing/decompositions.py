"""The conformance suite of the kind ``decompositions``."""

from __future__ import annotations

from typing import ClassVar

import attrs
import numpy as np
import pytest
from numpy.typing import NDArray

from faintsky.core.bandpass import Bandpass
from faintsky.core.context import Context
from faintsky.core.decomposition import Decomposition
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.image_set import BandImage, ImageSet
from faintsky.core.pixel_psf import PixelPsf
from faintsky.core.scene import Scene, SceneSource
from faintsky.core.scene_image import galaxy_image, point_image, residual_image
from faintsky.testing.subject import ComponentConformance

__all__ = ["DecompositionConformance", "an_active_galaxy", "gaussian_psf"]

Array = NDArray[np.float64]


def gaussian_psf(fwhm: float, size: int = 25, oversampling: int = 1) -> PixelPsf:
    """A Gaussian of `fwhm` pixels, the pixel included."""
    y, x = (np.indices((size * oversampling, size * oversampling)) - size * oversampling // 2) / oversampling
    return PixelPsf.of(np.exp(-4 * np.log(2) * (x**2 + y**2) / fwhm**2), oversampling=oversampling)


def an_active_galaxy(noise: float, seed: int | None = None, fwhm: tuple[float, ...] = (2.6, 3.2)) -> tuple[ImageSet, Scene]:
    """A galaxy with a point in its middle and another galaxy beside it, in two bands, and where a fit starts.

    Parameters
    ----------
    noise : float
        Error of a pixel; the galaxy has a flux of 40, the point of 15, the other galaxy of 20.
    seed : int, optional
        Of the noise; without one there is none.
    """
    shape, rng = (33, 37), None if seed is None else np.random.default_rng(seed)
    bands = {}
    for k, width in enumerate(fwhm):
        psf = gaussian_psf(width)
        x, y = 13.3 + 0.2 * k, 15.8 - 0.1 * k
        values = 40 * galaxy_image(psf, x, y, 3.5, 1.4, 0.3, 0.5, shape) + 15 * point_image(psf, x, y, shape)
        values = values + 20 * galaxy_image(psf, 25.6, 19.2, 2.5, 1.0, 0.2, -0.8, shape)
        if rng is not None:
            values = values + noise * rng.standard_normal(shape)
        bandpass = Bandpass.box(f"band{k}", 1.0 + k, 1.2 + k)
        bands[f"band{k}"] = BandImage(values=values, sigma=np.full(shape, noise), bandpass=bandpass, psf=psf)
    sources = (
        SceneSource(name="agn", x=13.5, y=16.0, flux=40, point=True, radius=4.0, index=1.2, ellipticity=0.2, angle=0.3),
        SceneSource(name="beside", x=25.5, y=19.0, flux=20, radius=3.0, index=1.2, ellipticity=0.2, angle=-0.5),
    )
    return ImageSet(bands=bands, grid=Grid(shape, "0.03 arcsec")), Scene(sources=sources)


class DecompositionConformance(ComponentConformance):
    """Finds what was put in, in any unit; uses no masked pixel; keeps its inputs; refuses what cannot be fitted.

    Attributes
    ----------
    tolerance : float
        Relative error of the fluxes of a scene without noise.

    Examples
    --------
    >>> class TestMine(DecompositionConformance):
    ...     component = "sersic-psf"
    """

    kind: ClassVar[str] = "decompositions"
    tolerance: ClassVar[float] = 1e-3
    _noisy: ClassVar[Decomposition]

    def fit(self, images: ImageSet, scene: Scene) -> Decomposition:
        """A fit that must be one of the images and the scene that were given."""
        found = self.made().fit(images, scene, Context())
        assert isinstance(found, Decomposition)
        assert found.sources == tuple(source.name for source in scene.sources)
        assert found.components == scene.components
        assert found.bands == tuple(images.bands)
        return found

    def noisy(self) -> Decomposition:
        """The fit of the noisy scene that several tests compare with, made once."""
        cls = type(self)
        if "_noisy" not in cls.__dict__:
            cls._noisy = self.fit(*an_active_galaxy(0.01, seed=1))
        return cls._noisy

    def test_it_finds_a_scene_without_noise(self) -> None:
        images, scene = an_active_galaxy(0.01)
        found = self.fit(images, scene)
        assert found.converged
        for which, flux in {("agn", "galaxy"): 40.0, ("agn", "point"): 15.0, ("beside", "galaxy"): 20.0}.items():
            np.testing.assert_allclose(found.flux[found.component(*which)], flux, rtol=self.tolerance)
        np.testing.assert_allclose(found.x[0], [13.3, 13.5], atol=5 * self.tolerance)
        np.testing.assert_allclose(found.radius, [[3.5, 3.5], [2.5, 2.5]], rtol=2 * self.tolerance)
        np.testing.assert_allclose(found.index, [[1.4, 1.4], [1.0, 1.0]], rtol=5 * self.tolerance)
        np.testing.assert_allclose(found.ellipticity, [0.3, 0.2], atol=2 * self.tolerance)
        np.testing.assert_allclose(found.angle, [0.5, -0.8], atol=5 * self.tolerance)
        for band, image in images.bands.items():
            assert np.abs(residual_image(found, images, band)).max() < 5 * self.tolerance * image.values.max()

    def test_the_unit_of_flux_does_not_matter(self) -> None:
        images, scene = an_active_galaxy(0.01, seed=1)
        bands = {
            name: attrs.evolve(image, values=50 * image.values, sigma=50 * image.sigma) for name, image in images.bands.items()
        }
        more = Scene(sources=tuple(attrs.evolve(source, flux=50 * source.flux) for source in scene.sources))
        first, second = self.noisy(), self.fit(ImageSet(bands=bands, grid=images.grid), more)
        np.testing.assert_allclose(second.flux, 50 * first.flux, rtol=2e-3)
        np.testing.assert_allclose(second.radius, first.radius, rtol=2e-3)
        np.testing.assert_allclose(second.chi2, first.chi2, rtol=1e-5)

    def test_masked_pixels_do_not_count(self) -> None:
        images, scene = an_active_galaxy(0.02, seed=2)
        mask = np.zeros(images.grid.shape, dtype=bool)
        mask[5:10, 26:34] = mask[16, 15] = True
        found = []
        for garbage in (np.nan, 1e5):
            bands = {
                name: attrs.evolve(image, values=np.where(mask, garbage, image.values), sigma=np.where(mask, np.inf, image.sigma))
                for name, image in images.bands.items()
            }
            found.append(self.fit(ImageSet(bands=bands, grid=images.grid), scene))
        np.testing.assert_array_equal(found[0].flux, found[1].flux)
        assert found[0].pixels.max() <= mask.size - mask.sum()

    def test_it_is_the_same_twice_and_keeps_its_inputs(self) -> None:
        images, scene = an_active_galaxy(0.01, seed=1)
        before = images.digest
        assert self.fit(images, scene).digest == self.noisy().digest
        assert images.digest == before

    def test_errors_shrink_with_the_noise(self) -> None:
        loud, quiet = self.noisy(), self.fit(*an_active_galaxy(0.002, seed=1))
        ratio = np.sqrt(
            np.diagonal(quiet.flux_covariance, axis1=1, axis2=2) / np.diagonal(loud.flux_covariance, axis1=1, axis2=2)
        )
        # A fifth of the noise makes a fifth of the error; slopes are those of the shapes that were found.
        np.testing.assert_allclose(ratio, 0.2, rtol=0.3)

    def test_it_refuses_a_band_without_psf(self) -> None:
        images, scene = an_active_galaxy(0.02)
        bands = dict(images.bands) | {"band1": attrs.evolve(images["band1"], psf=None)}
        with pytest.raises(DataError, match="'band1' has no PSF"):
            self.fit(ImageSet(bands=bands, grid=images.grid), scene)

    def test_it_refuses_a_source_outside_of_the_image(self) -> None:
        images, scene = an_active_galaxy(0.02)
        outside = attrs.evolve(scene.sources[1], x=38.0)
        with pytest.raises(DataError, match=r"'beside' at x = 38.00, y = 19.00 stands outside of the image of 37 x 33"):
            self.fit(images, Scene(sources=(scene.sources[0], outside)))

    def test_it_refuses_too_few_pixels(self) -> None:
        images, scene = an_active_galaxy(0.02)
        few = np.full(images.grid.shape, np.inf)
        few[16, 11:17] = 0.02
        bands = {name: attrs.evolve(image, sigma=few) for name, image in images.bands.items()}
        with pytest.raises(DataError, match=r"pixels with errors.* too few"):
            self.fit(ImageSet(bands=bands, grid=images.grid), scene)
