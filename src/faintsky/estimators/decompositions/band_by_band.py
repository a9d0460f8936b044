"""Sersic galaxies and points, fitted to each band on its own."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.decomposition import Decomposition, DecompositionRule
from faintsky.core.image_set import ImageSet
from faintsky.core.scene import Scene
from faintsky.core.single_band_fits import joined
from faintsky.estimators.decompositions.sersic_psf import SersicPsf

__all__ = ["BandByBand"]


@component(references=["LiZhuang2025", "GolubPereyra1973", "GrahamDriver2005"])
@frozen(kw_only=True)
class BandByBand(DecompositionRule):
    """Sersic galaxies and points fitted to each band on its own: nothing is tied over wavelength.

    The check of what the ties of `sersic-psf` do. Where a source is faint in a band its shape follows the noise there, and its
    colours are those of different apertures.

    Ellipticity and angle of the result are those of the band with the best signal; the fit of each band is in ``single``.
    """

    index: tuple[float, float] = option((0.3, 7.0), ge=0.2, le=10, help="limits of the Sersic index")
    radius: tuple[float, float] = option((0.5, 100.0), gt=0, help="limits of the half-light radius [pixel]")
    ellipticity: float = option(0.9, gt=0.1, le=0.95, help="largest ellipticity 1 - b / a")
    reach: float = option(3.0, gt=0, help="how far a centre may go from where it starts [pixel]")
    sky: bool = option(True, help="fit a constant in each band")
    non_negative: bool = option(True, help="fluxes are 0 or more; a flux of 0 is named among those at a bound")
    starts: bool = option(True, help="try some sizes and indices of each galaxy before the search")
    psf_error: str = option(
        "none",
        choices=("none", "given", "held-out", "of-psf"),
        help="relative error of the PSF: an amplitude, set, or the PSF's own",
    )
    amplitude: float = option(0.05, ge=0, le=1, help="relative error of the PSF, with psf_error = given")
    max_evaluations: int = option(200, ge=1, help="of the model in one band, in one search")

    def fit(self, images: ImageSet, scene: Scene, ctx: Context) -> Decomposition:
        """Fit the bands one after the other, each from the same start.

        Raises
        ------
        DataError
            As `SersicPsf.fit` does.
        """
        rule = SersicPsf(
            order=0,
            index=self.index,
            radius=self.radius,
            ellipticity=self.ellipticity,
            reach=self.reach,
            sky=self.sky,
            non_negative=self.non_negative,
            starts=self.starts,
            psf_error=self.psf_error,
            amplitude=self.amplitude,
            max_evaluations=self.max_evaluations,
        )
        fits = {
            name: rule.fit(ImageSet(bands={name: image}, grid=images.grid), scene, ctx) for name, image in images.bands.items()
        }
        signal = [float(np.sum((image.values / image.sigma)[np.isfinite(image.sigma)] ** 2)) for image in images.bands.values()]
        return joined(fits, int(np.argmax(signal)))
