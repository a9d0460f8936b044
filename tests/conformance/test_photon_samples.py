"""The built-in photon samples keep the contract of their kind."""

from typing import Any, ClassVar

import numpy as np
import pytest
from astropy.table import Table

from faintsky.core.registry import make
from faintsky.core.source_cuts import SourceCuts
from faintsky.models.photons.systems import System
from faintsky.testing.photon_samples import PhotonSampleConformance

KING = make("psfs", "king", core="0.5 arcsec", slope=2.0)
RESPONSE = make(
    "responses", "effective-area", energy=(0.3, 1.5, 4.0, 9.0), area=(20.0, 500.0, 300.0, 60.0), step="0.05 keV", epoch="a test"
)
POWERLAW = make("spectra", "powerlaw", photon_index=1.7)


class TestSimulated(PhotonSampleConformance):
    component = "simulated"
    simulated = True
    options: ClassVar = {"psf": KING, "number": 12, "dual_fraction": 0.5}
    cuts = SourceCuts(redshift=(2.6, 3.4), min_counts=50, max_off_axis="4.5 arcmin", max_observations=5)


class TestSimulatedThroughTheDefaultPSF(PhotonSampleConformance):
    component = "simulated"
    simulated = True
    options: ClassVar = {"number": 2}


class TestSimulatedAlike(PhotonSampleConformance):
    component = "simulated"
    simulated = True
    options: ClassVar = {
        "psf": KING,
        "number": 3,
        "exposures": ("50 ks", "30 ks"),
        "off_axis": ("1 arcmin", "2 arcmin"),
        "counts": 200.0,
        "dual_fraction": 1.0,
        "separation": ("1 arcsec",),
        "ratio": (0.5,),
        "scatter": "poisson",
    }


class TestSimulatedSystems(PhotonSampleConformance):
    component = "simulated"
    simulated = True
    options: ClassVar = {
        "psf": KING,
        "number": 2,
        "spectrum": POWERLAW,
        "response": RESPONSE,
        "systems": (
            System(name="pair", fluxes=(1e-14, 5e-15), separations=("0.8 arcsec",), redshift=3.0, exposures=("80 ks",)),
            System(name="one", fluxes=("2e-14 erg / (s cm2)",), exposures=("40 ks", "20 ks")),
        ),
    }


class TestSimulatedTable(PhotonSampleConformance):
    component = "simulated"
    simulated = True

    @pytest.fixture(autouse=True)
    def _files(self, tmp_path_factory: Any) -> None:
        path = tmp_path_factory.mktemp("table") / "sources.ecsv"
        Table(
            {
                "name": ["a", "a", "b"],
                "observation": ["1", "2", "1"],
                "exposure": [40.0, 60.0, 50.0],
                "off_axis": np.array([2.0, 3.0, 1.0]),
                "counts": [60.0, 90.0, 80.0],
                "redshift": [3.0, 3.0, 2.7],
            }
        ).write(path)
        type(self).options = {"psf": KING, "table": path}
