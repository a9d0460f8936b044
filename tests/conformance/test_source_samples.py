"""The built-in source samples keep the contract of their kind."""

from typing import Any, ClassVar

import numpy as np
import pytest
from astropy.table import Table

from faintsky.core.registry import make
from faintsky.testing.source_samples import SourceSampleConformance

FLAT = make("cosmologies", "flat", h0=70, omega_m0=0.3)


class TestSimulated(SourceSampleConformance):
    component = "simulated"
    simulated = True
    options: ClassVar = {
        "population": make("luminosity_functions", "ldde2", published="ueda14"),
        "cosmology": FLAT,
        "area": "0.3 deg2",
    }


class TestSimulatedCounts(TestSimulated):
    options: ClassVar = {**TestSimulated.options, "counts": True, "width": 0.4}


class TestTable(SourceSampleConformance):
    component = "table"

    @pytest.fixture(autouse=True)
    def _files(self, tmp_path_factory: Any) -> None:
        folder = tmp_path_factory.mktemp("sample")
        rng = np.random.default_rng(1)
        grid = np.linspace(0, 6, 61)
        z = rng.uniform(0.5, 3, 20)
        pdf = np.exp(-0.5 * ((grid - z[:, None]) / 0.3) ** 2)
        pdf /= (0.5 * (pdf[:, 1:] + pdf[:, :-1]) * np.diff(grid)).sum(axis=1)[:, None]
        z[3] = -99.0
        table = Table(
            {"FLUX": 10 ** rng.uniform(-14.5, -13, 20), "Z": z, "KIND": rng.integers(1, 3, 20), "MAG": rng.uniform(20, 25, 20)}
        )
        table["MAG"][5] = -9999.0
        table.write(folder / "sources.fits")
        np.save(folder / "pdf.npy", pdf)
        Table({"flux": [1e-15, 1e-14, 1e-13], "area": [0.0, 0.6, 1.0]}).write(folder / "area.ecsv")
        type(self).options = {
            "path": folder / "sources.fits",
            "brightness": "flux",
            "flag": "kind",
            "band": "2-10 keV",
            "columns": {"Ks": "mag"},
            "pdf": folder / "pdf.npy",
            "pdf_z": (0.0, 6.0, 61),
            "area": folder / "area.ecsv",
            "cosmology": FLAT,
        }

    pytestmark: ClassVar = [pytest.mark.filterwarnings("ignore:1 of 20 sources")]
