"""Tables of templates, made-up spectra, and sums of simple populations."""

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import QTable, Table

from faintsky.core.context import Context
from faintsky.core.delayed_star_formation import delayed_shares
from faintsky.core.errors import DataError, MissingFileError
from faintsky.core.frequency_integral import frequency_integral
from faintsky.core.registry import make
from faintsky.core.universe_age import universe_age
from faintsky.plugins.sed_libraries.composite import grid_of, rebinned
from faintsky.plugins.sed_libraries.template_table import read_templates

X = np.geomspace(0.05, 20, 50)


@pytest.fixture(scope="module")
def analytic():
    with pytest.warns(match="made up for demonstrations"):
        return make("sed_libraries", "analytic").load(Context())


def table(**columns):
    made = {"wavelength": np.tile(X, (2, 1)) * u.um, "luminosity": np.ones((2, 50)) * u.erg / u.s / u.Hz, "mass": [2, 4] * u.Msun}
    return QTable({**made, "age": [100, 2000] * u.Myr, **columns})


def written(folder, content, name="t.ecsv"):
    content.write(folder / name)
    return folder / name


def test_luminosities_become_per_frequency_and_per_solar_mass(tmp_path):
    per_hertz = read_templates(written(tmp_path, table()), "stars")
    np.testing.assert_allclose(per_hertz.luminosity, [[0.5] * 50, [0.25] * 50], rtol=1e-12)
    np.testing.assert_allclose(per_hertz.parameters["age"], [0.1, 2.0], rtol=1e-12)
    assert set(per_hertz.parameters) == {"age"}
    # L_lambda = L_nu c / lambda^2 by definition; in W/nm and with the wavelengths backwards in Angstrom.
    light = (np.ones(50) * u.erg / u.s / u.Hz * 299792.458 * u.km / u.s / (X * u.um) ** 2).to(u.W / u.nm)
    other = table(wavelength=np.tile(1e4 * X[::-1], (2, 1)) * u.AA, luminosity=np.tile(light[::-1], (2, 1)))
    per_wave = read_templates(written(tmp_path, other, "u.fits"), "stars")
    np.testing.assert_allclose(per_wave.wavelength, X, rtol=1e-12)
    np.testing.assert_allclose(per_wave.luminosity, per_hertz.luminosity, rtol=1e-12)


def test_the_unit_may_be_per_mass(tmp_path):
    per_mass = table(luminosity=np.ones((2, 50)) * u.Lsun / u.um / u.Msun)
    per_mass.remove_column("mass")
    found = read_templates(written(tmp_path, per_mass), "stars")
    assert found.luminosity[0, 0] == pytest.approx(3.828e33 * X[0] ** 2 / 2.99792458e14, rel=1e-9)


@pytest.mark.parametrize("kind", ["image", "table"])
def test_wavelengths_may_stand_in_an_extension(tmp_path, kind):
    plain = table()
    plain.remove_column("wavelength")
    extension = fits.ImageHDU(1e3 * X, name="WAVELENGTH")
    extension.header["BUNIT"] = "nm"
    if kind == "table":
        extension = fits.table_to_hdu(Table({"lam": 1e3 * X * u.nm}))
        extension.name = "WAVELENGTH"
    fits.HDUList([fits.PrimaryHDU(), fits.table_to_hdu(Table(plain)), extension]).writeto(tmp_path / "t.fits")
    np.testing.assert_allclose(read_templates(tmp_path / "t.fits", "agn").wavelength, X, rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"luminosity": None}, "no column 'luminosity'"),
        ({"wavelength": None}, "has no wavelengths"),
        ({"wavelength": np.tile(X, (2, 1))}, "wavelengths of .* have no unit, and none is guessed"),
        ({"wavelength": np.array([X, 2 * X]) * u.um}, "wavelengths differ between rows"),
        ({"luminosity": np.ones((2, 50))}, "are in no unit: they must be per frequency"),
        ({"luminosity": np.ones((2, 50)) * u.erg / u.s}, "they must be per frequency"),
        ({"luminosity": np.ones((2, 49)) * u.erg / u.s / u.Hz}, "do not fit 2 rows of 50 wavelengths"),
        ({"luminosity": -np.ones((2, 50)) * u.erg / u.s / u.Hz}, "negative or not finite"),
        ({"mass": None}, "does not say which mass"),
        ({"mass": [0, 1] * u.Msun}, "a mass is not positive"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_by_name(tmp_path, change, said):
    columns = {**dict(table().items()), **change}
    wrong = QTable({name: column for name, column in columns.items() if column is not None})
    with pytest.raises(DataError, match=said):
        read_templates(written(tmp_path, wrong), "stars")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MissingFileError, match=r"no file .*t\.fits for the templates of agn"):
        read_templates(tmp_path / "t.fits", "agn")


def test_delayed_shares_are_the_history():
    # Mass formed of t exp(-t) up to t is 1 - (1 + t) exp(-t); with tau far above the age the rate grows linearly, so that the
    # older half of the time formed a quarter of the mass.
    ages = np.linspace(0.001, 10, 20001)
    shares = delayed_shares(ages, [4.0, 4.0], [1.0, 1e4])
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-12)
    older = shares[:, ages > 2].sum(axis=1)
    assert older[0] == pytest.approx((1 - 3 * np.exp(-2)) / (1 - 5 * np.exp(-4)), abs=1e-3)
    assert older[1] == pytest.approx(0.25, abs=1e-3)
    with pytest.raises(DataError, match="began 12 Gyr ago, but the oldest simple population has 10 Gyr"):
        delayed_shares(ages, [12.0], [1.0])


def test_rebinning_keeps_the_light():
    fine = np.geomspace(0.02, 50, 30_000)
    line = np.exp(-0.5 * ((fine - 1) / 0.001) ** 2) / (0.001 * np.sqrt(2 * np.pi))
    x = grid_of(100)
    found = rebinned(np.array([line, np.ones_like(fine)]), fine, x)
    edges = np.sqrt(x[1:] * x[:-1])
    assert np.sum(found[0][1:-1] * np.diff(edges)) == pytest.approx(1, abs=1e-6)
    inside = (x > 0.03) & (x < 40)
    np.testing.assert_allclose(found[1][inside], 1, rtol=1e-9)


def test_the_universe_has_its_age():
    # Flat matter and lambda in closed form: t = 2 / (3 H0 sqrt(1 - Om)) asinh(sqrt((1 - Om) / Om) (1 + z)^-1.5).
    flat, z = make("cosmologies", "flat", h0=70, omega_m0=0.3), np.array([0.0, 1.0, 3.0, 7.0])
    exact = 2 / 3 / np.sqrt(0.7) * np.arcsinh(np.sqrt(0.7 / 0.3) * (1 + z) ** -1.5) * 977.7922 / 70
    np.testing.assert_allclose(universe_age(flat, z), exact, rtol=2e-3)


def at(templates, wavelength):
    return np.array([np.interp(wavelength, templates.wavelength, row) for row in templates.luminosity])


def test_made_up_stars_age_as_stars_do(analytic):
    stars = analytic["stars"]
    old, young = stars.parameters["age"] == 9, stars.parameters["age"] == 0.5
    burst, lasting = stars.parameters["tau"] == 0.1, stars.parameters["tau"] == 9.0
    break_4000 = at(stars, 0.405) / at(stars, 0.385)
    assert break_4000[old & burst] > 1.3 * break_4000[young & burst]
    # Solar units: L_nu of the Sun at 2.19 um from M_K = 5.08 AB (Willmer 2018). M/L_K of old populations is about 1, of young
    # ones about 0.2 (Bell et al. 2003).
    sun = 10 ** (-0.4 * (5.08 + 48.6)) * 4 * np.pi * (10 * 3.0857e18) ** 2
    mass_to_light = sun / at(stars, 2.19)
    assert 0.5 < mass_to_light[old & burst] < 2
    assert 0.05 < mass_to_light[young & burst] < 0.5
    # Stars that form still shine in the ultraviolet, dead ones do not; nothing comes through below the Lyman limit.
    assert at(stars, 0.15)[old & lasting] > 100 * at(stars, 0.15)[old & burst]
    assert np.all(at(stars, 0.085) < 0.3 * at(stars, 0.1))
    # The bump at 1.6 um stands above the line between 1.2 and 2.3 um in log-log by several per cent.
    red = stars.luminosity[old & burst][0]
    left, top, right = np.log(np.interp([1.2, 1.6, 2.3], stars.wavelength, red))
    line = np.interp(np.log(1.6), np.log([1.2, 2.3]), [left, right])
    assert top > line + 0.05


def test_a_made_up_star_forming_galaxy_has_the_ultraviolet_of_its_star_formation():
    # 1.2e28 erg/s/Hz at 0.15 um for 1 Msun/yr over 100 Myr (Kennicutt & Evans 2012, a Kroupa-like mass function); within 30 %.
    from faintsky.models.sed_libraries.population import simple_populations

    x = np.geomspace(0.01, 100, 922)
    ages, light, _ = simple_populations(x)
    edges = np.concatenate([[0], np.sqrt(ages[1:] * ages[:-1]), [ages[-1]]])
    formed = np.diff(np.minimum(edges, 0.1)) * 1e9
    assert np.interp(0.15, x, formed @ light) == pytest.approx(1.2e28, rel=0.3)


def test_made_up_nuclei_and_dust_have_what_is_looked_for(analytic):
    agn, dust = analytic["agn"], analytic["dust"]
    np.testing.assert_allclose(frequency_integral(agn.luminosity, agn.wavelength), 3.828e33, rtol=1e-6)
    np.testing.assert_allclose(frequency_integral(dust.luminosity, dust.wavelength), 3.828e33, rtol=1e-6)
    assert agn.parameters["inclination"].tolist() == [30, 70]
    blue = at(agn, 0.3) / at(agn, 3.0)
    assert blue[0] > 30 * blue[1]  # the disc is hidden
    assert np.all(at(agn, 3.0) > 5 * at(agn, 1.2) * np.array([0.1, 1]))  # hot dust rises towards 3 um
    assert np.all(at(dust, 3.3) > 3 * at(dust, 3.6))  # the PAH band
    assert dust.parameters["alpha"].tolist() == [1.5, 2.0, 2.5]
    warm = at(dust, 25.0) / at(dust, 100.0)
    assert np.all(np.diff(warm) < 0)  # larger alpha, colder dust (Dale et al. 2014)
