"""Photometry of segments: against SEP's and photutils' own, at edges and masks, with correlated noise."""

from importlib.util import find_spec

import attrs
import numpy as np
import pytest

from faintsky.core.errors import DataError
from faintsky.core.kron_photometry import KronPhotometry
from faintsky.core.light_window import LightWindow
from faintsky.testing.segmentations import gaussian_image

GALAXIES = [
    (40.3 + 70 * column, 35.7 + 60 * row, 30.0, 2.0 + 0.7 * column, 1.5 + 0.5 * row, 0.5 * column + 0.9 * row)
    for row in range(3)
    for column in range(3)
]


def image_and_labels(sigma=0.01):
    """Nine Gaussians far apart, and the pixels of each above 3 sigma."""
    from scipy.ndimage import label

    image = gaussian_image(GALAXIES, (200, 230), sigma)
    bright, number = label(image.values > 4 * sigma)
    large = np.flatnonzero(np.bincount(bright.ravel())[1:] >= 5) + 1
    assert len(large) == len(GALAXIES), number
    place = np.zeros(number + 1, dtype=int)
    place[large] = 1 + np.arange(len(large))
    return image, place[bright]


@pytest.mark.skipif(find_spec("sep") is None, reason="SEP is not installed (extra detection)")
def test_the_numbers_are_those_of_sep_where_sources_are_isolated():
    import sep

    image, labels = image_and_labels()
    mine = KronPhotometry().measure(image, labels).sources
    values = np.array(image.values)
    # The same segments, so that only photometry is compared.
    theirs, _ = sep.extract(
        values, 0.03, filter_kernel=None, deblend_cont=1.0, clean=False, segmentation_map=labels.astype(np.int32)
    )
    for name, own in (("x", "x"), ("y", "y"), ("a", "a"), ("b", "b"), ("flux", "flux"), ("pixels", "npix")):
        np.testing.assert_allclose(mine[name], theirs[own], rtol=1e-5)
    turned = (mine["theta"] - theirs["theta"] + np.pi / 2) % np.pi - np.pi / 2
    np.testing.assert_allclose(turned, 0, atol=1e-4)
    shape = [theirs[name] for name in ("x", "y", "a", "b", "theta")]
    scale = np.maximum(2.5 * sep.kron_radius(values, *shape, 6.0)[0], 3.5)
    np.testing.assert_allclose(mine["kron_radius"], scale, rtol=1e-4)
    flux, _, _ = sep.sum_ellipse(values, *shape, scale, subpix=5)
    np.testing.assert_allclose(mine["auto_flux"], flux, rtol=1e-4)
    radius, _ = sep.flux_radius(values, *shape[:2], scale * shape[2], 0.5, normflux=flux, subpix=5)
    # Both resolve circles by fifths of a pixel.
    np.testing.assert_allclose(mine["half_radius"], radius, rtol=0.02)


@pytest.mark.skipif(find_spec("photutils") is None, reason="photutils is not installed (extra detection)")
def test_the_numbers_are_those_of_photutils_for_a_blend_too():
    from photutils.segmentation import SegmentationImage, SourceCatalog

    image = gaussian_image([(60.0, 60.0, 100.0, 3.0, 3.0, 0.0), (73.0, 61.0, 40.0, 2.0, 2.0, 0.0)])
    y, x = np.indices(image.values.shape)
    labels = np.where(image.values > 0.05, np.where(x < 68, 1, 2), 0) * (np.hypot(x - 65, y - 60) < 25)
    mine = KronPhotometry().measure(image, labels).sources
    # 1.4 times 2.5 is the minimum of 3.5; both replace neighbours by mirror images.
    theirs = SourceCatalog(image.values, SegmentationImage(labels), kron_params=(2.5, 1.4, 0.0))
    np.testing.assert_allclose(mine["auto_flux"], theirs.kron_flux, rtol=0.01)
    np.testing.assert_allclose(mine["kron_radius"], 2.5 * np.asarray(theirs.kron_radius), rtol=0.01)


def _in_ellipse(sources, shape, where):
    """Number of pixels of the Kron ellipse of a round source at (60, 60) that lie in `where`."""
    y, x = np.indices(shape) - 60
    return np.count_nonzero(where & (np.hypot(x, y) < sources["kron_radius"][0] * sources["a"][0]))


def test_mirror_images_stand_for_light_beyond_the_edge_and_behind_masks():
    whole = gaussian_image([(60.0, 60.0, 100.0, 3.0, 3.0, 0.0)], sigma=1e-4)
    labels = (np.hypot(*(axis - 60 for axis in np.indices(whole.values.shape))) < 8).astype(int)
    reference = KronPhotometry().measure(whole, labels).sources
    # Off the core, so that the moments of the segment stay and the aperture alone loses light.
    hidden = np.zeros(labels.shape, dtype=bool)
    hidden[55:65, 69:75] = True
    right = np.indices(labels.shape)[1] >= 69
    masked = attrs.evolve(whole, sigma=np.where(hidden, np.inf, whole.sigma))
    cut = attrs.evolve(whole, values=whole.values[:, :69], sigma=whole.sigma[:, :69])
    for image in (masked, cut):
        found = KronPhotometry().measure(image, labels[:, : image.values.shape[1]]).sources
        # The Gaussian is symmetric about the middle of a pixel: nothing but noise differs.
        assert found["auto_flux"][0] == pytest.approx(reference["auto_flux"][0], rel=1e-3)
        # k pixels of the n count twice, and k not at all: the variance goes from n to n - 2 k + 4 k.
        total = (reference["auto_error"][0] / 1e-4) ** 2
        missing = (found["auto_error"][0] / 1e-4) ** 2 - total
        assert missing == pytest.approx(2 * _in_ellipse(reference, labels.shape, hidden if image is masked else right), abs=6)
    both = hidden.copy()
    both[55:65, 46:52] = True
    lost = KronPhotometry().measure(attrs.evolve(whole, sigma=np.where(both, np.inf, whole.sigma)), labels).sources
    expected = reference["auto_flux"][0] - whole.values[both][np.hypot(*(np.argwhere(both) - 60).T) < 10.5].sum()
    assert lost["auto_flux"][0] == pytest.approx(expected, rel=2e-3)


def test_the_error_is_that_of_the_sum_and_grows_with_the_correlation_of_the_noise():
    image, labels = image_and_labels()
    plain = KronPhotometry().measure(image, labels).sources
    area = np.pi * plain["a"] * plain["b"] * plain["kron_radius"] ** 2
    # White noise: sigma times the root of the area, and less by the weights of the pixels on the edge.
    np.testing.assert_allclose(plain["auto_error"], 0.01 * np.sqrt(area), rtol=0.06)
    correlation = np.outer([0.5, 1.0, 0.5], [0.5, 1.0, 0.5])
    found = KronPhotometry().measure(attrs.evolve(image, correlation=correlation), labels).sources
    ratio = found["auto_error"] / plain["auto_error"]
    # Towards the root of the sum of the correlation, 2, for ellipses much wider than it; pixels near the rim have fewer partners.
    assert np.all((ratio > 1.75) & (ratio < 2))
    # And of as many draws of such noise: white noise smoothed with (1, 1), (1, 1) has this correlation.
    rng = np.random.default_rng(1)
    white = rng.normal(size=(400, 70, 70)) * 0.005
    noise = white + np.roll(white, 1, 1) + np.roll(white, 1, 2) + np.roll(white, (1, 1), (1, 2))
    x, y, a, b, theta, scale = (float(plain[name][4]) for name in ("x", "y", "a", "b", "theta", "kron_radius"))
    window = LightWindow.about(x % 1 + 35, y % 1 + 35, scale * a + 1)
    share = window.ellipse(a, b, theta, scale)
    sums = [(share * window.taken(each, 0.0)).sum() for each in noise]
    # 400 draws: the standard deviation is known to 1 / sqrt(800), here taken 4 times.
    assert np.std(sums) == pytest.approx(found["auto_error"][4], rel=4 / np.sqrt(800))


def test_an_ellipse_has_its_area_and_a_uniform_disc_its_half_light_radius():
    window = LightWindow.about(40.3, 31.8, 30)
    assert window.ellipse(9.0, 4.0, 0.7, 2.0).sum() == pytest.approx(np.pi * 36 * 4, rel=2e-3)
    disc = window.ellipse(20.0, 20.0, 0.0, 1.0)
    assert window.half_light_radius(disc, disc.sum(), 25) == pytest.approx(20 / np.sqrt(2), rel=5e-3)
    assert np.isnan(window.half_light_radius(disc, -1.0, 25))
    assert np.isnan(window.half_light_radius(disc, 4 * disc.sum(), 25))


def test_a_single_pixel_and_a_dark_segment_have_finite_shapes():
    image = gaussian_image([])
    labels = np.zeros(image.values.shape, dtype=int)
    labels[50, 60] = 1
    labels[80:83, 20:23] = 2
    values = np.array(image.values)
    values[80:83, 20:23] = -1.0
    found = KronPhotometry().measure(attrs.evolve(image, values=values), labels).sources
    # SExtractor's rule: a point-like segment has the moments of a pixel, 1 / 12.
    assert (found["a"][0], found["b"][0]) == pytest.approx((12**-0.5, 12**-0.5))
    assert (found["x"][1], found["y"][1]) == (21, 81)
    assert np.all(np.isfinite(found["auto_flux"]))
    assert np.isnan(found["half_radius"][1])


def test_segments_that_do_not_fit_the_image_are_refused():
    image = gaussian_image([])
    labels = np.zeros(image.values.shape, dtype=int)
    with pytest.raises(DataError, match="shape"):
        KronPhotometry().measure(image, labels[1:])
    labels[5, 5] = 2
    with pytest.raises(DataError, match="the label 1 has no pixel"):
        KronPhotometry().measure(image, labels)
    labels[5, 5] = 1
    with pytest.raises(DataError, match="1 masked pixels belong to a segment"):
        KronPhotometry().measure(attrs.evolve(image, sigma=np.where(labels, np.inf, image.sigma)), labels)
