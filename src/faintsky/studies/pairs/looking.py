"""What stands about an AGN: its possible companions, and the field galaxies of the cutout."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.core.cutout import CutoutSource
from faintsky.core.digest import json_digest
from faintsky.core.photometry import Photometry
from faintsky.core.segments import Segmentation
from faintsky.core.step import step
from faintsky.core.units import ARCSEC
from faintsky.estimators.companions.merged import Companions, DetectionSettings, companions
from faintsky.estimators.companions.segment_photometry import segment_photometry

__all__ = ["Looked", "load_targets", "look"]


@frozen(kw_only=True, eq=False)
class Looked:
    """Sources about one AGN.

    Attributes
    ----------
    name : str
        Of the AGN.
    companions : Companions
    photometry : Photometry
        Of all segments, in all bands.
    area : float
        In which they were looked for, without masked pixels [arcsec^2].
    pixel : float
        Side of a pixel [arcsec].
    """

    name: str
    companions: Companions
    photometry: Photometry
    area: float
    pixel: float

    @property
    def digest(self) -> str:
        """Identity of the result."""
        return json_digest([self.name, self.companions.digest, self.photometry.digest, self.area])


@step(title="targets")
def load_targets(*, source: CutoutSource, title: str, ctx: Context) -> Catalogue:
    """The AGN."""
    return source.targets(ctx)


@step(title="sources")
def look(
    *, source: CutoutSource, name: str, segmentation: Segmentation, settings: DetectionSettings, title: str, ctx: Context
) -> Looked:
    """Find the sources of one cutout and measure their colours."""
    cutout = source.cutout(name, ctx)
    found = companions(cutout, segmentation, settings, ctx)
    seen = np.isfinite(cutout.images[found.reference].sigma)
    pixel = float(np.sqrt(cutout.images.grid.pixel_area)) / ARCSEC
    return Looked(
        name=name,
        companions=found,
        photometry=segment_photometry(cutout.images, found.labels, found.sources),
        area=float(seen.sum()) * pixel**2,
        pixel=pixel,
    )
