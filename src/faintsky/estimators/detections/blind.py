"""The blind search for sources in X-ray images."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.detection import Detection, SourceList
from faintsky.core.errors import DataError
from faintsky.core.xray_image import XrayImage
from faintsky.estimators.detections.apertures import inside_discs, radius_at
from faintsky.estimators.detections.background import annulus_background, background_map
from faintsky.estimators.detections.band_sources import BandSources, merged
from faintsky.estimators.detections.candidates import candidates
from faintsky.estimators.detections.photometry import photometry
from faintsky.estimators.detections.positions import centroids, position_error
from faintsky.estimators.detections.separate import separate

__all__ = ["Blind"]

Array = NDArray[np.float64]


@component(references=["BarlowHall2025", "Georgakakis2008", "Huber1964", "Photutils"], extra="detection")
@frozen(kw_only=True)
class Blind(Detection):
    """Blind search: peaks of the smoothed counts, tested by the Poisson probability of their aperture, in two passes.

    Candidates are peaks (photutils) where a disc of the PSF's size holds counts that the background exceeds with a probability of
    `candidate_probability`. Each moves to the centroid of its aperture of `eef` enclosed light, and is a source if P(>= T | b) is
    below `threshold`. The first pass takes b from an annulus of `annulus_width` pixels around the source; the second from a
    background map without the sources of the first, which it hides while it looks for more; and all are tested once more with
    the final background map, which is returned, so that sources and area curve rest on one background.

    Of candidates within `merge` pixels, or within one aperture, the one of most counts stays. Around a bright source a
    candidate must be significant over its wings as well. Lists of several bands are merged in the same way, and bands without a
    detection are filled with the photometry at the source. Peaks profit from noise: of the sources around the limit 1 % (r70 of 3
    pixels) to 5 % (1.6 pixels) more are found than `area_curve` says, and their rates are high.

    The images are searched where the exposure is at least `min_exposure` of its maximum; the returned footprints say so.
    """

    threshold: float = option(4e-6, gt=0, lt=1, help="largest false probability of a source")
    eef: float = option(0.7, gt=0, lt=1, help="enclosed light of the aperture")
    candidate_probability: float = option(1e-4, gt=0, lt=1, help="false probability of a candidate, per place")
    min_exposure: float = option(0.1, ge=0, lt=1, help="least exposure that is searched, as a share of the largest")
    passes: int = option(2, ge=1, le=5, help="searches; all but the first hide the sources found before")
    merge: float = option(5.0, ge=0, help="of sources closer than this [pixel] the one with most counts stays")
    annulus_eef: float = option(0.95, gt=0, lt=1, help="enclosed light of the radius that annuli and source discs scale with")
    annulus_factor: float = option(1.5, ge=1, help="inner radius of annuli, and radius of source discs, in that radius")
    annulus_width: float = option(100.0, gt=0, help="width of annuli [pixel]")
    smoothing: float = option(50.0, gt=0, help="standard deviation of the smoothing of the background map [pixel]")
    systematic_error: float = option("0 arcsec", unit="rad", ge=0, help="added in quadrature to the positional error")

    def detect(self, images: Mapping[str, XrayImage], ctx: Context) -> tuple[SourceList, Mapping[str, XrayImage]]:
        """Sources of all bands, and the images as searched, with their background maps.

        Raises
        ------
        DataError
            Where there is no image, an image has no area or no counts, or an aperture is larger than the image or its PSF map.
        PluginError
            Where photutils is not installed.
        """
        if not images:
            raise DataError("there is no image to search")
        first = next(iter(images.values()))
        for name, image in images.items():
            image.grid.check_same(first.grid, (f"image {name}", "the first image"))
        bands: dict[str, BandSources] = {}
        for number, (name, image) in enumerate(images.items()):
            ctx.progress(number, len(images), f"searching {name}")
            bands[name] = self._search(image)
        ctx.progress(len(images), len(images), "merging")
        sources = merged(bands, merge=self.merge, eef=self.eef, threshold=self.threshold)
        return sources, {name: band.image for name, band in bands.items()}

    def _search(self, image: XrayImage) -> BandSources:
        bright = image.exposure >= self.min_exposure * image.exposure.max()
        image = attrs.evolve(image, footprint=image.footprint & bright)
        if not image.footprint.any():
            raise DataError(f"image {image.name or image.band} has no area: its footprint holds no exposed pixel")
        given = image.background is not None
        x, y = np.zeros(0), np.zeros(0)
        for turn in range(self.passes):
            if not given:
                image = self._with_background(image, x, y)
            more = candidates(image, self._discs(image, x, y), eef=self.eef, chance=self.candidate_probability)
            new_x, new_y = centroids(image, *more, self.eef)
            x, y = np.append(x, new_x), np.append(y, new_y)
            rows = self._sources(image, x, y, annulus=turn == 0 and not given)
            x, y = x[rows], y[rows]
        if not given:
            image = self._with_background(image, x, y)
        rows = self._sources(image, x, y, annulus=False)
        x, y = x[rows], y[rows]
        found = photometry(image, x, y, self.eef)
        error = position_error(found, radius_at(image, x, y, self.eef), self.systematic_error)
        return BandSources(image=image, x=x, y=y, found=found, error=error)

    def _with_background(self, image: XrayImage, x: Array, y: Array) -> XrayImage:
        level = background_map(image, x, y, eef=self.annulus_eef, factor=self.annulus_factor, smoothing=self.smoothing)
        return attrs.evolve(image, background=level)

    def _discs(self, image: XrayImage, x: Array, y: Array) -> NDArray[np.bool_]:
        return inside_discs(image.grid, x, y, radius_at(image, x, y, self.annulus_eef))

    def _sources(self, image: XrayImage, x: Array, y: Array, *, annulus: bool) -> NDArray[np.int64]:
        found = photometry(image, x, y, self.eef)
        if annulus and x.size:
            around = {"eef": self.annulus_eef, "factor": self.annulus_factor, "width": self.annulus_width}
            level = annulus_background(image, x, y, aperture=self.eef, **around)
            found = attrs.evolve(found, background=np.where(level > 0, level, found.background))
        return separate(image, found, x, y, threshold=self.threshold, eef=self.eef, merge=self.merge)
