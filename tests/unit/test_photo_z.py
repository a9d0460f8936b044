"""Photometric redshifts: the fit against one by one, the comparison with spectra, extinction, files of distributions."""

from collections.abc import Mapping

import attrs
import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from attrs import frozen
from scipy.integrate import quad
from scipy.optimize import nnls
from scipy.stats import norm

from faintsky.core.bandpass import Bandpass
from faintsky.core.component import component
from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning, PluginError
from faintsky.core.photo_z import PhotoZ
from faintsky.core.photometry import Photometry
from faintsky.core.redshift import Redshifts
from faintsky.core.registry import make
from faintsky.core.sed_library import SedLibrary, SedTemplates
from faintsky.core.universe_age import universe_age
from faintsky.estimators.photo_z.galactic_extinction import SFD_SCALE, band_extinction, without_galactic_extinction
from faintsky.estimators.photo_z.magnitude_prior import benitez_prior
from faintsky.estimators.photo_z.scatter import RedshiftScatter, sigma_phot
from faintsky.estimators.photo_z.spec_comparison import SpecComparison
from faintsky.estimators.photo_z.template_scan import TemplateScan
from faintsky.estimators.photo_z.templates import Templates
from faintsky.estimators.seds.model_fluxes import attenuated, model_fluxes

BANDS = tuple(Bandpass.box(*each) for each in (("i", 0.7, 0.9), ("j", 1.1, 1.4), ("h", 1.5, 1.8), ("k", 2.0, 2.4)))
CTX = Context()


@component()
@frozen(kw_only=True)
class Breaks(SedLibrary):
    """Three galaxies with breaks at 0.4 um, and two stars."""

    def load(self, ctx: Context) -> Mapping[str, SedTemplates]:
        """Their templates."""
        x = np.geomspace(0.05, 10, 300)
        galaxies = [np.where(x < 0.4, 1 / jump, 1.0) * x**slope for jump, slope in ((1.5, 0.0), (3.0, 0.5), (6.0, 1.0))]
        stars = [x**2 * np.exp(-x / 0.8), x**2 * np.exp(-x / 0.4)]
        age = {"age": np.array([0.5, 2.0, 9.0])}
        return {
            "stars": SedTemplates(role="stars", wavelength=x, luminosity=galaxies, parameters=age, name="breaks"),
            "star": SedTemplates(role="star", wavelength=x, luminosity=stars),
        }


RULE = Templates(library=Breaks(), z_min=0.1, z_max=4, step=0.03, ebv=(0.0, 0.3), igm="none")


def seen(redshift: float = 1.5, template: int = 1, role: str = "stars", number: int = 5, error: float = 0.05) -> Photometry:
    """A template of 10 uJy at a redshift, with noise."""
    fluxes = model_fluxes(Breaks().load(CTX)[role], BANDS, redshift, igm="none")[0][template]
    fluxes = 10 * fluxes / fluxes.max()
    noise = error * fluxes * np.random.default_rng(3).standard_normal((number, len(BANDS)))
    names = tuple(f"s{k}" for k in range(number))
    return Photometry(names=names, bands=BANDS, flux=fluxes + noise, error=np.broadcast_to(error * fluxes, noise.shape))


def test_chi2_of_all_templates_is_that_of_a_fit_one_by_one():
    # Non-negative least squares of scipy for each source and template, with missing bands and negative fluxes among them.
    rng = np.random.default_rng(0)
    flux, error = rng.normal(1, 2, (6, 4)), rng.uniform(0.5, 2, (6, 4))
    flux[0, 1] = np.nan
    flux[1] = -np.abs(flux[1])
    error[2, 0] = np.inf
    models = rng.lognormal(0, 1, (7, 4)) * np.geomspace(1e-30, 1e20, 7)[:, None]
    data = Photometry(names=tuple("abcdef"), bands=BANDS, flux=flux, error=error)
    scan = TemplateScan(data)
    expected = np.empty((6, 7))
    for i, row in enumerate(data.measured):
        for t, model in enumerate(models):
            weight = 1 / error[i][row]
            expected[i, t] = nnls((model[row] * weight / model.max())[:, None], flux[i][row] * weight)[1] ** 2
    found = scan.scan(models)
    np.testing.assert_allclose(scan.null - 2 * found.best, expected.min(axis=1), rtol=1e-10)
    gain = 0.5 * (scan.null[:, None] - expected)
    np.testing.assert_allclose(found.mean, np.log(np.mean(np.exp(gain), axis=1)), atol=1e-6)
    which, best = scan.best(models)
    np.testing.assert_array_equal(which[expected.std(axis=1) > 1e-9], expected.argmin(axis=1)[expected.std(axis=1) > 1e-9])
    np.testing.assert_allclose(best, found.best)
    np.testing.assert_allclose(expected[1], scan.null[1])  # no amplitude is negative


@pytest.mark.parametrize("likelihood", ["marginal", "best"])
def test_the_distribution_is_prior_times_likelihood_at_each_redshift(likelihood):
    # From attenuated spectra, model by model, with the formula of the docstring.
    data = seen()
    rule = attrs.evolve(RULE, likelihood=likelihood, step=0.1, floor=0.03)
    found = rule.estimate(data, CTX)
    error = np.hypot(data.error, 0.03 * np.log(10) / 2.5 * np.abs(data.flux))
    chi2 = np.empty((len(data), rule.grid.size, 6))
    for k, z in enumerate(rule.grid):
        for t, model in enumerate(model_fluxes(attenuated(Breaks().load(CTX)["stars"], rule.ebv), BANDS, z, igm="none")[0]):
            a = np.sum(data.flux * model / error**2, axis=1) / np.sum(model**2 / error**2, axis=1)
            chi2[:, k, t] = np.sum((data.flux - a[:, None] * model) ** 2 / error**2, axis=1)
    like = np.exp(-0.5 * chi2)
    density = like.mean(axis=2) if likelihood == "marginal" else like.max(axis=2)
    density /= np.sum(0.5 * (density[:, 1:] + density[:, :-1]) * np.diff(rule.grid), axis=1)[:, None]
    expected = Redshifts.from_pdf(rule.grid, density, values="density")
    np.testing.assert_allclose(found.redshifts.cdf, expected.cdf, atol=1e-6)
    np.testing.assert_allclose(found.galaxy_chi2, chi2.min(axis=(1, 2)), rtol=1e-8)
    np.testing.assert_allclose(found.z_best, rule.grid[chi2.min(axis=2).argmin(axis=1)])


def test_a_flux_below_its_error_counts_as_it_is():
    # The drop-out: no light in i. Left out, or with its error, differ; a negative flux is no missing one.
    data = seen(redshift=2.5, template=2, error=0.1)
    nothing = np.array(data.flux)
    nothing[:, 0] = 0.0
    out = np.array(nothing)
    out[:, 0] = np.nan
    dropped = RULE.estimate(attrs.evolve(data, flux=nothing), CTX)
    unknown = RULE.estimate(attrs.evolve(data, flux=out), CTX)
    assert np.abs(dropped.redshifts.cdf - unknown.redshifts.cdf).max() > 0.2
    assert dropped.bands.tolist() == [4] * 5
    assert unknown.bands.tolist() == [3] * 5


def test_stars_are_told_from_galaxies():
    stars, galaxies = RULE.estimate(seen(0.0, 1, "star", error=0.02), CTX), RULE.estimate(seen(), CTX)
    assert stars.star.all()
    assert not galaxies.star.any()
    # A right template leaves chi2 of 4 bands less an amplitude: above 16.3 once in a thousand.
    assert stars.star_chi2.max() < 16.3
    assert galaxies.galaxy_chi2.max() < 16.3


def test_nothing_is_flagged_without_templates_of_stars():
    @component()
    @frozen(kw_only=True)
    class NoStars(Breaks):
        """Galaxies alone."""

        def load(self, ctx: Context) -> Mapping[str, SedTemplates]:
            return {"stars": super().load(ctx)["stars"]}

    found = attrs.evolve(RULE, library=NoStars()).estimate(seen(), CTX)
    assert np.isnan(found.star_chi2).all()
    assert not found.star.any()


def test_templates_older_than_the_universe_are_left_out():
    # At redshift 4 the universe was 1.5 Gyr old: of 0.5, 2 and 9 Gyr one is left.
    data, cosmology = seen(3.9, 2, error=0.1), make("cosmologies", "flat", h0=70.0, omega_m0=0.3)
    rule = attrs.evolve(RULE, z_min=3.7, z_max=4.0, step=0.01, cosmology=cosmology)
    old, young = attrs.evolve(rule, cosmology=None).estimate(data, CTX), rule.estimate(data, CTX)
    assert np.all(young.galaxy_chi2 > old.galaxy_chi2 + 5)


def test_the_age_of_the_universe_is_its_closed_form():
    # 2 / (3 H0 sqrt(1 - Om)) asinh(sqrt((1 - Om) / Om) (1 + z)^-1.5) of a flat universe without radiation.
    z = np.array([0.0, 0.5, 2.0, 7.0])
    hubble = 977.7922216807891 / 70  # Gyr
    expected = 2 * hubble / (3 * np.sqrt(0.7)) * np.arcsinh(np.sqrt(0.7 / 0.3) * (1 + z) ** -1.5)
    found = universe_age(make("cosmologies", "flat", h0=70.0, omega_m0=0.3), z)
    np.testing.assert_allclose(found, expected, rtol=2e-3)


def test_the_prior_by_magnitude_is_normalised_and_moves_out():
    z = np.linspace(0, 30, 6001)
    density = benitez_prior(z, [20.0, 24.0, 28.0])
    np.testing.assert_allclose(np.sum(0.5 * (density[:, 1:] + density[:, :-1]) * np.diff(z), axis=1), 1, atol=1e-3)
    mean = np.sum(0.5 * (density * z)[:, 1:] + 0.5 * (density * z)[:, :-1], axis=1) * 0.005
    assert mean[0] < mean[1] < mean[2]
    # The three types at magnitude 22, one by one.
    at = 0.7
    each = [
        (0.35 * np.exp(-0.9), 2.465, 0.431 + 2 * 0.0913),
        (0.5 * np.exp(-0.294), 1.806, 0.39 + 2 * 0.0636),
        (1 - 0.35 * np.exp(-0.9) - 0.5 * np.exp(-0.294), 0.906, 0.0626 + 2 * 0.123),
    ]
    expected = sum(
        share * at**a * np.exp(-((at / s) ** a)) / quad(lambda x, a=a, s=s: x**a * np.exp(-((x / s) ** a)), 0, np.inf)[0]
        for share, a, s in each
    )
    assert benitez_prior([at], [22.0])[0, 0] == pytest.approx(expected, rel=1e-6)
    np.testing.assert_array_equal(benitez_prior(z[1:5], np.nan), 1)


def test_sources_without_a_colour_are_told_and_have_the_prior():
    data = seen()
    flux = np.array(data.flux)
    flux[2, 1:] = np.nan
    with pytest.warns(FaintskyWarning, match=r"1 of 5 sources have fewer than two measured bands.*s2"):
        found = RULE.estimate(attrs.evolve(data, flux=flux), CTX)
    low, high = found.redshifts.z[[0, -1]]
    assert found.z_ml[2] == pytest.approx(0.5 * (low + high), rel=0.01)


def test_a_prior_that_vanishes_at_redshift_0_pulls_bright_sources_in():
    # At magnitude 14 the prior knows next to no galaxies beyond redshift 1, which the colours alone leave open.
    data = seen(error=0.3)
    rule = attrs.evolve(RULE, z_min=0.0, prior="benitez00", prior_band="i")
    bright = attrs.evolve(data, flux=1e3 * data.flux, error=1e3 * data.error)
    flat, faint, near = (each.estimate(d, CTX) for each, d in ((RULE, bright), (rule, data), (rule, bright)))
    assert np.all(near.redshifts.cdf[:, 0] == 0)
    assert np.all(near.z_ml < np.minimum(flat.z_ml, faint.z_ml))


def test_no_sources_are_no_redshifts():
    found = RULE.estimate(seen(number=0), CTX)
    assert len(found) == len(found.z_ml) == len(found.star) == 0


def test_a_grid_too_coarse_for_the_errors_is_told():
    with pytest.warns(FaintskyWarning, match="more than half of their probability in one cell"):
        attrs.evolve(RULE, step=0.2).estimate(seen(error=0.001), CTX)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"z_min": 3.0, "z_max": 2.0}, "z_min must lie below z_max"),
        ({"prior": "benitez00"}, "needs prior_band"),
        ({"prior_band": "i"}, "the flat one needs none"),
        ({"ebv": ()}, "ebv is empty"),
        ({"roles": ("star",)}, "Did you mean 'stars'"),
        ({"roles": ()}, "at least one kind"),
    ],
)
def test_options_that_mean_nothing(options, message):
    with pytest.raises(ValueError, match=message):
        attrs.evolve(RULE, **options)


def test_what_the_library_or_the_photometry_lacks():
    with pytest.raises(DataError, match="no templates of agn; it has stars, star"):
        attrs.evolve(RULE, roles=("stars", "agn")).estimate(seen(), CTX)
    with pytest.raises(DataError, match="no band 'I' for the prior"):
        attrs.evolve(RULE, prior="benitez00", prior_band="I").estimate(seen(), CTX)
    far = (*BANDS, Bandpass.box("n", 18, 25))
    data = Photometry(names=("a",), bands=far, flux=np.ones((1, 5)), error=np.ones((1, 5)))
    with pytest.raises(DataError, match="'n' reaches"):
        RULE.estimate(data, CTX)


def test_a_photo_z_keeps_its_rows_together():
    found = RULE.estimate(seen(), CTX)
    some = found.select(np.array([3, 1]))
    assert some.names == ("s3", "s1")
    np.testing.assert_array_equal(some.z_ml, found.z_ml[[3, 1]])
    np.testing.assert_array_equal(some.galaxy_chi2, found.galaxy_chi2[[3, 1]])


# --- the dust of our Galaxy


@pytest.mark.parametrize(
    ("curve", "published"),
    [("acs_wfc_f435w", 3.610), ("acs_wfc_f606w", 2.471), ("acs_wfc_f814w", 1.526), ("wfc3_ir_f125w", 0.726), ("sdss_r0", 2.285)],
)
def test_extinction_is_that_of_the_recalibrated_maps(curve, published):
    # Schlafly & Finkbeiner (2011), table 6, R_V = 3.1, over E(B-V) of the maps; theirs is tied to the law at 1 um, ours by 0.86.
    pytest.importorskip("sedpy")
    pytest.importorskip("dust_extinction")
    band = Bandpass.parse(f"sedpy:{curve}")
    assert band_extinction(band, SFD_SCALE * 0.1).item() == pytest.approx(0.1 * published, rel=0.05)
    assert band_extinction(band, 0.05, at="pivot").item() == pytest.approx(band_extinction(band, 0.05).item(), rel=0.03)


def test_fluxes_and_errors_are_corrected_alike():
    pytest.importorskip("dust_extinction")
    data = seen()
    ebv = np.linspace(0, 0.2, 5)
    found = without_galactic_extinction(data, ebv)
    np.testing.assert_allclose(found.flux[0], data.flux[0])
    np.testing.assert_allclose(found.flux / found.error, data.flux / data.error)
    gain = 2.5 * np.log10(found.flux[4] / data.flux[4])
    np.testing.assert_allclose(gain, [band_extinction(band, 0.2).item() for band in BANDS])
    assert np.all(np.diff(gain) < 0)  # less in the red
    with pytest.raises(DataError, match="negative or no number"):
        without_galactic_extinction(data, -0.1)
    with pytest.raises(DataError, match="as many"):
        without_galactic_extinction(data, [0.1, 0.1])


# --- the comparison with spectra


def test_the_scatter_of_gaussian_errors_with_outliers():
    # Known input: sigma 0.05 and 0.1 in two bins, 10 per cent of the faint ones anywhere, a shift of 0.02.
    rng = np.random.default_rng(5)
    spec, magnitude = rng.uniform(0.3, 3, 4000), rng.uniform(20, 25, 4000)
    faint = magnitude > 22.5
    phot = spec + (1 + spec) * (0.02 + np.where(faint, 0.1, 0.05) * rng.standard_normal(4000))
    wild = faint & (rng.random(4000) < 0.1)
    phot[wild] = spec[wild] + (1 + spec[wild]) * 1.0
    found = SpecComparison.of(phot, spec, magnitude, (22.5,))
    assert found.number.tolist() == [np.sum(~faint), np.sum(faint)]
    assert abs(found.sigma_nmad[0] - 0.05) < 4 * found.sigma_nmad_error[0]
    # The median of absolute deviations of a Gaussian has the relative error 1.17 / sqrt(n).
    assert found.sigma_nmad_error[0] == pytest.approx(0.05 * 1.17 / np.sqrt(found.number[0]), rel=0.2)
    assert found.sigma_nmad[1] == pytest.approx(0.1, rel=0.2)
    np.testing.assert_allclose(found.bias[0], 0.02, atol=4 * found.bias_error[0])
    assert found.bias_error[0] == pytest.approx(0.05 * 1.2533 / np.sqrt(found.number[0]), rel=0.2)
    # Expected outliers: those of the Gaussian about the shift, and the wild ones.
    tails = norm.sf(0.13, scale=0.1) + norm.sf(0.17, scale=0.1)
    assert found.outlier_low[1] - 0.02 < 0.1 + 0.9 * tails < found.outlier_high[1] + 0.02
    table = found.to_table()
    assert len(table) == 2
    assert table["outliers"][1] == np.sum(np.abs(phot - spec)[faint] > 0.15 * (1 + spec[faint]))


def test_few_or_no_spectra():
    found = SpecComparison.of([1.0, 2.0, np.nan], [1.1, np.nan, 2.0], [20.0, 21.0, 24.0], (22.0,))
    assert found.number.tolist() == [1, 0]
    assert np.isnan(found.sigma_nmad).all()
    assert found.outlier_high[0] == pytest.approx(1 - 0.1587**1.0, abs=1e-3)  # none of one, Clopper & Pearson
    with pytest.raises(DataError, match="no source has a photometric and a spectroscopic"):
        SpecComparison.of([1.0], [np.nan])
    with pytest.raises(DataError, match="need the magnitudes"):
        SpecComparison.of([1.0], [1.0], edges=(22.0,))
    with pytest.raises(DataError, match="must increase"):
        SpecComparison.of([1.0], [1.0], [20.0], (22.0, 21.0))


def gaussians(mean, sigma) -> Redshifts:
    """Gaussians in ln(1 + z)."""
    z = np.expm1(np.linspace(0, np.log(9), 2201))
    x = np.log1p(z)
    return Redshifts.from_pdf(z, norm.pdf(x, np.log1p(mean)[:, None], np.reshape(sigma, (-1, 1))) / (1 + z), values="density")


def test_the_widths_of_kernels_are_what_the_distributions_lack():
    sigma = np.array([0.01, 0.03, 0.05, 0.04, 0.2, 0.3])
    given = gaussians(np.full(6, 1.5), sigma)
    np.testing.assert_allclose(sigma_phot(given)[:5], sigma[:5], rtol=3e-3)  # the last one meets z = 0
    magnitude = np.array([20.0, 21.0, 22.0, 23.0, 24.0, np.nan])
    found = RedshiftScatter().widths(magnitude, given)
    np.testing.assert_allclose(found[:3], np.sqrt(0.07**2 - 0.03**2), rtol=1e-3)
    np.testing.assert_array_equal(found[3:], 0)  # a median of 0.2 is wider than the scatter of 0.11
    # A spectroscopic redshift is broadened by all of the scatter and counts in no median.
    spec = given.with_spec([1.5, np.nan, np.nan, np.nan, np.nan, 1.5])
    found = RedshiftScatter().widths(magnitude, spec)
    np.testing.assert_allclose(found[[0, 5]], [0.07, 0.11])
    np.testing.assert_allclose(found[1:3], np.sqrt(0.07**2 - 0.04**2), rtol=1e-3)
    with pytest.raises(DataError, match="as many magnitudes"):
        RedshiftScatter().widths([20.0], given)


def test_the_scatter_is_measured_by_the_comparison():
    rng = np.random.default_rng(2)
    spec, magnitude = rng.uniform(0.3, 3, 600), rng.uniform(20, 25, 600)
    phot = spec + (1 + spec) * 0.08 * rng.standard_normal(600)
    comparison = SpecComparison.of(phot, spec, magnitude, (22.0, 24.0))
    found = RedshiftScatter.measured(comparison)
    assert found.edges == (22.0, 24.0)
    np.testing.assert_array_equal(found.scatter, comparison.sigma_nmad)
    with pytest.raises(DataError, match=r"no scatter between the magnitudes 26 and inf: 0 sources"):
        RedshiftScatter.measured(SpecComparison.of(phot, spec, magnitude, (26.0,)))
    with pytest.raises(DataError, match="2 edges make 3 bins"):
        RedshiftScatter(edges=(22.0, 24.0))


# --- given distributions

Z = np.linspace(0, 6, 301)
PDF = norm.pdf(Z, [[1.0], [2.0], [3.0]], 0.1)
NAMES = ("a", "b", "c")


def wanted(*names: str) -> Photometry:
    """Photometry of nothing but names."""
    return Photometry(names=names, bands=BANDS[:1], flux=np.ones((len(names), 1)), error=np.ones((len(names), 1)))


def given(path, **options) -> PhotoZ:
    """What the file says of c and a, in this order."""
    return make("photo_z", "given", path=path, **options).estimate(wanted("c", "a"), CTX)


def test_a_table_with_a_column_of_distributions(tmp_path):
    table = Table({"ID": NAMES, "PDZ": PDF, "ZGRID": np.tile(Z, (3, 1))})
    for name in ("t.fits", "t.ecsv"):
        table.write(tmp_path / name)
        found = given(tmp_path / name, name="id", pdf="pdz", z_from="zgrid")
        assert found.names == ("c", "a")
        np.testing.assert_allclose(found.z_ml, [3, 1], atol=1e-4)
        assert np.isnan(found.galaxy_chi2).all()
        np.testing.assert_array_equal(found.bands, 1)
        same = given(tmp_path / name, name="id", pdf="pdz", z=(0, 6, 301))
        np.testing.assert_allclose(same.redshifts.cdf, found.redshifts.cdf)


def test_a_grid_in_an_extension_and_numbers_as_names(tmp_path):
    table = fits.BinTableHDU(Table({"number": [1, 2, 3], "pdf": PDF}))
    fits.HDUList([fits.PrimaryHDU(), table, fits.ImageHDU(Z, name="ZBINS")]).writeto(tmp_path / "t.fits")
    rule = make("photo_z", "given", path=tmp_path / "t.fits", name="number", pdf="pdf", z_from="zbins", hdu="1")
    np.testing.assert_allclose(rule.estimate(wanted("3", "1"), CTX).z_ml, [3, 1], atol=1e-4)
    with pytest.raises(DataError, match=r"neither a column nor an HDU 'ZBIN'.*Did you mean 'ZBINS'"):
        attrs.evolve(rule, z_from="ZBIN").estimate(wanted("3"), CTX)


def test_percentiles_and_spectroscopic_columns(tmp_path):
    table = Table({"name": NAMES, "m": [1.0, 2.0, 3.0], "l": [0.9, 1.9, 2.9], "h": [1.1, 2.2, 3.3], "zs": [-99.0, 2.1, 3.2]})
    table.write(tmp_path / "t.csv")
    with pytest.warns(FaintskyWarning, match="split normals"):
        found = given(tmp_path / "t.csv", z_median="m", z_low="l", z_high="h", z_spec="zs")
    np.testing.assert_allclose(found.z_ml, [3.2, 1.0], atol=0.011)
    np.testing.assert_array_equal(found.redshifts.spectroscopic, [True, False])
    np.testing.assert_allclose(found.z_limits[1], [0.9, 1.1], atol=0.01)
    with pytest.raises(DataError, match=r"1 rows of t\.csv have no redshift"):
        given(tmp_path / "t.csv", z_spec="zs")


def test_rows_of_an_array_with_a_list_of_names(tmp_path):
    np.save(tmp_path / "p.npy", PDF * 0.02)
    (tmp_path / "n.txt").write_text("a\nb\nc\n")
    more = {"z": (0, 6, 301), "names": tmp_path / "n.txt"}
    found = given(tmp_path / "p.npy", values="probability", **more)
    np.testing.assert_allclose(found.z_ml, [3, 1], atol=0.011)
    with pytest.raises(DataError, match=r"sums to 0.02.*density or a probability per cell"):
        given(tmp_path / "p.npy", **more)
    with pytest.raises(DataError, match="have no names"):
        given(tmp_path / "p.npy", values="probability", z=(0, 6, 301))
    (tmp_path / "n.txt").write_text("a\nb\n")
    with pytest.raises(DataError, match=r"3 distributions of p.npy have 2 names"):
        given(tmp_path / "p.npy", values="probability", **more)


def test_names_that_are_missing_or_come_twice(tmp_path):
    Table({"name": ["a", "b", "b"], "pdf": PDF}).write(tmp_path / "t.fits")
    rule = make("photo_z", "given", path=tmp_path / "t.fits", pdf="pdf", z=(0, 6, 301))
    with pytest.raises(DataError, match=r"2 of 3 sources have no distribution in t.fits: x, y.*Its names: a, b"):
        rule.estimate(wanted("a", "x", "y"), CTX)
    with pytest.raises(DataError, match="several distributions of b"):
        rule.estimate(wanted("b"), CTX)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pdf": "pdf"}, "have no grid"),
        ({"path": "x.npy"}, "have no grid"),
        ({"z_median": "m"}, "need all of"),
        ({"pdf": "pdf", "z": Z, "z_median": "m", "z_low": "l", "z_high": "h"}, "both are named"),
    ],
)
def test_options_that_do_not_say_it(options, message):
    with pytest.raises(DataError, match=message):
        make("photo_z", "given", **{"path": "t.fits", **options})


def test_what_a_table_lacks(tmp_path):
    Table({"name": NAMES, "pdf": PDF, "zz": Z[:3] + np.arange(3)}).write(tmp_path / "t.fits")
    with pytest.raises(DataError, match=r"say what t\.fits holds"):
        given(tmp_path / "t.fits")
    with pytest.raises(DataError, match=r"no column 'pdff'.*Did you mean 'pdf'"):
        given(tmp_path / "t.fits", pdf="pdff", z=Z)
    with pytest.raises(DataError, match="holds one number a row"):
        given(tmp_path / "t.fits", pdf="zz", z=Z)
    with pytest.raises(DataError, match="there is no file"):
        given(tmp_path / "u.fits", pdf="pdf", z=Z)


def test_a_grid_that_does_not_cover_is_told(tmp_path):
    cut = norm.pdf(Z, [[1.0], [2.0], [5.8]], 0.1)
    Table({"name": NAMES, "pdf": cut}).write(tmp_path / "t.fits")
    with pytest.warns(FaintskyWarning, match="1 of 2 distributions of t.fits have more than 1 % outside"):
        given(tmp_path / "t.fits", pdf="pdf", z=(0, 6, 301))


@pytest.mark.parametrize("end", ["hdf5", "fits"])
def test_files_of_qp(tmp_path, end):
    qp = pytest.importorskip("qp")
    path = tmp_path / f"e.{end}"
    ancillary = {"name": np.array(NAMES)}
    qp.Ensemble(qp.interp, data={"xvals": Z, "yvals": PDF}, ancil=ancillary).write_to(str(path))
    np.testing.assert_allclose(given(path).z_ml, [3, 1], atol=1e-3)
    # Another parametrisation has no grid of its own.
    path.unlink()
    normal = {"loc": np.array([[1.0], [2.0], [3.0]]), "scale": np.full((3, 1), 0.1)}
    qp.Ensemble(qp.stats.norm, data=normal, ancil=ancillary).write_to(str(path))
    with pytest.raises(DataError, match="qp's norm, without a grid"):
        given(path)
    found = given(path, z=(0, 6, 301))
    np.testing.assert_allclose(found.redshifts.cdf, norm.cdf(Z, [[3.0], [1.0]], 0.1), atol=1e-6)


def test_a_file_that_is_not_of_qp(tmp_path):
    pytest.importorskip("qp")
    (tmp_path / "e.hdf5").write_bytes(b"no")
    with pytest.raises(DataError, match="is no file of qp"):
        given(tmp_path / "e.hdf5")


def test_qp_is_asked_for_where_it_is_missing(tmp_path, monkeypatch):
    def missing(module: str, extra: str) -> None:
        raise PluginError(f"faintsky[{extra}]")

    monkeypatch.setattr("faintsky.plugins.photo_z.qp_file.require", missing)
    (tmp_path / "e.hdf5").write_bytes(b"")
    with pytest.raises(PluginError, match=r"faintsky\[qp\]"):
        given(tmp_path / "e.hdf5")
