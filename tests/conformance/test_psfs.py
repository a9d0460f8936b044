"""The built-in PSFs keep the contract of their kind."""

from typing import ClassVar

import numpy as np
import pytest
from astropy.io import fits

from faintsky.core.errors import DataError
from faintsky.core.registry import make
from faintsky.models.psfs.gaussian import Gaussian
from faintsky.models.psfs.image import ImagePSF
from faintsky.testing.psfs import PSFConformance
from faintsky.testing.subject import ComponentConformance


class TestGaussian(PSFConformance):
    component = "gaussian"
    options: ClassVar = {"sigma": "0.8 arcsec"}
    tolerance = 1e-4


class TestKing(PSFConformance):
    component = "king"
    options: ClassVar = {"core": "0.3 arcsec", "slope": 1.5}


class TestSteepKing(PSFConformance):
    component = "king"
    options: ClassVar = {"core": "2 arcsec", "slope": 4.0}


class TestTwoKing(PSFConformance):
    component = "two-king"
    options: ClassVar = {"off_axis": "7 arcmin", "azimuth": "40 deg", "energy": "3 keV"}


class TestRoundTwoKing(PSFConformance):
    component = "two-king"
    options: ClassVar = {"off_axis": "3 arcmin", "elliptical": False}


class TestImage(PSFConformance):
    #: The light of a pixel is spread evenly in `encircled` and linearly in `density`.
    tolerance = 1e-2

    @pytest.fixture(autouse=True)
    def _file(self, tmp_path):
        n, sigma = 61, 5.0
        y, x = np.mgrid[:n, :n] - (n - 1) / 2
        self.path = tmp_path / "psf.fits"
        fits.writeto(self.path, np.exp(-0.5 * (x**2 + y**2) / sigma**2).astype(">f4"))

    def made(self):
        return ImagePSF(path=self.path, pixel="0.1 arcsec")


class TestImageOfRays(PSFConformance):
    #: As above; an image of 20 000 rays has noise that differs from pixel to pixel.
    tolerance = 2e-2

    @pytest.fixture(autouse=True)
    def _file(self, tmp_path):
        x, y = np.random.default_rng(5).normal(0, 3.0, (2, 20_000))
        header = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CDELT1": 1e-5, "CDELT2": 1e-5})
        header.update({"CRVAL1": 10.0, "CRVAL2": 0.0, "CRPIX1": 31.0, "CRPIX2": 31.0, "CROTA2": 30.0})
        self.path = tmp_path / "rays.fits"
        edges = np.arange(62) - 30.5
        fits.writeto(self.path, np.histogram2d(y, x, (edges, edges))[0].astype(">i2"), header)

    def made(self):
        return ImagePSF(path=self.path)


class TestImageSet(ComponentConformance):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path):
        self.folder = tmp_path

    def made(self):
        return make("psfs", "image-set", folder=self.folder, pattern="{observation}_{band}.fits", bands=["0.5-2 keV", "2-7 keV"])


class TestMosaic(PSFConformance):
    component = "mosaic"
    options: ClassVar = {
        "psfs": {"on": Gaussian(sigma="0.5 arcsec"), "off": Gaussian(sigma="3 arcsec")},
        "exposures": {"on": 2.0, "off": 1.0},
    }

    def test_power_is_the_mean_of_squares_not_the_square_of_the_mean(self, psf):
        q = np.linspace(0, 1e6, 50)
        on, off = (p.transfer(q) ** 2 for p in psf.psfs.values())
        np.testing.assert_allclose(psf.beam_power(q), (2 * on + off) / 3, rtol=1e-12)
        assert np.all(psf.beam_power(q) >= psf.transfer(q) ** 2 - 1e-15)
        assert psf.beam_power(3e5) > 1.1 * psf.transfer(3e5) ** 2

    def test_exposures_of_other_pointings_are_refused(self):
        with pytest.raises(DataError, match="exposures are given for nowhere, PSFs for on, off"):
            make("psfs", "mosaic", psfs=self.options["psfs"], exposures={"nowhere": 1.0})
