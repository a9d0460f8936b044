"""How the sources about an AGN are detected in three runs."""

from __future__ import annotations

from attrs import frozen

from faintsky.core.component import option
from faintsky.core.image_set import ImageSet

__all__ = ["DetectionSettings"]

#: Wavelengths [um] of the bands of Li et al. (2025), F277W and F150W.
_REFERENCE, _BLUE = 2.77, 1.50


@frozen(kw_only=True)
class DetectionSettings:
    """Bands, contrasts and radii of the three runs (Li, Zhuang et al. 2025, section 3.1, which the defaults are)."""

    reference: str = option("", help="band that decides, such as F277W; default: the one nearest to 2.77 um")
    blue: str = option("", help="band of the best resolution, such as F150W; default: the one nearest to 1.50 um")
    contrast: float = option(0.005, ge=0, le=1, help="smallest share of a blend that is a source, outside of the core")
    core_contrast: float = option(0.001, ge=0, le=1, help="the same inside of the core, and in the blue band")
    core_radius: float = option(0.5, unit="arcsec", ge=0, help="of the core about the AGN, where the second and third run count")
    match_radius: float = option(0.1, unit="arcsec", ge=0, help="peaks of two runs this close are one source")
    primary_radius: float = option(0.5, unit="arcsec", gt=0, help="the AGN is the nearest source within this of its position")
    compared_radius: float = option(
        3.0, unit="arcsec", gt=0, help="the runs are compared within this of the AGN, for the report of consistency"
    )
    star_size: float = option(1.1, gt=0, help="a point has at most so many half-light radii of the PSF")
    star_ellipticity: float = option(0.2, ge=0, le=1, help="a point has at most this ellipticity, 1 - b / a")
    star_signal: float = option(20.0, ge=0, help="below this ratio of flux to error nothing is called a point")

    def bands(self, images: ImageSet) -> tuple[str, str]:
        """The reference band and the blue band.

        Raises
        ------
        DataError
            Where a band that is named is not there; the message has the nearest name.
        """
        chosen = (self.reference or images.nearest_to(_REFERENCE), self.blue or images.nearest_to(_BLUE))
        for name in chosen:
            images[name]
        return chosen
