"""The built-in sources of maps keep the contract of their kind."""

from typing import ClassVar

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from faintsky.core.grid import Grid
from faintsky.plugins.maps.events import Events
from faintsky.plugins.maps.fits import FitsImage
from faintsky.testing.event_files import write_events, write_exposure
from faintsky.testing.maps import MapSourceConformance
from faintsky.testing.masks import sky_grid


class TestSimulated(MapSourceConformance):
    component = "simulated"
    paints_anywhere = True
    options: ClassVar = {
        "pixel": "1.2 arcsec",
        "size": (48, 64),
        "mean": 10.0,
        "clustering": 1e-9,
        "sources": 1e4,
        "flux": 1e-9,
        "white": 1e-12,
        "splits": 2,
    }


class TestSimulatedPhotons(MapSourceConformance):
    component = "simulated"
    paints_anywhere = True
    options: ClassVar = {
        "pixel": "1.2 arcsec",
        "size": (48, 64),
        "unit": "ph / (cm2 s sr)",
        "mean": 10.0,
        "exposure": 1e10,
        "splits": 3,
    }


class _OfFile(MapSourceConformance):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path):
        self.folder = tmp_path

    def once(self, name, write):
        path = self.folder / name
        if not path.exists():
            write(path)
        return path


class TestEvents(_OfFile):
    def made(self):
        def write(path):
            rng = np.random.default_rng(1)
            x, y = 4096.5 + rng.uniform(-20, 20, (2, 600))
            write_events(path, x=x, y=y, energy_ev=rng.uniform(500, 7000, 600), time=rng.uniform(0, 1000, 600))

        return Events(path=self.once("events.fits", write), band="0.5-7 keV", pixel="1 arcsec", splits=2, split_by="random")


class TestFitsCounts(_OfFile):
    def made(self):
        grid = sky_grid((20, 24))
        counts = np.random.default_rng(1).poisson(3.0, (2, *grid.shape)).astype(np.int16)
        header = fits.Header.fromstring(grid.header)
        paths = [self.once(f"c{k}.fits", lambda p, k=k: fits.writeto(p, counts[k], header)) for k in (0, 1)]
        exposure = self.once("x.fits", lambda p: write_exposure(p, np.full(grid.shape, 1e5), grid))
        return FitsImage(path=paths, exposure=[exposure, exposure], groups=(0, 1))


class TestFitsImage(_OfFile):
    def made(self):
        grid = sky_grid((20, 24))
        header = fits.Header.fromstring(grid.header)
        values = np.random.default_rng(1).normal(size=grid.shape).astype(">f4")
        return FitsImage(path=self.once("i.fits", lambda p: fits.writeto(p, values, header)), unit="MJy / sr")


class TestCatalogueMap(MapSourceConformance):
    component = "catalogue"
    where = Grid.tangential((150.1, 2.2), (40, 50), "5 arcsec")

    @pytest.fixture(autouse=True)
    def _table(self, tmp_path_factory):
        rng = np.random.default_rng(4)
        ra, dec = self.where.wcs.all_pix2world(rng.uniform(-5, 55, 400), rng.uniform(-5, 45, 400), 0)
        path = tmp_path_factory.mktemp("catalogue") / "sources.fits"
        Table({"ra": ra, "dec": dec, "mag": rng.uniform(24, 29, 400)}).write(path)
        type(self).options = {"path": path, "columns": {"magnitude": "mag"}, "wavelength": "3.6 micron", "mag": (25.0, 29.0)}
