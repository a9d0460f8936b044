"""Tables of PSFs: their densities and the light in a box, against the PSF itself and numerical integrals of it."""

import time

import numpy as np
import pytest
from astropy.io import fits

from faintsky.core.box import Box
from faintsky.core.errors import DataError
from faintsky.core.psf import Place
from faintsky.core.registry import make
from faintsky.core.tabulated_psf import TabulatedPsf
from faintsky.core.units import ARCSEC
from faintsky.models.psfs.image import ImagePSF

PLACE = Place(off_axis=5 * 60 * ARCSEC, azimuth=0.7)
BOX = Box(x_low=-10, x_high=8, y_low=-7, y_high=12)


def integrated(psf, x, y, box=BOX, breaks=(-3, -1, -0.3, 0, 0.3, 1, 3)):
    """Light in the box by Gauss-Legendre quadrature on panels that are narrow around the source."""
    node, weight = np.polynomial.legendre.leggauss(40)

    def panels(low, high, at):
        edges = np.unique(np.clip([low, *(at + b for b in breaks), high], low, high))
        half, middle = 0.5 * np.diff(edges), 0.5 * (edges[1:] + edges[:-1])
        return (middle[:, None] + half[:, None] * node).ravel(), (half[:, None] * weight).ravel()

    (at_x, of_x), (at_y, of_y) = panels(box.x_low, box.x_high, x), panels(box.y_low, box.y_high, y)
    density = psf.density((at_x - x) * ARCSEC, (at_y[:, None] - y) * ARCSEC) * ARCSEC**2
    return float(of_y @ density @ of_x)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("two-king", {}),
        ("two-king", {"orientation": "tangential"}),
        ("king", {"core": "0.5 arcsec"}),
        ("gaussian", {"sigma": "0.6 arcsec"}),
    ],
)
def test_densities_are_those_of_the_psf(name, options):
    # The goal of the tables: 1e-4 relative, above 1e-6 of the largest density.
    psf = make("psfs", name, **options)
    table = TabulatedPsf.of(psf, PLACE, 28.3)
    dx, dy = np.random.default_rng(1).uniform(-14, 14, (2, 4000)) * np.random.default_rng(2).random(4000) ** 3
    for energy in (0.5, 1.5, 8.0):
        exact = (
            psf.placed(Place(off_axis=PLACE.off_axis, azimuth=0.7, energy=energy)).density(dx * ARCSEC, dy * ARCSEC) * ARCSEC**2
        )
        found = table.density(dx, dy, *table.blend(np.full(4000, energy)))
        assert np.max(np.abs(found - exact) / (exact + 1e-6 * exact.max())) < 1.1e-4
    far = table.density(np.array([40.0]), np.array([5.0]), *table.blend([1.5]))  # beyond the table: as the wings fall
    assert far == pytest.approx(psf.placed(PLACE).density(40 * ARCSEC, 5 * ARCSEC) * ARCSEC**2, rel=0.03, abs=1e-12)


def test_energies_are_blended_linearly_and_their_ends_held():
    table = TabulatedPsf.of(make("psfs", "two-king"), PLACE, 28.3)
    index, share = table.blend([0.2, 0.5, 0.75, 3.5, 7.0, 8.0, 9.5])
    assert index.tolist() == [0, 0, 0, 4, 6, 6, 6]
    np.testing.assert_allclose(share, [0, 0, 0.5, 0.5, 0.5, 1, 1], atol=1e-12)
    at = np.array([0.3]), np.array([-0.2])
    low, middle, high = (float(table.density(*at, *table.blend([e]))[0]) for e in (3.0, 3.5, 4.0))
    assert middle == pytest.approx(0.5 * (low + high), rel=1e-12)


def test_index_and_share_go_with_the_last_axis():
    table = TabulatedPsf.of(make("psfs", "two-king"), PLACE, 28.3)
    index, share = table.blend([0.7, 2.2, 5.0])
    dx, dy = np.random.default_rng(0).normal(0, 1, (2, 4, 3))
    every = table.density(dx, dy, index, share)
    assert every.shape == (4, 3)
    assert every[2, 1] == pytest.approx(float(table.density(dx[2, 1], dy[2, 1], index[1], share[1])), rel=1e-12)


@pytest.mark.parametrize(
    ("x", "y"), [(0, 0), (7.9, 3), (-9.9, -6.9), (7.999, 11.999), (8.1, 2), (8.3, 12.3), (-15, 0), (3, 30), (8, 2)]
)
@pytest.mark.parametrize("azimuth", [0.0, 0.7])
def test_the_light_in_a_box_is_the_integral_of_the_density(x, y, azimuth):
    # Also for sources 0.1 arcsec from a side, on it, and outside. Gauss-Legendre panels around the source converge to 1e-7.
    place = Place(off_axis=PLACE.off_axis, azimuth=azimuth)
    psf = make("psfs", "two-king")
    found = TabulatedPsf.of(psf, place, BOX.diagonal).contained(float(x), float(y), BOX)
    assert found.shape == (8,)
    assert found[2] == pytest.approx(integrated(psf.placed(place), x, y), abs=1e-6)


def test_the_light_in_a_box_has_its_closed_forms():
    # A Gaussian: a product of error functions. A source on a long side: half of the light; in a corner: a quarter.
    from scipy.special import erf

    table = TabulatedPsf.of(make("psfs", "gaussian", sigma="0.6 arcsec"), Place(), 28.3)
    x, y = np.array([0.0, 7.9, -9.5, 8.4]), np.array([0.0, 3.0, 11.5, -7.3])

    def between(low, high):
        return 0.5 * (erf(high / 0.6 / np.sqrt(2)) - erf(low / 0.6 / np.sqrt(2)))

    truth = between(BOX.x_low - x, BOX.x_high - x) * between(BOX.y_low - y, BOX.y_high - y)
    np.testing.assert_allclose(table.contained(x, y, BOX)[0], truth, atol=1e-7)
    np.testing.assert_allclose(table.contained([8.0, 8.0], [2.0, 12.0], BOX)[0], [0.5, 0.25], atol=1e-7)


def test_a_plane_of_boxes_holds_all_light():
    # Boxes that tile a larger box hold together what it holds, wherever the source is.
    table = TabulatedPsf.of(make("psfs", "two-king"), PLACE, 40.0)
    tiles = [Box(x_low=a, x_high=a + 5, y_low=b, y_high=b + 5) for a in range(-10, 10, 5) for b in range(-10, 10, 5)]
    for x, y in ((1.3, -2.2), (5.0, 5.0), (12.0, 3.0)):
        whole = table.contained(x, y, Box.square(20))
        np.testing.assert_allclose(sum(table.contained(x, y, tile) for tile in tiles), whole, atol=1e-6)


def test_it_is_fast_enough_for_a_grid_of_positions():
    # 21 x 21 positions at 8 energies: goal 50 ms, measured 25 ms on two cores; CPU time, and room for a busy machine.
    table = TabulatedPsf.of(make("psfs", "two-king"), PLACE, 28.3)
    x, y = np.meshgrid(np.linspace(-9.9, 9.9, 21), np.linspace(-9.9, 9.9, 21))
    table.contained(0, 0, Box.square(20))
    start = time.process_time()
    found = table.contained(x, y, Box.square(20))
    assert time.process_time() - start < 0.2
    assert found.shape == (8, 21, 21)
    np.testing.assert_allclose(found[4, 3, 5], table.contained(x[3, 5], y[3, 5], Box.square(20))[4], rtol=1e-12)


@pytest.fixture
def image(tmp_path):
    y, x = np.mgrid[:61, :55]
    values = np.exp(-0.5 * (((x - 27) / 5.0) ** 2 + ((y - 30 - 0.3 * (x - 27)) / 4.0) ** 2))
    fits.writeto(tmp_path / "psf.fits", values)
    return ImagePSF(path=tmp_path / "psf.fits", pixel="0.1 arcsec")


def test_an_image_is_tabulated_by_its_own_pixels(image):
    table = TabulatedPsf.of(image, PLACE, 28.3)
    assert table.radial is None
    assert table.pixel == pytest.approx(0.1, rel=1e-12)
    dx, dy = np.random.default_rng(1).uniform(-4, 4, (2, 5000))
    exact = image.density(dx * ARCSEC, dy * ARCSEC) * ARCSEC**2
    np.testing.assert_allclose(
        table.density(dx, dy, *table.blend(np.full(5000, 2.0))), exact, rtol=1e-9, atol=1e-12 * exact.max()
    )
    assert np.count_nonzero(exact == 0) > 1000  # outside


def test_the_light_of_an_image_in_a_box_is_the_sum_of_its_bilinear_density(image):
    # Truth: the midpoint sum of the interpolated density on a lattice of a tenth of a pixel.
    table = TabulatedPsf.of(image, PLACE, 28.3)
    f = (np.arange(-350, 350) + 0.5) * 0.01
    for x, y in ((0.0, 0.0), (7.93, 3.0), (8.21, 11.87), (-10.33, -7.77)):
        inside = BOX.holds(x + f[None, :], y + f[:, None])
        truth = float((image.density(f[None, :] * ARCSEC, f[:, None] * ARCSEC) * inside).sum()) * (0.01 * ARCSEC) ** 2
        # The sum counts whole cells of 0.01 arcsec at the sides of the box, which lie on their edges: 1e-4 of the light is safe.
        assert float(table.contained(x, y, BOX)[0]) == pytest.approx(truth, abs=2e-4)
    assert float(table.contained(0.0, 0.0, Box.square(30))[0]) == pytest.approx(1, abs=1e-12)
    assert float(table.contained(100.0, 0.0, BOX)[0]) == 0


def test_any_other_psf_is_sampled():
    # Two ellipses that do not share axes: the mosaic has none. Bilinear steps of R50 / 16 leave below 1 % of the peak.
    parts = {"a": make("psfs", "two-king", off_axis="7 arcmin"), "b": make("psfs", "gaussian", sigma="2 arcsec")}
    psf = make("psfs", "mosaic", psfs=parts)
    place = Place(off_axis=7 * 60 * ARCSEC, azimuth=0.3)
    table = TabulatedPsf.of(psf, place, 28.3)
    assert table.image is not None
    assert table.energies.tolist() == list(psf.energies)
    dx, dy = np.random.default_rng(3).normal(0, 2, (2, 2000))
    exact = psf.placed(place).density(dx * ARCSEC, dy * ARCSEC) * ARCSEC**2
    found = table.density(dx, dy, *table.blend(np.full(2000, 1.5)))
    assert np.max(np.abs(found - exact)) < 0.003 * exact.max()
    assert table.contained(7.9, 3.0, BOX)[2] == pytest.approx(integrated(psf.placed(place), 7.9, 3.0), abs=5e-4)


def test_equal_psfs_share_a_table_and_others_do_not():
    first = TabulatedPsf.of(make("psfs", "king", core="0.5 arcsec"), PLACE, 20.0)
    assert TabulatedPsf.of(make("psfs", "king", core="0.5 arcsec"), Place(energy=7.0), 20.0) is first  # the same at any place
    assert TabulatedPsf.of(make("psfs", "king", core="0.5 arcsec"), PLACE, 21.0) is not first
    assert not first.radial.flags.writeable  # shared, so nobody may change it
    near = TabulatedPsf.of(make("psfs", "two-king"), PLACE, 20.0)
    assert TabulatedPsf.of(make("psfs", "two-king"), Place(off_axis=PLACE.off_axis, azimuth=0.7, energy=4.0), 20.0) is near
    assert TabulatedPsf.of(make("psfs", "two-king"), Place(), 20.0) is not near


def test_a_reach_of_nothing_is_refused():
    with pytest.raises(DataError, match="up to an offset above 0, not 0"):
        TabulatedPsf.of(make("psfs", "two-king"), PLACE, 0)
