"""Simulated cutouts: options, determinism, PSFs, noise, redshifted fluxes."""

import warnings

import attrs
import numpy as np
import pytest
from scipy.integrate import quad

from faintsky.core.bandpass import Bandpass
from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.redshifted_flux import redshifted_flux
from faintsky.core.registry import make
from faintsky.core.sed_library import SedLibrary, SedTemplates
from faintsky.core.structure import structure, unstructure
from faintsky.core.units import ARCSEC
from faintsky.models.cutouts.clumps import ClumpPopulation
from faintsky.models.cutouts.field_population import FieldPopulation
from faintsky.models.cutouts.gaussian_psf import core_width, gaussian_psf, native_values
from faintsky.models.cutouts.pixel_noise import noise_correlation, noisy, resampling_kernel
from faintsky.models.cutouts.population import AgnPopulation, CompanionPopulation
from faintsky.models.cutouts.simulated_band import SimulatedBand, cosmos_web

FLAT = make("cosmologies", "flat", h0=70, omega_m0=0.3)


def simulated(**options):
    """Cutouts in two bands, small: 15 kpc at z from 1 to 3 are below 2 arcsec."""
    bands = {name: band for name, band in cosmos_web().items() if name in ("F814W", "F277W")}
    chosen = {"size": "5 arcsec", "agn": AgnPopulation(z=(1, 3)), "bands": bands, "number": 4, **options}
    return make("cutouts", "simulated", cosmology=FLAT, **chosen)


@pytest.fixture(autouse=True)
def _demonstration():
    """The analytic library warns that it is a demonstration."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FaintskyWarning)
        yield


class TestOptions:
    def test_survives_a_study_file(self):
        made = simulated(psf_error=0.05, field=FieldPopulation(stars=0))
        table = {key: value for key, value in unstructure(made).items() if key != "use"}
        assert structure(table, type(made)) == made

    def test_default_is_like_cosmos_web(self):
        made = make("cutouts", "simulated", cosmology=FLAT)
        assert made.side == 400
        assert sorted(made.bands) == ["F115W", "F150W", "F277W", "F444W", "F814W"]
        assert all(27.5 <= band.depth <= 28.2 for band in made.bands.values())  # section 2.1 of the paper

    @pytest.mark.parametrize(
        ("population", "options"),
        [
            (CompanionPopulation, {"fraction": 1.2}),
            (CompanionPopulation, {"dual_share": -0.1}),
            (AgnPopulation, {"spec_share": 2}),
            (AgnPopulation, {"nh_missing": -1}),
            (FieldPopulation, {"quiescent_share": 1.01}),
            (ClumpPopulation, {"share": 3}),
        ],
    )
    def test_shares_lie_between_0_and_1(self, population, options):
        with pytest.raises(ValueError, match=f"{next(iter(options))} must be"):
            population(**options)

    def test_unknown_reference_band(self):
        with pytest.raises(DataError, match=r"F277M.*Did you mean 'F277W'"):
            simulated(reference="F277M")

    def test_unknown_filter(self):
        band = SimulatedBand(fwhm="0.1 arcsec", depth=28)
        with pytest.raises(DataError, match="Did you mean 'F277W'"):
            simulated(bands={"F277": band}, reference="F277")
        named = simulated(bands={"long": attrs.evolve(band, filter="F277W")}, reference="long")
        assert named.bands["long"].bandpass("long").pivot == pytest.approx(2.776, abs=0.01)
        assert "galaxy_long" in named.truth("agn-0001", Context()).columns

    def test_cutouts_hold_the_pairs(self):
        with pytest.raises(DataError, match=r"3 arcsec do not hold pairs.*Use a size of 4\.\d+ arcsec"):
            simulated(size="3 arcsec")

    def test_psf_wider_than_the_pixel(self):
        with pytest.raises(DataError, match="must be wider"):
            simulated(pixel="0.11 arcsec")

    @pytest.mark.parametrize(
        ("population", "options", "message"),
        [
            (AgnPopulation, {"z": (3, 1)}, r"z must be \[low, high\]"),
            (CompanionPopulation, {"separation": (15, 2)}, "smallest, largest"),
            (CompanionPopulation, {"minor": 4.0}, "before major ones"),
            (FieldPopulation, {"galaxy_mag": (28, 20)}, "bright, faint"),
            (SimulatedBand, {"fwhm": 1e-6, "depth": np.inf}, "AB magnitude"),
        ],
    )
    def test_ranges_are_ordered(self, population, options, message):
        with pytest.raises(DataError, match=message):
            population(**options)

    def test_unknown_target_and_band(self):
        with pytest.raises(DataError, match="Did you mean 'agn-0001'"):
            simulated().truth("agn-001", Context())
        with pytest.raises(DataError, match="Did you mean 'F277W'"):
            simulated().psf("F278W")

    def test_a_library_without_stars(self):
        with pytest.raises(DataError, match="no templates of the role 'star'"):
            simulated(sed_library=_Flat()).truth("agn-0001", Context())
        without = simulated(sed_library=_Flat(), field=FieldPopulation(stars=0))
        assert "star" not in without.truth("agn-0001", Context())["kind"]


@attrs.frozen(kw_only=True)
class _Flat(SedLibrary):
    """Spectra of constant L_nu, without single stars."""

    def load(self, ctx):
        grid = np.geomspace(0.01, 20, 50)
        stars = SedTemplates(role="stars", wavelength=grid, luminosity=np.full((2, 50), 1e20))
        return {"stars": stars, "agn": SedTemplates(role="agn", wavelength=grid, luminosity=np.full((1, 50), 1e20))}


class TestDeterminism:
    def test_same_seed_same_images_in_any_order_and_task(self):
        made = simulated(bands={"F277W": cosmos_web()["F277W"]})
        forth = {name: made.cutout(name, Context(seed=3, task="a")).digest for name in ("agn-0001", "agn-0002")}
        back = {name: made.cutout(name, Context(seed=3, task="b")).digest for name in ("agn-0002", "agn-0001")}
        assert forth == back
        assert len(set(forth.values())) == 2

    def test_other_seeds_and_skies_differ(self):
        first = simulated(number=1).targets(Context(seed=3))
        assert first.digest != simulated(number=1).targets(Context(seed=4)).digest
        assert first["redshift"][0] != simulated(number=1, sky="other").targets(Context(seed=3))["redshift"][0]

    def test_more_targets_leave_the_first_ones(self):
        few, many = simulated(number=4).targets(Context(seed=3)), simulated(number=9).targets(Context(seed=3))
        assert few.digest == many.select(np.arange(4)).digest

    def test_a_larger_fraction_keeps_the_pairs(self):
        few, many = (
            simulated(number=200, pairs=CompanionPopulation(fraction=f)).targets(Context(seed=3))["n_real"] for f in (0.1, 0.4)
        )
        assert np.all(many >= few)
        assert many.sum() > few.sum()

    def test_targets_tell_the_truth_of_cutouts(self):
        made, ctx = (
            simulated(number=12, pairs=CompanionPopulation(fraction=0.6, minor_fraction=0.5, dual_share=0.5)),
            Context(seed=5),
        )
        targets = made.targets(ctx)
        assert 0 < targets["n_dual"].sum() < targets["n_real"].sum()
        for row in range(12):
            truth = made.truth(str(targets["name"][row]), ctx)
            kind = truth["kind"]
            near = truth.select(kind == "companion")
            assert np.sum(kind == "agn") == 1
            assert kind[0] == "agn"
            assert len(near) == targets["n_real"][row] + targets["n_minor"][row]
            ratio = truth["log_mass"][0] - near["log_mass"]
            assert np.sum(ratio < np.log10(6)) == targets["n_real"][row]
            assert np.sum(near["active"][ratio < np.log10(6)]) == targets["n_dual"][row]
            assert truth["redshift"][0] == targets["redshift"][row]
            assert np.all(near["redshift"] == targets["redshift"][row])

    def test_the_target_stands_where_the_grid_says(self):
        made, ctx = simulated(bands={"F277W": cosmos_web()["F277W"]}), Context(seed=5)
        targets, cutout = made.targets(ctx), made.cutout("agn-0002", ctx)
        x, y = cutout.images.grid.wcs.wcs_world2pix(targets["ra"][1], targets["dec"][1], 0)
        assert [float(x), float(y)] == pytest.approx([cutout.x, cutout.y], abs=1e-3)
        assert [cutout.truth["x"][0], cutout.truth["y"][0]] == [cutout.x, cutout.y]
        assert cutout.truth.digest == made.truth("agn-0002", ctx).digest

    def test_missing_values(self):
        targets = simulated(number=300).targets(Context(seed=1))
        known = np.isfinite(targets["z_spec"])
        assert np.array_equal(targets["z_spec"][known], targets["redshift"][known])
        # 55 and 87 per cent of 300, within 4 sigma of a binomial.
        assert known.mean() == pytest.approx(0.55, abs=0.115)
        assert np.isfinite(targets["log_nh"]).mean() == pytest.approx(0.87, abs=0.078)


class TestPsf:
    @pytest.mark.parametrize("name", list(cosmos_web()))
    def test_fwhm_is_the_published_one(self, name):
        made = make("cutouts", "simulated", cosmology=FLAT, psf_oversampling=10)
        psf = made.psf(name)
        middle = int(psf.middle[0])
        profile = psf.values[middle, middle:]
        half = np.interp(-0.5, -profile / profile[0], np.arange(profile.size) / 10) * 0.03
        assert 2 * half == pytest.approx(made.bands[name].fwhm / ARCSEC, rel=2e-3)
        assert psf.values.shape == (801, 801)  # 1.2 arcsec to each side

    def test_a_wrong_psf_is_narrower_than_the_true_one(self):
        made = simulated(psf_error=0.1)
        true, given = (made.psf("F277W", true=each) for each in (True, False))
        assert given.digest == simulated().psf("F277W").digest
        assert core_width(0.121 / 0.03) > core_width(0.11 / 0.03)
        assert true.values.max() < given.values.max()
        assert made.cutout("agn-0001", Context()).images["F277W"].psf.digest == given.digest

    def test_native_pixels_hold_the_light(self):
        for many in (1, 2, 3):
            assert native_values(gaussian_psf(3.0, 40, many)).sum() == pytest.approx(1, abs=1e-5)
        assert native_values(gaussian_psf(3.0, 40, 2)) == pytest.approx(gaussian_psf(3.0, 40, 1).values, abs=1e-6)

    def test_a_response_is_wider_than_its_pixel(self):
        with pytest.raises(DataError, match="above that of its pixel"):
            gaussian_psf(1.0, 40)


class TestNoise:
    def test_depth_is_five_sigma_of_the_best_filter(self):
        # Simulation: fluxes of a matched filter at all places of pure noise scatter by a fifth of the limit.
        band, psf = cosmos_web()["F277W"], native_values(gaussian_psf(0.11 / 0.03, 20))
        values, sigma = noisy(np.zeros((400, 400)), band.noise(psf), np.inf, None, np.random.default_rng(1))
        from scipy.signal import fftconvolve

        flux = fftconvolve(values, psf, mode="valid") / np.sum(psf**2)
        limit = 10 ** (0.4 * (23.9 - band.depth))
        assert limit / np.std(flux) == pytest.approx(5, rel=0.05)
        assert np.std(values) == pytest.approx(sigma[0, 0], rel=0.01)

    def test_photons_scatter_as_poisson(self):
        # Var = F / e: 40 000 pixels give it to 0.7 per cent, 3 % is 4 sigma.
        light = np.full((200, 200), 0.01)
        values, sigma = noisy(light, 0.0, 2e4, None, np.random.default_rng(2))
        assert np.var(values) == pytest.approx(0.01 / 2e4, rel=0.03)
        assert sigma == pytest.approx(np.sqrt(0.01 / 2e4))
        assert values.mean() == pytest.approx(0.01, rel=2e-3)

    def test_resampled_noise_has_the_correlation_that_is_told(self):
        kernel = resampling_kernel(0.2)
        told = noise_correlation(kernel)
        assert told.shape == (5, 5)
        # Along one axis (c, 1 - 2c, c) with itself: lags 0, 1, 2 have 0.44, 0.24, 0.04.
        assert told[2, 2:] == pytest.approx([1, 0.24 / 0.44, 0.04 / 0.44])
        assert told[0, 0] == pytest.approx((0.04 / 0.44) ** 2)
        values, sigma = noisy(np.full((500, 500), 0.02), 1e-3, 3e4, kernel, np.random.default_rng(3))
        noise = values - 0.02
        assert np.std(noise) == pytest.approx(sigma.mean(), rel=0.02)
        for dy, dx in ((0, 1), (1, 1), (2, 0), (2, 2)):
            found = np.mean(noise * np.roll(noise, (dy, dx), (0, 1))) / np.var(noise)
            assert found == pytest.approx(told[2 + dy, 2 + dx], abs=0.02)

    def test_images_carry_the_correlation_and_the_mask(self):
        image = simulated(resampling=0.2, masked=0.05).cutout("agn-0001", Context(seed=2)).images["F814W"]
        assert image.correlation == pytest.approx(noise_correlation(resampling_kernel(0.2)))
        assert np.mean(np.isinf(image.sigma)) == pytest.approx(0.05, abs=0.006)
        assert simulated().cutout("agn-0001", Context(seed=2)).images["F814W"].correlation is None


class TestRedshiftedFlux:
    def test_of_a_constant_spectrum(self):
        # f = (1 + z) L / (4 pi D^2) in any band: 1e30 erg/s/Hz at 1000 Mpc = 3.0857e27 cm, 1 uJy = 1e-29 erg/s/cm2/Hz.
        flat = SedTemplates(role="stars", wavelength=[0.01, 1.0, 100.0], luminosity=[[1e30, 1e30, 1e30]])
        found = redshifted_flux(flat, [Bandpass.box("a", 0.7, 0.9), Bandpass.box("b", 4, 5)], 1.5, 1000.0)
        assert found == pytest.approx(np.full((1, 2), 2.5e30 / (4 * np.pi * 3.0856775814913673e27**2) / 1e-29), rel=1e-9)

    def test_of_a_power_law_is_the_photon_mean(self):
        # Direct integration: int f_nu dlambda / lambda over int dlambda / lambda.
        grid = np.geomspace(0.05, 20, 4000)
        law = SedTemplates(role="stars", wavelength=grid, luminosity=(1e30 * grid**1.7)[None])
        mean = quad(lambda x: (x / 3.0) ** 1.7 / x, 2.4, 3.1)[0] / np.log(3.1 / 2.4)
        expected = 3 * 1e30 * mean / (4 * np.pi * (500 * 3.0856775814913673e24) ** 2) / 1e-29
        assert redshifted_flux(law, [Bandpass.box("a", 2.4, 3.1)], 2.0, 500.0)[0, 0] == pytest.approx(expected, rel=1e-5)

    def test_bad_input(self):
        flat = SedTemplates(role="stars", wavelength=[0.1, 1.0], luminosity=[[1.0, 1.0]], name="short")
        band = Bandpass.box("a", 4, 5)
        with pytest.raises(DataError, match="reaches from 4 to 5 um"):
            redshifted_flux(flat, [band], 1.0, 10.0)
        with pytest.raises(DataError, match="0 or more"):
            redshifted_flux(flat, [band], -1.0, 10.0)
        with pytest.raises(DataError, match="distance is positive"):
            redshifted_flux(flat, [band], 1.0, 0.0)
