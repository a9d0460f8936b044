"""Table models: OGIP 92-009 files interpolated and shared out over bins; and spectra of one's own."""

import attrs
import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import QTable
from table_model_files import SMOD, SMOD_EDGES, write_cover, write_smod, write_table_model, write_torus

from faintsky.core.errors import DataError
from faintsky.core.parameter import at, free_parameters, values_of, with_values
from faintsky.core.prior import LogUniform, Uniform
from faintsky.core.registry import make
from faintsky.core.storage import load, save
from faintsky.core.structure import structure, unstructure
from faintsky.plugins.spectra import table_file
from faintsky.plugins.spectra.atable import ATable
from faintsky.plugins.spectra.mtable import MTable
from faintsky.plugins.spectra.table import Table

EDGES = np.geomspace(0.3, 10.0, 60)


@pytest.fixture
def smod(tmp_path):
    return write_smod(tmp_path / "smod.fits")


@pytest.fixture(scope="module")
def torus(tmp_path_factory):
    return write_torus(tmp_path_factory.mktemp("tables") / "torus.fits")


# the file


def test_smod_is_what_its_readme_says(smod):
    found = ATable(path=smod, values={"lscale": 5.0}).photon_flux(np.linspace(0.2, 2.6, 25))
    np.testing.assert_allclose(found[:10], [0, 0, 0, 7.5, 15, 1.5, 1.5, 1.5, 1.5, 10], rtol=1e-5, atol=1e-12)
    np.testing.assert_allclose(found[18], 37.5, rtol=1e-5)
    np.testing.assert_allclose(found[20:], 0.0, atol=1e-12)


@pytest.mark.parametrize("row", [0, 1])
def test_points_of_the_grid_are_the_rows_of_the_file(smod, row):
    found = ATable(path=smod, values={"lscale": 10.0 * row}).photon_flux(np.array(SMOD_EDGES))
    np.testing.assert_allclose(found, SMOD[row], rtol=1e-12)


def test_parameters_are_those_of_the_file(torus):
    model = ATable(path=torus)
    found = {p.name: p for p in free_parameters(model)}
    assert list(found) == ["norm", "PhoIndex", "log_NH", "Ecut"]
    assert found["PhoIndex"].prior == Uniform(low=1.5, high=2.5)
    assert found["Ecut"].prior == LogUniform(low=100.0, high=400.0)
    assert found["Ecut"].source == "default of torus.fits"
    assert values_of(model) == {"norm": 1.0, "PhoIndex": 2.0, "log_NH": 23.0, "Ecut": 200.0, "redshift": 0.0}


def test_a_study_frees_fixes_and_ties_them_in_a_formula(torus):
    table = ATable(path=torus, values={"PhoIndex": 1.8})
    model = make(
        "spectra", "formula", formula="atable + zpowerlaw", parts={"atable": table},
        fixed={"atable.log_NH": 23.5, "zpowerlaw.norm": 0.0}, priors={"atable.redshift": Uniform(low=0.0, high=3.0)},
        tied={"zpowerlaw.redshift": "atable.redshift", "zpowerlaw.photon_index": "atable.PhoIndex"},
    )  # fmt: skip
    names = [p.name for p in free_parameters(model)]
    assert names == ["atable.norm", "atable.PhoIndex", "atable.Ecut", "atable.redshift"]
    assert values_of(model)["zpowerlaw.photon_index"] == 1.8
    theta = np.array([2.0, 1.7, 150.0, 0.5])
    alone = ATable(path=torus, values={"PhoIndex": 1.7, "log_NH": 23.5, "Ecut": 150.0, "redshift": 0.5}, norm=2.0)
    fine = np.geomspace(0.3, 10.0, 120)
    np.testing.assert_allclose(at(model, theta).photon_flux(fine), alone.photon_flux(fine), rtol=1e-12)
    moved = with_values(model, {"atable.Ecut": 300.0})
    assert values_of(moved)["atable.Ecut"] == 300.0
    assert table.values == {"PhoIndex": 1.8}


def test_it_is_stored_and_read_again(torus, tmp_path):
    model = ATable(path=torus, values={"Ecut": 120.0}, fixed={"log_NH": 22.5})
    save(model, tmp_path / "model.h5")
    assert load(tmp_path / "model.h5") == model
    table = {key: value for key, value in unstructure(model).items() if key != "use"}
    assert structure(table, ATable) == model


def test_a_large_file_is_read_where_it_lies(torus, monkeypatch):
    whole = ATable(path=torus).photon_flux(EDGES)
    monkeypatch.setattr(table_file, "_SMALL", 0)
    table_file._read.cache_clear()
    try:
        model = ATable(path=torus)
        base = model.grid.spectra[0]
        while not isinstance(base, np.memmap) and base.base is not None:
            base = base.base
        assert isinstance(base, np.memmap)
        np.testing.assert_array_equal(model.photon_flux(EDGES), whole)
    finally:
        table_file._read.cache_clear()


def test_a_file_that_changes_is_read_again(tmp_path):
    path = write_smod(tmp_path / "smod.fits")
    assert ATable(path=path).parameters_of_file()[0].name == "lscale"
    write_torus(path)
    assert [d.name for d in ATable(path=path).parameters_of_file()] == ["PhoIndex", "log_NH", "Ecut", "redshift"]


# interpolation and rebinning


def test_linear_and_logarithmic_parameters(tmp_path):
    axes = {"a": (0, [1.0, 3.0]), "b": (1, [1.0, 100.0])}
    path = write_table_model(tmp_path / "two.fits", [1.0, 2.0], axes, lambda a, b: [a + 10 * np.log10(b)])
    found = ATable(path=path, values={"a": 1.5, "b": 10.0}).photon_flux([1.0, 2.0])
    assert found[0] == pytest.approx(1.5 + 10.0, rel=1e-6)


def test_six_parameters_against_a_product_of_lines(tmp_path):
    axes = {name: (0, [0.0, 1.0, 3.0]) for name in "abcdef"}
    path = write_table_model(tmp_path / "six.fits", [1.0, 2.0, 4.0], axes, lambda *p: [np.prod([1 + x for x in p]), sum(p)])
    values = dict(zip("abcdef", (0.5, 2.0, 1.0, 0.0, 3.0, 2.5), strict=True))
    found = ATable(path=path, values=values).photon_flux([1.0, 2.0, 4.0])
    np.testing.assert_allclose(found, [np.prod([1 + x for x in values.values()]), sum(values.values())], rtol=1e-6)


def test_additional_parameters_are_added(tmp_path):
    path = write_table_model(
        tmp_path / "more.fits", [1.0, 2.0, 4.0], {"a": (0, [0.0, 1.0])}, lambda a: [[1 + a, 2], [10, 20 * a], [0.5, 0]],
        more=("Fe", "Si"),
    )  # fmt: skip
    found = ATable(path=path, values={"a": 0.5, "Fe": 2.0, "Si": 3.0}).photon_flux([1.0, 2.0, 4.0])
    np.testing.assert_allclose(found, [1.5 + 20 + 1.5, 2 + 20], rtol=1e-6)


def test_redshift_of_additive_and_multiplicative_tables(torus, tmp_path):
    shifted, still = (ATable(path=torus, values={"redshift": z}).photon_flux(EDGES * s) for z, s in ((1.5, 1.0), (0.0, 2.5)))
    np.testing.assert_allclose(shifted, still / 2.5, rtol=1e-12)
    cover = write_cover(tmp_path / "cover.fits")
    shifted, still = (MTable(path=cover, values={"redshift": z}).photon_flux(EDGES * s) for z, s in ((1.5, 1.0), (0.0, 2.5)))
    np.testing.assert_allclose(shifted, still, rtol=1e-12)


def test_escale_divides_the_energies_that_are_looked_up(tmp_path):
    path = write_torus(tmp_path / "scaled.fits", ESCALE=True)
    found = ATable(path=path, values={"escale": 2.0, "redshift": 1.0}).photon_flux(EDGES)
    np.testing.assert_allclose(found, ATable(path=path).photon_flux(EDGES) / 2.0, rtol=1e-12)


def test_a_faint_bin_beside_bright_ones_keeps_its_digits(tmp_path):
    path = write_table_model(tmp_path / "steep.fits", [1.0, 2.0, 3.0, 4.0], {"a": (0, [0.0, 1.0])}, lambda a: [1e20, 1.0, 1e-20])
    found = ATable(path=path).photon_flux([1.0, 2.0, 2.5, 3.0, 3.5, 4.0])
    np.testing.assert_allclose(found, [1e20, 0.5, 0.5, 5e-21, 5e-21], rtol=1e-6)


def test_factors_are_means_over_bins(tmp_path):
    path = write_table_model(tmp_path / "m.fits", [1.0, 2.0, 4.0], {"a": (0, [0.0, 1.0])}, lambda a: [0.2, 0.8], additive=False)
    found = MTable(path=path).photon_flux([1.0, 1.5, 3.0, 4.0])
    np.testing.assert_allclose(found, [0.2, (0.5 * 0.2 + 1.0 * 0.8) / 1.5, 0.8], rtol=1e-6)


def test_columns_of_different_shapes_broadcast(torus):
    model = with_values(
        ATable(path=torus), {"PhoIndex": np.array([[[1.6]], [[2.1]]]), "log_NH": np.array([[22.0], [22.5], [24.0]])}
    )
    found = model.photon_flux(EDGES)
    assert found.shape == (2, 3, len(EDGES) - 1)
    one = ATable(path=torus, values={"PhoIndex": 2.1, "log_NH": 22.5}).photon_flux(EDGES)
    np.testing.assert_allclose(found[1, 1], one, rtol=1e-12)


# what is refused


def test_energies_that_the_table_lacks(tmp_path):
    path = write_torus(tmp_path / "t.fits", edges=np.geomspace(0.5, 200.0, 100))
    with pytest.raises(DataError, match=r"t.fits holds energies from 0.5 to 200 keV of the source, and 0.3 to 10 keV are wanted"):
        ATable(path=path).photon_flux(EDGES)
    found = ATable(path=path, outside="xspec").photon_flux(EDGES)
    assert np.all(found[EDGES[1:] < 0.5] == 0)
    assert np.all(found[EDGES[:-1] > 0.5] > 0)
    with pytest.raises(DataError, match=r"1.5 to 220 keV are wanted"):
        ATable(path=path, values={"redshift": 2.0}).photon_flux([0.5, 73.3334])


def test_factors_outside_are_those_of_the_header_or_xspecs_1(tmp_path):
    edges, wanted = np.geomspace(1.0, 10.0, 20), np.array([0.4, 0.6, 1.5, 9.0, 12.0, 14.0])
    said = write_cover(tmp_path / "said.fits", edges=edges, LOELIMIT=0.25, HIELIMIT=0.5)
    found = MTable(path=said).photon_flux(wanted)
    assert (found[0], found[-1]) == (0.25, 0.5)
    inner = MTable(path=said).photon_flux([1.0, 1.5])[0]
    assert found[1] == pytest.approx((0.4 * 0.25 + 0.5 * inner) / 0.9, rel=1e-6)
    silent = write_cover(tmp_path / "silent.fits", edges=edges)
    assert MTable(path=silent, outside="xspec").photon_flux(wanted)[0] == 1.0
    with pytest.raises(DataError, match="gives the factor 1 there"):
        MTable(path=silent).photon_flux(wanted)


@pytest.mark.parametrize("table", ["values", "fixed"])
def test_a_parameter_outside_its_limits_names_file_and_parameter(smod, table):
    with pytest.raises(DataError, match=r"(?s)(?=.*smod.fits)(?=.*lscale).*can only lie between 0 and 10, and was given 10.5"):
        ATable(path=smod, **{table: {"lscale": 10.5}})


def test_a_column_outside_the_limits_is_refused(smod):
    model = with_values(ATable(path=smod), {"lscale": np.array([[1.0], [11.0]])})
    with pytest.raises(DataError, match=r"smod.fits: lscale can only lie between 0 and 10, and was given 11"):
        model.photon_flux(EDGES)


def test_an_unknown_parameter_comes_with_the_nearest(smod):
    with pytest.raises(DataError, match=r"smod.fits has no parameter 'lscal'. Did you mean 'lscale'\?"):
        ATable(path=smod, values={"lscal": 1.0})


def test_a_missing_file_names_itself(tmp_path):
    with pytest.raises(DataError, match=r"there is no file .*borus02.fits"):
        ATable(path=tmp_path / "borus02.fits")


def test_a_file_of_another_class_is_refused(smod):
    with fits.open(smod, mode="update") as hdus:
        hdus[0].header["HDUCLAS1"] = "RESPONSE"
    with pytest.raises(DataError, match=r"smod.fits is no table model: its HDUCLAS1 is 'RESPONSE'"):
        ATable(path=smod)


@pytest.mark.parametrize(("cls", "additive"), [(ATable, False), (MTable, True)])
def test_the_wrong_kind_is_refused(tmp_path, cls, additive):
    path = write_smod(tmp_path / "smod.fits", additive=additive)
    with pytest.raises(DataError, match=f"use {'atable' if additive else 'mtable'}"):
        cls(path=path)


@pytest.mark.parametrize("small", [1 << 26, 0])
def test_spectra_that_are_not_finite_are_refused(tmp_path, monkeypatch, small):
    monkeypatch.setattr(table_file, "_SMALL", small)
    path = write_table_model(tmp_path / "nan.fits", [1.0, 2.0], {"a": (0, [0.0, 1.0])}, lambda a: [np.nan if a else 1.0])
    with pytest.raises(DataError, match=r"nan.fits.*(not finite in row 2|row 2 of its spectra is not finite)"):
        ATable(path=path).photon_flux([1.0, 2.0])


def test_rows_in_another_order_are_refused(smod):
    with fits.open(smod, mode="update") as hdus:
        hdus["SPECTRA"].data["PARAMVAL"] = hdus["SPECTRA"].data["PARAMVAL"][::-1].copy()
    with pytest.raises(DataError, match="do not stand in the order of the values of lscale"):
        ATable(path=smod)


# spectra of one's own


def write_sed(path, energy, flux):
    QTable({"energy": energy, "flux": flux}).write(path, format="ascii.ecsv", overwrite=True)
    return path


@pytest.mark.parametrize(
    ("quantity", "unit", "power"),
    [("photons", "1 / (keV cm2 s)", 0), ("photons", "ph / (keV s)", 0), ("energy", "keV / (keV s)", 1), ("nufnu", "keV / s", 2)],
)
def test_a_power_law_in_any_quantity_is_integrated_exactly(tmp_path, quantity, unit, power):
    energy = np.geomspace(0.1, 100.0, 7)
    path = write_sed(tmp_path / "sed.ecsv", energy * u.keV, 3 * energy ** (power - 1.7) * u.Unit(unit))
    expected = 3 / -0.7 * np.diff(EDGES**-0.7)
    np.testing.assert_allclose(Table(path=path, quantity=quantity).photon_flux(EDGES), expected, rtol=1e-10)


def test_units_are_converted(tmp_path):
    energy = np.array([1e2, 1e5]) * u.eV
    path = write_sed(tmp_path / "sed.ecsv", energy, np.full(2, 1e-9) * u.Unit("erg / (s cm2)"))
    expected = 1e-9 / 1.602176634e-9 * -np.diff(1 / EDGES)
    np.testing.assert_allclose(Table(path=path, quantity="nufnu").photon_flux(EDGES), expected, rtol=1e-10)


def test_a_table_at_a_redshift(tmp_path):
    energy = np.geomspace(0.01, 300.0, 200)
    path = write_sed(tmp_path / "sed.ecsv", energy * u.keV, np.exp(-energy / 20) / energy)
    model = Table(path=path)
    shifted = attrs.evolve(model, redshift=10.0).photon_flux(EDGES)
    np.testing.assert_allclose(shifted, model.photon_flux(11 * EDGES) / 11, rtol=1e-12)
    columns = with_values(model, {"redshift": np.array([[0.0], [10.0], [0.0]]), "norm": np.array([[1.0], [2.0], [3.0]])})
    np.testing.assert_allclose(columns.photon_flux(EDGES)[1], 2 * shifted, rtol=1e-12)
    assert columns.photon_flux(EDGES).shape == (3, len(EDGES) - 1)


def test_factors_and_zeros(tmp_path):
    path = write_sed(tmp_path / "factor.ecsv", np.array([1.0, 2.0, 4.0]) * u.keV, np.array([0.0, 1.0, 0.25]))
    model = Table(path=path, quantity="factor")
    assert not model.additive
    # Linear from 0; then E^-2.
    np.testing.assert_allclose(model.photon_flux([1.0, 2.0, 4.0]), [0.5, 4 * (1 / 2 - 1 / 4) / 2], rtol=1e-12)


def test_a_table_ends_where_it_ends(tmp_path):
    path = write_sed(tmp_path / "sed.ecsv", np.array([0.5, 5.0]) * u.keV, np.array([1.0, 1.0]))
    with pytest.raises(DataError, match=r"sed.ecsv holds energies from 0.5 to 5 keV of the source, and 0.3 to 10 keV"):
        Table(path=path).photon_flux(EDGES)
    found = Table(path=path, outside="zero").photon_flux([0.1, 0.2, 1.0, 4.0, 6.0, 7.0])
    np.testing.assert_allclose(found, [0, 0.5, 3, 1, 0], rtol=1e-12)


@pytest.mark.parametrize(
    ("energy", "flux", "match"),
    [
        (np.array([1.0, 2.0]) * u.keV, np.array([1.0, -1.0]), "the flux at 2 keV is -1"),
        (np.array([1.0, 1.0]) * u.keV, np.array([1.0, 1.0]), "at least two energies, all positive, finite and different"),
        (np.array([1.0, 2.0]) * u.cm, np.array([1.0, 1.0]), "energy has the unit cm"),
        (np.array([1.0, 2.0]) * u.keV, np.array([1.0, 1.0]) * u.mJy, "flux, which is 'photons', has the unit mJy"),
    ],
)
def test_tables_that_cannot_be(tmp_path, energy, flux, match):
    with pytest.raises(DataError, match=match):
        Table(path=write_sed(tmp_path / "sed.ecsv", energy, flux))
