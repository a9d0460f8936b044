"""Sersic galaxies and points, fitted to each band on its own."""

from __future__ import annotations

import numpy as np
from attrs import asdict, frozen

from faintsky.core.component import component
from faintsky.core.context import Context
from faintsky.core.decomposition import Decomposition, DecompositionRule
from faintsky.core.image_set import ImageSet
from faintsky.core.scene import Scene
from faintsky.core.single_band_fits import joined
from faintsky.estimators.decompositions.fit_options import FitOptions
from faintsky.estimators.decompositions.sersic_psf import SersicPsf

__all__ = ["BandByBand"]


@component(references=["LiZhuang2025", "GolubPereyra1973", "GrahamDriver2005"])
@frozen(kw_only=True)
class BandByBand(FitOptions, DecompositionRule):
    """Sersic galaxies and points fitted to each band on its own: nothing is tied over wavelength.

    The check of what the ties of `sersic-psf` do. Where a source is faint in a band its shape follows the noise there, and its
    colours are those of different apertures.

    Ellipticity and angle of the result are those of the band with the best signal; the fit of each band is in ``single``.
    """

    def fit(self, images: ImageSet, scene: Scene, ctx: Context) -> Decomposition:
        """Fit the bands one after the other, each from the same start.

        Raises
        ------
        DataError
            As `SersicPsf.fit` does.
        """
        rule = SersicPsf(order=0, **asdict(self, recurse=False))
        fits = {
            name: rule.fit(ImageSet(bands={name: image}, grid=images.grid), scene, ctx) for name, image in images.bands.items()
        }
        signal = [float(np.sum((image.values / image.sigma)[np.isfinite(image.sigma)] ** 2)) for image in images.bands.values()]
        return joined(fits, int(np.argmax(signal)))
