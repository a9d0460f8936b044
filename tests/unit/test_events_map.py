"""The map source `events`: where photons land, exposures, splits, mosaics, flares, units, and what it refuses."""

import numpy as np
import pytest
from astropy.wcs import WCS

from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.event_list import EventList
from faintsky.core.grid import Grid
from faintsky.core.units import ARCSEC
from faintsky.plugins.maps.events import Events
from faintsky.plugins.maps.flares import without_flares
from faintsky.testing.event_files import write_events, write_exposure
from faintsky.testing.masks import sky_grid

pytestmark = pytest.mark.filterwarnings("ignore::faintsky.core.errors.FaintskyWarning")
BAND = "0.5-2 keV"


def field(path, n=4000, seed=1, side=64, centre=(150.0, 2.2), **more):
    """A flat field of photons of 1 keV, side x side sky pixels of 0.5 arcsec around the centre."""
    rng = np.random.default_rng(seed)
    x, y = 4096.5 + rng.uniform(-side / 2, side / 2, (2, n))
    arguments = {"energy_ev": np.full(n, 1000.0), "time": rng.uniform(0, 1000, n), "dtcor": 1.0} | more
    return write_events(path, x=x, y=y, centre=centre, **arguments)


def tan_grid(shape, pixel, centre=(150.0, 2.2), angle=0.0, cdelt=None):
    """A tangential grid, turned by `angle` [deg]; pixels in arcsec."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = centre
    wcs.wcs.crpix = [(shape[1] + 1) / 2, (shape[0] + 1) / 2]
    c, s = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    wcs.wcs.cdelt = cdelt or [-pixel / 3600, pixel / 3600]
    wcs.wcs.pc = [[c, -s], [s, c]]
    return Grid.from_wcs(wcs, shape)


@pytest.mark.parametrize("angle", [0.0, 30.0])
def test_a_source_of_known_position_lands_in_its_pixel(tmp_path, angle):
    # Identity: astropy's own WCS of the grid says where (150.001, 2.203) lies; y grows north, FITS counts from 1.
    grid = tan_grid((80, 100), 0.7, angle=angle)
    ra, dec = 150.001, 2.203
    sky = tan_grid((8192, 8192), 0.5)
    x, y = sky.wcs.wcs_world2pix([ra] * 30, [dec] * 30, 1)
    path = write_events(tmp_path / "e.fits", x=x, y=y, energy_ev=[1e3] * 30, time=np.arange(30.0))
    exposure = write_exposure(tmp_path / "x.fits", np.ones(grid.shape), grid)
    made = Events(path=path, band=BAND, exposure=exposure, result="counts").load(grid, Context())
    iy, ix = np.unravel_index(np.argmax(made.values), grid.shape)
    px, py = grid.wcs.wcs_world2pix(ra, dec, 0)
    assert made.values.sum() == 30
    assert (iy, ix) == (round(float(py)), round(float(px)))
    if angle == 0:
        assert iy - (80 - 1) / 2 == round((2.203 - 2.2) * 3600 / 0.7 - 0.5) + 0.5  # north of the centre is up
        assert ix < 49.5  # east is left


def test_the_native_grid_holds_every_photon_once(tmp_path):
    path = field(tmp_path / "e.fits")
    for pixel in (None, "1 arcsec", "1.3 arcsec"):
        source = Events(path=path, band=BAND, pixel=pixel, result="counts")
        made = source.load(None, Context())
        assert made.counts.sum() == 4000
        assert made.geometry.scale[0] / ARCSEC == pytest.approx(float((pixel or "0.5").split()[0]), rel=1e-9)


def test_the_rate_is_counts_over_live_time_and_solid_angle(tmp_path):
    # Identity: 4000 photons in (32 arcsec)^2 and 900 s, to the edge of the hull (2 %) and Poisson (1.6 %, drawn once).
    path = field(tmp_path / "e.fits", dtcor=0.9)
    made = Events(path=path, band=BAND, pixel="1 arcsec").load(None, Context())
    expected = 4000 / ((32 * ARCSEC) ** 2 * 900)
    assert made.unit == "ct / (s sr)"
    assert made.mean == pytest.approx(expected, rel=0.05)
    assert made.meta["live_time"] == pytest.approx(900)
    with_area = Events(path=path, band=BAND, pixel="1 arcsec", area="400 cm2").load(None, Context())
    assert with_area.unit == "ph / (cm2 s sr)"
    assert with_area.mean == pytest.approx(made.mean / 400, rel=1e-12)
    energy = Events(path=path, band=BAND, pixel="1 arcsec", area="400 cm2", result="energy").load(None, Context())
    assert energy.unit == "erg / (cm2 s sr)"
    assert energy.mean == pytest.approx(with_area.mean * 1.602176634e-9, rel=1e-9)  # 1 keV, CODATA 2018


def test_the_shot_noise_is_that_of_the_photons(tmp_path):
    # Identity: sum of counts / exposure^2 over the field; for a flat exposure mean / exposure.
    path = field(tmp_path / "e.fits")
    made = Events(path=path, band=BAND, pixel="1 arcsec", splits=2).load(None, Context())
    assert made.shot_noise() == pytest.approx(made.mean / 1000, rel=1e-9)
    assert made.half_difference().shot_noise() == pytest.approx(made.shot_noise(), rel=1e-9)


@pytest.mark.parametrize("split_by", ["parity", "random", "time"])
@pytest.mark.parametrize("splits", [2, 3])
def test_splits_are_disjoint_and_complete(tmp_path, split_by, splits):
    path = field(tmp_path / "e.fits")
    made = Events(path=path, band=BAND, pixel="1 arcsec", splits=splits, split_by=split_by).load(None, Context(seed=5))
    assert len(made.splits) == splits
    np.testing.assert_allclose(np.mean(made.splits, axis=0), made.values, rtol=1e-12, atol=1e-300)
    to_counts = made.geometry.pixel_area * 1000 / splits
    for split in made.splits:
        counts = split * to_counts
        np.testing.assert_allclose(counts, np.rint(counts), atol=1e-6)
        assert counts.sum() == pytest.approx(4000 / splits, abs=1 if split_by != "time" else 200)


def test_parity_counts_photons_after_the_band_cut(tmp_path):
    # Every other photon lies in the band: parity before the cut would put all of them into one half.
    n = 400
    rng = np.random.default_rng(2)
    energy = np.where(np.arange(n) % 2, 1000.0, 5000.0)
    x, y = 4096.5 + rng.uniform(-16, 16, (2, n))
    path = write_events(tmp_path / "e.fits", x=x, y=y, energy_ev=energy, time=np.arange(n), dtcor=1.0)
    made = Events(path=path, band=BAND, pixel="1 arcsec", splits=2, result="counts").load(None, Context())
    assert [float(s.sum()) for s in made.splits] == [200.0, 200.0]  # 100 photons each, scaled to the whole


def test_random_halves_follow_the_seed(tmp_path):
    path = field(tmp_path / "e.fits")
    source = Events(path=path, band=BAND, pixel="1 arcsec", splits=2, split_by="random")
    a, b, other = (source.load(None, Context(seed=s)) for s in (1, 1, 2))
    assert np.array_equal(a.splits[0], b.splits[0])
    assert not np.array_equal(a.splits[0], other.splits[0])


def test_pointings_mosaic_onto_one_grid(tmp_path):
    # Two flat fields 16 arcsec apart, exposures 1000 and 500 cm2 s, of the same brightness: the mosaic is flat.
    brightness = 4.0 / (0.5 * ARCSEC) ** 2 / 1000
    grid = tan_grid((64, 96), 0.5)
    paths, maps = [], []
    for k, (shift, exposure) in enumerate(((-8, 1000.0), (8, 500.0))):
        centre = (150.0 + shift / 3600 / np.cos(np.deg2rad(2.2)), 2.2)
        n = int(4 * 48 * 48 * exposure / 1000)
        paths.append(field(tmp_path / f"e{k}.fits", n=n, seed=k, side=48, centre=centre))
        own = tan_grid((48, 48), 0.5, centre)
        maps.append(write_exposure(tmp_path / f"x{k}.fits", np.full((48, 48), exposure), own))
    made = Events(path=paths, band=BAND, exposure=maps).load(grid, Context())
    left, both, right = (made.values[20:44, c] for c in (slice(62, 75), slice(42, 54), slice(20, 33)))
    for part, exposure in ((left, 1000), (both, 1500), (right, 500)):
        error = np.sqrt(brightness / exposure / (grid.pixel_area * part.size))
        assert abs(part.mean() - brightness) < 4 * error
    assert made.footprint[:8].sum() == 0  # outside both pointings
    split = Events(path=paths, band=BAND, exposure=maps, splits=2, split_by="obsid").load(grid, Context())
    assert split.footprint.sum() == 48 * 16  # what every split saw: 48 - 32 columns of 48 rows
    assert made.footprint.sum() == 48 * 80
    half = split.half_difference()
    pair = [split.split(k).shot_noise() for k in (0, 1)]
    assert half.shot_noise() == pytest.approx(sum(pair) / 4, rel=1e-12)


def test_the_unit_of_an_exposure_map_is_read_never_guessed(tmp_path):
    path, grid = field(tmp_path / "e.fits"), sky_grid((40, 40))
    units = {"cm**2 s": "ph / (cm2 s sr)", "s": "ct / (s sr)", "ks": "ct / (s sr)", "cm2 s ct / ph": "ph / (cm2 s sr)"}
    for i, (given, unit) in enumerate(units.items()):
        exposure = write_exposure(tmp_path / f"x{i}.fits", np.full(grid.shape, 500.0), grid, given)
        made = Events(path=path, band=BAND, exposure=exposure).load(grid, Context())
        assert made.unit == unit
        if given == "ks":
            seconds = Events(path=path, band=BAND, exposure=tmp_path / "x1.fits").load(grid, Context())
            assert made.mean == pytest.approx(seconds.mean / 1000, rel=1e-6)
    silent = write_exposure(tmp_path / "silent.fits", np.ones(grid.shape), grid, None)
    with pytest.raises(DataError, match=r'does not say its unit \(BUNIT\): give exposure_unit = "cm2 s"'):
        Events(path=path, band=BAND, exposure=silent).load(grid, Context())
    told = Events(path=path, band=BAND, exposure=silent, exposure_unit="s").load(grid, Context())
    assert told.unit == "ct / (s sr)"
    wrong = write_exposure(tmp_path / "wrong.fits", np.ones(grid.shape), grid, "Jy")
    with pytest.raises(DataError, match=r"'Jy' of wrong\.fits is no exposure"):
        Events(path=path, band=BAND, exposure=wrong).load(grid, Context())
    with pytest.raises(DataError, match="needs an exposure in cm2 s"):
        Events(path=path, band=BAND, exposure=tmp_path / "x1.fits", result="energy").load(grid, Context())
    with pytest.raises(DataError, match="some exposure maps are in cm2 s and some in s"):
        Events(path=[path, path], band=BAND, exposure=[tmp_path / "x0.fits", tmp_path / "x1.fits"]).load(grid, Context())


def test_pixels_of_little_exposure_are_outside_the_footprint(tmp_path):
    path, grid = field(tmp_path / "e.fits"), sky_grid((40, 40))
    exposure = np.full(grid.shape, 1000.0)
    exposure[:, :10], exposure[:, 10:20] = 99.0, 101.0
    file = write_exposure(tmp_path / "x.fits", exposure, grid)
    made = Events(path=path, band=BAND, exposure=file, min_exposure=0.1).load(grid, Context())
    np.testing.assert_array_equal(made.footprint, exposure > 100)


def test_flares_are_cut_with_their_live_time(tmp_path):
    # Known input: 1 ct/s for 1000 s, and a flare of 10 ct/s from 400 s to 500 s. Cut at 3 sigma in bins of 50 s.
    rng = np.random.default_rng(4)
    time = np.concatenate([rng.uniform(0, 1000, 1000), rng.uniform(400, 500, 900)])
    x, y = 4096.5 + rng.uniform(-16, 16, (2, time.size))
    path = write_events(tmp_path / "e.fits", x=x, y=y, energy_ev=np.full(time.size, 1e3), time=time, dtcor=1.0)
    plain = Events(path=path, band=BAND, pixel="1 arcsec").load(None, Context())
    with pytest.warns(FaintskyWarning, match=r"flares cut, live time 1000.0 s -> 900.0 s"):
        cut = Events(path=path, band=BAND, pixel="1 arcsec", flare_bin="50 s").load(plain.geometry, Context())
    assert cut.meta["live_time"] == pytest.approx(900)
    assert cut.meta["photons"] == np.sum((time < 400) | (time > 500))
    assert cut.mean == pytest.approx(plain.mean / 1.9, rel=0.06)


def test_steady_photons_lose_almost_nothing_to_the_flare_cut():
    rng = np.random.default_rng(6)
    n = 20_000
    events = EventList(
        x=np.zeros(n),
        y=np.zeros(n),
        energy=np.ones(n),
        ccd=np.zeros(n),
        time=rng.uniform(0, 1e4, n),
        gti={0: [(0, 3000), (3500, 1e4)]},
    )
    assert without_flares(events, 50.0, 4.0).exposure > 0.99 * events.exposure


def test_the_footprint_is_the_same_in_every_band(tmp_path):
    # One field of view: photons of all energies mark it, however few lie in a band.
    rng = np.random.default_rng(3)
    n = 3000
    x, y = 4096.5 + rng.uniform(-32, 32, (2, n))
    energy = np.where(np.arange(n) < 10, 6000.0, 1000.0)
    path = write_events(tmp_path / "e.fits", x=x, y=y, energy_ev=energy, time=rng.uniform(0, 1000, n))
    soft, hard = (Events(path=path, band=b, pixel="1 arcsec").load(None, Context()) for b in (BAND, "5-7 keV"))
    np.testing.assert_array_equal(soft.footprint, hard.footprint)
    assert soft.geometry.shape == hard.geometry.shape


def test_bad_options_and_grids_are_refused(tmp_path):
    path = field(tmp_path / "e.fits")
    with pytest.raises(DataError, match=r"the band .* is reversed: write '0.5-2 keV'"):
        Events(path=path, band="2-0.5 keV")
    with pytest.raises(DataError, match=r"none of the 4000 events of e.fits \(observation 1\) lies in the band 3-4 keV"):
        Events(path=path, band="3-4 keV").load(None, Context())
    with pytest.raises(DataError, match="there is no event file"):
        Events(path=tmp_path / "absent.fits", band=BAND).load(None, Context())
    with pytest.raises(DataError, match="2 event files but 1 exposure maps"):
        Events(path=[path, path], band=BAND, exposure=path)
    with pytest.raises(DataError, match="this grid has no WCS"):
        Events(path=path, band=BAND).load(Grid((10, 10), ARCSEC), Context())
    with pytest.raises(DataError, match="photons lie on the grid"):
        Events(path=path, band=BAND).load(tan_grid((20, 20), 1.0, centre=(10.0, 2.2)), Context())
    with pytest.raises(DataError, match="cannot be turned into 'rad'"):
        Events(path=path, band=BAND, pixel="1 s")


def test_a_skewed_grid_is_refused_with_its_number_and_a_rectangular_one_is_handled(tmp_path):
    path = field(tmp_path / "e.fits")
    made = Events(path=path, band=BAND).load(tan_grid((30, 60), 0.5, cdelt=[-0.5 / 3600, 1 / 3600]), Context())
    assert made.geometry.scale == pytest.approx((ARCSEC, 0.5 * ARCSEC))
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [150.0, 2.2]
    wcs.wcs.cd = np.array([[-1.0, 0.1], [0.0, 1.0]]) / 3600
    with pytest.raises(DataError, match=r"skewed by 5\.7\d+ deg"):
        Grid.from_wcs(wcs, (10, 10))
