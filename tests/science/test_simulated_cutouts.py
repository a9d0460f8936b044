"""Simulated cutouts against galsim, counts, apertures and their own truth."""

import warnings

import attrs
import numpy as np
import pytest
from scipy.stats import kstest

from faintsky.core.ab_magnitude import ab_magnitude
from faintsky.core.angular_scale import kpc_per_arcsec
from faintsky.core.context import Context
from faintsky.core.errors import FaintskyWarning
from faintsky.core.registry import make
from faintsky.models.cutouts.clumps import ClumpPopulation
from faintsky.models.cutouts.field_population import FieldPopulation
from faintsky.models.cutouts.gaussian_psf import PARTS, core_width, gaussian_psf
from faintsky.models.cutouts.painting import painted
from faintsky.models.cutouts.population import AgnPopulation, CompanionPopulation
from faintsky.models.cutouts.sersic_shape import SersicShape, mean_radius
from faintsky.models.cutouts.simulated_band import cosmos_web
from faintsky.models.cutouts.sky_source import SkySource
from faintsky.models.cutouts.spectra import loaded_spectra

FLAT = make("cosmologies", "flat", h0=70, omega_m0=0.3)
#: Nothing but AGN in their hosts.
ALONE = {
    "field": FieldPopulation(galaxy_mag=(0, 0), stars=0),
    "clumps": ClumpPopulation(share=0),
    "pairs": CompanionPopulation(fraction=0, minor_fraction=0),
}


@pytest.fixture(autouse=True)
def _demonstration():
    """The analytic library warns that it is a demonstration."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FaintskyWarning)
        yield


def simulated(**options):
    return make("cutouts", "simulated", cosmology=FLAT, **options)


def bands(**changes):
    """The bands of the ends and the one between."""
    return {name: attrs.evolve(cosmos_web()[name], **changes) for name in ("F814W", "F277W", "F444W")}


def quiet():
    """Bands without noise to speak of."""
    return bands(depth=45.0, electrons=np.inf)


def analytic_spectra():
    seen = tuple(band.bandpass(name) for name, band in cosmos_web().items())
    return loaded_spectra(make("sed_libraries", "analytic"), seen, FLAT, Context())


def test_painted_images_agree_with_galsim():
    # An image that another code convolves and integrates over pixels; found 2e-4 of the peak and of the flux.
    galsim = pytest.importorskip("galsim")
    flux, radius, index, ellipticity, angle = 20.0, 8.0, 1.7, 0.45, 0.7
    x, y, side, point = 60.3, 57.8, 120, 3.0
    shape = SersicShape(radius=np.array([radius]), index=np.array([index]), ellipticity=ellipticity, angle=angle)
    source = SkySource(kind="agn", x=x, y=y, redshift=1.0, galaxy=np.array([flux]), point=np.array([point]), shape=shape)
    for fwhm in (2.0, 0.11 / 0.03):
        ours = painted([source], 0, gaussian_psf(fwhm, 40, 2), (0.2, -0.3), (side, side), 1e-6)
        psf = galsim.Sum([galsim.Gaussian(sigma=core_width(fwhm) * width, flux=share) for share, width in PARTS])
        ratio = 1 - ellipticity
        galaxy = galsim.Sersic(n=index, half_light_radius=radius * np.sqrt(ratio), flux=flux)
        galaxy = galaxy.shear(q=ratio, beta=angle * galsim.radians)
        scene = galsim.Convolve(galaxy + galsim.DeltaFunction(flux=point), psf)
        middle = 0.5 * (side - 1)
        theirs = scene.drawImage(nx=side, ny=side, scale=1.0, offset=(x + 0.2 - middle, y - 0.3 - middle), dtype=float).array
        assert np.abs(ours - theirs).max() < 5e-4 * theirs.max()
        assert ours.sum() == pytest.approx(theirs.sum(), rel=5e-4)


def test_stamps_lose_nothing_that_is_seen():
    # The same scene with the noise of a real band (stamps) and with none (whole frames).
    rng = np.random.default_rng(1)
    made = simulated(bands={"F277W": cosmos_web()["F277W"]})
    truth = made.truth("agn-0002", Context(seed=3))
    psf, noise = made.psf("F277W"), 4e-4
    sources = []
    for row in rng.permutation(np.flatnonzero(truth["galaxy_F277W"] < 1))[:6]:
        shape = SersicShape(
            radius=truth["radius_F277W"][[row]],
            index=truth["index_F277W"][[row]],
            ellipticity=float(truth["ellipticity"][row]),
            angle=float(truth["angle"][row]),
        )
        place = {"x": float(truth["x"][row]), "y": float(truth["y"][row]), "redshift": 1.0}
        galaxy = truth["galaxy_F277W"][[row]]
        sources.append(SkySource(kind="interloper", galaxy=galaxy, point=np.zeros(1), shape=shape, **place))
    stamps, frames = (painted(sources, 0, psf, (0.0, 0.0), (400, 400), each) for each in (noise, 1e-12))
    assert np.abs(stamps - frames).max() < 0.1 * noise


def test_fluxes_of_isolated_agn():
    # All light of the frame against the truth; Sersic light beyond 6 arcsec is below 2 per cent for these profiles.
    made = simulated(bands=quiet(), **ALONE, agn=AgnPopulation(quiescent_share=0.0, z=(1.0, 5.0)))
    cutout = made.cutout("agn-0003", Context(seed=1))
    assert len(cutout.truth) == 1
    for name, image in cutout.images.bands.items():
        total = float(cutout.truth[f"galaxy_{name}"][0] + cutout.truth[f"point_{name}"][0])
        assert image.values.sum() == pytest.approx(total, rel=0.02)


def test_flux_of_a_star_in_an_aperture():
    # Encircled light of the sum of Gaussians within 0.5 arcsec (before the pixel; it is wide against that), with noise.
    field = FieldPopulation(galaxy_mag=(0, 0), stars=6e5, star_mag=(19, 20))
    made = simulated(bands={"F277W": cosmos_web()["F277W"]}, **{**ALONE, "field": field})
    cutout = made.cutout("agn-0001", Context(seed=1))
    truth, image = cutout.truth, cutout.images["F277W"]
    stars = np.flatnonzero(truth["kind"] == "star")
    inside = [
        row
        for row in stars
        if 40 < truth["x"][row] < 360
        and 40 < truth["y"][row] < 360
        and np.sort(np.hypot(truth["x"] - truth["x"][row], truth["y"] - truth["y"][row]))[1] > 80
    ]
    assert inside
    radius = 0.5 / 0.03
    encircled = sum(share * -np.expm1(-0.5 * (radius / (width * core_width(0.11 / 0.03))) ** 2) for share, width in PARTS)
    y, x = np.indices(image.values.shape)
    for row in inside:
        aperture = np.hypot(x - truth["x"][row], y - truth["y"][row]) < radius
        expected = encircled * truth["point_F277W"][row]
        error = np.sqrt(np.sum(image.sigma[aperture] ** 2))
        assert abs(image.values[aperture].sum() - expected) < 4 * error + 0.005 * expected


def test_a_wrong_psf_blurs_the_images():
    # With a true PSF 20 per cent broader, less of a star's light falls within 0.1 arcsec; all of it, 2 per cent, within 1 arcsec.
    field = FieldPopulation(galaxy_mag=(0, 0), stars=6e5, star_mag=(19, 20))
    options = {**ALONE, "field": field, "bands": {"F277W": quiet()["F277W"]}}
    right, wrong = (simulated(psf_error=error, **options).cutout("agn-0001", Context(seed=1)) for error in (0.0, 0.2))
    assert wrong.truth.digest == right.truth.digest
    assert wrong.images["F277W"].psf.digest == right.images["F277W"].psf.digest
    row = int(np.flatnonzero(right.truth["kind"] == "star")[0])
    y, x = np.indices((400, 400))
    away = np.hypot(x - right.truth["x_F277W"][row], y - right.truth["y_F277W"][row])
    inner, outer = (
        wrong.images["F277W"].values[away < r].sum() / right.images["F277W"].values[away < r].sum() for r in (3.3, 33)
    )
    assert inner < 0.93
    assert outer == pytest.approx(1, abs=0.02)


def test_noise_of_cutouts_is_what_sigma_says():
    # The same sky without noise: residuals over sigma are standard normal; 53 000 pixels give the width to 0.3 per cent.
    small, ctx = {"size": "7 arcsec", "agn": AgnPopulation(z=(0.7, 5))}, Context(seed=4)
    real = simulated(bands=bands(electrons=2000.0), **small)
    noisy_one, clean = real.cutout("agn-0001", ctx), simulated(bands=quiet(), **small).cutout("agn-0001", ctx)
    in_light = []
    for name, image in noisy_one.images.bands.items():
        pull = (image.values - clean.images[name].values) / image.sigma
        assert np.std(pull) == pytest.approx(1, abs=0.013)
        assert np.mean(pull) == pytest.approx(0, abs=0.018)
        in_light.append(pull[image.sigma > 1.5 * np.min(image.sigma)])
        # The faintest pixels have the noise of the depth: s = limit / 5 sqrt(sum P^2).
        noise = real.bands[name].noise(real.psf(name).values[::2, ::2] * 4)
        assert np.min(image.sigma) == pytest.approx(noise, rel=0.01)
    photons = np.concatenate(in_light)
    assert photons.size > 200
    assert np.std(photons) == pytest.approx(1, abs=4 / np.sqrt(2 * photons.size))


def test_astrometric_offsets():
    # Moments of noiseless images against the truth; and sizes of the offsets as in section 3.2 of the paper.
    made = simulated(bands=quiet(), **ALONE, agn=AgnPopulation(quiescent_share=0.0, z=(1.0, 5.0)))
    y, x = np.indices((400, 400))
    cutout = made.cutout("agn-0004", Context(seed=1))
    truth = cutout.truth
    for name, image in cutout.images.bands.items():
        near = np.hypot(x - truth[f"x_{name}"][0], y - truth[f"y_{name}"][0]) < 40
        light = image.values * near
        assert (light * x).sum() / light.sum() == pytest.approx(truth[f"x_{name}"][0], abs=0.05)
        assert (light * y).sum() / light.sum() == pytest.approx(truth[f"y_{name}"][0], abs=0.05)
        away = float(np.hypot(truth[f"x_{name}"][0] - truth["x"][0], truth[f"y_{name}"][0] - truth["y"][0]))
        low, high = {"F277W": (0, 0), "F814W": (1.2, 1.41)}.get(name, (0.0, 0.3))
        assert low <= away <= high


def test_samples_of_agn_and_pairs():
    number, ctx = 1000, Context(seed=2)
    made = simulated(number=number)
    targets = made.targets(ctx)
    # Shares within 4 sigma of their binomials: 0.3, 0.7 of the pairs, 0.1.
    assert targets["n_real"].mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.3 * 0.7 / number))
    pairs = targets["n_real"].sum()
    assert targets["n_dual"].sum() / pairs == pytest.approx(0.7, abs=4 * np.sqrt(0.21 / pairs))
    assert targets["n_minor"].mean() == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / number))
    # Redshifts like the sample of the paper: 0.3 to 5, median about 1.6.
    assert targets["redshift"].min() > 0.3
    assert targets["redshift"].max() < 5
    assert np.median(targets["redshift"]) == pytest.approx(1.6, abs=0.1)
    assert targets["log_mass"].min() >= 10.0
    assert targets["log_mass"].max() <= 11.3
    # L_bol mostly from 1e43 to 1e46, as the abstract of the paper has it.
    assert np.mean((targets["log_lbol"] > 43) & (targets["log_lbol"] < 46)) > 0.97


def test_separations_and_mass_ratios_are_uniform():
    population, agn = CompanionPopulation(fraction=1, minor_fraction=1), AgnPopulation()
    rng = np.random.default_rng(5)
    found = [each for _ in range(1000) for each in population.drawn(agn.drawn(rng), agn, rng)]
    separation = np.array([each.separation for each in found])
    assert kstest(separation, "uniform", args=(2, 13)).pvalue > 0.01
    host = AgnPopulation(log_mass=(10.999, 11.001)).drawn(np.random.default_rng(1))
    drawn = [each for _ in range(1000) for each in population.drawn(host, agn, rng)]
    ratio = np.array([host.log_mass - each.log_mass for each in drawn if each.major])
    assert kstest(ratio, "uniform", args=(0, np.log10(6))).pvalue > 0.01
    ratio = np.array([host.log_mass - each.log_mass for each in drawn if not each.major])
    assert kstest(ratio, "uniform", args=(np.log10(6), np.log10(15 / 6))).pvalue > 0.01


def test_companions_stand_at_their_separation():
    made = simulated(number=30, bands={"F277W": cosmos_web()["F277W"]}, field=FieldPopulation(galaxy_mag=(0, 0), stars=0))
    ctx = Context(seed=6)
    targets = made.targets(ctx)
    for row in np.flatnonzero(targets["n_real"] > 0)[:3]:
        truth = made.truth(str(targets["name"][row]), ctx)
        z = float(targets["redshift"][row])
        for each in np.flatnonzero(truth["kind"] == "companion"):
            pixels = np.hypot(truth["x"][each] - truth["x"][0], truth["y"][each] - truth["y"][0])
            assert 2 <= pixels * 0.03 * kpc_per_arcsec(z, FLAT) <= 15
    # 15 kpc at redshift 2 are 1.79 arcsec: the note, section 4.1.
    assert 15 / kpc_per_arcsec(2.0, FLAT) == pytest.approx(1.79, abs=0.005)


def test_counts_of_the_field():
    # Poisson with the density of COSMOS2025, 7e5 galaxies in 0.54 deg^2, and the slope of the power law.
    field, rng, area = FieldPopulation(), np.random.default_rng(3), 0.01 * 3600**2
    assert field.counts.below(28) * 3600**2 == pytest.approx(7e5 / 0.54, rel=0.01)
    magnitudes, redshifts = field.drawn_galaxies(area, rng)
    assert magnitudes.size == pytest.approx(field.density * area, abs=4 * np.sqrt(field.density * area))
    expected = area * float(field.counts.below(25) - field.counts.below(19))
    assert np.sum(magnitudes < 25) == pytest.approx(expected, abs=4 * np.sqrt(expected))
    assert magnitudes.min() > 19
    assert magnitudes.max() < 28
    assert np.median(redshifts[magnitudes > 27.5]) > np.median(redshifts[magnitudes < 25]) + 0.3
    numbers = np.array([field.drawn_galaxies(150.0, rng)[0].size for _ in range(2000)])
    assert np.var(numbers) / np.mean(numbers) == pytest.approx(1, abs=4 * np.sqrt(2 / 2000))
    # Stars: 2e4 / deg^2 to 26 mag, of which 10^(-0.12 3) are brighter than 23, less those brighter than 18.
    stars = field.drawn_stars(area * 20, rng)
    assert stars.size == pytest.approx(4000, abs=4 * np.sqrt(4000))
    share = (10**-0.36 - 10**-0.96) / (1 - 10**-0.96)
    assert np.mean(stars < 23) == pytest.approx(share, abs=4 * np.sqrt(share / 4000))


def test_interlopers_of_cutouts():
    made = simulated(number=8)
    found, magnitudes = 0, []
    for name in made.targets(Context(seed=7))["name"]:
        truth = made.truth(str(name), Context(seed=7))
        here = truth["kind"] == "interloper"
        found += here.sum()
        magnitudes.extend(ab_magnitude(truth["galaxy_F277W"][here]))
        assert np.all(truth["active"][here] == 0)
        assert np.all((truth["x"] >= -0.5) & (truth["x"] <= 399.5) | ~here)
        assert np.all(truth["redshift"][here] != truth["redshift"][0])
    expected = 8 * 144 * made.field.density
    assert found == pytest.approx(expected, abs=4 * np.sqrt(expected))
    assert np.all((np.array(magnitudes) > 19) & (np.array(magnitudes) < 28.001))


def test_spectra_of_nuclei_and_hosts():
    spectra = analytic_spectra()
    rng = np.random.default_rng(1)
    for z in (0.5, 1.0, 1.5):
        hidden, seen = (spectra.nucleus(45.0, log_nh, z, rng) for log_nh in (23.0, 21.0))
        # An obscured nucleus shows in F444W (the last) only, an open one in every band.
        assert hidden[4] > 5 * hidden[3]
        assert hidden[4] > 10 * hidden[:3].max()
        assert np.all(seen[:4] > 3 * hidden[:4])
        # The luminosity of all its light: twice of it, twice of each flux.
        assert spectra.nucleus(45.0 + np.log10(2), 23.0, z, rng) == pytest.approx(2 * hidden)
        old, young = (np.median([spectra.galaxy(each, z, rng) for _ in range(30)], axis=0) for each in (True, False))
        assert old[0] / old[3] < young[0] / young[3]
        assert old[3] < young[3]  # masses over luminosities rise with age
        assert spectra.clump(z)[0] / spectra.clump(z)[3] > young[0] / young[3]


def test_ages_of_templates_fit_into_the_universe():
    spectra = analytic_spectra()
    # Age of a flat universe, 2 / (3 H0 sqrt(L)) asinh(sqrt(L / M) (1 + z)^-1.5), with 977.8 Gyr km/s/Mpc: 2.11 Gyr at z = 3.
    age = 977.7922 * 2 / (3 * 70 * np.sqrt(0.7)) * np.arcsinh(np.sqrt(0.7 / 0.3) * 4**-1.5)
    ages = spectra.templates["stars"].parameters["age"][spectra._of_age(3.0)]
    assert ages.size
    assert np.all((ages <= age) & (ages >= 0.3 * age))


def test_sizes_of_galaxies():
    # Van der Wel et al. (2014): their figure 6 at 5e10 Msun; at z = 1.75, 4.2 and 1.25 kpc.
    assert mean_radius(np.log10(5e10), 1.75, False) == pytest.approx(4.17, abs=0.05)
    assert mean_radius(np.log10(5e10), 1.75, True) == pytest.approx(1.25, abs=0.02)
    assert mean_radius(11.0, 5.0, True) == mean_radius(11.0, 3.0, True)
    assert mean_radius(10.0, 1.0, False) / mean_radius(9.0, 1.0, False) == pytest.approx(10**0.22)


def test_profiles_are_linear_in_wavelength():
    truth = simulated().truth("agn-0001", Context(seed=8))
    names = ["F814W", "F115W", "F150W", "F277W", "F444W"]
    wave = np.array([cosmos_web()[name].bandpass(name).pivot for name in names])
    for quantity in ("radius", "index"):
        rows = np.array([truth[f"{quantity}_{name}"] for name in names]).T
        for row in rows[np.isfinite(rows[:, 0])]:
            fit = np.polynomial.Polynomial.fit(wave, row, 1)
            assert fit(wave) == pytest.approx(row, rel=1e-9)
            low, high = (0.5, 1000) if quantity == "radius" else (0.3, 7)  # the bounds of the paper's fits
            assert np.all((row >= low - 1e-9) & (row <= high))
