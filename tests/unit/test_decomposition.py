"""Parts of the fit: ties, fluxes inside, errors of the PSF, PSFs from stars."""

import attrs
import numpy as np
import pytest

from faintsky.core.bandpass import Bandpass
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.image_set import BandImage, ImageSet
from faintsky.core.scene import Scene, SceneSource
from faintsky.core.scene_image import component_images, galaxy_image, point_image, residual_image
from faintsky.estimators.decompositions.band_by_band import BandByBand
from faintsky.estimators.decompositions.free_shapes import FreeShapes, ShapeLimits
from faintsky.estimators.decompositions.linear_fluxes import project_out, solve_fluxes, square_root
from faintsky.estimators.decompositions.psf_error import error_amplitude, held_out
from faintsky.estimators.decompositions.sersic_psf import SersicPsf
from faintsky.estimators.decompositions.stars import psf_from_stars
from faintsky.testing.decompositions import an_active_galaxy, gaussian_psf

LIMITS = ShapeLimits(index=(0.3, 7.0), radius=(0.5, 100.0), ellipticity=0.9, reach=3.0)


@pytest.fixture(scope="module")
def three_bands():
    """A galaxy with a point whose n and R_e are linear in wavelength, in three bands, and its fit."""
    rng, shape, bands = np.random.default_rng(5), (33, 35), {}
    for name, wavelength, radius, index in (("a", 1.0, 4.0, 1.0), ("b", 2.0, 3.5, 1.5), ("c", 4.0, 2.5, 2.5)):
        psf = gaussian_psf(2.6)
        x, y = 16.2 + 0.1 * wavelength, 15.7
        values = 50 * galaxy_image(psf, x, y, radius, index, 0.35, 0.9, shape) + 10 * wavelength * point_image(psf, x, y, shape)
        bandpass = Bandpass(name=name, wavelength=[wavelength * 0.999, wavelength * 1.001], transmission=[1.0, 1.0])
        values = values + 0.1 + 0.01 * rng.standard_normal(shape)
        bands[name] = BandImage(values=values, sigma=np.full(shape, 0.01), bandpass=bandpass, psf=psf)
    images = ImageSet(bands=bands, grid=Grid(shape, "0.03 arcsec"))
    scene = Scene(sources=(SceneSource(name="agn", x=16, y=16, flux=50, point=True),))
    return images, scene, SersicPsf().fit(images, scene, Context())


def test_what_is_tied_is_tied_and_true(three_bands):
    images, _, found = three_bands
    # Linear in wavelength: the middle band stands at a third of the way.
    for values in (found.radius[0], found.index[0]):
        assert values[1] == pytest.approx(values[0] * 2 / 3 + values[2] / 3, rel=1e-5)
    # The truth, within 3 of the errors that the fit gives.
    for name, truth in (("radius", [4, 3.5, 2.5]), ("index", [1, 1.5, 2.5]), ("x", [16.3, 16.4, 16.6]), ("y", 15.7)):
        assert np.all(np.abs(getattr(found, name)[0] - truth) < 3.5 * getattr(found, f"{name}_error")[0]), name
    assert abs(found.ellipticity[0] - 0.35) < 3.5 * found.ellipticity_error[0]
    assert abs(found.angle[0] - 0.9) < 3.5 * found.angle_error[0]
    error = np.sqrt(np.diagonal(found.flux_covariance, axis1=1, axis2=2)).T
    assert np.all(np.abs(found.flux - [[50, 50, 50], [10, 20, 40]]) < 3.5 * error)
    np.testing.assert_allclose(found.sky, 0.1, atol=2e-3)
    # Two nodes of n and R_e, two of the ellipse, three centres, three bands of two fluxes and a sky.
    assert found.parameters == 4 + 2 + 6 + 9
    assert found.bic == pytest.approx(found.chi2.sum() + 21 * np.log(found.pixels.sum()))
    for band, image in images.bands.items():
        left = residual_image(found, images, band)
        np.testing.assert_allclose(
            left, image.values - component_images(found, images, band).sum(0) - found.sky[found.bands.index(band)]
        )
        # Noise and nothing else: chi2 of 1155 pixels within 5 sigma.
        assert abs(((left / image.sigma) ** 2).sum() - left.size) < 5 * np.sqrt(2 * left.size)


def test_galaxy_and_point_share_the_flux_less_well_than_their_sum(three_bands):
    # Their errors are anti-correlated: the light is one or the other.
    _, _, found = three_bands
    for covariance in found.flux_covariance:
        assert covariance[0, 1] < 0
        assert covariance.sum() < covariance[0, 0]


def test_order_0_keeps_shapes_and_one_band_needs_no_order(three_bands):
    images, scene, _ = three_bands
    fixed = SersicPsf(order=0, starts=False).fit(images, scene, Context())
    assert np.ptp(fixed.radius[0]) == pytest.approx(0, abs=1e-12)
    assert np.ptp(fixed.index[0]) == pytest.approx(0, abs=1e-12)
    one = ImageSet(bands={"a": images["a"]}, grid=images.grid)
    alone, same = SersicPsf().fit(one, scene, Context()), SersicPsf(order=0).fit(one, scene, Context())
    assert alone.parameters == same.parameters == 6 + 3
    np.testing.assert_allclose(alone.flux, same.flux)


def test_band_by_band_is_the_fit_of_each_band(three_bands):
    images, scene, tied = three_bands
    found = BandByBand().fit(images, scene, Context())
    one = SersicPsf().fit(ImageSet(bands={"b": images["b"]}, grid=images.grid), scene, Context())
    np.testing.assert_allclose(found.flux[:, 1], one.flux[:, 0])
    np.testing.assert_allclose(found.single["b"].ellipticity, one.ellipticity)
    assert np.abs(residual_image(found, images, "b")).max() < 6 * 0.01
    # Ties take the noise out of shapes.
    assert np.all(found.radius_error[0] > tied.radius_error[0])


@pytest.mark.filterwarnings("ignore:.*did not converge")
def test_a_limit_that_is_met_is_named(three_bands):
    images, scene, _ = three_bands
    found = SersicPsf(order=0, radius=(0.5, 2.0)).fit(images, scene, Context())
    assert "radius of agn" in found.at_bound
    assert np.all(np.isnan(found.radius_error))
    empty = Scene(sources=(*scene.sources, SceneSource(name="nothing", x=5, y=5, galaxy=False, point=True)))
    dark = attrs.evolve(images["a"], values=images["a"].values - 0.1 * point_image(gaussian_psf(2.6), 5, 5, (33, 35)))
    one = SersicPsf(reach=0.3, max_evaluations=30).fit(ImageSet(bands={"a": dark}, grid=images.grid), empty, Context())
    assert one.flux[-1, 0] == 0
    assert "flux of the point of nothing in a" in one.at_bound
    free = SersicPsf(reach=0.3, non_negative=False, max_evaluations=30).fit(
        ImageSet(bands={"a": dark}, grid=images.grid), empty, Context()
    )
    assert free.flux[-1, 0] == pytest.approx(-0.1, abs=0.1)


def test_correlated_noise_makes_larger_errors():
    # Noise through a 3 x 3 mean: its correlation falls by thirds and sums to 9, by which the variance of what is smooth rises.
    images, scene = an_active_galaxy(0.01, seed=6, fwhm=(2.6,))
    fall = np.array([1, 2, 3, 2, 1]) / 3
    bands = {name: attrs.evolve(image, correlation=np.outer(fall, fall)) for name, image in images.bands.items()}
    plain = SersicPsf().fit(images, scene, Context())
    found = SersicPsf().fit(ImageSet(bands=bands, grid=images.grid), scene, Context())
    np.testing.assert_array_equal(found.flux, plain.flux)
    ratio = np.diagonal(found.flux_covariance, axis1=1, axis2=2) / np.diagonal(plain.flux_covariance, axis1=1, axis2=2)
    assert np.all((ratio > 2) & (ratio < 9))
    assert any("correlation" in note for note in found.notes)
    white = {name: attrs.evolve(image, correlation=np.eye(1)) for name, image in images.bands.items()}
    same = SersicPsf().fit(ImageSet(bands=white, grid=images.grid), scene, Context())
    np.testing.assert_allclose(same.flux_covariance, plain.flux_covariance, rtol=1e-6)
    assert same.bic == pytest.approx(plain.bic)


def test_derivatives_of_tied_parameters():
    sources = (SceneSource(name="a", x=10, y=11, point=True), SceneSource(name="b", x=20, y=21, galaxy=False, point=True))
    shapes = FreeShapes(scene=Scene(sources=sources), wavelengths=np.array([1.0, 1.5, 3.0]), order=1, limits=LIMITS)
    theta = shapes.start()
    theta[shapes.places(0)["radius"]], theta[shapes.places(0)["index"]] = np.log([3, 6]), np.log([0.8, 4])
    assert shapes.size == len(shapes.names) == 6 + 4 + 2 + 6
    # R_e itself is linear: 3 + 3 x 0.25.
    assert shapes.looks(theta, 1)[0].radius == pytest.approx(3.75)
    for k in range(shapes.size):
        up, down = (shapes.looks(theta + sign * 1e-6 * np.eye(shapes.size)[k], 1)[0] for sign in (1, -1))
        slope = [(np.log(getattr(up, name)) - np.log(getattr(down, name))) / 2e-6 for name in ("radius", "index")]
        np.testing.assert_allclose(shapes.links(theta, 1)[2:4, k], slope, atol=1e-8)


@pytest.mark.parametrize("ellipticity", [0.02, 0.3, 0.8])
def test_the_elongation_is_the_ellipse(ellipticity):
    source = SceneSource(name="a", x=1, y=1, ellipticity=ellipticity, angle=0.6)
    shapes = FreeShapes(scene=Scene(sources=(source,)), wavelengths=np.array([1.0]), order=1, limits=LIMITS)
    turn = shapes.start()[shapes.places(0)["turn"]]
    assert shapes.ellipse(turn) == pytest.approx((ellipticity, 0.6))
    steps = 1e-6 * np.eye(2)
    numeric = [(np.subtract(shapes.ellipse(turn + s), shapes.ellipse(turn - s))) / 2e-6 for s in steps]
    np.testing.assert_allclose(shapes.ellipse_slopes(turn), np.transpose(numeric), rtol=1e-4, atol=1e-7)
    assert shapes.ellipse(np.array([50.0, 0.0]))[0] == pytest.approx(0.9)


def test_fluxes_inside_are_those_of_a_bounded_solver():
    from scipy.optimize import lsq_linear

    rng = np.random.default_rng(8)
    for _ in range(50):
        columns, data = rng.standard_normal((30, 5)) + 0.7, rng.standard_normal(30)
        low = np.where(np.arange(5) < 4, 0, -np.inf)
        expected = lsq_linear(columns, data, (low, np.inf), tol=1e-13).x
        found = solve_fluxes(columns.T @ columns, columns.T @ data, np.arange(5) < 4)
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_inner_products_tell_what_is_left_of_vectors():
    rng = np.random.default_rng(9)
    vectors, linear = rng.standard_normal((40, 6)), np.arange(6) < 2
    basis = np.linalg.qr(vectors[:, :2])[0]
    left = vectors[:, 2:] - basis @ (basis.T @ vectors[:, 2:])
    np.testing.assert_allclose(project_out(vectors.T @ vectors, linear), left.T @ left, atol=1e-10)
    root = square_root(left.T @ left)
    np.testing.assert_allclose(root.T @ root, left.T @ left, atol=1e-10)


def test_the_amplitude_of_the_psf_error_is_found():
    rng = np.random.default_rng(10)
    variance, of_psf = np.full(4000, 0.01), np.geomspace(1e-3, 100, 4000)
    noise = rng.standard_normal(4000)
    # An amplitude known to 1 / sqrt(2 n), n about the 1800 pixels where the term is the larger part.
    assert error_amplitude(noise * np.sqrt(variance + 0.1**2 * of_psf), variance, of_psf) == pytest.approx(0.1, rel=0.06)
    assert error_amplitude(noise * np.sqrt(variance), variance, of_psf) < 0.003


def test_held_out_pixels_have_no_part_in_the_fit():
    images, scene = an_active_galaxy(0.01, seed=11, fwhm=(2.6,))
    rule = SersicPsf(psf_error="held-out", starts=False)
    left = held_out(images.grid.shape)
    assert left.mean() == pytest.approx(0.25, abs=0.02)
    changed = {
        name: attrs.evolve(image, values=np.where(left, image.values + 0.003, image.values))
        for name, image in images.bands.items()
    }
    amplitudes = np.full(1, 0.03)
    first, second = (
        rule.fit_with(ImageSet(bands=bands, grid=images.grid), scene, Context(), amplitudes) for bands in (images.bands, changed)
    )
    np.testing.assert_array_equal(first.flux, second.flux)
    np.testing.assert_array_equal(first.psf_error, 0.03)
    assert first.pixels[0] == (~left).sum()
    # A right PSF: an amplitude near 0, and errors larger than without a quarter of the pixels only.
    assert np.all(rule.fit(images, scene, Context()).psf_error < 0.02)


def test_the_errors_of_a_psf_of_its_own():
    images, scene = an_active_galaxy(0.01, seed=12, fwhm=(2.6,))
    rule = SersicPsf(psf_error="of-psf", starts=False)
    with pytest.raises(DataError, match="a PSF has no errors of its own"):
        rule.fit(images, scene, Context())
    bands = {
        name: attrs.evolve(image, psf=attrs.evolve(image.psf, error=0.1 * image.psf.values))
        for name, image in images.bands.items()
    }
    found = rule.fit(ImageSet(bands=bands, grid=images.grid), scene, Context())
    same = SersicPsf(psf_error="given", amplitude=0.1, starts=False).fit(images, scene, Context())
    np.testing.assert_allclose(found.flux, same.flux, rtol=0.02)
    np.testing.assert_allclose(found.bic, same.bic, rtol=0.01)
    # The determinant is part of it: more than chi2 and the number of parameters.
    assert same.bic > same.chi2.sum() + same.parameters * np.log(same.pixels.sum())


def test_a_psf_from_stars_is_the_psf():
    rng, shape = np.random.default_rng(13), (220, 220)
    true = gaussian_psf(2.8, 41)
    y, x = (np.ravel(each) for each in np.meshgrid(np.arange(25, 200, 34), np.arange(25, 200, 34)))
    places = np.stack([x, y], 1) + rng.uniform(-0.5, 0.5, (x.size, 2))
    values = 3.0 + 0.02 * rng.standard_normal(shape)
    for flux, (px, py) in zip(rng.uniform(50, 200, x.size), places, strict=True):
        values += flux * point_image(true, px, py, shape)
    # A neighbour and a cosmic ray, each upon one star.
    values += 10 * point_image(true, places[3, 0] + 6, places[3, 1], shape)
    values[int(y[8]) + 5, int(x[8]) - 4] += 30
    bandpass = Bandpass.box("F", 1.0, 1.1)
    image = BandImage(values=values, sigma=np.full(shape, 0.02), bandpass=bandpass)
    psf = psf_from_stars(image, x, y, 25)
    middle = true.values[8:33, 8:33]
    # Centred to a hundredth of a pixel, which is what the steepest pixels feel: noise is ten times less.
    assert np.abs(psf.values - middle).max() < 0.008 * middle.max()
    np.testing.assert_allclose(psf.centroid, psf.middle, atol=0.01)
    pull = (psf.values - middle / middle.sum()) / psf.error
    assert 0.7 < np.sqrt(np.mean(pull[:8] ** 2)) < 1.6
    with pytest.raises(DataError, match=r"none of 1 stars has its 29 x 29 pixels inside"):
        psf_from_stars(image, 3, 3, 25)
    with pytest.raises(DataError, match="odd number of 5 pixels"):
        psf_from_stars(image, x, y, 24)


def test_a_point_is_added_once():
    scene = Scene(sources=(SceneSource(name="host", x=1, y=1),))
    assert scene.with_point("host").components == (("host", "galaxy"), ("host", "point"))
    with pytest.raises(DataError, match="has a point already"):
        scene.with_point("host").with_point("host")
    with pytest.raises(DataError, match=r"no source .hots.\. Did you mean .host.\?"):
        scene.with_point("hots")
