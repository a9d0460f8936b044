"""The built-in spectra keep the contract of their kind."""

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable
from atomdb_files import write_atomdb
from table_model_files import write_cover, write_torus

from faintsky.core.prior import LogUniform, Uniform
from faintsky.core.registry import registry
from faintsky.testing.spectra import SpectrumConformance


class TestPowerLaw(SpectrumConformance):
    component = "powerlaw"
    tolerance = 1e-12


class TestZPowerLaw(SpectrumConformance):
    component = "zpowerlaw"
    tolerance = 1e-12


class TestZPowerLawOfTheSource(SpectrumConformance):
    """XSPEC's zpowerlw."""

    component = "zpowerlaw"
    options: ClassVar = {"norm_frame": "source", "priors": {"redshift": Uniform(low=0.0, high=6.0)}}
    redshift = "redshift"


class TestCutoffPowerLaw(SpectrumConformance):
    component = "cutoffpl"


class TestZCutoffPowerLaw(SpectrumConformance):
    component = "zcutoffpl"
    options: ClassVar = {"priors": {"redshift": Uniform(low=0.0, high=6.0)}}


class TestZCutoffPowerLawOfTheSource(SpectrumConformance):
    component = "zcutoffpl"
    options: ClassVar = {"norm_frame": "source"}


class TestConstant(SpectrumConformance):
    component = "constant"
    additive = False
    largest = 10.0


class TestZGauss(SpectrumConformance):
    component = "zgauss"
    options: ClassVar = {"priors": {"sigma": LogUniform(low=1e-3, high=1.0), "line": Uniform(low=6.0, high=7.0)}}


class TestCabs(SpectrumConformance):
    component = "cabs"
    additive = False
    redshift = "redshift"
    tolerance = 1e-4


class TestBrems(SpectrumConformance):
    component = "brems"
    redshift = "redshift"


class TestPexrav(SpectrumConformance):
    component = "pexrav"
    tolerance = 2e-3


class TestFormula(SpectrumConformance):
    component = "formula"
    options: ClassVar = {"formula": "constant * (powerlaw + brems)", "fixed": {"powerlaw.norm": 1e-3}}


class TestFormulaOfFactors(SpectrumConformance):
    component = "formula"
    options: ClassVar = {"formula": "constant * cabs"}
    additive = False
    largest = 10.0
    tolerance = 1e-4


class Absorber(SpectrumConformance):
    """What all absorbers share; their edges lie inside bins."""

    additive = False
    tolerance = 2e-3


class TestWabs(Absorber):
    component = "wabs"


class TestPhabs(Absorber):
    component = "phabs"


class TestTbabs(Absorber):
    component = "tbabs"


class RedshiftedAbsorber(Absorber):
    redshift = "redshift"


class TestZWabs(RedshiftedAbsorber):
    component = "zwabs"


class TestZPhabs(RedshiftedAbsorber):
    component = "zphabs"


class TestZTbabs(RedshiftedAbsorber):
    component = "ztbabs"


class FromFiles(SpectrumConformance):
    """Components that read a file of the test."""

    folder: ClassVar[Path]
    redshift = "redshift"

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def files(cls, tmp_path_factory):
        cls.folder = tmp_path_factory.mktemp("files")

    def written(self, **options):
        return registry.make(self.kind, self.component, **{**self.options, **options})


class TestATable(FromFiles):
    component = "atable"

    def made(self):
        path = self.folder / "torus.fits"
        return self.written(path=path if path.exists() else write_torus(path))


class TestATableWithRedshift(TestATable):
    options: ClassVar = {"values": {"PhoIndex": 1.7}, "priors": {"redshift": Uniform(low=0.0, high=0.9)}}


class TestMTable(FromFiles):
    component = "mtable"
    additive = False

    def made(self):
        path = self.folder / "cover.fits"
        return self.written(path=path if path.exists() else write_cover(path))


class TestTable(FromFiles):
    component = "table"

    def made(self):
        path, energy = self.folder / "sed.ecsv", np.geomspace(0.01, 3000.0, 60)
        if not path.exists():
            QTable({"energy": energy * u.keV, "flux": energy**-0.8 * np.exp(-energy / 300) * u.Unit("erg / (keV s)")}).write(path)
        return self.written(path=path, quantity="energy")


class TestTableOfFactors(FromFiles):
    component = "table"
    additive = False

    def made(self):
        path, energy = self.folder / "factor.ecsv", np.geomspace(0.01, 3000.0, 60)
        if not path.exists():
            QTable({"energy": energy * u.keV, "flux": np.exp(-0.3 / energy)}).write(path)
        return self.written(path=path, quantity="factor", fixed={}, priors={"norm": LogUniform(low=0.1, high=1.0)})


class TestApec(FromFiles):
    component = "apec"
    options: ClassVar = {"priors": {"kt": LogUniform(low=0.5, high=2.0), "abundance": Uniform(low=0.0, high=2.0)}}

    def made(self):
        line, coco = write_atomdb(self.folder)
        return self.written(line=line, coco=coco)


def test_every_built_in_spectrum_is_held_to_the_contract():
    # Models of other engines are compared with ours in tests of their own.
    tested = {cls.component for cls in _below(SpectrumConformance)} | {"sherpa", "xspec"}
    assert {entry.name for entry in registry.entries("spectra") if entry.dist == "faintsky"} <= tested


def _below(cls):
    return [found for sub in cls.__subclasses__() for found in (sub, *_below(sub))]
