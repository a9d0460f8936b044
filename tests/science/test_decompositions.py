"""Decompositions of images that galsim made: values, errors, and false second nuclei."""

from functools import lru_cache

import numpy as np
import pytest

from faintsky.core.bandpass import Bandpass
from faintsky.core.context import Context
from faintsky.core.grid import Grid
from faintsky.core.image_set import BandImage, ImageSet
from faintsky.core.pixel_psf import PixelPsf
from faintsky.core.scene import Scene, SceneSource
from faintsky.core.scene_image import galaxy_image, point_image
from faintsky.estimators.decompositions.scene_comparison import compare_scenes, second_point
from faintsky.estimators.decompositions.sersic_psf import SersicPsf

#: Wavelength [um], FWHM of the PSF, offset of the image (x, y) [pixel]: HST and JWST in pixels of 0.03 arcsec, roughly.
BANDS = {
    "F814W": (0.80, 3.0, 1.2, -0.4),
    "F115W": (1.15, 2.4, 0.1, 0.2),
    "F150W": (1.50, 2.4, 0.0, 0.0),
    "F277W": (2.77, 3.2, 0.0, 0.1),
    "F444W": (4.40, 4.8, -0.2, 0.1),
}
#: Fluxes in these bands; R_e and n at the shortest and longest wavelength.
HOST = {"flux": (60, 80, 100, 120, 120), "radius": (6, 5), "index": (1.5, 2.5), "ellipticity": 0.3, "angle": 0.6}
POINT = (20, 25, 30, 40, 60)
COMPANION = {"flux": (30, 36, 45, 60, 60), "radius": (4, 3), "index": (1.0, 1.5), "ellipticity": 0.5, "angle": -1.0}
SCENE = Scene(
    sources=(
        SceneSource(name="agn", x=36.5, y=36.0, point=True, radius=5, index=2),
        SceneSource(name="companion", x=52.0, y=43.0, radius=5),
    )
)
PLACES = ((36.3, 35.6), (52.2, 43.1))
SIDE, NOISE = 81, 0.015


def linear(ends, wavelength):
    return ends[0] + (ends[1] - ends[0]) * (wavelength - 0.8) / 3.6


@lru_cache
def truth(band):
    """The image without noise, and the PSF, 3 samples per pixel."""
    galsim = pytest.importorskip("galsim", reason="galsim is not installed")
    wavelength, fwhm, dx, dy = BANDS[band]
    which = list(BANDS).index(band)
    moffat = galsim.Moffat(beta=3.5, fwhm=fwhm)
    total = np.zeros((SIDE, SIDE))
    for galaxy, point, (x, y) in zip((HOST, COMPANION), (POINT[which], 0.0), PLACES, strict=True):
        q = 1 - galaxy["ellipticity"]
        light = galsim.Sersic(
            n=linear(galaxy["index"], wavelength),
            half_light_radius=linear(galaxy["radius"], wavelength) * np.sqrt(q),
            flux=galaxy["flux"][which],
        ).shear(q=q, beta=galaxy["angle"] * galsim.radians)
        if point:
            light = light + galsim.DeltaFunction(flux=point)
        offset = (x + dx - (SIDE - 1) / 2, y + dy - (SIDE - 1) / 2)
        seen = galsim.Convolve(light, moffat, gsparams=galsim.GSParams(folding_threshold=1e-3))
        total += seen.drawImage(nx=SIDE, ny=SIDE, scale=1.0, offset=offset, dtype=float).array
    with_pixel = galsim.Convolve(moffat, galsim.Pixel(1.0))
    psf = with_pixel.drawImage(nx=123, ny=123, scale=1 / 3, method="no_pixel", dtype=float).array
    return total, PixelPsf.of(psf, oversampling=3)


def observed(bands, rng):
    images = {}
    for band in bands:
        values, psf = truth(band)
        noise = NOISE * rng.standard_normal(values.shape)
        images[band] = BandImage(
            values=values + noise,
            sigma=np.full(values.shape, NOISE),
            bandpass=Bandpass.box(band, 0.999 * BANDS[band][0], 1.001 * BANDS[band][0]),
            psf=psf,
        )
    return ImageSet(bands=images, grid=Grid((SIDE, SIDE), "0.03 arcsec"))


def measured(bands, realisations):
    """Ratios to the truth (differences of centres) and pulls, each of shape (realisations, values); and what the values are."""
    which = [list(BANDS).index(band) for band in bands]
    waves = np.array([BANDS[band][0] for band in bands])
    flux = np.array([HOST["flux"], POINT, COMPANION["flux"]])[:, which]
    shape = {name: np.array([linear(galaxy[name], waves) for galaxy in (HOST, COMPANION)]) for name in ("radius", "index")}
    x = np.array([[place[0] + BANDS[band][2] for band in bands] for place in PLACES])
    ratios, pulls = [], []
    for seed in range(realisations):
        found = SersicPsf().fit(observed(bands, np.random.default_rng(100 + seed)), SCENE, Context())
        assert found.converged
        error = np.sqrt(np.diagonal(found.flux_covariance, axis1=1, axis2=2)).T
        ratios.append([found.flux / flux, *(getattr(found, name) / true for name, true in shape.items())])
        pulls.append([(found.flux - flux) / error])
        pulls[-1] += [(getattr(found, n) - true) / getattr(found, f"{n}_error") for n, true in shape.items()]
        pulls[-1] += [(found.x - x) / found.x_error]
        pulls[-1] += [(found.ellipticity - [0.3, 0.5]) / found.ellipticity_error, (found.angle - [0.6, -1.0]) / found.angle_error]
    flat = [np.array([np.concatenate([np.ravel(part) for part in row]) for row in rows]) for rows in (ratios, pulls)]
    return flat[0], flat[1]


def test_few_realisations_are_near_the_truth():
    # Two fits of one band: the pulls of 26 values, of which a dozen are independent, and none beyond 4.
    _, pulls = measured(("F277W",), 2)
    assert 0.5 < pulls.std() < 1.6
    assert np.abs(pulls).max() < 4


@pytest.mark.slow
def test_values_are_unbiased_and_errors_calibrated():
    # Issue 7: fluxes, R_e and n unbiased within 2 % at S/N > 50, pulls of a width of 0.9 to 1.2.
    ratios, pulls = measured(tuple(BANDS), 50)
    spread = ratios.std(axis=0, ddof=1)
    bias, uncertain = ratios.mean(axis=0) - 1, spread / np.sqrt(len(ratios))
    sharp = spread < 1 / 50
    print(f"{sharp.sum()} of {sharp.size} values with S/N > 50: largest bias {np.abs(bias[sharp]).max():.4f}")
    print(f"others: largest bias {np.abs(bias[~sharp]).max(initial=0):.4f}, {np.abs(bias / uncertain).max():.1f} standard errors")
    print(f"pulls {pulls.std():.3f}; of each value {pulls.std(axis=0).min():.2f} to {pulls.std(axis=0).max():.2f}")
    assert sharp.sum() > 10
    assert np.all(np.abs(bias[sharp]) < 0.02)
    assert np.all(np.abs(bias) < 0.02 + 3 * uncertain)
    assert 0.9 < pulls.std() < 1.2
    # The width of one value is known to 10 %, and there are 49.
    assert np.all((pulls.std(axis=0) > 0.65) & (pulls.std(axis=0) < 1.4))


def moffat(fwhm, side=31):
    """A Moffat PSF of beta 3.5."""
    y, x = np.indices((side, side)) - side // 2
    return PixelPsf.of((1 + 4 * (2 ** (1 / 3.5) - 1) * (x**2 + y**2) / fwhm**2) ** -3.5)


def second_nucleus(seed, width, psf_error, second=0.0, evaluations=200):
    """delta BIC of a second point near an AGN of flux 400 in its host, for a PSF that is too wide by `width`."""
    rng, shape = np.random.default_rng(seed), (41, 41)
    right, used = moffat(2.6), moffat(2.6 * width)
    x, y = 20 + rng.uniform(-0.5, 0.5, 2)
    values = 400 * point_image(right, x, y, shape) + 40 * galaxy_image(right, x, y, 5, 1.5, 0.3, 0.5, shape)
    values = values + second * point_image(right, x + 3, y - 1, shape) + 0.02 * rng.standard_normal(shape)
    bandpass = Bandpass.box("F", 1.0, 1.1)
    image = BandImage(values=values, sigma=np.full(shape, 0.02), bandpass=bandpass, psf=used)
    agn = SceneSource(name="agn", x=20, y=20, point=True)
    rich = Scene(sources=(agn, SceneSource(name="second", x=23, y=19, galaxy=False, point=True)))
    images = ImageSet(bands={"F": image}, grid=Grid(shape, "0.03 arcsec"))
    return compare_scenes(
        SersicPsf(psf_error=psf_error, max_evaluations=evaluations), images, Scene(sources=(agn,)), rich, Context()
    )


@pytest.mark.filterwarnings("ignore:.*did not converge")
def test_a_psf_too_wide_makes_a_second_nucleus_and_its_error_term_unmakes_it():
    # 5 % in width is the size by which PSFs of a field differ. Few evaluations will do for a difference of a hundred.
    wrong = second_nucleus(1, 1.05, "none", evaluations=8)
    assert wrong.delta_bic > 10
    cured = second_nucleus(1, 1.05, "held-out", evaluations=12)
    assert cured.delta_bic < 10
    assert 0.005 < cured.rich.psf_error[0] < 0.1
    np.testing.assert_array_equal(cured.rich.psf_error, cured.simple.psf_error)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*did not converge")
def test_rate_of_false_second_nuclei():
    # delta BIC > 10 by chance has a rate below 1e-3 for three parameters and 1681 pixels: none of 8 is expected.
    rate = {}
    for width in (1.05, 1.0, 0.95):
        for psf_error in ("none", "held-out"):
            fits = [second_nucleus(seed, width, psf_error, evaluations=40) for seed in range(8)]
            found = np.array([fit.delta_bic for fit in fits])
            apart = np.array([float(np.hypot(*np.diff([fit.rich.x[:, 0], fit.rich.y[:, 0]], axis=1).ravel())) for fit in fits])
            # Within half of the PSF's width a second point is a statement about the PSF.
            rate[width, psf_error] = np.mean((found > 10) & (apart > 1.3))
            print(f"delta BIC > 10 at any separation: {np.mean(found > 10):.2f}, separations {np.round(apart[found > 10], 2)}")
            print(f"PSF x {width}, {psf_error}: {rate[width, psf_error]:.2f} of delta BIC > 10, median {np.median(found):.1f}")
    power = np.mean([second_nucleus(seed, 1.05, "held-out", 12, evaluations=40).delta_bic > 10 for seed in range(8)])
    print(f"a second nucleus of 3 % with the term: found in {power:.2f}")
    assert rate[1.0, "none"] <= 0.03
    assert rate[1.0, "held-out"] <= 0.03
    assert rate[1.05, "none"] > 0.5
    assert max(rate[width, "held-out"] for width in (1.05, 0.95)) <= 0.05
    assert power > 0.9


def galaxy_with_point(seed, width, psf_error, point):
    """delta BIC of a point in the middle of a companion galaxy."""
    rng, shape = np.random.default_rng(seed), (45, 45)
    right, used = moffat(2.6), moffat(2.6 * width)
    x, y = 30 + rng.uniform(-0.5, 0.5, 2)
    values = 40 * point_image(right, 15.2, 15.1, shape) + 40 * galaxy_image(right, 15.2, 15.1, 4, 1.5, 0.3, 0.5, shape)
    values = values + 60 * galaxy_image(right, x, y, 3, 1.5, 0.2, 1.0, shape) + point * point_image(right, x, y, shape)
    bandpass = Bandpass.box("F", 1.0, 1.1)
    image = BandImage(values=values + 0.02 * rng.standard_normal(shape), sigma=np.full(shape, 0.02), bandpass=bandpass, psf=used)
    scene = Scene(sources=(SceneSource(name="agn", x=15, y=15, point=True), SceneSource(name="companion", x=30, y=30)))
    images = ImageSet(bands={"F": image}, grid=Grid(shape, "0.03 arcsec"))
    return second_point(images, scene, "companion", Context(), SersicPsf(psf_error=psf_error))


def test_a_point_in_the_companion_is_found_where_there_is_one():
    assert galaxy_with_point(1, 1.0, "none", 15.0).delta_bic > 10


@pytest.mark.slow
def test_rate_of_false_points_in_companions():
    # The free index takes up what a PSF too wide or too narrow leaves: no false point, with or without the term.
    for width in (1.0, 1.05, 0.95):
        for psf_error in ("none", "held-out"):
            found = np.array([galaxy_with_point(seed, width, psf_error, 0.0).delta_bic for seed in range(10)])
            print(f"companion, PSF x {width}, {psf_error}: {np.mean(found > 10):.3f}, median {np.median(found):.1f}")
            assert np.mean(found > 10) <= 0.05
