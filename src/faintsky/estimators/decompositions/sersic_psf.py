"""Sersic galaxies and points, fitted to all bands at once."""

from __future__ import annotations

import time

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.decomposition import Decomposition, DecompositionRule
from faintsky.core.errors import DataError
from faintsky.core.image_set import BandImage, ImageSet
from faintsky.core.psf_transform import PsfTransform
from faintsky.core.scene import Scene
from faintsky.estimators.decompositions.band_model import BandModel
from faintsky.estimators.decompositions.fit_options import FitOptions
from faintsky.estimators.decompositions.fit_result import fit_result
from faintsky.estimators.decompositions.free_shapes import FreeShapes, ShapeLimits
from faintsky.estimators.decompositions.psf_error import error_amplitude, held_out
from faintsky.estimators.decompositions.scene_fit import SceneFit, Solution

__all__ = ["SersicPsf"]

Array = NDArray[np.float64]


@component(references=["LiZhuang2025", "Haussler2013", "GolubPereyra1973", "GrahamDriver2005"])
@frozen(kw_only=True)
class SersicPsf(FitOptions, DecompositionRule):
    """Sersic galaxies and points fitted to all bands at once, tied over wavelength as GALFITM ties them.

    A source has one centre per band for its galaxy and its point; ellipticity and angle are the same in all bands; n and R_e are
    linear in wavelength; the fluxes of each band are free. Fluxes enter linearly and are solved for inside (variable projection),
    so that the search, a trust region within the limits, goes over places and shapes alone.

    A constant per band is fitted by default: a pedestal of a few per cent of the noise is what moves n and R_e most (Haussler et
    al. 2007), and a fit that leaves it to a Sersic profile of a large index returns it as light. Errors are marginal over all
    else, and hold the correlation of the noise where the images tell it.

    The PSF's own error is no part of the published method, and without it a difference in BIC decides on errors of the PSF.
    ``held-out`` adds (a f P)^2 to the variance of pixels, with a per band set on every fourth pixel, which the fit does not use;
    variances follow the fluxes of the previous pass, and their determinant is part of the likelihood.

    References
    ----------
    Li, Zhuang et al. 2025, section 3.2; Haussler et al. 2013, MNRAS 430, 330.
    """

    order: int = option(1, ge=0, le=1, help="of n and R_e in wavelength: 0 the same in all bands, 1 linear")

    def fit(self, images: ImageSet, scene: Scene, ctx: Context) -> Decomposition:
        """Fit all bands at once.

        Raises
        ------
        DataError
            Where a band has no PSF, a source stands outside of the image, or there are fewer pixels than parameters.
        """
        return self.fit_with(images, scene, ctx, None)

    def fit_with(self, images: ImageSet, scene: Scene, ctx: Context, amplitudes: Array | None) -> Decomposition:
        """The same with relative errors of the PSFs, shape (b,), that another fit has set on the pixels left out.

        Raises
        ------
        DataError
            As `fit` does.
        """
        began = time.process_time()
        fit = self._problem(images, scene)
        theta = fit.shapes.start()
        if self.starts:
            theta = fit.started(theta, [s for s, source in enumerate(scene.sources) if source.galaxy])
        found = fit.found(theta, self.max_evaluations)
        fit, found, used = self._with_psf_error(fit, found, amplitudes)
        if not found.converged:
            ctx.warn(f"the decomposition did not converge within {self.max_evaluations} evaluations")
        notes = (f"{found.evaluations} evaluations",)
        return fit_result(fit, images, found, used, notes, time.process_time() - began)

    def _problem(self, images: ImageSet, scene: Scene) -> SceneFit:
        ny, nx = images.grid.shape
        for source in scene.sources:
            if not (-0.5 <= source.x <= nx - 0.5 and -0.5 <= source.y <= ny - 0.5):
                raise DataError(
                    f"the source {source.name!r} at x = {source.x:.2f}, y = {source.y:.2f} stands outside of the image of {nx} x "
                    f"{ny} pixels: leave it out, or cut a larger image (pixels are 0-based)"
                )
        shapes = FreeShapes(
            scene=scene,
            wavelengths=np.array([image.wavelength for image in images.bands.values()]),
            order=self.order,
            limits=ShapeLimits(index=self.index, radius=self.radius, ellipticity=self.ellipticity, reach=self.reach),
        )
        bands = tuple(self._band(name, image, scene) for name, image in images.bands.items())
        pixels = sum(int(band.used.sum()) for band in bands)
        parameters = shapes.size + len(bands) * (len(scene.components) + self.sky)
        if pixels <= parameters:
            raise DataError(
                f"{pixels} pixels with errors are too few for {parameters} parameters: unmask some, or fit fewer sources"
            )
        return SceneFit(shapes=shapes, bands=bands)

    def _band(self, name: str, image: BandImage, scene: Scene) -> BandModel:
        if image.psf is None:
            raise DataError(f"the band {name!r} has no PSF: give the image one (BandImage.psf), or build it with psf_from_stars")
        used = np.isfinite(image.sigma)
        if self.psf_error == "held-out":
            used &= ~held_out(image.values.shape)
        if used.sum() <= len(scene.components) + self.sky:
            raise DataError(f"the band {name!r} has {int(used.sum())} pixels with errors, too few for its fluxes: leave it out")
        return BandModel(
            image=image,
            transform=PsfTransform.of(image.psf, image.values.shape),
            scene=scene,
            used=used,
            variance=image.sigma**2,
            sky=self.sky,
            positive=self.non_negative,
        )

    def _with_psf_error(self, fit: SceneFit, found: Solution, amplitudes: Array | None) -> tuple[SceneFit, Solution, Array]:
        """The fit with the PSF's error in its variances, after two passes, and the amplitudes."""
        if self.psf_error == "none":
            return fit, found, np.zeros(len(fit.bands))
        given = self.psf_error == "of-psf"
        if given and any(band.image.psf is None or band.image.psf.error is None for band in fit.bands):
            raise DataError("a PSF has no errors of its own: build it with psf_from_stars, or set psf_error = held-out")
        used = amplitudes
        for _ in range(2):
            if amplitudes is None:
                used = self._amplitudes(fit, found.theta, given)
            assert used is not None
            fit = fit.with_psf_error(found.theta, [float(a) for a in used], given)
            before = found.evaluations
            found = fit.found(found.theta, self.max_evaluations)
            found = evolve(found, evaluations=before + found.evaluations)
        assert used is not None
        return fit, found, used

    def _amplitudes(self, fit: SceneFit, theta: Array, given: bool) -> Array:
        """Relative error of the PSF in each band."""
        if given:
            return np.ones(len(fit.bands))
        if self.psf_error == "given":
            return np.full(len(fit.bands), self.amplitude)
        found = []
        for band, looks in zip(fit.bands, fit.looks(theta), strict=True):
            others = np.isfinite(band.image.sigma) & held_out(band.used.shape)
            model = band.model(looks)
            of_psf = fit.psf_variance(band, looks, given)
            left = (band.image.values - model)[others]
            found.append(error_amplitude(left, band.image.sigma[others] ** 2, of_psf[others]))
        return np.array(found)
