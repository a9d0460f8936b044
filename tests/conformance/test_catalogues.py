"""The built-in catalogues keep the contract of their kind."""

from typing import Any

import numpy as np
import pytest
from astropy.table import Table

from faintsky.models.catalogues.population import Population
from faintsky.plugins.cosmologies.colossus import Colossus
from faintsky.testing.catalogues import CatalogueConformance


class TestSimulated(CatalogueConformance):
    component = "simulated"
    options = {  # noqa: RUF012
        "cosmology": Colossus(name="planck18"),
        "size": ("10 arcmin", "10 arcmin"),
        "populations": {"all": Population(density="1e5 1/deg2", z=(0.5, 3), bias=1.5, shells=3)},
    }


class TestTable(CatalogueConformance):
    component = "table"

    @pytest.fixture(autouse=True)
    def _file(self, tmp_path_factory: Any) -> None:
        rng = np.random.default_rng(1)
        z = np.linspace(0, 6, 61)
        pdf = np.exp(-0.5 * ((z - rng.uniform(1, 4, 20)[:, None]) / 0.3) ** 2)
        pdf /= np.trapezoid(pdf, z, axis=1)[:, None] if hasattr(np, "trapezoid") else np.trapz(pdf, z, axis=1)[:, None]  # noqa: NPY201
        magnitude = rng.uniform(25, 29, 20)
        magnitude[3] = -99.0
        table = Table({"RA": rng.uniform(150, 151, 20), "DEC": rng.uniform(2, 3, 20), "MAG": magnitude, "PZ": pdf})
        path = tmp_path_factory.mktemp("table") / "catalogue.fits"
        table.write(path)
        type(self).options = {"path": path, "columns": {"magnitude": "mag"}, "pdf": "pz", "pdf_z": (0.0, 6.0, 61)}
