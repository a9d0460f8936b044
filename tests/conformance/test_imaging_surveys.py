"""The built-in imaging surveys keep the contract of their kind."""

from typing import Any, ClassVar

import numpy as np
import pytest
from astropy.io import fits

from faintsky.core.grid import Grid
from faintsky.core.registry import make
from faintsky.core.units import ARCSEC
from faintsky.models.surveys.galaxies import Galaxies
from faintsky.models.surveys.pointings import Pointings
from faintsky.testing.imaging_surveys import ImagingSurveyConformance

DETECTOR = make(
    "responses", "effective-area", energy=(0.3, 1.5, 4.0, 8.0), area=(20.0, 500.0, 300.0, 60.0), step="0.05 keV", epoch="a test"
)


class TestSimulated(ImagingSurveyConformance):
    component = "simulated"
    simulated = True
    options: ClassVar = {
        "population": make("luminosity_functions", "ldde2", published="ueda14", outside="ignore"),
        "spectrum": make("spectra", "zpowerlaw"),
        "response": DETECTOR,
        "cosmology": make("cosmologies", "flat", h0=70, omega_m0=0.3),
        "area": "0.02 deg2",
        "pixel": "2 arcsec",
        "pointings": Pointings(rows=2, view="4 arcmin"),
        "galaxies": Galaxies(density="2e4 1/deg2"),
    }


class TestSimulatedBehindColumns(TestSimulated):
    options: ClassVar = {
        **TestSimulated.options,
        "spectrum": make("spectra", "formula", formula="zwabs * zpowerlaw"),
        "absorber": "zwabs.nh",
        "nh_classes": {"21.5": 0.5, "23.5": 0.5},
        "bands": {"full": "0.5-7 keV", "soft": "0.5-2 keV", "hard": "2-7 keV", "ultrahard": "4-7 keV"},
    }


class TestImages(ImagingSurveyConformance):
    component = "images"

    @pytest.fixture(autouse=True)
    def _files(self, tmp_path_factory: Any) -> None:
        folder = tmp_path_factory.mktemp("images")
        header = Grid.tangential((150.0, 2.0), (40, 50), 2 * ARCSEC).wcs.to_header()
        rng = np.random.default_rng(1)
        exposure = np.full((40, 50), 3e7)
        exposure[:, :5] = 0.0
        header["BUNIT"] = "cm2 s"
        fits.writeto(folder / "exposure.fits", exposure, header)
        del header["BUNIT"]
        for band in ("soft", "hard"):
            fits.writeto(folder / f"{band}.fits", rng.poisson(0.2, (40, 50)).astype(np.int16), header)
        type(self).options = {
            "counts": {band: folder / f"{band}.fits" for band in ("soft", "hard")},
            "exposure": dict.fromkeys(("soft", "hard"), folder / "exposure.fits"),
            "psf": make("psfs", "king", core="1 arcsec"),
        }
