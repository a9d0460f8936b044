"""The files of one band."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

from faintsky.core.bandpass import Bandpass
from faintsky.core.component import option
from faintsky.core.errors import DataError
from faintsky.core.paths import as_path
from faintsky.core.pixel_psf import PixelPsf
from faintsky.plugins.cutouts.fits_image import FitsImage
from faintsky.plugins.cutouts.psf_file import read_psf

__all__ = ["MosaicBand"]


@frozen(kw_only=True)
class MosaicBand:
    """An image with its errors and PSF."""

    image: Path = option(help="the mosaic (FITS), background subtracted", converter=as_path)
    hdu: str = option("", help="name or number of its HDU; default: the first image")
    sigma: Path | None = option(None, help="map of errors, the Poisson noise of sources included", converter=as_path)
    sigma_hdu: str = option("", help="its HDU")
    weight: Path | None = option(
        None, help="map of inverse variances of the background, where there is no sigma", converter=as_path
    )
    weight_hdu: str = option("", help="its HDU")
    psf: Path | None = option(None, help="the PSF (FITS), or a folder with one NAME.fits for each target", converter=as_path)
    psf_hdu: str = option("", help="its HDU")
    psf_error_hdu: str = option("", help="HDU of the errors of the PSF, such as the scatter of the stars it was made of")
    oversampling: int = option(1, ge=1, help="samples of the PSF per image pixel, along each axis")
    normalise: bool = option(False, help="divide the PSF by its sum")
    recentre: bool = option(False, help="cut the PSF again about the centre of its light, by whole samples")
    bandpass: str = option("", help='transmission, such as "sedpy:jwst_f277w" or "F277W"; default: the name of the band')
    curve: Path | None = option(None, help="file of the transmission: wavelength, transmission per photon", converter=as_path)
    curve_unit: str = option("", help="unit of its wavelengths, where it does not say it")
    unit: str = option("", help='unit of the image where BUNIT does not say it: "MJy/sr", "uJy", "10 nJy", "electrons/s"')
    zero_point: float | None = option(None, help="AB magnitude of 1 in the image; it wins over units and PHOTFLAM")
    exposure: float | None = option(
        None, unit="s", gt=0, help="exposure time, for the Poisson noise that a weight map does not hold"
    )
    exposure_map: Path | None = option(None, help="map of exposure times [s], in place of one number", converter=as_path)
    gain: float = option(
        1.0, gt=0, help="electrons per second for 1 of the image: 1 for electrons/s, gain / PHOTMJSR for MJy/sr of JWST"
    )

    def __attrs_post_init__(self) -> None:
        if (self.sigma is None) is (self.weight is None):
            what = "neither sigma nor weight" if self.sigma is None else "both sigma and weight"
            raise DataError(f"{self.image.name}: {what} is given; give one of them, a map of errors or of inverse variances")
        if self.bandpass and self.curve is not None:
            raise DataError(f"{self.image.name}: both bandpass and curve are given; leave one of them out")
        if self.exposure is not None and self.exposure_map is not None:
            raise DataError(f"{self.image.name}: both exposure and exposure_map are given; leave one of them out")
        if self.sigma is not None and (self.exposure is not None or self.exposure_map is not None):
            raise DataError(f"{self.image.name}: sigma holds the Poisson noise already; leave exposure out, or give weight")

    def maps(self) -> dict[str, FitsImage]:
        """The mosaic (``image``), its ``sigma`` or ``weight``, and ``exposure`` where there is a map of it.

        Raises
        ------
        DataError
            Where a file is missing, or has another shape than the mosaic.
        """
        given = {
            "image": (self.image, self.hdu),
            "sigma": (self.sigma, self.sigma_hdu),
            "weight": (self.weight, self.weight_hdu),
            "exposure": (self.exposure_map, ""),
        }
        found = {what: FitsImage.of(path, hdu) for what, (path, hdu) in given.items() if path is not None}
        for what, image in found.items():
            if image.shape != found["image"].shape:
                raise DataError(
                    f"{image.path.name} ({what}) has {image.shape[1]} x {image.shape[0]} pixels, {self.image.name} "
                    f"{found['image'].shape[1]} x {found['image'].shape[0]}"
                )
        return found

    def response(self, target: str) -> PixelPsf:
        """The PSF for a target.

        Raises
        ------
        DataError
            Where there is none, or it is not normalised or not centred.
        """
        if self.psf is None:
            raise DataError(f"{self.image.name} has no PSF: give psf = file")
        path = self.psf / f"{target}.fits" if self.psf.is_dir() else self.psf
        return read_psf(path, self.psf_hdu, self.psf_error_hdu, self.oversampling, self.normalise, self.recentre)

    def transmission(self, name: str) -> Bandpass:
        """The bandpass, with the band's name.

        Raises
        ------
        DataError
            Where nothing of this name is known, or the file holds no curve.
        """
        if self.curve is None:
            return Bandpass.parse(self.bandpass or name, name=name)
        return Bandpass.parse(f"{self.curve} [{self.curve_unit}]" if self.curve_unit else str(self.curve), name=name)
