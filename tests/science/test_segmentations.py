"""Detection on simulated images: what is found, what is not there, how much light is measured, which pairs are parted."""

from importlib.util import find_spec

import numpy as np
import pytest

from faintsky.core.bandpass import Bandpass
from faintsky.core.context import Context
from faintsky.core.cutout import Cutout
from faintsky.core.errors import FaintskyWarning
from faintsky.core.grid import Grid
from faintsky.core.image_set import BandImage, ImageSet
from faintsky.core.pixel_psf import PixelPsf
from faintsky.core.registry import make
from faintsky.core.scene_image import galaxy_image, point_image
from faintsky.estimators.companions.merged import DetectionSettings, companions
from faintsky.testing.segmentations import gaussian_image

HAS_SEP = find_spec("sep") is not None
HAS_PHOTUTILS = find_spec("photutils") is not None and find_spec("skimage") is not None
needs_sep = pytest.mark.skipif(not HAS_SEP, reason="SEP is not installed (extra detection)")
needs_both = pytest.mark.skipif(
    not (HAS_SEP and HAS_PHOTUTILS), reason="SEP, photutils or scikit-image is not installed (extra detection)"
)
ENGINES = [
    pytest.param("sep", marks=needs_sep),
    pytest.param("photutils", marks=pytest.mark.skipif(not HAS_PHOTUTILS, reason="photutils or scikit-image is not installed")),
]

#: The rms of the PSF of FWHM 3.1 pixels, as that of F277W, and of the filter of FWHM 2 [pixel].
PSF, FILTER = 3.1 / 2.3548, 2.0 / 2.3548
STEP = 40


def grid_of(number, rng):
    """Places on a grid, anywhere within the pixel."""
    y, x = (STEP // 2 + STEP * axis.ravel() for axis in np.indices((number, number)))
    return x + rng.uniform(-0.5, 0.5, x.size), y + rng.uniform(-0.5, 0.5, x.size), (STEP * number, STEP * number)


def matched(found, x, y, radius=2.0):
    """Row of the source nearest to each place, and whether it lies within `radius` pixels."""
    if not len(found):
        return np.zeros(len(x), dtype=int), np.zeros(len(x), dtype=bool)
    away = np.hypot(found["x"] - x[:, None], found["y"] - y[:, None])
    return np.argmin(away, axis=1), away.min(axis=1) < radius


@pytest.mark.parametrize("engine", ENGINES)
def test_points_are_complete_where_five_filtered_pixels_exceed_three_sigma_and_noise_gives_none(engine):
    rng = np.random.default_rng(4)
    x, y, shape = grid_of(9, rng)
    # The fifth pixel of a source in the middle of a pixel lies one pixel off; for a place at random it lies 1.0 to 1.4 off. There
    # the filtered profile F / (2 pi s^2) exp(-r^2 / 2 s^2) must be 3 sigma: F = 51 to 69 sigma, S/N = F / (sqrt(4 pi) PSF) = 11
    # to 15, PSF being the best filter.
    width = np.hypot(PSF, FILTER)
    low, high = (3 * 2 * np.pi * width**2 * np.exp(r**2 / (2 * width**2)) for r in (1.0, 1.42))
    assert low / (np.sqrt(4 * np.pi) * PSF) == pytest.approx(12, abs=1.5)
    share = []
    for flux in (0.7 * low, high, 1.5 * high):
        image = gaussian_image([(a, b, flux, PSF, PSF, 0.0) for a, b in zip(x, y, strict=True)], shape, sigma=1.0)
        found = make("segmentations", engine).segment(image, 0.005, Context()).sources
        _, is_there = matched(found, x, y)
        share.append(is_there.mean())
        # 3 sigma of the image are 8 sigma of the filtered noise: nothing false in 1e5 pixels.
        assert len(found) == is_there.sum()
    assert share[0] < 0.1
    assert 0.5 < share[1] < 1
    assert share[2] > 0.99


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("index", "low", "high"), [(1.0, 0.93, 0.98), (2.5, 0.86, 0.95), (4.0, 0.78, 0.93)])
def test_kron_fluxes_lose_what_kron_fluxes_lose(engine, index, low, high):
    # Graham & Driver (2005), table 1: 2.5 Kron radii hold 96.0, 91.8 and 90.4 % of profiles of n = 1, 2.5 and 4, where the radius
    # is taken to infinity; within 6 rms sizes of the isophote it is smaller, and more so for the long wings of a high n.
    psf = PixelPsf.of(np.exp(-0.5 * ((np.indices((31, 31)) - 15) ** 2).sum(axis=0) / PSF**2))
    rng = np.random.default_rng(9)
    flux, radius = 1000.0, 5.0
    ratios = []
    for angle in (0.2, 1.1, 2.3):
        values = flux * galaxy_image(psf, 100.2, 99.7, radius, index, 0.4, angle, (200, 200)) + rng.normal(0, 0.1, (200, 200))
        image = BandImage(values=values, sigma=np.full((200, 200), 0.1), bandpass=Bandpass.box("F277W", 2.4, 3.1))
        found = make("segmentations", engine).segment(image, 0.005, Context()).sources
        row = int(np.argmax(found["flux"]))
        ratios.append(found["auto_flux"][row] / flux)
        turn = (found["theta"][row] - angle + np.pi / 2) % np.pi - np.pi / 2
        assert abs(turn) < 0.05
    assert low < np.mean(ratios) < high
    assert np.ptp(ratios) < 0.02


@needs_sep
def test_kron_errors_are_the_scatter_of_kron_fluxes():
    rng = np.random.default_rng(12)
    x, y, shape = grid_of(10, rng)
    image = gaussian_image([(a, b, 300.0, 2.0, 2.0, 0.0) for a, b in zip(x, y, strict=True)], shape, sigma=1.0)
    found = make("segmentations", "sep").segment(image, 0.005, Context()).sources
    rows, there = matched(found, x, y)
    assert there.all()
    # 100 sources: the scatter is known to 7 %. The ellipse itself follows the noise, which adds a little.
    pulls = found["auto_flux"][rows] / found["auto_error"][rows]
    scatter = np.std(found["auto_flux"][rows]) / np.mean(found["auto_error"][rows])
    assert pulls.min() > 10
    assert 0.8 < scatter < 1.3


@needs_both
def test_the_engines_agree_on_isolated_galaxies_and_on_pixels():
    rng = np.random.default_rng(21)
    x, y, shape = grid_of(6, rng)
    blobs = [
        (a, b, flux, size, 0.7 * size, angle)
        for a, b, flux, size, angle in zip(
            x, y, rng.uniform(300, 3000, x.size), rng.uniform(1.5, 4, x.size), rng.uniform(-1.5, 1.5, x.size), strict=True
        )
    ]
    image = gaussian_image(blobs, shape, sigma=1.0)
    one, other = (make("segmentations", engine).segment(image, 0.005, Context()) for engine in ("sep", "photutils"))
    np.testing.assert_array_equal(one.labels > 0, other.labels > 0)
    rows, there = matched(other.sources, one.sources["x"], one.sources["y"], radius=0.1)
    assert there.all()
    np.testing.assert_allclose(other.sources["auto_flux"][rows], one.sources["auto_flux"], rtol=0.02)
    truth, found = matched(one.sources, x, y, radius=0.3)
    assert found.all()
    fluxes = np.array([blob[2] for blob in blobs])
    assert np.median(one.sources["auto_flux"][truth] / fluxes) == pytest.approx(0.99, abs=0.02)


@needs_sep
def test_stars_are_called_points_and_resolved_galaxies_are_not():
    # A galaxy with half of its light within 2 pixels (0.06 arcsec, 0.5 kpc at z = 2) against a PSF of 1.55: seen at S/N of 30 or
    # more. One that is smaller than the pixel cannot be told from a star by any image.
    psf = PixelPsf.of(np.exp(-0.5 * ((np.indices((31, 31)) - 15) ** 2).sum(axis=0) / PSF**2))
    rng = np.random.default_rng(2)
    called = {}
    for kind in ("star", "galaxy"):
        x, y, shape = grid_of(5, rng)
        values = rng.normal(0, 1.0, shape)
        for a, b in zip(x, y, strict=True):
            frame = (slice(int(b) - 18, int(b) + 18), slice(int(a) - 18, int(a) + 18))
            u, v = a - int(a) + 18, b - int(b) + 18
            one = point_image(psf, u, v, (36, 36)) if kind == "star" else galaxy_image(psf, u, v, 2.0, 1.0, 0.3, 0.7, (36, 36))
            values[frame] += 400 * one
        image = BandImage(values=values, sigma=np.ones(shape), bandpass=Bandpass.box("F277W", 2.4, 3.1), psf=psf)
        images = ImageSet(
            bands={"F277W": image, "F150W": _recoloured(image)}, grid=Grid.tangential((150.0, 2.2), shape, "0.03 arcsec")
        )
        target = Cutout(name=kind, images=images, x=float(x[0]), y=float(y[0]))
        found = companions(target, make("segmentations", "sep"), DetectionSettings(), Context()).sources
        rows, there = matched(found, x, y)
        assert there.mean() > 0.95
        called[kind] = found["point_like"][rows[there]].mean()
    assert called["star"] > 0.8
    assert called["galaxy"] < 0.02


def _recoloured(image):
    return BandImage(values=image.values, sigma=image.sigma, bandpass=Bandpass.box("F150W", 1.33, 1.67), psf=image.psf)


@needs_sep
def test_a_quasar_of_hubble_is_a_point_with_two_galaxies_about_it(real_data):
    from astropy.io import fits

    # psfMC's example: J0005-0006 (z = 5.85) in F125W with 0.065 arcsec pixels, its inverse variances, and a star. The two
    # galaxies are seen in the image by eye; the star that is given as the PSF tells that the quasar is a point.
    values, weight, star = (
        np.array(fits.getdata(real_data / "imaging_psf" / f"psfmc_{name}.fits"), dtype=float)
        for name in ("sci_J0005-0006", "ivm_J0005-0006", "sci_psf")
    )
    image = BandImage(
        values=values,
        sigma=np.where(weight > 0, 1 / np.sqrt(np.where(weight > 0, weight, 1.0)), np.inf),
        bandpass=Bandpass.box("F125W", 1.1, 1.4),
        psf=PixelPsf.of(star),
    )
    target = Cutout(
        name="J0005-0006", images=ImageSet(bands={"F125W": image}, grid=Grid(values.shape, "0.065 arcsec")), x=64.0, y=64.0
    )
    with pytest.warns(FaintskyWarning, match="F125W is the reference and the blue band"):
        result = companions(target, make("segmentations", "sep"), DetectionSettings(), Context())
    assert result.consistent
    assert len(result.sources) == 3
    others = np.arange(3) != result.primary
    assert result.sources["point_like"][result.primary] == 1
    assert not result.sources["point_like"][others].any()
    np.testing.assert_allclose(np.sort(result.sources["angle"][others]), [1.86, 4.50], atol=0.05)
    # Flux in a circle of 1 arcsec by plain summing over pixels, which holds all but the wings.
    y, x = np.indices(values.shape)
    plain = values[np.hypot(x - 64.0, y - 63.6) < 1.0 / 0.065].sum()
    assert result.sources["auto_flux"][result.primary] == pytest.approx(plain, rel=0.06)
