"""The built-in PSFs keep the contract of their kind."""

from typing import ClassVar

import numpy as np
import pytest
from astropy.io import fits

from faintsky.models.psfs.image import ImagePSF
from faintsky.testing.psfs import PSFConformance


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
