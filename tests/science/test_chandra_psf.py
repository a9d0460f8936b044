"""The analytic PSF of Chandra against published sizes, its own integrals, and ray-traced images of the Chandra Source Catalog."""

import warnings

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import kstest

from faintsky.core.eef_radius import EefRadius
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.psf import Place
from faintsky.core.psf_ellipse import round_frame
from faintsky.core.psf_sampling import drawn_offsets
from faintsky.core.registry import make
from faintsky.core.units import ARCSEC
from faintsky.models.psfs.image import ImagePSF
from faintsky.models.psfs.two_king import HALF_LIGHT, OFF_AXIS

ARCMIN = 60 * ARCSEC


def two_king(off_axis=0.0, **options):
    return make("psfs", "two-king", off_axis=off_axis * ARCMIN, **options)


def enclosing(psf, share):
    return EefRadius(psf=psf).at(share) / ARCSEC


@pytest.mark.parametrize("elliptical", [True, False])
@pytest.mark.parametrize(("off_axis", "published"), [(0, 0.8), (3, 1.04), (5, 2.44)])
def test_half_power_diameters(off_axis, published, elliptical):
    # The acceptance: 0.80, 1.04, 2.44 arcsec at 0, 3, 5 arcmin within 5 % (a paper on dual AGN: 0.8, 1, 2.5).
    assert 2 * enclosing(two_king(off_axis, elliptical=elliptical), 0.5) == pytest.approx(published, rel=0.05)


@pytest.mark.parametrize("elliptical", [True, False])
def test_every_knot_is_met_in_circles(elliptical):
    for off_axis, half in zip(OFF_AXIS, HALF_LIGHT, strict=True):
        assert enclosing(two_king(off_axis, elliptical=elliptical), 0.5) == pytest.approx(half, rel=1e-6)


def test_wider_circles_have_the_radii_of_the_fit():
    # Own fit of the two-King profile (round, 1.5 keV), as noted when it was made: R90, R95, R99 [arcsec].
    for off_axis, radii in {
        0: (1.17, 2.12, 7.8),
        3: (1.45, 2.34, 7.8),
        4: (2.12, 3.02, 8.0),
        5: (3.00, 4.04, 8.8),
        7: (5.35, 7.22, 15.8),
    }.items():
        np.testing.assert_allclose(enclosing(two_king(off_axis, elliptical=False), [0.9, 0.95, 0.99]), radii, rtol=0.007)


def test_published_wider_radii_are_met_where_the_profile_can():
    # Feigelson's R95 = 2.05 - 0.55 t + 0.18 t^2 [arcsec] at 1.49 keV (chandra-users): no two Kings of these slopes have all of
    # R50, R95 and R99; R95 is met to 4 % on the axis, to 16 % at 3 arcmin and to 8 % at 5 and 7 arcmin.
    for off_axis, tolerance in ((0, 0.04), (3, 0.17), (5, 0.08), (7, 0.08)):
        published = 2.05 - 0.55 * off_axis + 0.18 * off_axis**2
        assert enclosing(two_king(off_axis), 0.95) == pytest.approx(published, rel=tolerance)


@pytest.mark.parametrize("off_axis", [0.0, 5.0, 9.5])
@pytest.mark.parametrize("energy", [0.5, 1.5, 8.0])
def test_encircled_light_is_the_integral_of_the_density(off_axis, energy):
    # The acceptance: numeric against analytic to 1e-6; in circles (the mean over directions is exact for a smooth density), and
    # in the ellipses of the PSF, where the light is that of the round profiles.
    psf = two_king(off_axis, energy=energy, azimuth=0.6)
    phi = (np.arange(64) + 0.5) * 2 * np.pi / 64
    unit = psf.half_light
    back = np.linalg.inv(round_frame(psf.ellipse)) @ np.stack([np.cos(phi), np.sin(phi)])

    def light(radius, directions):
        def ring(u):
            return 2 * np.pi * u * unit**2 * float(psf.density(u * unit * directions[0], u * unit * directions[1]).mean())

        return quad(ring, 0, radius, epsabs=1e-12, epsrel=1e-10, limit=200)[0]

    for radius in (0.3, 1.0, 4.0, 20.0):
        round_light = sum(share * float(king.encircled(radius * unit)) for share, king in psf.parts)
        assert light(radius, np.stack([np.cos(phi), np.sin(phi)])) == pytest.approx(float(psf.encircled(radius * unit)), abs=1e-6)
        assert light(radius, back) == pytest.approx(round_light, abs=1e-6)


def test_flattening_keeps_the_area_and_turns_the_major_axis():
    psf = two_king(5, azimuth=0.3)
    assert psf.ellipse == (pytest.approx(0.8), 0.3)
    along, across = (psf.density(3 * ARCSEC * np.cos(a), 3 * ARCSEC * np.sin(a)) for a in (0.3, 0.3 + np.pi / 2))
    assert along > 1.3 * across
    tangential = two_king(5, azimuth=0.3, orientation="tangential")
    assert tangential.density(3 * ARCSEC * np.cos(0.3), 3 * ARCSEC * np.sin(0.3)) == pytest.approx(float(across), rel=1e-12)
    assert two_king(5, elliptical=False).ellipse == (1.0, 0.0)
    assert two_king(0, azimuth=1.0).ellipse == (1.0, 0.0)


def test_it_grows_with_energy_in_core_and_wings():
    # r1 by 3 % per keV; w = 0.08 (E / 1.5)^0.9.
    soft, hard = two_king(2), two_king(2, energy=6.5)
    assert hard.parts[0][1].core / soft.parts[0][1].core == pytest.approx(1.15, rel=1e-12)
    assert hard.parts[1][0] == pytest.approx(0.08 * (6.5 / 1.5) ** 0.9, rel=1e-12)
    assert hard.parts[0][0] + hard.parts[1][0] == pytest.approx(1, rel=1e-12)
    assert soft.placed(Place(off_axis=2 * ARCMIN, energy=6.5)) == hard


def test_it_is_refused_where_it_is_not_known():
    with pytest.raises(DataError, match=r"known up to 10 arcmin off axis, not at 10\.01 arcmin"):
        make("psfs", "two-king").placed(Place(off_axis=10.01 * ARCMIN))
    with pytest.raises(DataError, match=r"known from 0.1 to 10 keV, not at 12 keV"):
        make("psfs", "two-king").placed(Place(energy=12.0))


@pytest.mark.parametrize("draw", ["its own", "of any PSF"])
def test_photons_follow_the_ellipse(draw):
    # KS at n = 1e5 (4e4) in the frame where the PSF is round: radius and direction. Also the sampling for PSFs without their own.
    psf = two_king(9.5, azimuth=0.4, energy=4.0)
    rng = np.random.default_rng(17)
    dx, dy = psf.drawn(100_000, rng) if draw == "its own" else drawn_offsets(psf, 40_000, rng)
    u, v = round_frame(psf.ellipse) @ np.stack([dx, dy])
    assert kstest(np.hypot(u, v), lambda rho: sum(share * king.encircled(rho) for share, king in psf.parts)).pvalue > 0.01
    assert kstest(np.arctan2(v, u), "uniform", args=(-np.pi, 2 * np.pi)).pvalue > 0.01
    assert kstest(np.hypot(dx, dy), psf.encircled).pvalue > 0.01


@pytest.fixture(params=["acisf07999_000N001_r0035b_psf3.fits", "acisf08478_000N001_r0043b_psf3.fits"])
def traced(request, real_data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FaintskyWarning)
        psf = ImagePSF(path=real_data / "chandra_images_psf" / request.param)
        psf.encircled(0.0)
    return psf


def off_axis_of(path):
    """Off-axis angle [arcmin] and azimuth [rad, west to north] of the light in a file, from its nominal pointing."""
    from astropy.io import fits
    from astropy.wcs import WCS

    with warnings.catch_warnings(), fits.open(path) as hdus:
        warnings.simplefilter("ignore")
        header, values = hdus[0].header, hdus[0].data / hdus[0].data.sum()
        at = [float(values.sum(axis=1 - k) @ np.arange(values.shape[k])) for k in (1, 0)]
        ra, dec = WCS(header).celestial.all_pix2world(*at, 0)
    west, north = -(float(ra) - header["RA_NOM"]) * np.cos(np.deg2rad(header["DEC_NOM"])), float(dec) - header["DEC_NOM"]
    return 60 * np.hypot(west, north), np.arctan2(north, west)


def test_ray_traced_images_are_read(traced):
    # Facts of the files: sky pixels of 0.492 arcsec, columns to the west; values in units of one ray; they sum to 0.989 and
    # 0.988, so that 1.1 and 1.2 % of the rays fell outside, which the extrapolation of the edge finds within a factor of two.
    from astropy.io import fits

    raw = fits.getdata(traced.path)
    assert traced.stamp.pixel == pytest.approx(0.492 * ARCSEC, rel=1e-6)
    assert traced.stamp.turn == 0
    np.testing.assert_allclose(traced.stamp.values, raw / raw.sum(), rtol=1e-12)
    assert traced.counted == round(raw.sum() / raw[raw > 0].min())
    assert 5000 < traced.counted < 5200
    assert traced.stamp.missing[0] == pytest.approx(1 - raw.sum(), rel=1.0)
    again = traced.resampled(np.random.default_rng(1))
    assert again.half_light == pytest.approx(traced.stamp.half_light, rel=0.05)
    assert kstest(np.hypot(*traced.drawn(20_000, np.random.default_rng(2))), traced.encircled).pvalue > 0.01


def test_ray_traced_images_have_the_size_of_the_analytic_psf_and_its_radial_major_axis(traced):
    off_axis, azimuth = off_axis_of(traced.path)
    assert off_axis == pytest.approx(8.54, abs=0.02)
    analytic = two_king(off_axis, azimuth=azimuth, energy=2.3)  # the catalogue's broad band is traced at 2.3 keV
    # R50 3.34 and 3.42 arcsec against 3.28; R90 7.50 and 7.56 against 8.6, as the law's ellipse is too flat (below).
    assert traced.stamp.half_light / ARCSEC == pytest.approx(enclosing(analytic, 0.5), rel=0.06)
    assert enclosing(traced, 0.9) == pytest.approx(enclosing(analytic, 0.9), rel=0.2)
    # Second moments within 6 arcsec: the major axis lies within 12 degrees of the direction to the axis, and the ratio is 0.80,
    # as the analytic profile has it with q = 0.68; its law says 0.54, which gives 0.69 within that circle.
    away, flat = moments(traced, azimuth)
    assert abs(away) < 12
    assert flat == pytest.approx(0.80, abs=0.02)
    away, flat = moments(analytic, azimuth)
    assert abs(away) < 1
    assert flat == pytest.approx(0.69, abs=0.02)
    assert analytic.ellipse[0] == pytest.approx(0.54, abs=0.01)


def moments(psf, azimuth):
    """Angle of the major axis from the azimuth [deg] and axis ratio, of second moments of the photons within 6 arcsec."""
    dx, dy = psf.drawn(100_000, np.random.default_rng(3))
    near = np.hypot(dx, dy) < 6 * ARCSEC
    values, vectors = np.linalg.eigh(np.cov(dx[near], dy[near]))
    away = (np.arctan2(vectors[1, 1], vectors[0, 1]) - azimuth + np.pi / 2) % np.pi - np.pi / 2
    return np.rad2deg(away), np.sqrt(values[0] / values[1])
