"""Fluxes of templates, attenuation, fits and their BIC: identities, published numbers, injections of known truth."""

import warnings

import attrs
import numpy as np
import pytest
from scipy.optimize import nnls

from faintsky.core.attenuation import attenuated, attenuation, law_names, screens
from faintsky.core.bandpass import Bandpass
from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.igm import igm_transmission
from faintsky.core.photometry import Photometry
from faintsky.core.registry import make
from faintsky.core.sed_fit import SedFits
from faintsky.core.sed_library import SedTemplates
from faintsky.core.storage import load, save
from faintsky.core.structure import structure
from faintsky.estimators.seds.amplitudes import one_amplitude, two_amplitudes
from faintsky.estimators.seds.best_spectrum import best_spectrum
from faintsky.estimators.seds.flux_grid import ModelGrid
from faintsky.estimators.seds.grid_fit import fit_seds
from faintsky.estimators.seds.model_fluxes import model_fluxes
from faintsky.estimators.seds.settings import SedFitSettings
from faintsky.estimators.seds.stellar_mass import mass_interval

FLAT = make("cosmologies", "flat", h0=70, omega_m0=0.3)
BANDS = tuple(Bandpass.parse(name) for name in ("F814W", "F115W", "F150W", "F277W", "F444W"))


@pytest.fixture(scope="module")
def templates():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FaintskyWarning)
        return dict(make("sed_libraries", "analytic").load(Context()))


def flat(level=1.0, **options):
    x = np.geomspace(0.01, 100, 500)
    return SedTemplates(
        **{"role": "agn", "wavelength": x, "luminosity": np.full((1, 500), level, dtype=np.asarray(level).dtype), "name": "flat"}
        | options
    )


#: Errors as they are given, so that chi2 is that of a textbook.
PLAIN = SedFitSettings(error_floor=0.0)


def quiet(photometry, redshift, templates, settings=PLAIN):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FaintskyWarning)
        return fit_seds(photometry, redshift, templates, FLAT, settings)


# --- Fluxes -----------------------------------------------------------------------------------------------------------------


def test_a_flat_spectrum_is_seen_by_the_formula():
    # f_nu = (1 + z) L_nu / (4 pi D_L^2), the same in every band; D_L by quadrature of c / H, independent of the tables.
    z = 1.7
    x = np.linspace(0, z, 20001)
    rate = 1 / np.sqrt(0.3 * (1 + x) ** 3 + 0.7)
    distance = (1 + z) * 299792.458 / 70 * np.sum(0.5 * (rate[1:] + rate[:-1]) * np.diff(x)) * 3.0856775814913673e24
    wanted = (1 + z) * 1e30 / (4 * np.pi * distance**2) / 1e-29
    found = model_fluxes(flat(1e30), BANDS, z, FLAT, igm="none")
    assert found.shape == (1, 1, 5)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    single = model_fluxes(flat(np.float32(1e-14)), BANDS, z, FLAT, igm="none")  # a template of 1 erg/s, in float32
    np.testing.assert_allclose(single, 1e-44 * wanted, rtol=1e-5)
    # Without a cosmology 10 pc away: of L_nu = 4 pi (10 pc)^2 3631 Jy the AB magnitude is 0.
    zero = 4 * np.pi * (10 * 3.0856775814913673e18) ** 2 * 3631e-23
    np.testing.assert_allclose(model_fluxes(flat(zero, role="star"), BANDS, 0.0), 3631e6, rtol=1e-9)


def test_a_line_is_seen_at_its_redshifted_wavelength_with_all_its_light():
    # A narrow line at lambda_0 in a box from a to b: f = (1 + z) int L_nu dlambda / lambda / ln(b / a) / (4 pi D_L^2).
    z, place, width = 1.0, 1.0, 2e-4
    x = np.union1d(np.geomspace(0.01, 100, 300), np.linspace(0.99, 1.01, 4001))
    line = 1e20 * np.exp(-0.5 * ((x - place) / width) ** 2)
    made = SedTemplates(role="agn", wavelength=x, luminosity=line[None], name="line")
    found = model_fluxes(made, [Bandpass.box("in", 1.9, 2.1), Bandpass.box("out", 1.2, 1.8)], z, FLAT)[0, 0]
    distance = (1 + z) * float(FLAT.chi(z)) * 3.0856775814913673e24
    integral = 1e20 * width * np.sqrt(2 * np.pi) / place  # int L_nu dlambda / lambda, to order width^2
    assert found[0] == pytest.approx((1 + z) * integral / np.log(2.1 / 1.9) / (4 * np.pi * distance**2) / 1e-29, rel=1e-6)
    assert found[1] == 0


def test_screens_in_the_fluxes_are_attenuated_templates(templates):
    stars, ebv = templates["stars"], [0.0, 0.3, 1.0]
    behind = attenuated(stars, ebv)
    assert behind.parameters["ebv"][:4].tolist() == [0, 0.3, 1, 0]
    assert behind.parameters["age"][:4].tolist() == [0.5, 0.5, 0.5, 0.5]
    fast = model_fluxes(stars, BANDS, [0.5, 4.0], FLAT, screens=screens(stars.wavelength, ebv))
    np.testing.assert_allclose(fast, model_fluxes(behind, BANDS, [0.5, 4.0], FLAT), rtol=1e-10)


def test_fluxes_that_cannot_be_are_refused():
    with pytest.raises(DataError, match="no luminosity distance"):
        model_fluxes(flat(), BANDS, 0.0, FLAT)
    with pytest.raises(DataError, match="negative or NaN"):
        model_fluxes(flat(), BANDS, [0.5, np.nan], FLAT)
    with pytest.raises(DataError, match="'far' reaches from 90 to 110 um"):
        model_fluxes(flat(), [Bandpass.box("far", 90, 110)], 0.0)
    with pytest.raises(DataError, match="igm must be one of"):
        model_fluxes(flat(), BANDS, 1.0, FLAT, igm="madau")
    with pytest.raises(DataError, match="do not fit 500 wavelengths"):
        model_fluxes(flat(), BANDS, 1.0, FLAT, screens=np.ones((2, 3)))


# --- What is between --------------------------------------------------------------------------------------------------------


def test_calzetti_has_its_published_numbers():
    # k(V) = R_V = 4.05 at 0.55 um, k(B) - k(V) = 1 (Calzetti et al. 2000, eq 4: to 2 % by its own fit), k(0.12 um) = 12.1,
    # k(2.2 um) = 0.37 by the polynomials.
    v, b, blue, red = attenuation([0.55, 0.44, 0.12, 2.2])
    assert v == pytest.approx(4.05, abs=0.05)
    assert b - v == pytest.approx(1, abs=0.03)
    assert blue == pytest.approx(12.12, abs=0.01)
    assert red == pytest.approx(0.369, abs=0.001)
    # Outside of its range it is continuous, 0 in the infrared, and constant below the Lyman limit.
    assert attenuation([3.2, 5.0, 50.0]).tolist() == [0, 0, 0]
    assert attenuation([0.05])[0] == attenuation([0.0912])[0]
    x = np.geomspace(0.02, 10, 5000)
    assert np.all(np.diff(attenuation(x)) <= 0.06)
    assert np.max(np.abs(np.diff(attenuation(x)))) < 0.1


def test_laws_of_the_package_are_called_by_name():
    pytest.importorskip("dust_extinction")
    from astropy import units as u
    from dust_extinction.averages import G03_SMCBar

    x = np.array([0.15, 0.44, 0.55, 2.0])
    np.testing.assert_allclose(attenuation(x, "g03_smcbar"), 2.74 * G03_SMCBar()(x * u.um), rtol=1e-12)
    for law in law_names():
        outside = attenuation([0.01, 0.0912, 0.55, 2.2, 5.0, 90.0], law)
        assert np.all(np.isfinite(outside)), law
        assert np.all(outside >= 0), law
        assert outside[2] > outside[3] >= outside[5], law
    with pytest.raises(DataError, match=r"no attenuation law 'calzeti'\. Did you mean 'calzetti'"):
        attenuation(x, "calzeti")
    with pytest.raises(DataError, match="F11_MWGC is no law from the ultraviolet to the infrared"):
        attenuation(x, "f11_mwgc")
    with pytest.raises(DataError, match="a colour excess is negative"):
        screens(x, [-0.1])


def test_the_intergalactic_medium_has_its_published_depth():
    # Effective optical depth of the Lyman alpha forest at 1 + z = 4.4: by eq 21 and table 2 of Inoue et al. (2014) it is
    # 2.354e-3 4.4^3.7 + 5.39e-5 4.4^3 = 0.570; observed is 0.0023 4.4^3.65 = 0.51 (Kim et al. 2007), here to 15 %.
    z = 3.41
    depth = -np.log(igm_transmission([0.121567 * 4.4], z)[0])
    assert depth == pytest.approx(2.354e-3 * 4.4**3.7 + 5.39e-5 * 4.4**3, rel=1e-3)
    assert depth == pytest.approx(0.0023 * 4.4**3.65, rel=0.15)
    # Eqs 25 to 29 in their published form at 2.5 Lyman limits and z = 3, to which the lines add less than they do at the limit of
    # the source, where more gas lies before them.
    x, b = 2.5, 4.0
    forest = 2.55e-2 * (b**1.6 * x**2.1 - x**3.7)
    damped = 0.634 + 4.7e-2 * b**3 - 1.78e-2 * b**3.3 * x**-0.3 - 0.135 * x**2 - 0.291 * x**-0.3
    found = -np.log(igm_transmission([x * 0.09118], 3.0)[0])
    above = -np.log(igm_transmission([0.09118 * b * (1 + 1e-6)], 3.0)[0])  # all lines, no continuum, at the limit of the source
    assert forest + damped < found < forest + damped + above
    assert np.all(igm_transmission([0.6, 1.0, 5.0], 3.0) == 1)
    assert igm_transmission([0.2], 0.1)[0] == 1


# --- Amplitudes and chi2 -----------------------------------------------------------------------------------------------------


def test_amplitudes_are_those_of_nnls():
    rng = np.random.default_rng(1)
    for _ in range(300):
        a, f = rng.random((5, 2)), rng.normal(0.3, 1.0, 5)
        best, norm = nnls(a, f)
        square, product = a.T @ a, a.T @ f
        both = two_amplitudes(*(np.array(v) for v in (square[0, 0], square[1, 1], square[0, 1], product[0], product[1])))
        np.testing.assert_allclose([both.first, both.second], best, atol=1e-9)
        assert f @ f - both.gain == pytest.approx(norm**2, abs=1e-9)
        alone, norm1 = nnls(a[:, :1], f)
        one = one_amplitude(np.array(square[0, 0]), np.array(product[0]))
        assert one.first == pytest.approx(alone[0], abs=1e-12)
        assert f @ f - one.gain == pytest.approx(norm1**2, abs=1e-9)


def test_two_equal_spectra_share_nothing():
    same = two_amplitudes(*(np.array(v) for v in (2.0, 2.0, 2.0, 3.0, 3.0)))
    assert same.gain == pytest.approx(4.5)
    assert (same.first, same.second) == (1.5, 0)
    nothing = two_amplitudes(*(np.array(v) for v in (0.0, 0.0, 0.0, 0.0, 0.0)))
    assert (nothing.gain, nothing.first, nothing.second) == (0, 0, 0)


def test_a_fit_is_the_loop_over_templates(templates):
    """chi2, amplitudes and templates of every model, against scipy's NNLS for each pair of templates."""
    settings = SedFitSettings(ebv=(0.0, 0.4), young_universe=False, dust="free", error_floor=0.0)
    few = {**templates, "stars": thinned(templates["stars"], 7)}
    data = mock(templates, 4, 0.4, 12.0, np.random.default_rng(3))[0]
    fits = quiet(data, 1.3, few, settings)
    stars = model_fluxes(attenuated(few["stars"], settings.ebv), BANDS, 1.3, FLAT)[0]
    for column, (model, role) in enumerate({"stars": "", "stars+dust": "dust", "stars+agn": "agn"}.items()):
        others = model_fluxes(few[role], BANDS, 1.3, FLAT)[0] if role else [None]
        for row in range(4):
            tried = []
            for s, star in enumerate(stars):
                for k, other in enumerate(others):
                    parts = np.array([star] if other is None else [star, other])
                    scale = parts.max(axis=1)
                    amplitude, norm = nnls((parts / scale[:, None] / data.error[row]).T, data.flux[row] / data.error[row])
                    tried.append((norm**2, s, k, *(amplitude / scale)))
            best = min(tried)
            assert fits.chi2[row, column] == pytest.approx(best[0], abs=1e-6), model
            assert fits.template[row, column, 0] == best[1], model
            assert fits.amplitude[row, column, 0] == pytest.approx(best[3], rel=1e-6), model
            if role == "agn":  # dust of any alpha has one colour here, so that its templates tie
                assert fits.template[row, column, 1] == best[2]
                assert fits.amplitude[row, column, 1] == pytest.approx(best[4], rel=1e-6)


def thinned(stars, step):
    return SedTemplates(
        role="stars", wavelength=stars.wavelength, luminosity=stars.luminosity[::step], name="few",
        parameters={name: column[::step] for name, column in stars.parameters.items()}, demonstration=True,
    )  # fmt: skip


def mock(templates, number, agn, snr, rng, redshift=1.3, type_2=True, ebv=(0.0, 0.1, 0.3)):
    """Photometry of templates of the grid, log M = 9 to 11, with a share of a nucleus in F444W; and the masses."""
    stars, z = templates["stars"], np.broadcast_to(redshift, (number,))
    log_mass, flux = rng.uniform(9, 11, number), np.empty((number, len(BANDS)))
    for row in range(number):
        one = rng.integers(len(stars))
        while stars.parameters["age"][one] > 13.46 / (1 + z[row]) ** 1.2:
            one = rng.integers(len(stars))
        made = SedTemplates(role="stars", wavelength=stars.wavelength, luminosity=stars.luminosity[[one]])
        light = model_fluxes(made, BANDS, z[row], FLAT, screens=screens(stars.wavelength, [rng.choice(ebv)]))[0, 0]
        nucleus = model_fluxes(templates["agn"], BANDS, z[row], FLAT)[0, int(type_2)]
        light = light * 10 ** log_mass[row]
        flux[row] = light + nucleus * agn / (1 - agn) * light[-1] / nucleus[-1]
    error = flux / snr
    names = tuple(f"s{row}" for row in range(number))
    return Photometry(names=names, bands=BANDS, flux=flux + error * rng.standard_normal(flux.shape), error=error), 10**log_mass


# --- Fits -------------------------------------------------------------------------------------------------------------------


def test_brighter_by_a_factor_is_heavier_by_it(templates):
    data = mock(templates, 3, 0.3, 20.0, np.random.default_rng(5))[0]
    twice = Photometry(names=data.names, bands=BANDS, flux=1e3 * data.flux, error=1e3 * data.error)
    one, other = quiet(data, 1.3, templates), quiet(twice, 1.3, templates)
    np.testing.assert_allclose(other.chi2, one.chi2, atol=1e-8)
    np.testing.assert_allclose(other.mass_high, 1e3 * one.mass_high, rtol=1e-9)
    np.testing.assert_allclose(other.agn_fraction, one.agn_fraction, rtol=1e-9)


def test_bic_is_counted_as_it_is_said(templates):
    # k: amplitude, age, tau, E(B-V) = 4; dust in balance adds alpha, free dust an amplitude too; an AGN amplitude and
    # inclination. One parameter costs ln 5 = 1.609, two 3.219 at five bands.
    data = mock(templates, 2, 0.0, 20.0, np.random.default_rng(6))[0]
    with pytest.warns(match=r"stars has 4, stars\+dust has 5, stars\+agn has 6; bands: 5 to 5"):
        fits = fit_seds(data, 1.3, templates, FLAT)
    assert fits.free.tolist() == [4, 5, 6]
    assert fits.dof.tolist() == [[1, 0, -1]] * 2
    penalty = fits.bic - fits.chi2
    np.testing.assert_allclose(np.diff(penalty, axis=1), np.log(5))
    np.testing.assert_allclose(penalty[:, 2] - penalty[:, 0], 3.219, atol=1e-3)
    wanted = np.minimum(fits.bic[:, 0], fits.bic[:, 1]) - fits.bic[:, 2]
    np.testing.assert_array_equal(fits.delta_bic, wanted)
    np.testing.assert_array_equal(fits.dual, wanted > 10)
    free = ModelGrid(templates=templates, bands=BANDS, cosmology=FLAT, settings=SedFitSettings(dust="free"))
    assert free.free == (4, 6, 6)
    one = ModelGrid(templates=templates, bands=BANDS, cosmology=FLAT, settings=SedFitSettings(ebv=(0.1,), max_age=0.5))
    assert one.free == (2, 3, 4)


def test_dust_gives_back_what_the_screen_took(templates):
    # All that the screen absorbs: bolometric light of the stars without screen = with screen + dust.
    fits = quiet(mock(templates, 3, 0.0, 5.0, np.random.default_rng(7), ebv=(0.6,))[0], 1.3, templates)
    from faintsky.core.frequency_integral import frequency_integral

    for row in range(3):
        seen = best_spectrum(fits, row, "stars+dust", templates, FLAT, SedFitSettings(igm="none"))
        ebv, age, tau = (fits.best(name, "stars+dust")[row] for name in ("ebv", "age", "tau"))
        assert ebv > 0
        stars = templates["stars"]
        bare = stars.luminosity[(stars.parameters["age"] == age) & (stars.parameters["tau"] == tau)][0]
        factor = model_fluxes(flat(role="star"), BANDS, 1.3, FLAT)[0, 0, 0]
        light = frequency_integral(seen.total, stars.wavelength) / factor
        assert light == pytest.approx(fits.amplitude[row, 1, 0] * frequency_integral(bare, stars.wavelength), rel=1e-6)


def test_the_best_spectrum_goes_through_the_model_fluxes(templates):
    data = mock(templates, 3, 0.5, 20.0, np.random.default_rng(8), redshift=3.5)[0]
    fits = quiet(data, 3.5, templates)
    for model in fits.models:
        seen = best_spectrum(fits, 1, model, templates, FLAT)
        fluxes = np.array([band.weights(seen.wavelength) @ seen.total for band in BANDS])
        column = fits.models.index(model)
        assert np.sum(((data.flux[1] - fluxes) / data.error[1]) ** 2) == pytest.approx(fits.chi2[1, column], rel=1e-6)
    agn = best_spectrum(fits, 1, "stars+agn", templates, FLAT)
    share = BANDS[-1].weights(agn.wavelength) @ agn.components["agn"] / (BANDS[-1].weights(agn.wavelength) @ agn.total)
    assert fits.agn_fraction[1] == pytest.approx(share, rel=1e-6)
    with pytest.raises(DataError, match=r"no model 'star' was fitted\. Did you mean 'stars'"):
        best_spectrum(fits, 1, "star", templates, FLAT)


def test_missing_bands_are_left_out_and_too_few_are_said(templates):
    data = mock(templates, 5, 0.0, 20.0, np.random.default_rng(9))[0]
    flux, error = data.flux.copy(), data.error.copy()
    flux[1, 2], error[2, 3:] = np.nan, np.inf
    flux[2, 2], flux[3] = np.nan, np.nan
    holes = Photometry(names=data.names, bands=BANDS, flux=flux, error=error)
    z = np.array([1.3, 1.3, 1.3, 1.3, np.nan])
    fits = quiet(holes, z, templates)
    assert fits.bands_used.tolist() == [5, 4, 2, 0, 5]
    four = tuple(band for band in BANDS if band.name != "F150W")
    alone = Photometry(names=("s1",), bands=four, flux=np.delete(flux[[1]], 2, 1), error=np.delete(error[[1]], 2, 1))
    np.testing.assert_allclose(quiet(alone, 1.3, templates).chi2[0], fits.chi2[1], atol=1e-9)
    assert fits.notes[2] == "fewer bands (2) than parameters of stars, stars+dust, stars+agn"
    assert fits.notes[3] == "no band has a flux with an error: not fitted"
    assert fits.notes[4] == "no redshift above 0: not fitted"
    for row in (3, 4):
        assert np.all(np.isnan(fits.chi2[row]))
        assert np.isnan(fits.mass[row])
        assert not fits.dual[row]
    assert np.all(np.isfinite(fits.mass[:3]))
    assert np.all(np.isnan(fits.best("age", "stars")[3:]))
    with pytest.raises(DataError, match="a fit needs templates of stars"):
        fit_seds(data, 1.3, {"agn": templates["agn"]}, FLAT)
    with pytest.raises(DataError, match="do not fit 5 sources"):
        fit_seds(data, [1.0, 2.0], templates, FLAT)
    with pytest.raises(DataError, match="no stellar template is 20 to 30 Gyr old"):
        fit_seds(data, 1.3, templates, FLAT, SedFitSettings(min_age=20, max_age=30))
    negative = Photometry(names=("n",), bands=BANDS, flux=-data.flux[:1], error=data.error[:1])
    assert "no template has a positive amplitude" in quiet(negative, 1.3, templates).notes[0]


def test_stars_are_no_older_than_the_universe(templates):
    data = mock(templates, 6, 0.0, 20.0, np.random.default_rng(10), redshift=3.0)[0]
    fits = quiet(data, 3.0, templates)
    assert np.all(fits.best("age", "stars") <= 2.12)  # Gyr, at z = 3
    early = quiet(data, 7.0, templates, SedFitSettings(min_age=1.0))
    assert all("older than the universe: the youngest were used" in note for note in early.notes)
    assert np.all(early.best("age", "stars") == 1.0)


def test_an_error_floor_is_a_part_of_every_error(templates):
    data = mock(templates, 2, 0.3, 100.0, np.random.default_rng(11))[0]
    by_hand = quiet(data.with_floor(0.05), 1.3, templates)
    np.testing.assert_allclose(quiet(data, 1.3, templates, SedFitSettings(error_floor=0.05)).chi2, by_hand.chi2)
    np.testing.assert_array_equal(
        quiet(data, 1.3, templates, SedFitSettings()).chi2, quiet(data, 1.3, templates, SedFitSettings(error_floor=0.05)).chi2
    )


def test_a_source_at_another_redshift_fits_badly_and_is_noted(templates):
    data = mock(templates, 8, 0.0, 50.0, np.random.default_rng(12), redshift=3.5)[0]
    wrong = quiet(data, 0.4, templates)
    assert any("no model fits: the smallest chi2" in note for note in wrong.notes)


def test_fits_are_stored_and_tabulated(templates, tmp_path):
    fits = quiet(mock(templates, 3, 0.3, 20.0, np.random.default_rng(13))[0], 1.3, templates)
    save(fits, tmp_path / "f.h5")
    again = load(tmp_path / "f.h5")
    assert isinstance(again, SedFits)
    assert again.digest == fits.digest
    assert again.demonstration
    table = fits.to_table()
    assert table.meta["k_stars+agn"] == 6
    assert table.meta["demonstration"] is True
    np.testing.assert_array_equal(table["delta_bic"], fits.delta_bic)
    with pytest.raises(DataError, match=r"no 'ages'\. Did you mean 'age'"):
        fits.best("ages", "stars")
    with pytest.raises(DataError, match="chi2 of shape"):
        attrs.evolve(fits, chi2=fits.chi2[:, :2])


# --- Masses -----------------------------------------------------------------------------------------------------------------


def test_a_mass_of_one_template_is_a_gaussian():
    median, low, high = mass_interval(np.array([[3.0]]), np.array([[100.0]]), np.array([[5.0]]))
    assert median[0] == pytest.approx(100)
    # Nine points of equal probability reach the 68 % interval of the Gaussian to 6 %.
    assert (high - low)[0] == pytest.approx(10, rel=0.06)
    two = mass_interval(np.array([[0.0, 0.0, 40.0]]), np.array([[10.0, 20.0, 1e9]]), np.full((1, 3), 1e-3))
    assert (two[1][0], two[2][0]) == (pytest.approx(10, rel=1e-3), pytest.approx(20, rel=1e-3))


def test_masses_are_recovered_and_their_intervals_hold(templates):
    """Truth drawn from the grid, which is the prior: the 68 % interval must hold 68 % of it."""
    data, mass = mock(templates, 250, 0.0, 15.0, np.random.default_rng(14), ebv=SedFitSettings().ebv[:9])
    fits = quiet(data, 1.3, templates, SedFitSettings(ebv=SedFitSettings().ebv[:9], error_floor=0.0))
    offset = np.log10(fits.mass / mass)
    assert abs(np.median(offset)) < 0.03
    assert np.std(offset) < 0.15
    inside = np.mean((fits.mass_low <= mass) & (mass <= fits.mass_high))
    assert abs(inside - 0.683) < 3.3 * np.sqrt(0.683 * 0.317 / 250)


# --- AGN --------------------------------------------------------------------------------------------------------------------


def test_hot_dust_is_found_and_stars_are_left_alone(templates):
    """Five bands at z = 0.6 to 2: few false positives, and nuclei with half of the light in F444W are found."""
    rng = np.random.default_rng(15)
    z = rng.choice([0.6, 1.0, 1.5, 2.0], 120)
    none, some = (mock(templates, 120, share, 20.0, rng, redshift=z)[0] for share in (0.0, 0.5))
    assert np.mean(quiet(none, z, templates).dual) < 0.03
    found = quiet(some, z, templates)
    assert np.mean(found.dual) > 0.8
    assert np.median(found.agn_fraction) == pytest.approx(0.5, abs=0.05)
    assert np.mean(found.best("inclination", "stars+agn")[found.dual] == 70) > 0.8


@pytest.mark.slow
def test_false_positives_of_templates_that_do_not_cover(templates):
    """Truth between the templates of the grid, by S/N: what a grid that is too coarse costs, and the floor that repairs it."""
    from faintsky.models.sed_libraries.population import delayed_populations

    rng, number = np.random.default_rng(16), 400
    x, z = templates["stars"].wavelength, np.round(rng.uniform(0.3, 3.5, number), 2)
    flux = np.empty((number, 5))
    for row in range(number):
        age, tau = rng.uniform(0.5, min(9, 13.4 / (1 + z[row]) ** 1.3)), 10 ** rng.uniform(-1, 0.95)
        made = SedTemplates(role="stars", wavelength=x, luminosity=delayed_populations(x, [age], [tau]))
        flux[row] = 1e10 * model_fluxes(made, BANDS, z[row], FLAT, screens=screens(x, [rng.uniform(0, 0.6)]))[0, 0]
    rate = {}
    for snr, floor in ((20, 0.0), (50, 0.0), (50, 0.05)):
        data = Photometry(
            names=tuple(map(str, range(number))), bands=BANDS, error=flux / snr,
            flux=flux * (1 + rng.standard_normal(flux.shape) / snr),
        )  # fmt: skip
        rate[snr, floor] = float(np.mean(quiet(data, z, templates, SedFitSettings(error_floor=floor)).dual))
    print(f"false positives by (S/N, floor [mag]): {rate}")
    assert rate[20, 0.0] < 0.02
    assert rate[50, 0.05] < 0.02
    assert rate[50, 0.0] > rate[50, 0.05]


def test_settings_are_a_table_of_a_study_file():
    made = structure({"ebv": [0.0, 0.5], "law": "G23", "threshold": 6.0}, SedFitSettings)
    assert made == SedFitSettings(ebv=(0.0, 0.5), law="G23", threshold=6.0)
    with pytest.raises(ValueError, match="dust must be one of balance, free"):
        SedFitSettings(dust="frei")
