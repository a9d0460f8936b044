"""The built-in cutouts keep the contract of their kind."""

from pathlib import Path

import mosaic_files
import pytest

from faintsky.core.registry import make
from faintsky.models.cutouts.population import AgnPopulation
from faintsky.models.cutouts.simulated import SimulatedCutouts
from faintsky.models.cutouts.simulated_band import cosmos_web
from faintsky.plugins.cutouts.mosaics import Mosaics
from faintsky.testing.cutouts import CutoutsConformance


class TestMosaics(CutoutsConformance):
    component = "mosaics"

    @pytest.fixture(autouse=True)
    def _files(self, tmp_path: Path) -> None:
        self.folder, self.bands = tmp_path, mosaic_files.write(tmp_path)

    def made(self) -> Mosaics:
        columns = {"name": "id", "z_spec": "zspec", "log_nh": "nh"}
        catalogue = make("catalogues", "table", path=self.folder / "agn.ecsv", columns=columns)
        return make("cutouts", "mosaics", bands=self.bands, catalogue=catalogue, size="1.8 arcsec")


class TestSimulated(CutoutsConformance):
    component = "simulated"
    simulated = True

    def made(self) -> SimulatedCutouts:
        bands = {name: cosmos_web()[name] for name in ("F277W", "F444W")}
        flat = make("cosmologies", "flat", h0=70.0, omega_m0=0.3)
        return SimulatedCutouts(
            cosmology=flat,
            bands=bands,
            size="5 arcsec",
            number=3,
            agn=AgnPopulation(z=(1.0, 3.0)),
            sed_library=make("sed_libraries", "analytic"),
        )
