"""Apertures: which pixels, what sums, what is refused."""

import attrs
import numpy as np
import pytest
from astropy.table import QTable

from faintsky.core.aperture_photometry import AperturePhotometry
from faintsky.core.band import Band
from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.grid import Grid
from faintsky.core.registry import make
from faintsky.core.threshold_counts import threshold_counts
from faintsky.core.units import ARCSEC
from faintsky.core.xray_image import EefMap, XrayImage
from faintsky.estimators.detections.apertures import DiscSums, inside_discs
from faintsky.estimators.detections.background import annulus_background, background_map
from faintsky.estimators.detections.extraction import clear_of, extract, joined
from faintsky.estimators.detections.false_fraction import false_fraction, false_fraction_threshold
from faintsky.estimators.detections.photometry import photometry
from faintsky.estimators.detections.sensitivity import area_curve, sensitivity
from faintsky.estimators.detections.wings import Wings
from faintsky.models.psfs.eef_map import Pointing, eef_map, eef_map_of_pointings
from faintsky.testing.detections import SimulatedSky

SKY = SimulatedSky(side=64)


def with_background(sky=SKY, x=(30.0,), y=(30.0,), rate=(1e-6,), seed=0):
    image = sky.image(x, y, np.asarray(rate), np.random.default_rng(seed))
    return attrs.evolve(image, background=sky.background_map)


def listed(x, y):
    """A blind list at pixels of SKY."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    ra, dec = SKY.grid.wcs.wcs_pix2world(x, y, 0)
    found = photometry(with_background(), x, y)
    return make_list(x, y, ra, dec, found)


def make_list(x, y, ra, dec, found):
    from faintsky.core.detection import SourceList

    return SourceList(
        x=x, y=y, ra=ra, dec=dec, position_error=np.ones(x.size), photometry={"b": found},
        detected={"b": np.ones(x.size, dtype=bool)}, origin=np.full(x.size, "blind"), threshold=4e-6,
    )  # fmt: skip


# Apertures


def test_sums_are_those_of_the_pixels_whose_centre_is_inside():
    """Against the definition (Barlow-Hall & Aird, footnote 6), with rectangular pixels and discs that reach off the image."""
    grid, rng = Grid((40, 50), (0.5 * ARCSEC, 0.8 * ARCSEC)), np.random.default_rng(3)
    counts, exposure = rng.poisson(1.0, grid.shape), rng.random(grid.shape)
    x, y, radius = rng.uniform(-4, 54, 60), rng.uniform(-4, 44, 60), rng.uniform(0.05, 9, 60) * ARCSEC
    row, column = np.indices(grid.shape)
    inside = [
        np.hypot((column - a) * grid.scale[1], (row - b) * grid.scale[0]) <= r for a, b, r in zip(x, y, radius, strict=True)
    ]
    found = DiscSums.of(grid, counts, exposure).at(x, y, radius)
    assert found[0].tolist() == [counts[i].sum() for i in inside]
    np.testing.assert_allclose(found[1], [exposure[i].sum() for i in inside], atol=1e-11)
    np.testing.assert_array_equal(inside_discs(grid, x, y, radius), np.any(inside, axis=0))


def test_a_centre_on_the_rim_is_inside():
    grid = Grid((20, 20), 1 * ARCSEC)
    sums = DiscSums.of(grid, np.ones(grid.shape))
    # Lattice points within 1, 2 and 5 of the origin: 5, 13 and 81 (Gauss's circle problem).
    assert sums.at(10, 10, np.array([1, 2, 5]) * ARCSEC)[0].tolist() == [5, 13, 81]
    assert sums.pixels(0, 0, np.array([1, 2, 5]) * ARCSEC).tolist() == [5, 13, 81]


def test_one_radius_everywhere_gives_the_sums_of_single_discs():
    grid, rng = Grid((30, 37), 0.5 * ARCSEC), np.random.default_rng(4)
    sums = DiscSums.of(grid, rng.poisson(2.0, grid.shape), rng.random(grid.shape))
    row, column = np.indices(grid.shape)
    for radius in (0.4, 1.0, 2.7, 7.0):
        apart = sums.at(column.ravel(), row.ravel(), radius * 0.5 * ARCSEC)
        np.testing.assert_allclose(sums.everywhere(radius * 0.5 * ARCSEC).reshape(2, -1), apart, atol=1e-12)


def test_photometry_of_a_flat_image_is_known():
    """1 count and 0.1 background a pixel: T, b and the mean exposure follow from the number of pixels."""
    counts = np.ones((64, 64), dtype=int)
    psf = EefMap(radii={0.7: 2 * 0.5 * ARCSEC})
    image = XrayImage(
        counts=counts, exposure=np.full((64, 64), 7.0), grid=SKY.grid, band=Band(0.5, 7), psf=psf,
        background=np.full((64, 64), 0.1),
    )  # fmt: skip
    found = photometry(image, [20.0, 0.0, -5.0, np.nan], [20.0, 20.0, 20.0, 3.0])
    # 13 pixels within 2 of a pixel centre; at the left rim the 9 of them that lie on the image, over an aperture of 13.
    assert found.counts.tolist() == [13, 9, 0, 0]
    np.testing.assert_allclose(found.background, [1.3, 0.9, 0, 0])
    np.testing.assert_allclose(found.exposure, [7, 7 * 9 / 13, 0, 0])
    assert found.observed.tolist() == [True, True, False, False]
    assert found.false_probability[2:].tolist() == [1, 1]


def test_places_off_the_footprint_are_not_observed():
    image = with_background()
    footprint = image.footprint.copy()
    footprint[:, :32] = False
    found = photometry(attrs.evolve(image, footprint=footprint), [30.0, 40.0], [30.0, 30.0])
    assert found.observed.tolist() == [False, True]


# The background


def test_the_background_is_the_exposure_times_the_mean_without_sources():
    """A flat image with a source: the ratio to the exposure is the same everywhere, whatever the source holds."""
    counts = np.full((64, 64), 3, dtype=int)
    exposure = np.linspace(3, 3.0, 64 * 64).reshape(64, 64)
    image = XrayImage(counts=counts, exposure=exposure, grid=SKY.grid, band=Band(0.5, 7), psf=SKY.psf)
    bright = counts.copy()
    bright[30, 30] += 500
    for made in (image, attrs.evolve(image, counts=bright)):
        np.testing.assert_allclose(background_map(made, [30.0], [30.0]), 3.0, rtol=1e-6)
    # By hand: the annulus of a flat image gives 3 counts a pixel, in an aperture of as many pixels as it has.
    pixels = DiscSums.of(SKY.grid, np.ones((64, 64))).at(30.0, 30.0, image.psf.radius(0.7))[0]
    found = annulus_background(attrs.evolve(image, counts=bright), [30.0], [30.0], width=20.0)
    np.testing.assert_allclose(found, 3.0 * pixels, rtol=1e-12)


def test_an_image_without_counts_has_no_background():
    empty = XrayImage(counts=np.zeros((64, 64)), exposure=np.ones((64, 64)), grid=SKY.grid, band=Band(0.5, 7), psf=SKY.psf)
    with pytest.raises(DataError, match="no counts outside of its 0 sources"):
        background_map(empty)
    one = attrs.evolve(empty, counts=np.eye(64, dtype=int))
    assert np.all(background_map(one) > 0)


# Bad input


def test_counts_that_are_not_whole_are_refused():
    image = with_background()
    with pytest.raises(DataError, match=r"no counts image: 0.5 is no whole number"):
        attrs.evolve(image, counts=image.counts + 0.5)


@pytest.mark.parametrize("background", [0.0, -1.0, np.nan])
def test_a_background_of_0_is_refused(background):
    with pytest.raises(DataError, match="not above 0"):
        threshold_counts([0.1, background], 4e-6)
    level = SKY.background_map.copy()
    level[10, 10] = background
    with pytest.raises(DataError, match="0 or less inside the footprint"):
        attrs.evolve(with_background(), background=level)


def test_no_exposure_inside_the_footprint_is_refused():
    image = with_background()
    exposure = SKY.exposure_map.copy()
    exposure[5, 6] = 0
    with pytest.raises(DataError, match=r"1 pixels of the footprint .* \(y, x\) = \(5, 6\)"):
        attrs.evolve(image, exposure=exposure)


def test_an_aperture_that_the_psf_map_does_not_reach_is_refused():
    image = with_background()
    for ask in (lambda: photometry(image, [30.0], [30.0], eef=0.99), lambda: sensitivity(image, 4e-6, eef=0.99)):
        with pytest.raises(DataError, match=r"the PSF map knows enclosed fractions 0.7, 0.9, 0.95, not 0.99"):
            ask()
    huge = attrs.evolve(image, psf=EefMap(radii={0.7: 20 * ARCSEC}))
    for ask in (lambda: photometry(huge, [30.0], [30.0]), lambda: sensitivity(huge, 4e-6)):
        with pytest.raises(DataError, match=r"an aperture of 20 arcsec is larger than the image, .* 16 arcsec"):
            ask()


def test_an_aperture_that_may_hold_no_pixel_is_refused():
    small = attrs.evolve(with_background(), psf=EefMap(radii={0.7: 0.3 * ARCSEC}))
    with pytest.raises(DataError, match="may hold no pixel centre"):
        photometry(small, [30.0], [30.0])


def test_an_image_without_a_background_map_is_refused():
    with pytest.raises(DataError, match="make one with background_map"):
        photometry(attrs.evolve(with_background(), background=None), [30.0], [30.0])


def test_a_footprint_without_area_is_refused():
    empty = attrs.evolve(with_background(), footprint=np.zeros((64, 64), dtype=bool))
    with pytest.raises(DataError, match="it has no area"):
        sensitivity(empty, 4e-6)


def test_images_on_different_grids_are_refused():
    other = SimulatedSky(side=48)
    sides = {"a": with_background(), "b": with_background(other, (20.0,), (20.0,))}
    with pytest.raises(DataError, match="image b is 48x48 pixels but the first image is 64x64"):
        make("detections", "blind").detect(sides, Context())
    with pytest.raises(DataError, match="no image"):
        make("detections", "blind").detect({}, Context())


# The area curve


def test_one_pixel_kind_gives_the_closed_form():
    """A flat image: A(c) = A_total x P(L, b + c t p), with b the background of an aperture of pi r^2."""
    from scipy.special import gammainc

    image = with_background()
    inner = np.zeros((64, 64), dtype=bool)
    inner[20:44, 20:44] = True
    image = attrs.evolve(image, footprint=inner)
    log_rates = np.linspace(-8, -5, 13)
    pixel_area = (0.5 / 3600) ** 2
    b = SKY.background * np.pi * float(image.psf.radius(0.7)) ** 2 / (0.5 * ARCSEC) ** 2
    level = int(threshold_counts(b, 4e-6))
    expected = 24 * 24 * pixel_area * gammainc(level, b + 10**log_rates * 1e8 * 0.7)
    for method in ("direct", "grouped"):
        found = area_curve(image, 0.7, 4e-6, log_rates, method=method)
        np.testing.assert_allclose(found.area, expected, rtol=2e-6)  # the float32 of the PSF radius
        assert found.relative_error < 1e-12
    # L counts at the limiting rate: (L - b) / (p t).
    found = sensitivity(image, 4e-6)
    np.testing.assert_allclose(found.limit(None), (level - b) / (0.7 * 1e8), rtol=1e-6)
    np.testing.assert_allclose(gammainc(level, b + found.limit(0.9) * 0.7e8), 0.9, rtol=1e-5)
    with pytest.raises(DataError, match="'grouped' or 'direct', not 'quick'"):
        area_curve(image, 0.7, 4e-6, log_rates, method="quick")


# Radii of enclosed light


def test_the_plain_radius_inverts_the_encircled_light():
    """Gaussian: sigma sqrt(-2 ln(1 - p)); King: core sqrt((1 - p)^(1 / (1 - slope)) - 1)."""
    gaussian = make("psfs", "gaussian", sigma="1 arcsec")
    king = make("psfs", "king", core="0.5 arcsec", slope=1.5)
    for share in (0.5, 0.7, 0.9, 0.95):
        found = float(eef_map(gaussian, SKY.grid, (share,), pixels=False).radius(share))
        assert found == pytest.approx(np.sqrt(-2 * np.log(1 - share)) * ARCSEC, rel=1e-5)
        found = float(eef_map(king, SKY.grid, (share,), pixels=False).radius(share))
        assert found == pytest.approx(0.5 * np.sqrt((1 - share) ** -2 - 1) * ARCSEC, rel=1e-5)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.0])
def test_apertures_of_pixels_hold_the_share_that_they_are_named_after(sigma):
    """Photons of sources all over their pixels, counted by pixel centres: the share is p within 4 binomial sigma."""
    rng, number = np.random.default_rng(7), 200_000
    radii = eef_map(make("psfs", "gaussian", sigma=sigma * 0.5 * ARCSEC), SKY.grid)
    source = rng.uniform(-0.5, 0.5, (number, 2))
    photon = np.rint(source + rng.normal(0, sigma, (number, 2)))
    distance = np.hypot(*(photon - source).T) * 0.5 * ARCSEC
    for share in (0.7, 0.9, 0.95):
        inside = np.mean(distance <= float(radii.radius(share)))
        assert inside == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / number))


def test_pointings_weight_the_light_by_their_exposure():
    """Two Gaussians, 3 to 1: the radius solves the mean of their encircled lights; a lone pointing gives its own."""
    from scipy.optimize import brentq

    one, two = (make("psfs", "gaussian", sigma=s * ARCSEC) for s in (1.0, 3.0))
    half = np.ones(SKY.grid.shape)
    half[:, 32:] = 0
    pointings = [
        Pointing(x=0, y=0, exposure=3 * half, psfs={0.0: one}),
        Pointing(x=0, y=0, exposure=1.0, psfs={0.0: two}),
    ]
    found = eef_map_of_pointings(pointings, SKY.grid, (0.7, 0.9), pixels=False)
    for share in (0.7, 0.9):
        mean = brentq(lambda r, p=share: 0.75 * one.encircled(r) + 0.25 * two.encircled(r) - p, 1e-7, 1e-3)
        assert float(found.radius(share)[32, 5]) == pytest.approx(mean, rel=1e-3)
        assert float(found.radius(share)[32, 60]) == pytest.approx(3 * ARCSEC * np.sqrt(-2 * np.log(1 - share)), rel=1e-3)


def test_the_psf_widens_off_axis():
    """Gaussians whose sigma grows in proportion to the angle: so does every radius, between the given angles too."""
    psfs = {a * ARCSEC: make("psfs", "gaussian", sigma=(1 + 0.05 * a) * ARCSEC) for a in (0.0, 10.0, 50.0)}
    found = eef_map_of_pointings([Pointing(x=0, y=0, psfs=psfs)], SKY.grid, (0.7,), pixels=False).radius(0.7)
    for x, y in ((0, 0), (16, 32), (63, 63)):
        sigma = 1 + 0.05 * np.hypot(x, y) * 0.5
        assert float(found[y, x]) == pytest.approx(sigma * ARCSEC * np.sqrt(-2 * np.log(0.3)), rel=3e-3)
    short = {a: psf for a, psf in psfs.items() if a < 20 * ARCSEC}
    with pytest.raises(DataError, match=r"44.* arcsec off its axis, but its PSFs end at 10 arcsec"):
        eef_map_of_pointings([Pointing(x=0, y=0, psfs=short)], SKY.grid, (0.7,))


def test_bad_radii_are_refused():
    psf = make("psfs", "gaussian", sigma="1 arcsec")
    with pytest.raises(DataError, match="between 0 and 1"):
        eef_map(psf, SKY.grid, (0.7, 1.0))
    with pytest.raises(DataError, match="at least one pointing"):
        eef_map_of_pointings([], SKY.grid)
    with pytest.raises(DataError, match="needs PSFs at off-axis angles"):
        Pointing(x=0, y=0, psfs={})
    with pytest.raises(DataError, match=r"has the shape \(3, 3\)"):
        eef_map_of_pointings([Pointing(x=0, y=0, exposure=np.ones((3, 3)), psfs={0.0: psf})], SKY.grid)


def test_the_light_that_a_source_spills_into_another_aperture():
    """By simulation with the Gaussian whose radii the map holds: exact where the radii are known, high beyond them."""
    image, rng = with_background(), np.random.default_rng(6)
    wings = Wings.of(image, np.array([30.0]), np.array([30.0]))
    sigma, radius = float(image.psf.radius(0.7)) / np.sqrt(-2 * np.log(0.3)), float(image.psf.radius(0.7))
    photon = rng.normal(0, sigma, (2, 400_000))
    distance = np.array([1.0, 1.6, 2.0, 3.0]) * radius
    true = [np.mean(np.hypot(photon[0] - d, photon[1]) < radius) for d in distance]
    found = wings.within(0, distance, np.full(4, radius))
    np.testing.assert_array_less(np.abs(found[:3] / true[:3] - 1), [0.02, 0.05, 0.3])
    assert found[3] > true[3], "the wing of a Gaussian is over-, not underestimated"
    np.testing.assert_allclose(wings.within(0, np.array([0.0]), np.array([radius])), 0.7, rtol=1e-6)


# Forced extraction and false fractions


def test_galaxies_near_a_blind_source_are_left_out():
    """Within 2 r90 of the source, and not a hair farther."""
    zone = 2 * float(SKY.psf.radius(0.9)) / (0.5 * ARCSEC)
    x = 30 + np.array([0.0, 0.99 * zone, 1.01 * zone])
    assert clear_of(listed([30.0], [30.0]), with_background(), x, np.full(3, 30.0)).tolist() == [False, False, True]


def test_extraction_is_photometry_at_the_galaxies():
    image = with_background()
    x, y = np.array([20.0, 30.0, 45.3]), np.array([20.0, 30.0, 50.2])
    ra, dec = SKY.grid.wcs.wcs_pix2world(x, y, 0)
    ra, dec = np.append(ra, [ra[0] + 1, ra[0] - 180]), np.append(dec, [dec[0], -dec[0]])
    found = extract({"b": image}, ra, dec, listed([30.0], [30.0]))
    here = photometry(image, x, y)
    assert found.clear.tolist() == [True, False, True, True, True]
    assert found.tested("b").tolist() == [True, False, True, False, False]
    assert found.photometry["b"].counts[[0, 2]].tolist() == here.counts[[0, 2]].tolist()
    assert found.photometry["b"].false_probability[[1, 3, 4]].tolist() == [1, 1, 1]
    assert extract({"b": image}, ra, dec).photometry["b"].counts[1] == here.counts[1]
    assert extract({"b": image}, ra, dec).digest != found.digest
    nowhere = attrs.evolve(image, grid=Grid(image.grid.shape, image.grid.scale))
    with pytest.raises(DataError, match="lies nowhere on the sky"):
        extract({"b": nowhere}, ra, dec)


def test_extracted_sources_join_the_blind_ones():
    image = with_background(x=(15.0, 45.0, 45.5), y=(15.0, 45.0, 45.0), rate=(1e-6, 5e-7, 1e-8))
    x, y = np.array([45.0, 45.5, 20.0]), np.array([45.0, 45.0, 50.0])
    ra, dec = SKY.grid.wcs.wcs_pix2world(x, y, 0)
    blind = listed([15.0], [15.0])
    found = extract({"b": image}, ra, dec, blind)
    with pytest.warns(FaintskyWarning, match="1 pairs of the 2 detected galaxies"):
        extracted, rows = found.sources({"b": 3.38e-5}, position_error=0.1)
    assert rows.tolist() == [0, 1]
    both = joined(blind, extracted)
    assert both.origin.tolist() == ["blind", "extracted", "extracted"]
    assert both.threshold == 3.38e-5
    assert np.all(both.photometry["b"].false_probability[1:] < 3.38e-5)
    assert isinstance(both.to_table(), QTable)
    assert len(found.sources({"b": 3.38e-5}, keep=np.array([False, True, True]))[1]) == 1
    with pytest.raises(DataError, match="thresholds of hard, but the bands are b"):
        found.sources({"hard": 1e-5})


def test_the_false_fractions_of_the_paper():
    """Reference note, section 1b: N_gal(z >= 4) = 31 065 with 21 sources at 3.38e-5 is 5 %; 882 856 galaxies and 2591, 1.15 %."""
    assert false_fraction(np.full(21, 1e-9), 31_065, 3.38e-5) == pytest.approx(0.05, rel=1e-4)
    assert false_fraction(np.full(2591, 1e-9), 882_856, 3.38e-5) == pytest.approx(0.0115, abs=5e-5)
    high = np.concatenate([np.full(21, 1e-9), np.ones(31_065 - 21)])
    everything = np.concatenate([high, np.full(2570, 1e-9), np.ones(1000)])
    keep = np.arange(everything.size) < high.size
    assert false_fraction_threshold(everything, fraction=0.05, keep=keep) == pytest.approx(3.38e-5, rel=1e-4)


def test_the_largest_threshold_below_the_wanted_fraction_is_taken():
    """By hand: 100 galaxies, 10 %. With 1 source the limit is 1e-3, with 2 2e-3, with 3 3e-3; the second source lies above its
    limit, the third below: the fraction is 10 % at 1e-3 and, after rising to 20 %, again at 3e-3."""
    found = np.array([1e-4, 2.4e-3, 2.5e-3])
    threshold = false_fraction_threshold(found, 100, 0.1)
    assert threshold == pytest.approx(3e-3)
    np.testing.assert_allclose(false_fraction(found, 100, [1e-3, 2.4e-3, 3e-3]), [0.1, 0.24, 0.1])
    assert np.isnan(false_fraction(found, 100, 1e-5))
    assert false_fraction_threshold(np.array([0.5, 0.9]), 100, 0.1) == 0.0
    # Just above it the wanted fraction is passed.
    assert false_fraction(found, 100, threshold * 1.0001) > 0.1
    with pytest.raises(DataError, match="3 probabilities were given for 2 galaxies"):
        false_fraction(found, 2, 1e-3)
    with pytest.raises(DataError, match="lie between 0 and 1"):
        false_fraction([np.nan], None, 1e-3)


def test_photometry_refuses_what_cannot_be():
    with pytest.raises(DataError, match="never net"):
        AperturePhotometry(counts=[1.5], background=[1.0], exposure=[1.0], eef=[0.7])
    with pytest.raises(DataError, match="above 0 where there is exposure"):
        AperturePhotometry(counts=[1.0], background=[0.0], exposure=[1.0], eef=[0.7])
