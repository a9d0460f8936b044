"""Images of points and galaxies against closed forms, direct integration and galsim."""

import numpy as np
import pytest

from faintsky.core.convolved_galaxy import convolved_galaxy, shape_matrix, squared_radius
from faintsky.core.errors import DataError
from faintsky.core.pixel_psf import PixelPsf
from faintsky.core.psf_transform import PsfTransform
from faintsky.core.scene_image import galaxy_image, point_image
from faintsky.core.sersic import central_brightness, light_within, sersic_b, sersic_flux, sersic_profile
from faintsky.testing.decompositions import gaussian_psf

SHAPE = (61, 67)
#: radius, index, ellipticity, angle: the corners of the fit's limits, and what lies between.
GALAXIES = [
    (0.5, 6.2, 0.0, 0.0),
    (0.5, 1.0, 0.5, 0.3),
    (5, 4, 0.3, 1.0),
    (3, 0.3, 0.2, 2.0),
    (10, 1, 0.85, 0.7),
    (20, 6.2, 0.4, 0.5),
]


def test_b_of_the_exponential_and_of_de_vaucouleurs():
    # Published: 1.678347 (n = 1), 7.669249 (n = 4); ln 2 for the Gaussian n = 1 / 2.
    np.testing.assert_allclose(sersic_b([0.5, 1, 4]), [np.log(2), 1.678347, 7.669249], rtol=1e-6)


@pytest.mark.parametrize("index", [0.3, 0.5, 1, 4, 7])
def test_the_flux_of_a_profile_is_its_integral(index):
    # In t = s^(2n), where the profile of a large index is smooth; midpoints.
    s = (np.arange(200_000) + 0.5) * 1e-4 * 10 / max(float(sersic_b(index)) ** 0.5, 1)
    t = s ** (2 * index)
    ring = 2 * np.pi * t * sersic_profile(t, index) * 2 * index * s ** (2 * index - 1) * (s[1] - s[0])
    np.testing.assert_allclose(0.6 * 3**2 * ring.sum(), sersic_flux(1.0, 3, index, 0.4), rtol=1e-5)
    np.testing.assert_allclose(ring[t < 1].sum() / ring.sum(), 0.5, atol=1e-3)
    np.testing.assert_allclose(np.exp(central_brightness(index)) * ring.sum() / sersic_profile(0, index), 1, rtol=1e-5)


@pytest.mark.parametrize(("radius", "index", "ellipticity", "angle"), [*GALAXIES, (0.5, 7, 0.9, 1.0)])
def test_pixels_of_a_profile_are_its_integrals(radius, index, ellipticity, angle):
    x, y = 30.3, 28.8
    image = galaxy_image(None, x, y, radius, index, ellipticity, angle, SHAPE)
    row, column = np.unravel_index(image.argmax(), SHAPE)
    # The brightest pixel by brute force: in 601 x 601 points, and where those miss the cusp, made once in 18001 x 18001.
    offset = (np.arange(601) - 300) / 601
    t = np.sqrt(squared_radius(shape_matrix(ellipticity, angle), column - x + offset, row - y + offset[:, None])) / radius
    light = np.exp(central_brightness(index) - sersic_b(index) * t ** (1 / index)) / ((1 - ellipticity) * radius**2)
    expected = {(0.5, 6.2): 0.4707903, (0.5, 7): 0.5607304}.get((radius, index), light.mean())
    np.testing.assert_allclose(image[row, column], expected, rtol=1e-4)
    # What lies in the frame is no more than all, and no less than in the ellipse that it holds.
    assert light_within(28 / radius, index) - 1e-4 <= image.sum() <= 1 + 1e-6


@pytest.mark.parametrize("oversampling", [1, 3])
def test_a_gaussian_galaxy_under_a_gaussian_psf_is_a_gaussian(oversampling):
    # n = 1/2 is a Gaussian of sigma = R / sqrt(2 ln 2); variances add, also of an ellipse.
    fwhm, radius, x, y = 3.2, 4.0, 30.37, 28.81
    image = galaxy_image(gaussian_psf(fwhm, 41, oversampling), x, y, radius, 0.5, 0.4, 0.7, SHAPE)
    across = np.array([[np.cos(0.7), np.sin(0.7)], [-np.sin(0.7), np.cos(0.7)]])
    variance = across.T @ np.diag([radius**2, (0.6 * radius) ** 2]) @ across / (2 * np.log(2)) + np.eye(2) * (fwhm / 2.35482) ** 2
    rows, columns = np.indices(SHAPE)
    expected = np.exp(-0.5 * squared_radius(np.linalg.inv(variance), columns - x, rows - y)) / (
        2 * np.pi * np.linalg.det(variance) ** 0.5
    )
    assert np.abs(image - expected).max() < 1e-4 * expected.max()


@pytest.mark.parametrize("oversampling", [1, 2, 3])
def test_a_point_is_the_psf_anywhere(oversampling):
    psf = gaussian_psf(3.0, 31, oversampling)
    rows, columns = np.indices(SHAPE)
    for x, y in ((30.0, 28.0), (30.41, 28.73), (1.2, 59.6)):
        expected = 4 * np.log(2) / np.pi / 9 * np.exp(-4 * np.log(2) * ((columns - x) ** 2 + (rows - y) ** 2) / 9)
        # The Gaussian holds 2e-4 of its peak beyond half the sampling rate.
        assert np.abs(point_image(psf, x, y, SHAPE) - expected).max() < 5e-4 * expected.max()
    assert point_image(psf, 30.4, 28.7, SHAPE).sum() == pytest.approx(1, abs=1e-5)


def test_light_outside_of_the_frame_is_lost_not_wrapped():
    psf, shape = gaussian_psf(3.0, 31), (40, 44)
    for look in ((30, 5, 0.3, 0.4), (2.0, 1, 0.0, 0.0)):
        wide = galaxy_image(psf, 102.3, 121.2, *look, (240, 244))
        np.testing.assert_allclose(galaxy_image(psf, 2.3, 21.2, *look, shape), wide[100:140, 100:144], atol=2e-4 * wide.max())
    assert np.abs(point_image(psf, -30.0, 20.0, shape)).max() < 1e-12
    assert point_image(psf, -0.5, 20.0, shape).sum() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("oversampling", [1, 3])
def test_derivatives_are_those_of_the_image(oversampling):
    transform = PsfTransform.of(gaussian_psf(2.6, 31, oversampling), SHAPE)
    matrix, turn = shape_matrix(0.3, 0.5), np.array([[0.1, 0.02], [0.02, -0.03]])
    start = {"x": 30.3, "y": 28.8, "radius": 3.0, "index": 2.0}

    def image(step: float, name: str) -> np.ndarray:
        at = dict(start)
        if name in ("radius", "index"):
            at[name] *= np.exp(step)
        elif name != "turn":
            at[name] += step
        spectra = convolved_galaxy(transform, **at, matrix=matrix + step * turn * (name == "turn"))
        return transform.image(spectra[0])

    found = transform.image(convolved_galaxy(transform, **start, matrix=matrix, turns=(turn,)))
    assert len(found) == 6
    for row, name in enumerate(("radius", "index", "x", "y", "turn"), start=1):
        expected = (image(1e-4, name) - image(-1e-4, name)) / 2e-4
        # Of x and y the edge of the frame, which moves in one and not in the other.
        assert np.abs(found[row] - expected).max() < 3e-3 * np.abs(expected).max(), name


@pytest.mark.parametrize("oversampling", [1, 3])
def test_galsim_shows_the_same_galaxies(oversampling):
    galsim = pytest.importorskip("galsim", reason="galsim is not installed")
    accurate = galsim.GSParams(folding_threshold=2e-3, maxk_threshold=5e-4, maximum_fft_size=16384)
    moffat, many = galsim.Moffat(beta=3.5, fwhm=3.0), 61 * oversampling
    seen = galsim.Convolve(moffat, galsim.Pixel(1.0))
    psf = PixelPsf.of(
        seen.drawImage(nx=many, ny=many, scale=1 / oversampling, method="no_pixel", dtype=float).array, oversampling=oversampling
    )
    x, y = 30.3, 28.8
    offset = (x - (SHAPE[1] - 1) / 2, y - (SHAPE[0] - 1) / 2)
    # Those of a small cusp take galsim minutes.
    for radius, index, ellipticity, angle in GALAXIES[1:5]:
        round_one = galsim.Sersic(n=index, half_light_radius=radius * np.sqrt(1 - ellipticity), gsparams=accurate)
        galaxy = round_one.shear(q=1 - ellipticity, beta=angle * galsim.radians)
        expected = galsim.Convolve(galaxy, moffat, gsparams=accurate).drawImage(
            nx=SHAPE[1], ny=SHAPE[0], scale=1.0, offset=offset, dtype=float
        )
        image = galaxy_image(psf, x, y, radius, index, ellipticity, angle, SHAPE)
        assert np.abs(image - expected.array).max() < 1e-3 * expected.array.max()
        assert image.sum() == pytest.approx(float(expected.array.sum()), rel=5e-3)


def test_a_galaxy_without_a_shape_is_refused():
    with pytest.raises(DataError, match=r"ellipticity from 0 to 0.95, got 3, 1, 1"):
        galaxy_image(None, 3, 3, 3.0, 1.0, 1.0, 0.0, (9, 9))
