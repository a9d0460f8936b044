"""The built-in masks keep the contract of their kind."""

from typing import ClassVar

import numpy as np
import pytest
from astropy.io import fits

from faintsky.plugins.masks.discs import Discs
from faintsky.plugins.masks.image import MaskImage
from faintsky.plugins.masks.regions import Regions
from faintsky.testing.masks import MaskConformance, sky_grid


class TestRandomDiscs(MaskConformance):
    component = "random-discs"
    options: ClassVar = {"radius": "3 arcsec", "fraction": 0.2}


class TestSigmaClip(MaskConformance):
    component = "sigma-clip"
    options: ClassVar = {"map": "ir", "nsigma": 5.0, "grow": "2 arcsec"}


class _OfFile(MaskConformance):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path):
        self.folder = tmp_path


class TestRegions(_OfFile):
    def made(self):
        path = self.folder / "sources.reg"
        path.write_text('fk5\ncircle(150.0,2.2,8")\n', encoding="utf-8")
        return Regions(path=path)


class TestDiscs(_OfFile):
    def made(self):
        path = self.folder / "sources.csv"
        path.write_text("ra,dec\n150.0,2.2\n150.003,2.201\n", encoding="utf-8")
        return Discs(path=path, radius="5 arcsec")


class TestMaskImage(_OfFile):
    def made(self):
        grid = sky_grid()
        keep = np.ones(grid.shape, dtype=np.int16)
        keep[10:20, 5:50] = 0
        path = self.folder / "mask.fits"
        if not path.exists():
            fits.writeto(path, keep, fits.Header.fromstring(grid.header))
        return MaskImage(path=path)
