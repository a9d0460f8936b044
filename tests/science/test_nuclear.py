"""Nuclear photometry against simulations: errors, fluxes and colours."""

import numpy as np
import pytest
from attrs import evolve
from scipy.ndimage import uniform_filter
from scipy.signal import fftconvolve
from scipy.special import j1

from faintsky.core.bandpass import Bandpass
from faintsky.core.context import Context
from faintsky.core.decomposition import Decomposition
from faintsky.core.errors import FaintskyWarning
from faintsky.core.grid import Grid
from faintsky.core.image_set import BandImage, ImageSet
from faintsky.core.pixel_psf import PixelPsf
from faintsky.core.scene_image import component_images
from faintsky.core.sky_noise import SkyNoise
from faintsky.core.units import ARCSEC
from faintsky.estimators.nuclear.aperture import circle_share
from faintsky.estimators.nuclear.aperture_weights import ApertureWeights
from faintsky.estimators.nuclear.matching_kernel import matching_kernel, pixel_sampled
from faintsky.estimators.nuclear.nuclear_photometry import nuclear_photometry
from faintsky.estimators.nuclear.settings import NuclearSettings

SIDE = 91
#: Wavelength [um] and diameter of the telescope [m].
BANDS = {"F814W": (0.814, 2.4), "F115W": (1.154, 6.5), "F277W": (2.786, 6.5), "F444W": (4.421, 6.5)}


def airy(wavelength: float, diameter: float, pixels: int = 81, oversampling: int = 5) -> PixelPsf:
    """A diffraction pattern seen by pixels of 0.03 arcsec."""
    side = pixels * oversampling
    x = (np.arange(side) - side // 2) / oversampling * 0.03 * ARCSEC
    u = np.maximum(np.pi * diameter * np.hypot(x[:, None], x) / (wavelength * 1e-6), 1e-9)
    return PixelPsf.of(uniform_filter((2 * j1(u) / u) ** 2, oversampling), oversampling)


PSFS = {band: airy(*values) for band, values in BANDS.items()}


def points(places, fluxes, bands=tuple(BANDS), covariance=None) -> Decomposition:
    c, b = len(places), len(bands)
    names = tuple(f"s{i}" for i in range(c))
    place = np.array(places, dtype=float)
    nothing = np.full((c, b), np.nan)
    return Decomposition(
        sources=names, components=tuple((name, "point") for name in names), bands=tuple(bands),
        flux=np.broadcast_to(np.reshape(fluxes, (c, -1)), (c, b)),
        flux_covariance=np.zeros((b, c, c)) if covariance is None else covariance,
        x=np.repeat(place[:, :1], b, axis=1), y=np.repeat(place[:, 1:], b, axis=1), radius=nothing, index=nothing,
        ellipticity=np.full(c, np.nan), angle=np.full(c, np.nan), x_error=np.zeros((c, b)), y_error=np.zeros((c, b)),
        radius_error=nothing, index_error=nothing, ellipticity_error=np.full(c, np.nan), angle_error=np.full(c, np.nan),
        chi2=np.ones(b), pixels=np.ones(b), parameters=c * b, bic=0.0, psf_error=np.zeros(b),
    )  # fmt: skip


def empty(bands=tuple(BANDS), sigma=0.05, correlation=None, side=SIDE) -> ImageSet:
    images = {
        band: BandImage(
            values=np.zeros((side, side)), sigma=np.full((side, side), sigma), psf=PSFS[band], correlation=correlation,
            bandpass=Bandpass.box(band, 0.9 * BANDS[band][0], 1.1 * BANDS[band][0]),
        )
        for band in bands
    }  # fmt: skip
    return ImageSet(bands=images, grid=Grid((side, side), 0.03 * ARCSEC))


def filled(images: ImageSet, fit: Decomposition, noise=None) -> ImageSet:
    made = {}
    for i, (band, image) in enumerate(images.bands.items()):
        values = component_images(fit, images, band).sum(axis=0)
        made[band] = evolve(image, values=values if noise is None else values + noise[i])
    return ImageSet(bands=made, grid=images.grid)


def test_fluxes_of_points_are_those_of_the_target_psf_in_all_bands():
    """Flux f x EEF of F444W within 1 per cent, and so colours of 0, at any place inside a pixel, beside a neighbour."""
    target = pixel_sampled(PSFS["F444W"])
    middle = target.shape[0] // 2
    share = (circle_share(middle, middle, 3.0, target.shape) * target).sum()
    rng = np.random.default_rng(1)
    for place in 45 + rng.uniform(-0.5, 0.5, (4, 2)):
        fit = points([place, place + np.array([9.0, 2.0])], [2.0, 10.0])
        found = nuclear_photometry(filled(empty(), fit), fit, ["s0"], NuclearSettings(), Context())
        np.testing.assert_allclose(found.flux[0] / (2.0 * share), 1.0, atol=0.01)
        np.testing.assert_allclose(found.flux[0] / found.flux[0, -1], 1.0, atol=0.01)


@pytest.mark.filterwarnings("ignore:the kernel from")
def test_the_windows_of_the_paper_redden_points():
    """On kernels sampled by pixels of 0.03 arcsec, a point loses half of its light in F814W, 3/10 in F115W and F277W.

    The bell W multiplies the transform of the matched PSF. The loss in F115W follows from T W alone: its sum over the transform
    of the aperture, done here with numpy on the target PSF.
    """
    fit = points([(45.0, 45.0)], [1.0])
    found = nuclear_photometry(filled(empty(), fit), fit, ["s0"], NuclearSettings(filter="cosine-bell"), Context()).flux[0]
    lost = found / found[-1]
    target = pixel_sampled(PSFS["F444W"], 45)
    f = np.hypot(np.fft.fftfreq(91)[:, None], np.fft.fftfreq(91)) / 0.5
    for ratio, window in ((lost[0], 0.3), (lost[1], 0.45), (lost[2], 0.45)):
        bell = np.where(f < window, 0.5 * (1 + np.cos(np.pi * f / window)), 0)
        blurred = np.fft.ifft2(np.fft.fft2(target) * bell).real
        aperture = circle_share(45, 45, 3.0, target.shape)
        assert ratio == pytest.approx((aperture * blurred).sum() / (aperture * target).sum(), rel=0.02)
    assert lost[0] == pytest.approx(0.49, abs=0.02)
    assert lost[1] == pytest.approx(0.71, abs=0.02)


def test_kernels_of_real_psfs_keep_the_light(real_data):
    """Empirical PSFs of NIRCam (EIGER): F115W brought to F200W."""
    from astropy.io import fits

    files = [real_data / "imaging_psf" / f"EIGER_epsf_{band}_moda.fits" for band in ("F115W", "F200W")]
    if not all(file.exists() for file in files):
        pytest.skip("the PSFs of EIGER (imaging_psf) are absent")
    blue, red = (PixelPsf.of(fits.getdata(file).astype(float)) for file in files)
    kernel = matching_kernel(blue, red)
    assert kernel.doubt() == ""
    matched = fftconvolve(np.pad(blue.values, 100), kernel.values, mode="same")
    aperture = circle_share(200, 200, 3.0, matched.shape)
    assert (aperture * matched).sum() == pytest.approx((aperture * np.pad(red.values, 100)).sum(), rel=3e-3)


@pytest.mark.parametrize("band", ["F115W", "F444W"])
@pytest.mark.parametrize("kind", ["white", "drizzled"])
def test_errors_are_the_scatter_of_empty_apertures(band, kind):
    """Noise of known correlation, measured from the images themselves: errors within 3 per cent of the scatter."""
    blur = np.outer([0.25, 0.5, 0.25], [0.25, 0.5, 0.25]) if kind == "drizzled" else np.ones((1, 1))
    rng = np.random.default_rng(7)
    half = blur.shape[0] - 1
    noise = fftconvolve(rng.normal(size=(1200 + half,) * 2), blur, mode="valid")
    sigma = np.full(noise.shape, float(np.sqrt((blur**2).sum())))
    correlation = SkyNoise.measured(noise[:400, :400], sigma[:400, :400]).correlation
    kernel = None if band == "F444W" else matching_kernel(PSFS[band], PSFS["F444W"])
    weights = ApertureWeights.about(600.3, 600.4, 3.0, kernel)
    sums = fftconvolve(noise, weights.values[::-1, ::-1], mode="valid")
    # Apertures 12 pixels apart: some 8000, a scatter to 0.8 per cent; the correlation of 160000 pixels adds 2 per cent.
    stated = np.sqrt(weights.variance(weights.cut(sigma, np.inf), correlation))
    assert stated == pytest.approx(sums[::12, ::12].std(), rel=0.04)
    if kind == "drizzled":
        alone = np.sqrt(weights.variance(weights.cut(sigma, np.inf)))
        assert alone < 0.6 * stated


def test_errors_of_blended_sources_follow_a_linear_fit():
    """The exact variance of a flux whose neighbours were fitted to the same pixels, against the sum in quadrature."""
    sigma = 0.05
    for away, limit in ((6.0, 0.05), (10.0, 0.02)):
        fit = points([(45.0, 45.0), (45.0 + away, 45.0)], [2.0, 10.0], ("F115W", "F444W"))
        images = empty(("F115W", "F444W"), sigma)
        exact, covariance = [], []
        for band in images.bands:
            units = component_images(evolve(fit, flux=np.ones_like(fit.flux)), images, band).reshape(2, -1)
            covariance.append(np.linalg.inv(units @ units.T) * sigma**2)
            kernel = matching_kernel(PSFS["F115W"], PSFS["F444W"]) if band == "F115W" else None
            weights = ApertureWeights.about(45.0, 45.0, 3.0, kernel)
            # F = w . v - A g v with the amplitude g v of the neighbour: linear in the pixels, w and units on one frame.
            stamp = np.zeros((SIDE + 200, SIDE + 200))
            m = weights.values.shape[0] // 2
            stamp[145 - m : 146 + m, 145 - m : 146 + m] = weights.values
            frame = stamp[100:-100, 100:-100].ravel()
            gain = covariance[-1][1] / sigma**2 @ units
            exact.append(np.sqrt(((frame - (frame @ units[1]) * gain) ** 2).sum()) * sigma)
        full = evolve(fit, flux_covariance=np.array(covariance))
        found = nuclear_photometry(filled(images, full), full, ["s0"], NuclearSettings(), Context())
        np.testing.assert_allclose(found.error[0], exact, rtol=limit)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["white", "drizzled"])
def test_pulls_of_nuclear_fluxes_in_simulated_images(kind):
    """From images to fluxes: 25 sources with neighbours in 60 images of two bands; pulls of width 1 and mean 0."""
    bands = ("F115W", "F444W")
    blur = np.outer([0.25, 0.5, 0.25], [0.25, 0.5, 0.25]) if kind == "drizzled" else np.ones((1, 1))
    rho = fftconvolve(blur, blur) / (blur**2).sum() if kind == "drizzled" else None
    rng = np.random.default_rng(9)
    places = [
        (30.0 + 35 * i + rng.uniform(-0.5, 0.5), 30.0 + 35 * j + rng.uniform(-0.5, 0.5)) for i in range(5) for j in range(5)
    ]
    fit = points([*places, *[(x + 7, y - 3) for x, y in places]], [1.0] * 25 + [5.0] * 25, bands)
    sigma = 0.02
    images = empty(bands, sigma, rho, 201)
    names = [f"s{i}" for i in range(25)]
    truth = nuclear_photometry(filled(images, fit), fit, names, NuclearSettings(), Context()).flux
    clean = filled(images, fit)
    pulls = []
    for _ in range(60):
        noise = [
            fftconvolve(rng.normal(size=(200 + blur.shape[0],) * 2), blur, mode="valid") * sigma / np.sqrt((blur**2).sum())
            for _ in bands
        ]
        seen = {
            band: evolve(image, values=image.values + each)
            for (band, image), each in zip(clean.bands.items(), noise, strict=True)
        }
        found = nuclear_photometry(ImageSet(bands=seen, grid=images.grid), fit, names, NuclearSettings(), Context())
        pulls.append((found.flux - truth) / found.error)
    width, mean = np.std(pulls, axis=(0, 1)), np.mean(pulls, axis=(0, 1))
    # 1500 fluxes, those of one image independent but for the noise of common pixels: 2 per cent each.
    np.testing.assert_allclose(width, 1, atol=0.06)
    np.testing.assert_allclose(mean, 0, atol=0.09)


@pytest.mark.filterwarnings("ignore:the kernel from F1", "ignore:the kernel from F2")
def test_a_poor_kernel_is_told():
    fit = points([(45.0, 45.0)], [1.0])
    with pytest.warns(FaintskyWarning, match="the kernel from F814W to the resolution of F444W: the matched PSF differs"):
        nuclear_photometry(filled(empty(), fit), fit, ["s0"], NuclearSettings(filter="cosine-bell"), Context())
