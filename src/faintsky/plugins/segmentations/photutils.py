"""Sources by photutils."""

from __future__ import annotations

import inspect
import warnings

import numpy as np
from attrs import frozen
from scipy.ndimage import convolve

from faintsky.core.component import component
from faintsky.core.context import Context
from faintsky.core.extras import require
from faintsky.core.image_set import BandImage
from faintsky.core.segments import Segmentation, Segments
from faintsky.plugins.segmentations.detection_options import DetectionOptions

__all__ = ["Photutils"]


@component(references=["Photutils", "BertinArnouts1996"], extra="detection")
@frozen(kw_only=True)
class Photutils(DetectionOptions, Segmentation):
    """Detection by threshold and deblending by levels and watershed, as photutils has them.

    It finds the pixels that `sep` finds. Peaks above the contrast at any level are sources, whose pixels are parted by a
    watershed, not by Gaussians. Nothing is removed from the wings of bright sources, so that a low contrast makes sources of
    peaks of noise there (`benchmarks/segmentation.py` counts them). Positions and fluxes are those of `core.kron_photometry`,
    the same for all engines.

    References
    ----------
    Bradley et al., photutils, doi:10.5281/zenodo.596036; Bertin & Arnouts 1996, A&AS 117, 393 (the levels).
    """

    def segment(self, image: BandImage, contrast: float, ctx: Context) -> Segments:
        """All sources of an image.

        Raises
        ------
        DataError
            Where the contrast lies outside of 0 to 1, or no pixel has an error.
        PluginError
            Where photutils, or the scikit-image of its watershed, is not installed.
        """
        prepared = self.prepared(image, contrast)
        engine = require("photutils.segmentation", "detection")
        kernel = self.kernel
        smooth = prepared.values if kernel is None else convolve(prepared.values, kernel, mode="constant")
        with warnings.catch_warnings():
            # That nothing was found is an empty list, that a blend has very many peaks a matter of the contrast.
            warnings.simplefilter("ignore")
            limit = self.threshold * np.where(prepared.masked, 1.0, prepared.sigma)
            found = engine.detect_sources(smooth, limit, self.min_area, mask=prepared.masked)
            if found is None:
                return self.measure(image, np.zeros(image.values.shape, dtype=np.int32))
            if contrast < 1:
                # photutils 3 has renamed its arguments; the first three are given by their place.
                levels = "n_levels" if "n_levels" in inspect.signature(engine.deblend_sources).parameters else "nlevels"
                require("skimage", "detection")
                found = engine.deblend_sources(
                    smooth, found, self.min_area, contrast=contrast, progress_bar=False, **{levels: self.levels}
                )
        return self.measure(image, found.data)
