"""Sigma images, and what blank sky says of the noise."""

import numpy as np
import pytest
from scipy.signal import fftconvolve

from faintsky.core.errors import DataError
from faintsky.core.sigma_image import background_sigma, sigma_image, source_light
from faintsky.core.sky_noise import SkyNoise, noise_correlation, source_free

#: A resampled image: every pixel a weighted mean of nine, as a drop of twice the size of a pixel gives.
BLUR = np.outer([0.25, 0.5, 0.25], [0.25, 0.5, 0.25])


def white(side=300, seed=1):
    return np.random.default_rng(seed).normal(size=(side, side))


def drizzled(side=300, seed=1):
    return fftconvolve(white(side + 2, seed), BLUR, mode="valid")


def with_sources(image, flux=3000.0):
    """Thirty Gaussians of a width of 2 pixels, up to 120 sigma in the peak."""
    rng = np.random.default_rng(5)
    y, x = np.indices(image.shape)
    for brightness in flux * rng.uniform(0.03, 1, 30):
        cx, cy = rng.uniform(0, image.shape[0], 2)
        image = image + brightness / (8 * np.pi) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 8)
    return image


def test_a_weight_is_an_inverse_variance():
    found = background_sigma([[4.0, 0.0], [np.nan, -1.0]])
    assert found.tolist() == [[0.5, np.inf], [np.inf, np.inf]]


def test_poisson_noise_adds_to_the_variance():
    # Var = b^2 + N / g^2 with N = g v electrons.
    found = sigma_image([[2.0, 2.0, np.inf]], [[0.0, 50.0, 50.0]], 10.0)
    np.testing.assert_allclose(found, [[2.0, 3.0, np.inf]])
    np.testing.assert_allclose(sigma_image([[2.0]], [[50.0]], [[10.0]], share=0.25), [[np.sqrt(5.25)]])
    with pytest.raises(DataError, match="above 0"):
        sigma_image([[2.0]], [[50.0]], 0.0)
    assert np.isinf(sigma_image([[np.inf]], [[50.0]], [[0.0]]))


def test_the_sigma_image_is_the_scatter_of_simulated_counts():
    rng = np.random.default_rng(2)
    y, x = np.indices((41, 41))
    truth = 400 * np.exp(-((x - 20) ** 2 + (y - 20) ** 2) / 18)
    gain, background = 5.0, 3.0
    draws = [rng.poisson(gain * truth) / gain + rng.normal(0, background, truth.shape) for _ in range(100)]
    base = np.full(truth.shape, background)
    made = np.mean([sigma_image(base, source_light(draw, base, gain), gain) ** 2 for draw in draws], axis=0)
    # 100 draws give a variance to 14 per cent a pixel: over 49 bright pixels and over the sky to 2 and 0.4 per cent.
    for where in ((slice(17, 24), slice(17, 24)), (slice(0, 10), slice(None))):
        assert made[where].mean() == pytest.approx(np.var(draws, axis=0)[where].mean(), rel=0.06)


def test_the_light_of_faint_sources_does_not_follow_their_noise():
    # Weights 1 / sigma^2 that know the noise pull a mean low by about one electron a pixel (Neyman's chi^2).
    rng = np.random.default_rng(3)
    truth, gain = np.full((200, 200), 4.0), 1.0
    draw = rng.poisson(truth).astype(float) + rng.normal(0, 2, truth.shape)
    base = np.full(truth.shape, 2.0)

    def mean(light):
        weight = 1 / sigma_image(base, np.maximum(light, 0), gain) ** 2
        return (weight * draw).sum() / weight.sum()

    assert mean(draw) < 3.6
    assert mean(source_light(draw, base, gain)) == pytest.approx(4.0, abs=0.15)


def test_light_beside_a_mask_is_not_diluted():
    values, base = np.full((9, 9), 100.0), np.ones((9, 9))
    base[:, 5:] = np.inf
    values[:, 5:] = np.nan
    light = source_light(values, base, 5.0)
    np.testing.assert_allclose(light[:, :5], 100.0)
    assert not light[:, 5:].any()


def test_blank_sky_leaves_sources_out_and_noise_alone():
    assert source_free(white(), np.ones((300, 300))).mean() > 0.99
    sky = source_free(with_sources(white()), np.ones((300, 300)))
    assert with_sources(np.zeros((300, 300)))[sky].max() < 1.0
    assert sky.mean() > 0.75
    masked = np.ones((300, 300))
    masked[:50] = np.inf
    assert not source_free(white(), masked)[:50].any()


def test_the_correlation_is_that_of_the_kernel_that_made_it():
    # Noise smoothed with B has the correlation of B with itself over sum B^2.
    truth = np.pad(fftconvolve(BLUR, BLUR) / (BLUR**2).sum(), 1)
    image = drizzled()
    found = noise_correlation(image, np.ones(image.shape, dtype=bool), 7)
    # 90000 pixels, correlated over some 7: 1 / sqrt(13000) = 0.009 a lag.
    np.testing.assert_allclose(found, truth, atol=0.04)
    np.testing.assert_array_equal(found, found[::-1, ::-1])
    assert found[3, 3] == 1
    # Against the sum over pairs written out, with a mask.
    small, keep = image[:30, :40], np.random.default_rng(4).random((30, 40)) < 0.8
    plain = np.where(keep, small - small[keep].mean(), 0)
    pairs = (keep[:-1, :-2] & keep[1:, 2:]).sum()
    wanted = (plain[:-1, :-2] * plain[1:, 2:]).sum() / pairs / (plain**2).sum() * keep.sum()
    assert noise_correlation(small, keep, 5)[3, 4] == pytest.approx(wanted, rel=1e-9)
    with pytest.raises(DataError, match="odd side, not 4"):
        noise_correlation(image, np.ones(image.shape, dtype=bool), 4)
    with pytest.raises(DataError, match="100 pixels of blank sky do not tell"):
        noise_correlation(white(10), np.ones((10, 10), dtype=bool))


@pytest.mark.parametrize("sources", [False, True])
def test_right_errors_are_not_doubted(sources):
    image = with_sources(white()) if sources else white()
    sky = SkyNoise.measured(image + 0.2, np.ones(image.shape))
    # 90000 pixels: the scatter to 0.4 per cent; 1400 blocks: 3 per cent.
    assert sky.factor == pytest.approx(1, abs=0.02)
    assert sky.block_factor == pytest.approx(1, abs=0.1)
    assert sky.level == pytest.approx(0.2, abs=0.03)
    assert sky.doubt() == ""
    assert sky.stated == 1


def test_weights_that_are_wrong_by_a_factor_are_found():
    sky = SkyNoise.measured(with_sources(white()), np.full((300, 300), 0.5))
    assert sky.factor == pytest.approx(2, rel=0.02)
    assert sky.block_factor == pytest.approx(2, rel=0.1)
    assert "scatter of the sky is 2" in sky.doubt()
    assert "wrong on all scales" in sky.doubt()


def test_correlated_noise_is_told_from_wrong_weights():
    sky = SkyNoise.measured(with_sources(drizzled(), 1000.0), np.ones((300, 300)))
    # The scatter of a pixel is sqrt(sum B^2) of that of the white noise; large areas keep all of it.
    assert sky.factor == pytest.approx(0.375, rel=0.03)
    assert sky.block_factor == pytest.approx(1, abs=3 * sky.block_error)
    assert sky.ratio == pytest.approx(1 / 0.375, rel=0.1)
    assert "noise of neighbouring pixels is correlated" in sky.doubt()


def test_too_little_sky_is_told():
    with pytest.raises(DataError, match="take a larger cutout"):
        SkyNoise.measured(white(15), np.ones((15, 15)))
    with pytest.raises(DataError, match="0 pixels"):
        SkyNoise.measured(white(50), np.full((50, 50), np.inf))
    assert "too little sky" in SkyNoise.measured(2 * white(30), np.ones((30, 30))).doubt()


def test_the_weights_of_a_real_drizzled_image(real_data):
    """HST WFC3 F125W of SDSS J0005-0006 (psfMC's example): weights of independent pixels on correlated noise."""
    from astropy.io import fits

    folder = real_data / "imaging_psf"
    if not (folder / "psfmc_sci_J0005-0006.fits").exists():
        pytest.skip("the HST image of psfMC (imaging_psf) is absent")
    values, weight = (fits.getdata(folder / f"psfmc_{kind}_J0005-0006.fits").astype(float) for kind in ("sci", "ivm"))
    sky = SkyNoise.measured(values, background_sigma(weight))
    # Noted before: sky rms 0.0034 against 1 / sqrt(weight) = 0.0067 e/s, wrong by 2. Without the faint sources it is 0.0028.
    assert sky.stated == pytest.approx(0.0067, rel=0.03)
    assert 0.0026 < sky.rms < 0.0036
    assert 0.38 < sky.factor < 0.52
    # Over 8 x 8 pixels they hold: 200 blocks, 8 per cent.
    assert sky.block_factor == pytest.approx(1, abs=0.25)
    assert 0.4 < sky.correlation[3, 4] < 0.7
    assert "correlated" in sky.doubt()
