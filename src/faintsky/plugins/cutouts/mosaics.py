"""Cutouts of mosaics about the AGN of a catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.catalogue import Catalogue, CatalogueSource, loaded
from faintsky.core.component import component, option, slot
from faintsky.core.context import Context
from faintsky.core.cutout import Cutout, CutoutSource
from faintsky.core.errors import DataError, nearest
from faintsky.core.grid import Grid
from faintsky.core.image_set import BandImage, ImageSet
from faintsky.core.sigma_image import background_sigma, sigma_image, source_light
from faintsky.core.sky_noise import SkyNoise
from faintsky.core.units import ARCSEC
from faintsky.plugins.cutouts.fits_image import FitsImage
from faintsky.plugins.cutouts.flux_unit import microjansky
from faintsky.plugins.cutouts.mosaic_band import MosaicBand
from faintsky.plugins.cutouts.targets import agn_targets

__all__ = ["Mosaics"]

Array = NDArray[np.float64]

#: Sky that scatters so much more or less than the errors say is told.
_DOUBT = 1.25
#: Side of the correlation that tells correlated noise from wrong errors, where none is asked for [pixel].
_LAGS = 7


@component(references=["Casertano2000", "LiZhuang2025"])
@frozen(kw_only=True)
class Mosaics(CutoutSource):
    """Cutouts of FITS mosaics in several bands on one pixel grid, with errors and PSFs.

    ``[cutouts.bands.F277W]`` holds the files of a band. Only the pixels of a cutout are read, of files that are not compressed.
    Nothing is resampled: bands on other pixels are refused.

    Where there are errors of the background only (weight), the Poisson noise of the sources is added if the exposure is given,
    smoothed as the sky's noise is. The scatter of blank sky in a cutout is compared with the errors. In resampled images it is
    smaller, as weights hold for independent pixels: `rescale` and the measured `correlation` bring both together.
    """

    bands: Mapping[str, MosaicBand] = option(help="files by band: [cutouts.bands.NAME] with image, sigma or weight, psf, ...")
    catalogue: CatalogueSource = slot(help="the AGN: ra, dec, and as far as known name, z_spec, log_lbol, log_nh (columns = ...)")
    size: float = option("12 arcsec", unit="arcsec", gt=0, help="side of a cutout")
    background: str = option(
        "given", choices=("given", "local"), help="local: subtract the median of the blank sky of each cutout"
    )
    rescale: bool = option(False, help="multiply errors of the background so that they match the scatter of blank sky")
    correlation: int = option(
        7, ge=0, help="side [pixel] of the correlation of noise that is measured on blank sky, odd; 0: pixels are independent"
    )

    def __attrs_post_init__(self) -> None:
        if not self.bands:
            raise DataError("no band is given: [cutouts.bands.NAME] with image, sigma or weight, and psf")
        if bare := [name for name, band in self.bands.items() if band.psf is None]:
            raise DataError(f"no PSF is given for {', '.join(bare)}: psf = file, in the table of the band")
        if self.correlation and self.correlation % 2 == 0:
            raise DataError(f"the correlation of noise has an odd side, not {self.correlation}")

    def targets(self, ctx: Context) -> Catalogue:
        """The AGN that lie inside of all mosaics; how many do not is told.

        Raises
        ------
        DataError
            Where a source has no position, two have one name, a file is missing or has no WCS, or no AGN is left.
        """
        found = agn_targets(loaded(self.catalogue, ctx))
        inside = np.ones(len(found), dtype=bool)
        for name, band in self.bands.items():
            mosaic = _placed(band.maps()["image"])
            x, y = _pixel(mosaic, found["ra"], found["dec"])
            seen = (x > -0.5) & (y > -0.5) & (x < mosaic.shape[1] - 0.5) & (y < mosaic.shape[0] - 0.5)
            if not seen.all():
                lost = found["name"][~seen]
                ctx.warn(
                    f"{lost.size} of {seen.size} targets lie outside of the mosaic of {name} and are left out: "
                    f"{', '.join(lost[:5])}{', ...' if lost.size > 5 else ''}"
                )
            inside &= seen
        if not inside.any():
            raise DataError("no target lies inside of all mosaics: are ra and dec in degrees, and the mosaics of this field?")
        return found.select(inside)

    def cutout(self, name: str, ctx: Context) -> Cutout:
        """The images about one target.

        Raises
        ------
        DataError
            Where no target has this name, it lies outside of a mosaic, bands do not lie on one pixel grid, or an image has no
            known flux scale.
        """
        everyone = agn_targets(loaded(self.catalogue, ctx))
        rows = np.flatnonzero(everyone["name"] == name)
        if not rows.size:
            raise DataError(f"no target is called {name!r}. {nearest(name, map(str, everyone['name']))}".rstrip())
        ra, dec = (float(everyone[axis][rows[0]]) for axis in ("ra", "dec"))
        first, *_ = self.bands
        reference = _placed(self.bands[first].maps()["image"])
        x, y = _inside(first, reference, name, (ra, dec))
        side = 2 * int(np.ceil(0.5 * (self.size / _scale(reference) - 1))) + 1
        corner = round(y) - side // 2, round(x) - side // 2
        grid = _cut_grid(reference, corner, side)
        images = {band: self._band(band, name, (ra, dec), grid, ctx) for band in self.bands}
        for band, image in images.items():
            if not np.isfinite(image.sigma).any():
                ctx.warn(f"{band} has no usable pixel about {name}")
        return Cutout(name=name, images=ImageSet(bands=images, grid=grid), x=x - corner[1], y=y - corner[0])

    def _band(self, name: str, target: str, place: tuple[float, float], grid: Grid, ctx: Context) -> BandImage:
        band = self.bands[name]
        maps = band.maps()
        mosaic = _placed(maps["image"])
        corner = self._corner(name, target, mosaic, place, grid)
        cut = {what: image.section(*corner, grid.shape) for what, image in maps.items()}
        unit = microjansky(mosaic.header, grid.pixel_area, f"{band.image.name} ({name})", band.unit, band.zero_point)
        values = cut["image"] * unit
        base = _errors(cut) * unit
        # NaN pixels, and those that were not observed, are masked: infinite errors, and values that do no harm.
        base = np.where(np.isfinite(values), base, np.inf)
        values = np.where(np.isfinite(base), values, 0.0)
        sky = self._sky(name, values, base, ctx)
        if sky is not None and self.background == "local":
            values = np.where(np.isfinite(base), values - sky.level, 0.0)
        if sky is not None and self.rescale:
            base = base * sky.factor
        sigma = base
        if "weight" in cut:
            exposure = cut.get("exposure", band.exposure)
            if exposure is None:
                ctx.warn(f"no exposure is given for {name}: its errors are without the Poisson noise of the sources")
            else:
                electrons = np.asarray(exposure, dtype=float) * band.gain / unit
                sigma = np.where(np.nan_to_num(electrons) > 0, base, np.inf)
                share = 1.0 if sky is None else 1 / sky.ratio**2
                sigma = sigma_image(sigma, source_light(values, sigma, electrons), electrons, share)
        return BandImage(
            values=values,
            sigma=sigma,
            bandpass=band.transmission(name),
            psf=band.response(target),
            correlation=sky.correlation if sky is not None and self.correlation else None,
        )

    def _corner(self, name: str, target: str, mosaic: FitsImage, place: tuple[float, float], grid: Grid) -> tuple[int, int]:
        """First pixel (row, column) of the cutout in the mosaic of a band.

        Raises
        ------
        DataError
            Where the target lies outside, or the pixels of the band are not those of the grid.
        """
        first, *_ = self.bands
        _inside(name, mosaic, target, place)
        low = grid.wcs.wcs_pix2world([0.0], [0.0], 0)
        corner = tuple(round(float(value[0])) for value in mosaic.wcs.wcs_world2pix(*low, 0))[::-1]
        try:
            grid.check_same(_cut_grid(mosaic, corner, grid.shape[0]), (first, name))
        except DataError as problem:
            raise DataError(
                f"{problem}. Resample one of the mosaics first, with its errors: no image is resampled here"
            ) from None
        return corner[0], corner[1]

    def _sky(self, name: str, values: Array, sigma: Array, ctx: Context) -> SkyNoise | None:
        """What blank sky says; None, told, where there is too little of it."""
        try:
            sky = SkyNoise.measured(values, sigma, self.correlation or _LAGS)
        except DataError as problem:
            wanted = self.rescale or self.background == "local"
            if wanted or self.correlation:
                ctx.warn(f"{name}: {problem}; its errors are not checked, nor is anything taken from the sky")
            return None
        if not self.rescale and (said := sky.doubt(_DOUBT)):
            ctx.warn(f"the errors of {name} do not fit its sky: {said}. rescale = true multiplies them by the factor")
        return sky


def _errors(cut: Mapping[str, Array]) -> Array:
    """Standard deviations in the unit of the image; infinite where there are none."""
    if "sigma" in cut:
        given = cut["sigma"]
        return np.where(np.isfinite(given) & (given > 0), given, np.inf)
    return background_sigma(cut["weight"])


def _placed(image: FitsImage) -> FitsImage:
    if image.wcs is None:
        raise DataError(f"{image.path.name} has no celestial WCS: nothing tells where the targets are")
    if image.wcs.sip is not None:
        raise DataError(
            f"{image.path.name} has a distortion (SIP), as single exposures have: resample it onto a plain grid first"
        )
    return image


def _pixel(image: FitsImage, ra: Any, dec: Any) -> tuple[Array, Array]:
    """x and y of positions [deg] in the image, as on the flat sky of a cutout; NaN on the far side of the sky."""
    x, y = image.wcs.wcs_world2pix(ra, dec, 0)
    return np.asarray(x, dtype=float), np.asarray(y, dtype=float)


def _inside(band: str, image: FitsImage, target: str, place: tuple[float, float]) -> tuple[float, float]:
    """The pixel (x, y) of a target, which the mosaic must hold."""
    x, y = (float(value) for value in _pixel(image, *place))
    if not (-0.5 < x < image.shape[1] - 0.5 and -0.5 < y < image.shape[0] - 0.5):
        raise DataError(f"{target} lies outside of the mosaic of {band} ({image.path.name}), at pixel ({x:.0f}, {y:.0f})")
    return x, y


def _scale(image: FitsImage) -> float:
    """Side of a pixel [arcsec]."""
    from astropy.wcs.utils import proj_plane_pixel_area

    return float(np.deg2rad(np.sqrt(proj_plane_pixel_area(image.wcs))) / ARCSEC)


def _cut_grid(image: FitsImage, corner: tuple[int, ...], side: int) -> Grid:
    """The grid of a square of pixels, which may reach beyond the edges."""
    wcs = image.wcs.deepcopy()
    wcs.wcs.crpix = wcs.wcs.crpix - np.array(corner[::-1])
    return Grid.from_wcs(wcs, (side, side))
