"""Nuclear photometry: apertures, matching kernels, weights of pixels, and what is refused."""

import warnings

import numpy as np
import pytest
from attrs import evolve
from scipy.signal import fftconvolve

from faintsky.core.bandpass import Bandpass
from faintsky.core.context import Context
from faintsky.core.decomposition import Decomposition
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.grid import Grid
from faintsky.core.image_set import BandImage, ImageSet
from faintsky.core.pixel_psf import PixelPsf
from faintsky.core.scene_image import component_images
from faintsky.core.structure import structure, unstructure
from faintsky.core.units import ARCSEC
from faintsky.estimators.nuclear.aperture import circle_share
from faintsky.estimators.nuclear.aperture_weights import ApertureWeights
from faintsky.estimators.nuclear.matched_kernels import matched_kernels, target_band
from faintsky.estimators.nuclear.matching_kernel import PAPER_WINDOWS, broadest, matching_kernel, pixel_sampled
from faintsky.estimators.nuclear.nuclear_photometry import nuclear_photometry
from faintsky.estimators.nuclear.settings import NuclearSettings

SIDE = 61


def gaussian(width: float, side: int = 41, oversampling: int = 1) -> PixelPsf:
    """Of a standard deviation in pixels: at two samples or more per width a sum over samples is the integral to 1e-9."""
    x = (np.arange(side) - side // 2) / oversampling
    return PixelPsf.of(np.exp(-(x[:, None] ** 2 + x**2) / (2 * width**2)), oversampling)


def of_points(places, fluxes, bands, covariance=None):
    """A decomposition into points, of known fluxes unless a covariance says otherwise."""
    c, b = len(places), len(bands)
    names = tuple(f"s{i}" for i in range(c))
    place = np.array(places, dtype=float)
    nothing = np.full((c, b), np.nan)
    return Decomposition(
        sources=names,
        components=tuple((name, "point") for name in names),
        bands=tuple(bands),
        flux=np.broadcast_to(np.reshape(fluxes, (c, -1)), (c, b)),
        flux_covariance=np.zeros((b, c, c)) if covariance is None else covariance,
        x=np.repeat(place[:, :1], b, axis=1),
        y=np.repeat(place[:, 1:], b, axis=1),
        radius=nothing,
        index=nothing,
        ellipticity=np.full(c, np.nan),
        angle=np.full(c, np.nan),
        x_error=np.full((c, b), 0.01),
        y_error=np.full((c, b), 0.01),
        radius_error=nothing,
        index_error=nothing,
        ellipticity_error=np.full(c, np.nan),
        angle_error=np.full(c, np.nan),
        chi2=np.ones(b),
        pixels=np.full(b, SIDE**2),
        parameters=c * b,
        bic=0.0,
        psf_error=np.zeros(b),
    )


def images_of(fit, psfs, sigma=0.1, correlation=None, side=SIDE):
    """Images without noise of a decomposition."""
    grid = Grid((side, side), 0.03 * ARCSEC)
    empty = {
        band: BandImage(
            values=np.zeros((side, side)),
            sigma=np.full((side, side), sigma),
            bandpass=Bandpass.box(band, 1.0 + i, 1.4 + i),
            psf=psf,
            correlation=correlation,
        )
        for i, (band, psf) in enumerate(psfs.items())
    }
    images = ImageSet(bands=empty, grid=grid)
    made = {band: evolve(image, values=component_images(fit, images, band).sum(axis=0)) for band, image in empty.items()}
    return ImageSet(bands=made, grid=grid)


PSFS = {"blue": gaussian(1.4), "red": gaussian(2.2)}


def test_pixels_hold_the_exact_part_of_a_circle():
    rng = np.random.default_rng(0)
    for _ in range(5):
        x, y, radius = rng.uniform(4, 7), rng.uniform(4, 7), rng.uniform(0.3, 4)
        share = circle_share(x, y, radius, (12, 13))
        # Chords of 20000 columns a pixel: their sum is the area to 1e-6.
        column = (np.arange(13 * 20000) + 0.5) / 20000 - 0.5
        half = np.sqrt(np.maximum(radius**2 - (column - x) ** 2, 0))
        row = np.arange(12)[:, None]
        chord = np.maximum(np.minimum(row + 0.5, y + half) - np.maximum(row - 0.5, y - half), 0)
        np.testing.assert_allclose(share, chord.reshape(12, 13, 20000).mean(axis=2), atol=1e-6)
        assert share.sum() == pytest.approx(np.pi * radius**2, rel=1e-12)


def test_pixels_hold_the_part_of_a_circle_that_photutils_finds():
    geometry = pytest.importorskip("photutils.geometry")
    for x, y, radius in ((5.0, 5.0, 3.0), (4.3, 6.1, 2.7), (5.5, 5.5, 0.2), (0.2, 9.9, 6.0)):
        theirs = geometry.circular_overlap_grid(-0.5 - x, 12.5 - x, -0.5 - y, 11.5 - y, 13, 12, radius, 1, 1)
        np.testing.assert_allclose(circle_share(x, y, radius, (12, 13)), theirs, atol=1e-12)


def test_the_kernel_between_gaussians_is_a_gaussian():
    kernel = matching_kernel(gaussian(1.4), gaussian(2.2), regularisation=1e-4)
    # Variances add under convolution.
    truth = gaussian(np.sqrt(2.2**2 - 1.4**2)).values
    np.testing.assert_allclose(kernel.values, truth, atol=1e-4 * truth.max())
    assert kernel.values.sum() == pytest.approx(1, abs=1e-12)
    # White noise after a Gaussian kernel: sum K^2 = 1 / (4 pi s^2).
    assert kernel.noise**2 == pytest.approx(1 / (4 * np.pi * (2.2**2 - 1.4**2)), rel=1e-3)
    assert kernel.residual < 1e-3
    assert kernel.negative < 1e-3
    assert kernel.doubt() == ""


def test_oversampled_psfs_of_another_size_give_the_kernel_of_their_pixels():
    plain = matching_kernel(gaussian(1.4, 41), gaussian(2.2, 41))
    mixed = matching_kernel(gaussian(1.4, 121, oversampling=3), gaussian(2.2, 37))
    assert mixed.values.shape == plain.values.shape
    # The smaller PSF ends at 18 pixels, 8 of its widths out.
    np.testing.assert_allclose(mixed.values, plain.values, atol=1e-8)


@pytest.mark.parametrize("side", [40, 41])
@pytest.mark.parametrize("oversampling", [1, 2, 3, 4])
def test_a_pixel_sampled_psf_has_its_source_in_the_middle(side, oversampling):
    # A Gaussian about m // 2, where the source of a PixelPsf stands, on sides that are odd and even.
    found = pixel_sampled(gaussian(2.0 * 3 / oversampling, side, oversampling))
    assert found.shape[0] % 2 == 1
    assert np.unravel_index(found.argmax(), found.shape) == (found.shape[0] // 2,) * 2
    middle = found.shape[0] // 2
    np.testing.assert_allclose(found[middle, middle - 3 : middle], found[middle, middle + 3 : middle : -1], rtol=1e-12)
    assert found.sum() == pytest.approx(1, abs=1e-12)


def test_a_cosine_bell_is_that_of_photutils():
    try:
        from photutils.psf_matching import CosineBellWindow, make_kernel  # 3.0
    except ImportError:
        windows = pytest.importorskip("photutils.psf.matching")
        CosineBellWindow, make_kernel = windows.CosineBellWindow, windows.create_matching_kernel
    for window in PAPER_WINDOWS.values():
        theirs = make_kernel(gaussian(1.4).values, gaussian(2.2).values, window=CosineBellWindow(window))
        np.testing.assert_allclose(matching_kernel(gaussian(1.4), gaussian(2.2), window).values, theirs, atol=1e-12)


def test_a_cosine_bell_blurs_and_says_so():
    kernel = matching_kernel(gaussian(1.4), gaussian(2.2), window=0.45)
    got = fftconvolve(np.pad(gaussian(1.4).values, 20), kernel.values, mode="same")
    # The sum over both transforms is the peak: of T W against T, from the definition of the bell.
    y, x = (np.fft.fftfreq(401)[:, None] * 2, np.fft.fftfreq(401) * 2)
    f = np.hypot(y, x)
    target = np.exp(-0.5 * (np.pi * f * 2.2) ** 2)
    bell = np.where(f < 0.45, 0.5 * (1 + np.cos(np.pi * f / 0.45)), 0)
    assert got.max() / gaussian(2.2).values.max() == pytest.approx((target * bell).sum() / target.sum(), rel=0.03)
    assert kernel.deviation > 0.2
    assert "of the light" in kernel.doubt()


def test_kernels_to_a_narrower_or_with_a_noisy_psf_are_told():
    assert "narrower" in matching_kernel(gaussian(2.2), gaussian(1.4)).doubt()
    noisy = gaussian(1.4).values + np.random.default_rng(1).normal(0, 3e-4, (41, 41))
    assert matching_kernel(gaussian(2.2), PixelPsf.of(noisy), regularisation=1e-4).noise > 1
    assert "raises white noise" in matching_kernel(gaussian(2.2), PixelPsf.of(noisy), regularisation=1e-4).doubt()
    with pytest.raises(DataError, match=r"between 0 and 1, not to 1.5"):
        matching_kernel(gaussian(1.4), gaussian(2.2), window=1.5)
    with pytest.raises(DataError, match="regularisation must be above 0"):
        matching_kernel(gaussian(1.4), gaussian(2.2), regularisation=0)


def test_the_broadest_psf_is_the_target_unless_one_is_named():
    assert broadest({"a": gaussian(1.4), "b": gaussian(6.6, 121, oversampling=3), "c": gaussian(2.0)}) == "b"
    fit = of_points([(30, 30)], [1.0], PSFS)
    images = images_of(fit, PSFS)
    assert target_band(images, NuclearSettings()) == "red"
    assert target_band(images, NuclearSettings(target="blue")) == "blue"
    assert matched_kernels(images, NuclearSettings(), Context())["red"] is None
    with pytest.raises(DataError, match=r"'rad' is no band of the images. Did you mean 'red'"):
        target_band(images, NuclearSettings(target="rad"))
    bare = evolve(images, bands={**images.bands, "blue": evolve(images["blue"], psf=None)})
    with pytest.raises(DataError, match="without a PSF of blue"):
        matched_kernels(bare, NuclearSettings(), Context())
    with pytest.warns(FaintskyWarning, match="kernel from red to the resolution of blue: .*narrower"):
        matched_kernels(images, NuclearSettings(target="blue"), Context())


def test_weights_of_pixels_are_the_aperture_on_the_convolved_image():
    rng = np.random.default_rng(2)
    image = rng.normal(size=(SIDE, SIDE))
    kernel = matching_kernel(gaussian(1.4, 15), lopsided())
    weights = ApertureWeights.about(29.6, 31.3, 3.0, kernel)
    convolved = fftconvolve(image, kernel.values, mode="same")
    wanted = (circle_share(29.6, 31.3, 3.0, image.shape) * convolved).sum()
    assert (weights.values * weights.cut(image, 0.0)).sum() == pytest.approx(wanted, abs=1e-12)


def lopsided():
    """A PSF that no symmetry hides a flip of."""
    x, y = np.meshgrid(np.arange(15) - 7, np.arange(15) - 7)
    return PixelPsf.of(np.exp(-(x**2 + y**2) / 9.0) + 0.2 * np.exp(-((x - 2) ** 2 + (y + 1) ** 2) / 4.0))


def test_the_variance_is_that_of_the_whole_covariance_matrix():
    rng = np.random.default_rng(3)
    weights = ApertureWeights.about(5.2, 4.7, 2.0)
    sigma = rng.uniform(0.5, 2, weights.values.shape)
    blur = np.array([[0.5, 1, 0.5], [1, 2, 1], [0.5, 1, 0.5]])
    rho = fftconvolve(blur, blur) / (blur**2).sum()
    n = weights.values.shape[0]
    iy, ix = (index.ravel() for index in np.indices((n, n)))
    dy, dx = iy[:, None] - iy, ix[:, None] - ix
    near = (np.abs(dy) <= 2) & (np.abs(dx) <= 2)
    matrix = np.where(near, rho[np.clip(dy, -2, 2) + 2, np.clip(dx, -2, 2) + 2], 0) * np.outer(sigma, sigma)
    w = weights.values.ravel()
    assert weights.variance(sigma, rho) == pytest.approx(w @ matrix @ w, rel=1e-12)
    assert weights.variance(sigma) == pytest.approx(((w * sigma.ravel()) ** 2).sum(), rel=1e-12)


def test_neighbours_leave_no_light_and_their_errors():
    places, fluxes = [(30.0, 30.0), (33.5, 30.0), (30.0, 25.0)], [10.0, 40.0, 25.0]
    covariance = np.zeros((2, 3, 3))
    covariance[:, 1:, 1:] = [[0.04, -0.01], [-0.01, 0.09]]
    covariance[:, 0, 0] = 1.0  # its own flux is measured, not subtracted
    fit = of_points(places, fluxes, PSFS, covariance)
    images = images_of(fit, PSFS)
    alone = images_of(of_points(places[:1], fluxes[:1], PSFS), PSFS)
    found = nuclear_photometry(images, fit, ["s0"], NuclearSettings(), Context())
    wanted = nuclear_photometry(alone, of_points(places[:1], fluxes[:1], PSFS), ["s0"], NuclearSettings(), Context())
    np.testing.assert_allclose(found.flux, wanted.flux, rtol=1e-9)
    units = component_images(evolve(fit, flux=np.ones_like(fit.flux)), images, "red")
    left = (circle_share(30, 30, 3, (SIDE, SIDE)) * units).sum(axis=(1, 2))[1:]
    extra = left @ covariance[0, 1:, 1:] @ left
    assert found.error[0, 1] ** 2 == pytest.approx(wanted.error[0, 1] ** 2 + extra, rel=1e-9)
    assert [band.name for band in found.bands] == ["blue", "red"]


def test_bands_that_were_fitted_alone_keep_their_own_shapes():
    places, fluxes = [(30.0, 30.0), (33.5, 30.0)], [[10.0, 20.0], [40.0, 30.0]]
    fit = of_points(places, fluxes, PSFS)
    images = images_of(fit, PSFS)
    wanted = nuclear_photometry(images, fit, ["s0"], NuclearSettings(), Context())
    single = {band: of_points(places, [flux[i] for flux in fluxes], [band]) for i, band in enumerate(PSFS)}
    elsewhere = evolve(fit, x=fit.x + np.array([[0.0], [9.0]]), single=single)
    found = nuclear_photometry(images, elsewhere, ["s0"], NuclearSettings(), Context())
    np.testing.assert_allclose(found.flux, wanted.flux, rtol=1e-12)
    np.testing.assert_allclose(found.error, wanted.error, rtol=1e-12)


def test_a_sky_that_was_fitted_is_taken_off():
    fit = of_points([(30.0, 30.0)], [10.0], PSFS)
    images = images_of(fit, PSFS)
    raised = evolve(images, bands={band: evolve(image, values=image.values + 0.2) for band, image in images.bands.items()})
    wanted = nuclear_photometry(images, fit, ["s0"], NuclearSettings(), Context())
    found = nuclear_photometry(raised, evolve(fit, sky=np.array([0.2, 0.2])), ["s0"], NuclearSettings(), Context())
    np.testing.assert_allclose(found.flux, wanted.flux, rtol=1e-9)


def test_masked_pixels_and_edges_make_no_flux():
    fit = of_points([(30.0, 30.0), (1.0, 30.0), (30.0, 45.0)], [10.0, 5.0, 3.0], PSFS)
    images = images_of(fit, PSFS)
    sigma = images["blue"].sigma.copy()
    sigma[31, 29] = np.inf
    masked = evolve(images, bands={**images.bands, "blue": evolve(images["blue"], sigma=sigma)})
    with pytest.warns(FaintskyWarning) as told:
        found = nuclear_photometry(masked, fit, ["s0", "s1", "s2"], NuclearSettings(), Context())
    assert np.isnan(found.flux).tolist() == [[True, False], [True, True], [False, False]]
    assert np.isnan(found.error).tolist() == [[True, False], [True, True], [False, False]]
    said = [str(each.message) for each in told]
    assert any("no nuclear flux in blue of s0: 1 pixels inside the aperture are masked" in each for each in said)
    assert any("no nuclear flux in blue, red of s1" in each for each in said)
    # Beyond the aperture a masked pixel is filled with the source's own model: without noise nothing changes.
    sigma = images["blue"].sigma.copy()
    sigma[30, 26] = np.inf
    values = images["blue"].values.copy()
    values[30, 26] = np.nan
    bad = evolve(images, bands={**images.bands, "blue": evolve(images["blue"], sigma=sigma, values=values)})
    clean = nuclear_photometry(images, fit, ["s0"], NuclearSettings(), Context())
    np.testing.assert_allclose(nuclear_photometry(bad, fit, ["s0"], NuclearSettings(), Context()).flux, clean.flux, rtol=1e-6)
    with pytest.warns(FaintskyWarning, match="of s0: masked pixels carry .* per cent of the weights"):
        nuclear_photometry(bad, fit, ["s0"], NuclearSettings(max_masked=0.0), Context())


def test_the_aperture_stands_where_the_source_was_fitted():
    fit = of_points([(30.0, 30.0)], [10.0], PSFS)
    moved = evolve(fit, x=np.array([[31.3, 30.0]]))
    images = images_of(moved, PSFS)
    still = images_of(fit, PSFS)
    wanted = nuclear_photometry(still, fit, ["s0"], NuclearSettings(), Context())
    own = nuclear_photometry(images, moved, ["s0"], NuclearSettings(), Context())
    # A shift by a part of a pixel changes the light inside the circle by less than 1 per cent here.
    np.testing.assert_allclose(own.flux, wanted.flux, rtol=0.01)
    there = nuclear_photometry(images, moved, ["s0"], NuclearSettings(centre="target"), Context())
    assert there.flux[0, 0] < 0.9 * wanted.flux[0, 0]
    unsure = evolve(moved, x_error=np.array([[0.8, 0.1]]))
    np.testing.assert_array_equal(nuclear_photometry(images, unsure, ["s0"], NuclearSettings(), Context()).flux, there.flux)


def test_a_point_source_is_corrected_to_its_whole_flux():
    fit = of_points([(30.0, 30.0)], [10.0], PSFS)
    images = images_of(fit, PSFS)
    found = nuclear_photometry(images, fit, ["s0"], NuclearSettings(correction="point"), Context())
    np.testing.assert_allclose(found.flux, 10.0, rtol=2e-3)
    plain = nuclear_photometry(images, fit, ["s0"], NuclearSettings(), Context())
    # The part of a Gaussian inside of a circle is 1 - exp(-r^2 / 2 s^2); pixels integrate the aperture, not the PSF.
    np.testing.assert_allclose(plain.flux, 10 * (1 - np.exp(-0.5 * (3 / 2.2) ** 2)), rtol=0.02)
    np.testing.assert_allclose(found.error / found.flux, plain.error / plain.flux, rtol=1e-12)


def test_unknown_sources_and_other_bands_are_refused():
    fit = of_points([(30.0, 30.0)], [10.0], PSFS)
    images = images_of(fit, PSFS)
    with pytest.raises(DataError, match=r"no source 's9'. Did you mean 's0'"):
        nuclear_photometry(images, fit, ["s9"], NuclearSettings(), Context())
    other = of_points([(30.0, 30.0)], [10.0], {"blue": PSFS["blue"]})
    with pytest.raises(DataError, match="the decomposition is not of red but of blue"):
        nuclear_photometry(images, other, ["s0"], NuclearSettings(), Context())


def test_settings_are_written_in_a_study_file():
    settings = NuclearSettings(radius="0.12 arcsec", windows={"F814W": 0.3}, filter="cosine-bell")
    assert structure(unstructure(settings), NuclearSettings) == settings
    assert NuclearSettings().radius == pytest.approx(0.09)
    with pytest.raises(DataError, match="windows reach to a part"):
        NuclearSettings(windows={"F814W": 3.0})


def test_a_mode_without_doubts_is_silent():
    fit = of_points([(30.0, 30.0)], [10.0], PSFS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nuclear_photometry(images_of(fit, PSFS), fit, ["s0"], NuclearSettings(), Context())
