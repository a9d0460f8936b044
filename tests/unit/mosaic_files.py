"""Mosaics of two bands with known sources, as files."""

from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.table import Table
from numpy.typing import NDArray

from faintsky.core.grid import Grid
from faintsky.core.units import ARCSEC
from faintsky.plugins.cutouts.mosaic_band import MosaicBand

PIXEL = 0.03
SHAPE = (200, 240)
#: Standard deviation of the background [uJy], and fluxes of the targets [uJy].
NOISE = {"F115W": 0.01, "F277W": 0.005}
FLUX = {"F115W": 2.0, "F277W": 5.0}
WIDTH = {"F115W": 1.3, "F277W": 2.0}
#: Where the targets stand [pixel]; the third lies 20 pixels from an edge.
PLACES = ((100.0, 90.0), (150.4, 119.7), (219.0, 60.0))


def spot(width: float, x: float, y: float, shape: tuple[int, int]) -> NDArray[np.float64]:
    """A Gaussian of unit flux."""
    cy, cx = np.indices(shape)
    return np.asarray(np.exp(-((cx - x) ** 2 + (cy - y) ** 2) / (2 * width**2)) / (2 * np.pi * width**2))


def grid() -> Grid:
    return Grid.tangential((150.1, 2.2), SHAPE, PIXEL * ARCSEC)


def mosaic(band: str, seed: int = 3) -> NDArray[np.float64]:
    """[uJy]"""
    noise = np.random.default_rng([seed, *band.encode()]).normal(0, NOISE[band], SHAPE)
    return noise + FLUX[band] * sum(spot(WIDTH[band], x, y, SHAPE) for x, y in PLACES)


def write(folder: Path) -> dict[str, MosaicBand]:
    """F115W in uJy with a sigma map; F277W in MJy/sr with weights, image and PSF in extensions."""
    header = grid().wcs.to_header()
    blue = fits.Header(header)
    blue["BUNIT"] = "uJy"
    fits.writeto(folder / "f115w.fits", mosaic("F115W").astype(np.float32), blue)
    fits.writeto(folder / "f115w_err.fits", np.full(SHAPE, NOISE["F115W"], dtype=np.float32), header)
    fits.writeto(folder / "f115w_psf.fits", spot(WIDTH["F115W"], 15, 15, (31, 31)))
    unit = grid().pixel_area * 1e12
    red = fits.Header(header)
    red["BUNIT"] = "MJy/sr"
    parts = [fits.PrimaryHDU(), fits.ImageHDU(mosaic("F277W") / unit, red, name="SCI")]
    parts.append(fits.ImageHDU(np.full(SHAPE, (unit / NOISE["F277W"]) ** 2), header, name="WHT"))
    fits.HDUList(parts).writeto(folder / "f277w.fits")
    psf = spot(WIDTH["F277W"] * 2, 30, 30, (61, 61))
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(psf, name="PSF"), fits.ImageHDU(0.01 * psf, name="ERR")]).writeto(
        folder / "f277w_psf.fits"
    )
    write_catalogue(folder / "agn.ecsv", PLACES)
    return {
        "F115W": MosaicBand(
            image=folder / "f115w.fits", sigma=folder / "f115w_err.fits", psf=folder / "f115w_psf.fits"
        ),
        "F277W": MosaicBand(
            image=folder / "f277w.fits", hdu="SCI", weight=folder / "f277w.fits", weight_hdu="WHT", psf=folder / "f277w_psf.fits",
            psf_hdu="PSF", psf_error_hdu="ERR", oversampling=2, exposure=1000.0, gain=500.0,
        ),
    }  # fmt: skip


def write_catalogue(path: Path, places: Any) -> None:
    ra, dec = grid().wcs.wcs_pix2world([x for x, _ in places], [y for _, y in places], 0)
    names = [f"cid_{i + 1}" for i in range(len(places))]
    z = [1.5 if i % 2 == 0 else -99.0 for i in range(len(places))]
    Table({"id": names, "ra": ra, "dec": dec, "zspec": z, "nh": np.full(len(places), 22.5)}).write(path, overwrite=True)
