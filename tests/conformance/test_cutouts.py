"""The built-in cutouts keep the contract of their kind."""

from pathlib import Path

import mosaic_files
import pytest

from faintsky.core.registry import make
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
