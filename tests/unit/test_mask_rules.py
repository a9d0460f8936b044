"""Masks from catalogues, images and clipping, and the table of map properties."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.map import Map
from faintsky.core.map_properties import map_properties
from faintsky.core.units import ARCSEC
from faintsky.estimators.masks.sigma_clip import SigmaClip
from faintsky.plugins.masks.discs import Discs
from faintsky.plugins.masks.image import MaskImage
from faintsky.testing.masks import sky_grid

GRID = sky_grid((120, 150), 0.5)
MAPS = {"ir": Map.from_array(np.ones(GRID.shape), grid=GRID)}


def catalogue(path, x, y, **columns):
    """Sources at 0-based pixels of GRID."""
    ra, dec = GRID.wcs.wcs_pix2world(np.asarray(x, float), np.asarray(y, float), 0)
    Table({"ra": ra, "dec": dec, **columns}).write(path, overwrite=True)
    return path


def test_a_disc_lies_at_its_source_with_its_radius(tmp_path):
    path = catalogue(tmp_path / "c.fits", [40.2, 100.7], [30.1, 80.4])
    out = Discs(path=path, radius="6 arcsec").masked(MAPS, Context())
    y, x = np.indices(GRID.shape)
    truth = (np.hypot(x - 40.2, y - 30.1) <= 12) | (np.hypot(x - 100.7, y - 80.4) <= 12)
    assert (out ^ truth).sum() <= 4  # edges, and 1e-9 of projection


def test_radii_of_a_column_and_a_range_of_magnitudes(tmp_path):
    path = catalogue(
        tmp_path / "c.fits",
        [20, 60, 100, 130],
        [20, 60, 60, 100],
        r=[2.0, 4.0, 4.0, 3.0],
        mag=[18.0, 22.0, 30.0, np.nan],
    )
    out = Discs(path=path, radius_column="r", mag="mag", mag_range=(15, 25)).masked(MAPS, Context())
    # Analytic: pi (4^2 + 8^2) pixels; the faint one and the one without magnitude stay.
    assert out.sum() == pytest.approx(np.pi * (16 + 64), rel=0.05)
    assert not out[60, 100]
    assert not out[100, 130]


def test_missing_positions_and_the_far_side_of_the_sky_mask_nothing(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("RA,DEC\n150.0,2.2\n-99,-99\n330.0,-2.2\n,\n", encoding="utf-8")
    with pytest.warns(FaintskyWarning, match=r"2 of 4 rows of c.csv have no position or radius"):
        out = Discs(path=path, ra="RA", dec="DEC", radius="3 arcsec").masked(MAPS, Context())
    assert out.sum() == pytest.approx(np.pi * 36, rel=0.05)
    with pytest.warns(FaintskyWarning, match="no disc of far.fits touches the maps"):
        Discs(path=_far(tmp_path)).masked(MAPS, Context())


def _far(folder):
    Table({"ra": [10.0], "dec": [20.0]}).write(folder / "far.fits")
    return folder / "far.fits"


def test_catalogues_that_do_not_fit_are_refused(tmp_path):
    path = catalogue(tmp_path / "c.fits", [20], [20])
    with pytest.raises(DataError, match=r"c.fits has no column 'RAJ'. .*Columns: ra, dec"):
        Discs(path=path, ra="RAJ").masked(MAPS, Context())
    with pytest.raises(DataError, match="mag_range needs mag"):
        Discs(path=path, mag_range=(1, 2)).masked(MAPS, Context())
    with pytest.raises(DataError, match="need maps with a WCS"):
        Discs(path=path).masked({"ir": Map.from_array(np.ones((5, 5)), ARCSEC)}, Context())


def test_a_mask_image_keeps_what_it_says(tmp_path):
    values = np.ones(GRID.shape, dtype=np.float32)
    values[:30], values[50, 60] = 0, np.nan
    fits.writeto(tmp_path / "m.fits", values, fits.Header.fromstring(GRID.header))
    nonzero = MaskImage(path=tmp_path / "m.fits").masked(MAPS, Context())
    zero = MaskImage(path=tmp_path / "m.fits", keep="zero").masked(MAPS, Context())
    assert nonzero.sum() == 30 * 150 + 1
    np.testing.assert_array_equal(zero, values != 0)  # NaN is left out either way
    other = sky_grid((60, 75), 1.0)
    maps = {"a": Map.from_array(np.ones(other.shape), grid=other)}
    with pytest.raises(DataError, match="is 120x150 pixels but the grid of the maps is 60x75"):
        MaskImage(path=tmp_path / "m.fits").masked(maps, Context())


def sources(seed=0):
    """White noise of 1 with 40 sources of 50 sigma; variance as from photons, high in the sources."""
    rng = np.random.default_rng(seed)
    values, variance = rng.normal(size=GRID.shape), np.ones(GRID.shape)
    y, x = rng.integers(5, 115, 40), rng.integers(5, 145, 40)
    values[y, x] += 50
    variance[y, x] += 50
    return Map.from_array(values, grid=GRID, variance=variance), y, x


def test_clipping_finds_the_sources_and_nothing_else():
    # Gaussian noise beyond 5 sigma upward: 18,000 x 2.9e-7 = 0.005 pixels expected.
    data, y, x = sources()
    out = SigmaClip(map="ir", nsigma=5.0).masked({"ir": data}, Context())
    truth = np.zeros(GRID.shape, dtype=bool)
    truth[y, x] = True
    np.testing.assert_array_equal(out, truth)


def test_clipped_pixels_grow_by_an_angle():
    data, y, x = sources()
    out = SigmaClip(map="ir", nsigma=5.0, grow="1.5 arcsec").masked({"ir": data}, Context())
    rows, columns = np.indices(GRID.shape)
    distance = np.min(np.hypot(rows[..., None] - y, columns[..., None] - x), axis=-1) * 0.5
    np.testing.assert_array_equal(out, distance <= 1.5 + 1e-9)


def test_low_pixels_are_clipped_on_request():
    data, y, x = sources()
    flipped = Map.from_array(-data.values, grid=GRID)
    assert not SigmaClip(map="ir", nsigma=5.0).masked({"ir": flipped}, Context()).any()
    assert SigmaClip(map="ir", nsigma=5.0, both=True).masked({"ir": flipped}, Context()).sum() == len(set(zip(y, x, strict=True)))


def test_clipping_stops_at_the_target_shot_noise_or_says_that_it_was_not_reached():
    data, _, _ = sources()
    clean = GRID.pixel_area  # the level of the noise alone, variance 1
    assert data.shot_noise() > 1.1 * clean
    out = SigmaClip(map="ir", nsigma=5.0, target_shot_noise=1.05 * clean).masked({"ir": data}, Context())
    assert data.masked(~out).shot_noise() <= 1.05 * clean
    assert not SigmaClip(map="ir", nsigma=5.0, target_shot_noise=2 * data.shot_noise()).masked({"ir": data}, Context()).any()
    with pytest.warns(FaintskyWarning, match="above the target"):
        SigmaClip(map="ir", nsigma=5.0, target_shot_noise=0.5 * clean).masked({"ir": data}, Context())


def test_clipping_of_what_cannot_be_clipped():
    data, _, _ = sources()
    with pytest.raises(DataError, match=r"there is no map 'iR' to clip. Did you mean 'ir'\?"):
        SigmaClip(map="iR").masked({"ir": data}, Context())
    with pytest.raises(DataError, match="carries no variance"):
        SigmaClip(map="ir", target_shot_noise=1.0).masked(MAPS, Context())
    assert not SigmaClip(map="ir").masked(MAPS, Context()).any()  # a constant map


def sparse():
    """A photon in a hundred pixels, and a source of 40 photons over 2 arcsec at (40, 60)."""
    rng = np.random.default_rng(3)
    counts = rng.poisson(0.01, GRID.shape)
    for y, x in rng.normal((40, 60), 2.0, (40, 2)).round().astype(int):
        counts[y, x] += 1
    return Map.from_array(counts.astype(float), grid=GRID, counts=counts)


def test_sparse_photons_are_clipped_where_they_crowd():
    data = sparse()
    with pytest.raises(DataError, match=r"clipping 'x' at 4 sigma takes out every photon.*Give smooth"):
        SigmaClip(map="x").masked({"x": data}, Context())
    out = SigmaClip(map="x", nsigma=8.0, smooth="3 arcsec").masked({"x": data}, Context())
    y, x = np.indices(GRID.shape)
    source = np.hypot(x - 60, y - 40) <= 4
    assert out[source].mean() > 0.9
    assert not out[np.hypot(x - 60, y - 40) > 15].any()
    # What is hidden has no part in it.
    found = [
        SigmaClip(map="x", nsigma=8.0, smooth="3 arcsec").masked(
            {"x": Map.from_array(np.where(source, value, data.values), grid=GRID, weight=~source)}, Context()
        )
        for value in (0.0, 1e6)
    ]
    np.testing.assert_array_equal(found[0], found[1])


def test_the_table_of_map_properties():
    # Identities on a map of 60 x 100 pixels of 6 arcsec = 0.0166667 deg^2, a fifth of it masked, 2 photons a pixel.
    grid = sky_grid((60, 100), 6.0)
    counts = np.full(grid.shape, 2.0)
    keep = np.ones(grid.shape, dtype=bool)
    keep[:12] = False
    whole = Map.from_array(counts, grid=grid, unit="ct", variance=counts, counts=counts, splits=(counts, counts + 1))
    row = map_properties(whole, whole.masked(keep), "xray")[0]
    assert row["map"] == "xray"
    assert row["area"].to_value("deg2") == pytest.approx(6000 * (6 / 3600) ** 2, rel=1e-6)
    assert row["area_kept"].to_value("deg2") == pytest.approx(0.8 * 6000 * (6 / 3600) ** 2, rel=1e-6)
    assert row["masked"].to_value("percent") == pytest.approx(20)
    assert row["pixel"].to_value("arcsec") == pytest.approx(6, rel=1e-6)
    assert row["largest_scale"].to_value("arcsec") == pytest.approx(600, rel=1e-6)
    assert row["splits"] == 2
    assert (row["photons"], row["photons_kept"]) == (12000, 9600)
    assert row["shot_noise"] == pytest.approx(2 * grid.pixel_area)
