"""Decomposition by Imfit."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.decomposition import Decomposition, DecompositionRule
from faintsky.core.errors import DataError
from faintsky.core.extras import require
from faintsky.core.image_set import BandImage, ImageSet
from faintsky.core.scene import Scene
from faintsky.core.sersic import sersic_flux
from faintsky.core.single_band_fits import joined

__all__ = ["Imfit"]

Array = NDArray[np.float64]


@component(references=["Erwin2015"], extra="imfit")
@frozen(kw_only=True)
class Imfit(DecompositionRule):
    """Imfit, the code: Sersic galaxies and points fitted to each band on its own by Levenberg-Marquardt.

    The independent check of `band-by-band`, of which it differs in three ways: profiles are integrated over pixels and then
    convolved with a PSF that holds the pixel as well, so that galaxies come out a little too compact where the PSF is narrow;
    points are placed by interpolation of the PSF; and fluxes of galaxies are free as surface brightnesses. Its covariance is not
    to be had: errors are those of single parameters, fluxes of galaxies carry the error of I_e at fixed n and R_e.

    PSFs of one sample per pixel only. Imfit is under the GPL, and is compiled on installation.

    References
    ----------
    Erwin 2015, ApJ 799, 226.
    """

    index: tuple[float, float] = option((0.3, 7.0), ge=0.2, le=10, help="limits of the Sersic index")
    radius: tuple[float, float] = option((0.5, 100.0), gt=0, help="limits of the half-light radius [pixel]")
    ellipticity: float = option(0.9, gt=0.1, le=0.95, help="largest ellipticity 1 - b / a")
    reach: float = option(3.0, gt=0, help="how far a centre may go from where it starts [pixel]")
    sky: bool = option(True, help="fit a constant in each band")

    def fit(self, images: ImageSet, scene: Scene, ctx: Context) -> Decomposition:
        """Fit the bands one after the other.

        Raises
        ------
        DataError
            Where a band has no PSF or an oversampled one, a source stands outside of the image, or there are fewer pixels than
            parameters.
        PluginError
            Where pyimfit is not installed; the message is the line that installs it.
        """
        pyimfit = require("pyimfit", "imfit")
        ny, nx = images.grid.shape
        for source in scene.sources:
            if not (-0.5 <= source.x <= nx - 0.5 and -0.5 <= source.y <= ny - 0.5):
                raise DataError(
                    f"the source {source.name!r} at x = {source.x:.2f}, y = {source.y:.2f} stands outside of the image of {nx} x "
                    f"{ny} pixels: leave it out, or cut a larger image (pixels are 0-based)"
                )
        with _silent():
            fits = {name: self._band(pyimfit, name, image, scene) for name, image in images.bands.items()}
        for name, fit in fits.items():
            if not fit.converged:
                ctx.warn(f"Imfit did not converge in {name}")
        signal = [float(np.sum((image.values / image.sigma)[np.isfinite(image.sigma)] ** 2)) for image in images.bands.values()]
        return joined(fits, int(np.argmax(signal)))

    def _band(self, pyimfit: Any, name: str, image: BandImage, scene: Scene) -> Decomposition:
        if image.psf is None:
            raise DataError(f"the band {name!r} has no PSF: give the image one (BandImage.psf)")
        if image.psf.oversampling > 1:
            raise DataError(f"the PSF of the band {name!r} has {image.psf.oversampling} samples per pixel; Imfit takes one here")
        used = np.isfinite(image.sigma)
        began = time.process_time()
        model = self._model(pyimfit, scene, float(image.values[used].max(initial=1e-30)))
        names = [parameter.name for parameter in model.parameterList()]
        if used.sum() <= len(names):
            raise DataError(f"{int(used.sum())} pixels with errors in {name!r} are too few for {len(names)} parameters")
        # Imfit squares what it is given, masked or not.
        values, sigma = np.where(used, image.values, 0.0), np.where(used, image.sigma, 1.0)
        fitter = pyimfit.Imfit(model, psf=np.array(image.psf.values), psfNormalization=False, maxThreads=1)
        fitter.loadData(values, error=sigma, error_type="sigma", mask=~used, mask_format="zero_is_good")
        found = fitter.doFit(solver="LM")
        errors = np.full(len(names), np.nan) if found.get("paramErrs") is None else np.asarray(found.paramErrs)
        limits = fitter.getParameterLimits()
        return _decomposition(
            scene,
            name,
            np.asarray(found.params),
            errors,
            [None if limit is None else (float(limit[0]), float(limit[1])) for limit in limits],
            float(found.fitStat),
            int(used.sum()),
            bool(found.fitConverged),
            self.sky,
            time.process_time() - began,
        )

    def _model(self, pyimfit: Any, scene: Scene, peak: float) -> Any:
        sets = []
        for source in scene.sources:
            functions = []
            if source.galaxy:
                brightness = source.flux / float(sersic_flux(1.0, source.radius, source.index, source.ellipticity))
                functions.append(
                    {
                        "name": "Sersic",
                        "label": "",
                        "parameters": {
                            "PA": [np.degrees(source.angle) - 90, -360, 360],
                            "ell": [min(source.ellipticity, 0.98 * self.ellipticity), 0, self.ellipticity],
                            "n": [source.index, *self.index],
                            "I_e": [min(brightness, peak), 0, 1e3 * peak],
                            "r_e": [source.radius, *self.radius],
                        },
                    }
                )
            if source.point:
                functions.append({"name": "PointSource", "label": "", "parameters": {"I_tot": [source.flux, 0, 1e6 * peak]}})
            # Imfit counts pixels from 1.
            places = {
                axis: [at + 1, at + 1 - self.reach, at + 1 + self.reach] for axis, at in (("X0", source.x), ("Y0", source.y))
            }
            sets.append({"label": "", **places, "function_list": functions})
        if self.sky:
            sets.append(
                {
                    "label": "",
                    "X0": [1, "fixed"],
                    "Y0": [1, "fixed"],
                    "function_list": [{"name": "FlatSky", "label": "", "parameters": {"I_sky": [0.0, -peak, peak]}}],
                }
            )
        return pyimfit.ModelDescription.dict_to_ModelDescription({"function_sets": sets})


def _decomposition(
    scene: Scene,
    band: str,
    values: Array,
    errors: Array,
    limits: list[tuple[float, float] | None],
    chi2: float,
    pixels: int,
    converged: bool,
    sky: bool,
    seconds: float,
) -> Decomposition:
    """Imfit's parameters in the order of its model, as a decomposition of one band."""
    n = len(scene.sources)
    shape = {key: np.full(n, np.nan) for key in ("x", "y", "radius", "index", "ellipticity", "angle")}
    error = {key: np.full(n, np.nan) for key in shape}
    flux, variance, at_bound = [], [], []
    place = 0
    for s, source in enumerate(scene.sources):
        named = ["x", "y"]
        named += ["angle", "ellipticity", "index", "brightness", "radius"] if source.galaxy else []
        named += ["flux"] if source.point else []
        rows = range(place, place + len(named))
        place += len(named)
        value = dict(zip(named, values[rows], strict=True))
        spread = dict(zip(named, errors[rows], strict=True))
        at_bound += [f"{name} of {source.name}" for name, row in zip(named, rows, strict=True) if _at(values[row], limits[row])]
        shape["x"][s], shape["y"][s] = value["x"] - 1, value["y"] - 1
        error["x"][s], error["y"][s] = spread["x"], spread["y"]
        if source.galaxy:
            for key in ("radius", "index", "ellipticity"):
                shape[key][s], error[key][s] = value[key], spread[key]
            turned = np.radians(value["angle"] + 90)
            shape["angle"][s] = (turned + np.pi / 2) % np.pi - np.pi / 2
            error["angle"][s] = np.radians(spread["angle"])
            unit = float(sersic_flux(1.0, value["radius"], value["index"], value["ellipticity"]))
            flux.append(unit * value["brightness"])
            variance.append((unit * spread["brightness"]) ** 2)
        if source.point:
            flux.append(value["flux"])
            variance.append(spread["flux"] ** 2)
    free = len(values) - 2 * sky
    return Decomposition(
        sources=tuple(source.name for source in scene.sources),
        components=scene.components,
        bands=(band,),
        flux=np.array(flux)[:, None],
        flux_covariance=np.diag(variance)[None],
        x=shape["x"][:, None],
        y=shape["y"][:, None],
        radius=shape["radius"][:, None],
        index=shape["index"][:, None],
        x_error=error["x"][:, None],
        y_error=error["y"][:, None],
        radius_error=error["radius"][:, None],
        index_error=error["index"][:, None],
        ellipticity=shape["ellipticity"],
        angle=shape["angle"],
        ellipticity_error=error["ellipticity"],
        angle_error=error["angle"],
        chi2=np.array([chi2]),
        pixels=np.array([float(pixels)]),
        parameters=free,
        bic=chi2 + free * float(np.log(pixels)),
        psf_error=np.zeros(1),
        at_bound=tuple(at_bound),
        converged=converged,
        notes=("errors of fluxes are not marginal over shapes",),
        cpu_seconds=seconds,
        sky=np.array([values[-1] if sky else 0.0]),
    )


def _at(value: float, limit: tuple[float, float] | None) -> bool:
    return limit is not None and min(value - limit[0], limit[1] - value) <= 1e-6 * (limit[1] - limit[0])


@contextmanager
def _silent() -> Iterator[None]:
    """Imfit prints from C."""
    kept = os.dup(1), os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept[0], 1)
        os.dup2(kept[1], 2)
        for handle in (*kept, nowhere):
            os.close(handle)
