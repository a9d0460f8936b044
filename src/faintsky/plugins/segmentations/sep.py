"""Sources by SEP, the library of SExtractor's algorithms."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.extras import require
from faintsky.core.image_set import BandImage
from faintsky.core.segments import Segmentation, Segments
from faintsky.plugins.segmentations.detection_options import DetectionOptions

__all__ = ["Sep"]


@component(references=["Barbary2016", "BertinArnouts1996"], extra="detection")
@frozen(kw_only=True)
class Sep(DetectionOptions, Segmentation):
    """Detection and deblending by SEP, SExtractor's algorithms as a library.

    Branches of the tree of levels with more than the contrast of the flux of their root are sources; pixels below the saddle go
    to the source whose Gaussian explains them best. Sources that the wings of a brighter neighbour explain are removed (`clean`).
    Positions and fluxes are those of `core.kron_photometry`, the same for all engines.

    References
    ----------
    Barbary 2016, JOSS 1, 58; Bertin & Arnouts 1996, A&AS 117, 393.
    """

    clean: float = option(
        1.0, ge=0, help="how far the wings of sources reach when false detections in them are removed (CLEAN_PARAM); 0: keep all"
    )

    def segment(self, image: BandImage, contrast: float, ctx: Context) -> Segments:
        """All sources of an image.

        Raises
        ------
        DataError
            Where the contrast lies outside of 0 to 1, no pixel has an error, or a blend has more branches than SEP can hold.
        PluginError
            Where SEP is not installed; the message is the line that installs it.
        """
        prepared = self.prepared(image, contrast)
        sep = require("sep", "detection")
        # Of the library as a whole: room for an image that is all source. It changes no result.
        sep.set_extract_pixstack(max(sep.get_extract_pixstack(), 2 * image.values.size))
        try:
            _, labels = sep.extract(
                np.ascontiguousarray(prepared.values),
                self.threshold,
                err=np.ascontiguousarray(prepared.sigma),
                mask=prepared.masked,
                minarea=self.min_area,
                filter_kernel=self.kernel,
                filter_type="conv",
                deblend_nthresh=self.levels,
                deblend_cont=contrast,
                clean=self.clean > 0,
                clean_param=self.clean,
                segmentation_map=True,
            )
        except Exception as error:  # SEP raises no narrower class
            raise DataError(
                f"SEP could not take the image in {image.bandpass.name} apart: {error}. Raise the threshold, the contrast or "
                "min_area, or look whether the errors of the image are too small"
            ) from None
        return self.measure(image, labels)
