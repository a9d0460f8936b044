"""Catalogues as they are in real tables, and what is wrong with them: each error says what, where and how to put it right."""

import numpy as np
import pytest
from astropy.table import Table

from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.grid import Grid
from faintsky.core.registry import make
from faintsky.core.units import unit_factor
from faintsky.models.maps.photons import Photons
from faintsky.plugins.maps.catalogue import CatalogueMap

GRID = Grid.tangential((150.1, 2.2), (60, 60), "10 arcsec")
Z = np.linspace(0, 6, 61)


def rows(number=40, **more):
    rng = np.random.default_rng(2)
    ra, dec = GRID.wcs.all_pix2world(rng.uniform(0, 59, number), rng.uniform(0, 59, number), 0)
    pdf = np.exp(-0.5 * ((Z - rng.uniform(1, 4, number)[:, None]) / 0.3) ** 2) / (0.3 * np.sqrt(2 * np.pi))
    return Table({"ra": ra, "dec": dec, "mag": rng.uniform(25, 29, number), "pz": pdf} | more)


def read(tmp_path, table, name="t.fits", **options):
    path = tmp_path / name
    table.write(path, overwrite=True, **({"format": "votable"} if name.endswith(".xml") else {}))
    return make("catalogues", "table", path=path, columns={"magnitude": "mag"}, **options).load(Context())


def painted(catalogue, **options):
    return CatalogueMap(catalogue="x", wavelength="3.6 micron", **options).paint(catalogue, GRID, Context())


@pytest.mark.parametrize("name", ["t.fits", "t.ecsv", "t.csv", "t.xml"])
def test_tables_of_every_format_are_read(tmp_path, name):
    table = rows()
    if name == "t.csv":
        table.remove_column("pz")
    found = read(tmp_path, table, name)
    assert len(found) == 40
    np.testing.assert_allclose(found["magnitude"], table["mag"])


def test_magnitudes_of_minus_99_leave_their_source_out(tmp_path):
    table = rows()
    table["mag"][:3] = [-99.0, -9999.0, np.nan]
    m = painted(read(tmp_path, table))
    assert m.meta["sources"] == 37
    assert "3 without flux" in m.meta["left out"]


def test_flags_counterparts_and_limits_leave_sources_out(tmp_path):
    flags = np.zeros(40, int)
    flags[:4] = 1
    catalogue = read(tmp_path, rows(flag=flags, xray=np.arange(40) % 10 == 9))
    catalogue = Catalogue(columns={**catalogue.columns, "flag": flags, "xray": np.arange(40) % 10 == 9})
    m = painted(catalogue, flag="flag", without=("xray",), mag=(20, 30))
    assert m.meta["sources"] == 32
    assert "4 flagged, 4 with xray" in m.meta["left out"]


def test_a_catalogue_without_positions(tmp_path):
    table = rows()
    table.rename_columns(["ra", "dec"], ["RAJ2000", "DEJ2000"])
    with pytest.raises(DataError, match=r"t\.fits has no positions: no column ra and dec\..*say which with ra = and dec ="):
        read(tmp_path, table)
    assert len(read(tmp_path, table, ra="RAJ2000", dec="DEJ2000")) == 40


def test_densities_without_a_grid_or_not_normalised(tmp_path):
    with pytest.raises(DataError, match="'pz' have no grid: give pdf_z"):
        read(tmp_path, rows(), pdf="pz")
    assert read(tmp_path, rows(), pdf="pz", pdf_z=(0.0, 6.0, 61)).redshifts.mass == pytest.approx(np.ones(40), abs=0.02)
    with pytest.raises(DataError, match="is it a density or a probability per cell"):
        read(tmp_path, rows(), pdf="pz", pdf_z=(0.0, 6.0, 61), pdf_values="probability")
    with pytest.raises(DataError, match="the densities have 61 points, the grid 50"):
        read(tmp_path, rows(), pdf="pz", pdf_z=(0.0, 6.0, 50))


def test_percentiles_and_spectroscopic_redshifts(tmp_path):
    median = np.linspace(1, 4, 40)
    spec = np.full(40, -99.0)
    spec[5] = 2.5
    table = rows(zm=median, zl=median - 0.2, zh=median + 0.3, zs=spec)
    with pytest.warns(FaintskyWarning, match="split normals"):
        found = read(tmp_path, table, z_median="zm", z_low="zl", z_high="zh", z_spec="zs")
    inside = found.redshifts.probability(2.4, 2.6)
    assert inside[5] == pytest.approx(1.0)
    assert np.all(inside[:5] < 0.3)
    with pytest.raises(DataError, match="percentiles need all of"):
        make("catalogues", "table", path=tmp_path / "t.fits", z_median="zm")


def test_a_redshift_bin_of_sources_without_redshifts(tmp_path):
    with pytest.raises(DataError, match=r"a redshift bin \[0, 3\] is asked for, but t\.fits has no redshifts"):
        painted(read(tmp_path, rows()), z=(0, 3))


def test_a_selection_of_0_is_refused(tmp_path):
    catalogue = read(tmp_path, rows())
    eta = np.full(40, 0.8)
    eta[7] = 0.0
    broken = Catalogue(columns={**catalogue.columns, "eta": eta})
    with pytest.raises(DataError, match="selection eta is 0, negative or missing for 1 of 40 sources"):
        painted(broken, eta="eta")


def test_the_selection_of_a_table(tmp_path):
    Table({"magnitude": [24.0, 30.0], "eta_2": [1.0, 0.4], "eta_4": [1.0, 0.7]}).write(tmp_path / "eta.ecsv")
    catalogue = read(tmp_path, rows())
    deep = Catalogue(columns={**catalogue.columns, "depth": np.where(np.arange(40) % 2, 4.0, 2.0)})
    m = painted(deep, selection=tmp_path / "eta.ecsv", depth="depth")
    plain = painted(deep)
    # By weights every source ends with 1 / eta of its own depth: (eta_2 / eta_own) / eta_2.
    own = np.interp(deep["magnitude"], [24, 30], [1, 0.4]), np.interp(deep["magnitude"], [24, 30], [1, 0.7])
    expected = plain.sources.flux / np.where(deep["depth"] == 4, own[1], own[0])[plain.sources.row]
    np.testing.assert_allclose(m.sources.flux, expected, rtol=1e-12)
    Table({"magnitude": [24.0, 30.0], "eta_2": [1.0, 1.4]}).write(tmp_path / "wrong.ecsv")
    with pytest.raises(DataError, match=r"the selection eta_2 of wrong\.ecsv leaves 0 to 1"):
        painted(deep, selection=tmp_path / "wrong.ecsv")


def test_sources_elsewhere_and_grids_nowhere(tmp_path):
    catalogue = read(tmp_path, rows())
    far = Catalogue(columns={**catalogue.columns, "ra": catalogue["ra"] + 30})
    with pytest.raises(DataError, match="none of the 40 sources is left: 40 outside the grid"):
        painted(far)
    with pytest.raises(DataError, match="the grid needs a WCS"):
        CatalogueMap(catalogue="x", wavelength="3.6 micron").paint(catalogue, Grid((8, 8), "1 arcsec"), Context())
    with pytest.raises(DataError, match=r"no column 'mag_f444w'\. Did you mean"):
        painted(Catalogue(columns={**catalogue.columns, "mag_f277w": catalogue["magnitude"]}), magnitude="mag_f444w")


def test_options_that_contradict_each_other():
    for options, why in (
        ({"catalogue": "x", "path": "y.fits", "wavelength": 1e-6}, "not from both"),
        ({"catalogue": "x"}, "need the wavelength"),
        ({"catalogue": "x", "wavelength": 1e-6, "mag": (29, 25)}, r"mag must be \[bright, faint\]"),
        ({"catalogue": "x", "wavelength": 1e-6, "flatten": "thinning", "depth": "d"}, "thinning needs area_ratio"),
    ):
        with pytest.raises(DataError, match=why):
            CatalogueMap(**options)


def test_photons_of_a_catalogue_count_its_fluxes(tmp_path):
    # 40 sources of 1e-13 erg / (s cm2) of 1 keV photons, 1e6 cm2 s: 40 x 1e-13 / 1.602e-9 x 1e6 = 2497 photons.
    catalogue = read(tmp_path, rows())
    with_flux = Catalogue(columns={**catalogue.columns, "xray": np.full(40, 1e-13)}, units={"xray": "erg / (s cm2)"})
    made = Photons(catalogue="x", exposure=1e6, splits=2).paint(with_flux, GRID, Context(seed=1))
    assert made.counts.sum() == pytest.approx(2497, abs=4 * np.sqrt(2497))
    assert made.values.sum() * GRID.pixel_area == pytest.approx(40e-13, rel=4 / np.sqrt(2497))
    assert unit_factor(made.unit, "erg / (s cm2 sr)") == 1
    blurred = Photons(catalogue="x", exposure=1e6, beam=make("psfs", "gaussian", sigma="20 arcsec"), background=1e-9)
    wide = blurred.paint(with_flux, GRID, Context(seed=1))
    assert np.mean(wide.counts > 0) > 2 * np.mean(made.counts > 0)
    with pytest.raises(DataError, match="'xray' has no unit"):
        Photons(catalogue="x", exposure=1e6).paint(Catalogue(columns=with_flux.columns), GRID, Context())
    with pytest.raises(DataError, match="is given by the study"):
        Photons(catalogue="x", exposure=1e6).load(GRID, Context())
