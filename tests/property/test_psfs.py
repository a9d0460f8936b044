"""What holds for the analytic PSF of Chandra at any place, energy and shape."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from faintsky.core.box import Box
from faintsky.core.psf import Place
from faintsky.core.psf_ellipse import ring_directions, round_frame
from faintsky.core.registry import make
from faintsky.core.tabulated_psf import TabulatedPsf
from faintsky.core.units import ARCSEC

psfs = st.builds(
    lambda off_axis, **options: make("psfs", "two-king", off_axis=off_axis * 60 * ARCSEC, **options),
    off_axis=st.floats(0, 10),
    azimuth=st.floats(-7, 7),
    energy=st.floats(0.1, 10),
    orientation=st.sampled_from(["radial", "tangential"]),
    elliptical=st.booleans(),
)


@given(psf=psfs, turn=st.floats(-4, 4))
@settings(max_examples=40)
def test_turning_the_source_about_the_axis_turns_its_psf(psf, turn):
    turned = psf.placed(Place(off_axis=psf.off_axis, azimuth=psf.azimuth + turn, energy=psf.energy))
    dx, dy = np.random.default_rng(0).normal(0, 2, (2, 20)) * ARCSEC
    cos, sin = np.cos(turn), np.sin(turn)
    np.testing.assert_allclose(turned.density(cos * dx - sin * dy, sin * dx + cos * dy), psf.density(dx, dy), rtol=1e-9)
    radii = np.geomspace(0.1, 30, 9) * ARCSEC
    np.testing.assert_allclose(turned.encircled(radii), psf.encircled(radii), rtol=1e-12)


@given(psf=psfs)
@settings(max_examples=40)
def test_encircled_light_rises_between_that_of_the_ellipses_inside_and_around_its_circle(psf):
    radii = np.geomspace(1e-3, 1e5, 60) * ARCSEC
    light = psf.encircled(radii)
    assert np.all(np.diff(light) > 0)
    # A circle of r holds the ellipse of rho = r sqrt(q) and lies within that of r / sqrt(q).
    root = np.sqrt(psf.ellipse[0])
    low, high = (sum(share * king.encircled(radii * s) for share, king in psf.parts) for s in (root, 1 / root))
    assert np.all((light >= low * (1 - 1e-9)) & (light <= high * (1 + 1e-9)))


@given(ratio=st.floats(0.35, 1), angle=st.floats(-7, 7))
@settings(max_examples=60)
def test_the_round_frame_keeps_areas(ratio, angle):
    frame = round_frame((ratio, angle))
    assert abs(np.linalg.det(frame) - 1) < 1e-12
    np.testing.assert_allclose(np.linalg.norm(frame @ [np.cos(angle), np.sin(angle)]), np.sqrt(ratio), rtol=1e-9)
    # Mean of g^-2 over the ring: the area of the ellipse over that of the circle.
    assert abs(np.mean(ring_directions(ratio, 24) ** -2.0) - 1) < 1e-12


@given(psf=psfs, x=st.floats(-14, 14), y=st.floats(-14, 14), turn=st.floats(-4, 4))
@settings(max_examples=12)
def test_a_box_that_grows_holds_more_and_a_quarter_turn_changes_nothing(psf, x, y, turn):
    table, quarter = (TabulatedPsf.of(psf, Place(off_axis=psf.off_axis, azimuth=a), 28.3) for a in (turn, turn + np.pi / 2))
    held = table.contained(x, y, Box.square(20))
    assert np.all((held >= 0) & (held <= table.contained(x, y, Box.square(22)) + 1e-9))
    np.testing.assert_allclose(quarter.contained(-y, x, Box.square(20)), held, atol=1e-7)
