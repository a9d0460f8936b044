"""Photons of sources from event files: positions, pointing, field of view, background, and bad input."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table
from attrs import frozen

from faintsky.core import storage
from faintsky.core.component import slot
from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.grid import Grid
from faintsky.core.identity import identity
from faintsky.core.photon_sample import PhotonSampleSource
from faintsky.core.registry import make
from faintsky.core.source_cuts import SourceCuts
from faintsky.core.structure import structure
from faintsky.plugins.photons import observation_photons
from faintsky.plugins.photons.tangent_plane import offsets, positions
from faintsky.testing.event_files import write_aspect, write_events, write_exposure
from faintsky.testing.photon_samples import PhotonSampleConformance

ARCSEC = np.deg2rad(1 / 3600)
CENTRE = (150.0, 60.0)  # far from the equator, so that a missing cos(dec) shows
PIXEL = 0.492
HEADER = {"RA_PNT": CENTRE[0], "DEC_PNT": CENTRE[1], "ROLL_PNT": 40.0, "PIX_ADJ": "EDSER", "TIMEDEL": 3.14104}
OPEN = SourceCuts(band="0.5-8 keV")


def sky_pixel(ra, dec):
    """Sky pixels of positions [deg] in the frame of `write_events`, by astropy."""
    from astropy.wcs import WCS

    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ["RA---TAN", "DEC--TAN"], CENTRE, [4096.5, 4096.5]
    wcs.wcs.cdelt = [-PIXEL / 3600, PIXEL / 3600]
    return np.array(wcs.wcs_world2pix(ra, dec, 1))


def place(west, north):
    """Right ascension and declination [deg] of offsets [arcmin] from the centre."""
    ra, dec = positions(60.0 * west, 60.0 * north, *np.deg2rad(CENTRE))
    return float(np.rad2deg(ra)), float(np.rad2deg(dec))


def observe(path, sources=(), *, density=0.02, seed=1, header=None, chips=((7, -4.0, 4.0),), half=4.0, **more):
    """An event file: even background [arcsec^-2] on chips from west low to west high [arcmin], and (ra, dec, number) sources.

    All energies are 1 keV but a tenth of the background's, which lie above the band.
    """
    rng = np.random.default_rng(seed)
    x, y, ccd, energy = [], [], [], []
    for chip, low, high in chips:
        n = rng.poisson(density * (high - low) * 2 * half * 3600)
        x.append(4096.5 + 60 / PIXEL * np.r_[rng.uniform(low, high, n), low, low, high, high])
        y.append(4096.5 + 60 / PIXEL * np.r_[rng.uniform(-half, half, n), -half, half, -half, half])
        ccd.append(np.full(n + 4, chip))
        energy.append(np.where(rng.random(n + 4) < 0.1, 9000.0, 1000.0))
    for ra, dec, number in sources:
        px, py = sky_pixel(ra, dec)
        x.append(px + rng.normal(0, 0.5, number) / PIXEL)
        y.append(py + rng.normal(0, 0.5, number) / PIXEL)
        ccd.append(np.full(number, next(c for c, low, high in chips if low <= (px - 4096.5) * PIXEL / 60 <= high)))
        energy.append(np.full(number, 1000.0))
    x, y, ccd, energy = (np.concatenate(c) for c in (x, y, ccd, energy))
    cards = HEADER | {"OBS_ID": path.name.split("_")[0]} | (header or {})
    cards = {key: value for key, value in cards.items() if value is not None}
    more = {"dtcor": 0.9, "time": np.full(x.size, 500.0)} | more
    return write_events(
        path,
        x=x,
        y=y,
        energy_ev=energy,
        ccd=ccd,
        centre=CENTRE,
        pixel_arcsec=PIXEL,
        header=cards,
        **more,
    )


def table(path, rows, **columns):
    data = Table(rows=[place(*row) for row in rows], names=("ra", "dec"))
    for name, values in columns.items():
        data[name] = values
    data.write(path, overwrite=True)
    return make("catalogues", "table", path=path, columns={name: name for name in columns})


def load(cuts=OPEN, **options):
    return make("photon_samples", "events", **options).load(cuts, Context())


def one(path, where=(1.0, 1.0), cuts=OPEN, **options):
    ra, dec = place(*where)
    return load(cuts, events=[path], ra=ra, dec=dec, **options).sources[0].observations[0]


class TestContract(PhotonSampleConformance):
    """The conformance suite of the kind, on a catalogue of three sources, one of which is cut, in two observations."""

    component = "events"
    cuts = SourceCuts(redshift=(2.5, 3.5), max_off_axis="5 arcmin")

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _files(cls, tmp_path_factory):
        folder = tmp_path_factory.mktemp("events")
        rows = [(1.0, 1.0), (-1.0, 1.0), (0.0, -2.0)]
        bright = [(*place(*row), 50) for row in rows]
        paths = tuple(observe(folder / f"{i}_evt2.fits", bright, seed=i) for i in (1, 2))
        catalogue = table(folder / "c.ecsv", rows, name=["a", "b", "c"], redshift=[3.0, 1.0, 3.2], counts=[50.0, 50.0, 50.0])
        cls.options = {"events": paths, "catalogue": catalogue}


def test_it_is_a_source_of_photon_samples(tmp_path):
    found = make("photon_samples", "events", events=[observe(tmp_path / "1_evt2.fits")], ra=150.0, dec=60.0)
    assert isinstance(found, PhotonSampleSource)
    assert identity(found) == identity(found)


def test_tangent_plane_against_astropy_and_back():
    # astropy's offsets on the sphere (SkyOffsetFrame) are angles; their tangents are the gnomonic projection.
    rng = np.random.default_rng(2)
    x, y = rng.uniform(-60, 60, (2, 200))
    for ra0, dec0 in ((0.0, -89.9), (359.999, 60.0), (150.0, 0.0)):
        ra, dec = positions(x, y, np.deg2rad(ra0), np.deg2rad(dec0))
        back = offsets(ra, dec, np.deg2rad(ra0), np.deg2rad(dec0))
        assert np.allclose(back, (x, y), atol=1e-7)
        east = SkyCoord(ra, dec, unit="rad").transform_to(SkyCoord(ra0, dec0, unit="deg").skyoffset_frame())
        xi = np.tan(east.lon.rad)
        eta = np.tan(east.lat.rad) / np.cos(east.lon.rad)
        assert np.allclose(x, -xi / ARCSEC, atol=1e-6)
        assert np.allclose(y, eta / ARCSEC, atol=1e-6)
    assert np.isnan(offsets(np.pi, 0.0, 0.0, 0.0)[0])


def test_photons_lie_where_astropy_puts_them(tmp_path):
    from astropy.io import fits
    from astropy.wcs import WCS

    where = (3.0, -2.5)
    ra, dec = place(*where)
    path = observe(tmp_path / "1_evt2.fits", [(ra, dec, 50)])
    box = one(path, where)
    data = fits.getdata(path, 1)
    own = WCS(naxis=2)
    own.wcs.ctype, own.wcs.crval, own.wcs.crpix = ["RA---TAN", "DEC--TAN"], CENTRE, [4096.5, 4096.5]
    own.wcs.cdelt = [-PIXEL / 3600, PIXEL / 3600]
    here = own.deepcopy()  # the tangent plane of the source, in arcsec about 0
    here.wcs.crval, here.wcs.crpix, here.wcs.cdelt = [ra, dec], [0, 0], [-1 / 3600, 1 / 3600]
    x, y = here.wcs_world2pix(*own.wcs_pix2world(data["x"].astype(float), data["y"].astype(float), 1), 0)
    x, y = x + 1, y + 1  # crpix counts from 1
    mine = (np.abs(x) <= 10) & (np.abs(y) <= 10) & (data["energy"] < 8000)
    assert len(box) == mine.sum() > 50
    assert np.allclose(np.sort(box.x), np.sort(x[mine]), atol=1e-5)
    assert np.allclose(np.sort(box.y), np.sort(y[mine]), atol=1e-5)
    assert np.median(box.x) == pytest.approx(0, abs=0.3)  # 0.5 arcsec over sqrt(50), times 1.25 and 3
    assert np.all(box.energy == 1.0)


def test_off_axis_angle_azimuth_and_roll_against_astropy(tmp_path):
    path = observe(tmp_path / "1_evt2.fits", header={"RA_PNT": 150.05, "DEC_PNT": 59.99})
    for where in ((3.0, 2.0), (-3.0, 2.0), (-1.0, -3.0)):
        found = one(path, where).place
        source, axis = SkyCoord(*place(*where), unit="deg"), SkyCoord(150.05, 59.99, unit="deg")
        assert found.off_axis == pytest.approx(source.separation(axis).rad, abs=1e-12)
        away = source.position_angle(axis).rad + np.pi  # from north to east, seen from the source
        assert np.exp(1j * found.azimuth) == pytest.approx(-np.sin(away) + 1j * np.cos(away), abs=1e-9)
        assert found.roll == pytest.approx(np.deg2rad(40))
    # To the west and the north of the axis: 0 < azimuth < 90 deg.
    assert 0 < one(path, (3.5, 2.0)).place.azimuth < np.pi / 2


def test_facts_of_the_header(tmp_path):
    box = one(observe(tmp_path / "1_evt2.fits"))
    assert (box.frame_time, box.subpixel, box.name, box.facts["telescope"]) == (3.14104, "edser", "1", "CHANDRA")
    assert box.exposure == pytest.approx(900)  # 1000 s of good time x DTCOR 0.9, whatever the header says of it
    older = {"PIX_ADJ": None, "RAND_SKY": 0.5, "TIMEDEL": None, "EXPTIME": 3.2}
    with pytest.warns(FaintskyWarning, match=r"EDSER.* in observation 2 \(randomize\)"):
        box = one(observe(tmp_path / "2_evt2.fits", header=older))
    assert box.frame_time == pytest.approx(3.24104)  # EXPTIME 3.2 s and the transfer of 41.04 ms
    with pytest.warns(FaintskyWarning, match=r"3 \(unknown\)"):
        assert one(observe(tmp_path / "3_evt2.fits", header={"PIX_ADJ": None})).subpixel == ""


def test_the_nominal_pointing_serves_with_a_warning(tmp_path):
    nominal = {"RA_PNT": None, "DEC_PNT": None, "RA_NOM": 150.01, "DEC_NOM": 60.0}
    with pytest.warns(FaintskyWarning, match="count from RA_NOM"):
        box = one(observe(tmp_path / "1_evt2.fits", header=nominal))
    axis = SkyCoord(150.01, 60.0, unit="deg")
    assert box.place.off_axis == pytest.approx(SkyCoord(*place(1, 1), unit="deg").separation(axis).rad)
    with pytest.warns(FaintskyWarning, match="no roll"):
        assert one(observe(tmp_path / "2_evt2.fits", header={"ROLL_PNT": None})).place.roll == 0


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"RA_PNT": None, "DEC_PNT": None}, "does not say where the telescope pointed"),
        ({"DEC_PNT": 95.0}, "is no place on the sky"),
        ({"RA_PNT": "unknown"}, "is no place on the sky"),
        ({"RA_PNT": 152.5}, "deg from the optical axis"),
        ({"OBS_ID": "Merged"}, "several observations"),
        ({"READMODE": "CONTINUOUS"}, "one dimension"),
    ],
)
def test_headers_that_cannot_be_used(tmp_path, header, message):
    with pytest.raises(DataError, match=message):
        one(observe(tmp_path / "1_evt2.fits", header=header))


def test_a_chip_without_good_time_has_no_exposure(tmp_path):
    path = observe(tmp_path / "1_evt2.fits", gti={2: [(0.0, 1e3)], 3: [(0.0, 1e3)]}, time=None)
    with pytest.raises(DataError, match=r"1_evt2\.fits holds photons of chip 7, but no good time of it"):
        one(path)


def test_the_aspect_solution_is_averaged_over_the_good_time(tmp_path):
    path = observe(tmp_path / "7_evt2.fits", header={"RA_PNT": None, "DEC_PNT": None})
    # A quarter of the time is sampled four times as densely: by rows the mean would lie elsewhere. What comes after the
    # good time (0 to 1000 s) points elsewhere altogether.
    time = np.r_[np.arange(0, 750, 2.0), np.arange(750, 1000, 0.5), np.arange(1001, 1500, 2.0)]
    dec = np.select([time < 750, time < 1000], [60.0, 60.004], 61.0)
    roll = np.where(time < 750, 359.0, 3.0)
    made = {"time": time, "ra": np.full(time.size, 150.0), "dec": dec, "roll": roll}
    half = time.size // 2
    parts = [
        write_aspect(tmp_path / f"asol{i}.fits", header={"OBS_ID": "7"}, **{n: c[s] for n, c in made.items()})
        for i, s in enumerate((slice(None, half), slice(half, None)))
    ]
    box = one(path, aspect=parts)
    axis = SkyCoord(150.0, 60.001, unit="deg")  # 3/4 x 60 + 1/4 x 60.004
    assert box.place.off_axis == pytest.approx(SkyCoord(*place(1, 1), unit="deg").separation(axis).rad, abs=0.02 * ARCSEC)
    assert np.rad2deg(box.place.roll) == pytest.approx(0, abs=0.02) or np.rad2deg(box.place.roll) == pytest.approx(360, abs=0.02)
    other = write_aspect(tmp_path / "other.fits", header={"OBS_ID": "8"}, **made)
    with pytest.raises(DataError, match="is of observation 8, of which there is no event file; there are 7"):
        one(path, aspect=[other])
    late = write_aspect(tmp_path / "late.fits", header={"OBS_ID": "7"}, **made | {"time": time + 5000})
    with pytest.raises(DataError, match="within the good time"):
        one(path, aspect=[late])
    with pytest.raises(DataError, match="is no aspect solution"):
        one(path, aspect=[path])


def test_an_observation_counts_only_where_a_chip_saw_the_source(tmp_path):
    chips = ((2, -4.0, -0.2), (3, 0.2, 4.0))  # a gap of 24 arcsec between them
    gti = {2: [(0.0, 1000.0)], 3: [(0.0, 600.0)]}
    first = observe(tmp_path / "1_evt2.fits", chips=chips, gti=gti)
    second = observe(tmp_path / "2_evt2.fits", chips=((7, -2.0, 2.0),), half=2.0, seed=3)
    rows = [(-1.0, 0.0), (3.0, 3.0), (0.0, 3.0), (1.0, 1.0), (6.0, 0.0), (3000.0, 0.0)]
    catalogue = table(tmp_path / "c.ecsv", rows, name=["both", "first", "gap", "east", "outside", "far"])
    sample = load(events=[first, second], catalogue=catalogue)
    by_name = {s.name: {o.name: o.exposure for o in s.observations} for s in sample.sources}
    assert by_name["both"] == pytest.approx({"1": 900, "2": 900})
    assert by_name["first"] == pytest.approx({"1": 540})  # the good time of its own chip
    assert by_name["east"] == pytest.approx({"1": 540, "2": 900})
    assert [o.name for o in sample.sources[2].observations] == ["2", "1"]  # the longest first
    table_ = sample.selection
    assert list(table_["name"][table_["kept"] == 0]) == ["gap", "outside", "far"]
    assert set(table_["reason"][table_["kept"] == 0]) == {"in no observation"}
    assert table_["exposure"][0] == pytest.approx(1.8)
    assert table_["observations"][0] == 2


def test_the_background_of_an_even_field(tmp_path):
    # 0.05 per arcsec^2, nine tenths of it in the band, and a source of 300 photons in the middle: 20 x 20 x 0.045 = 18
    # expected in the box; its error from some 100 counts in 2,300 arcsec^2 is below 10 per cent.
    where = (1.0, 1.0)
    path = observe(tmp_path / "1_evt2.fits", [(*place(*where), 300)], density=0.05, seed=5)
    box = one(path, where)
    theta = SkyCoord(*place(*where), unit="deg").separation(SkyCoord(*CENTRE, unit="deg")).arcmin
    radius = 3 * (1 + 10 * (theta / 10) ** 2)
    assert box.background_area == pytest.approx(2500 - np.pi * radius**2, abs=3)  # cells of 0.5 arcsec on a circle
    assert box.background_counts == box.background_energy.size
    assert box.background == pytest.approx(18, abs=3 * 18 / np.sqrt(100))
    assert box.background_shape is None
    assert box.facts["exposed"] == 1


def test_discs_of_other_sources_are_cut_out_also_of_those_left_out(tmp_path):
    rows = [(1.0, 1.0), (1.0 + 18 / 60, 1.0), (1.0, 1.0 - 30 / 60)]  # the third lies beyond the square, its disc too
    bright = [(*place(*rows[0]), 100), (*place(*rows[1]), 2000)]
    path = observe(tmp_path / "1_evt2.fits", bright, density=0.05, seed=5)
    catalogue = table(tmp_path / "c.ecsv", rows, name=["a", "b", "c"], redshift=[3.0, 1.0, 1.0])
    sample = load(SourceCuts(redshift=(2.5, 3.5)), events=[path], catalogue=catalogue)
    box = sample.sources[0].observations[0]
    alone = one(path, rows[0])
    assert [s.name for s in sample.sources] == ["a"]
    assert alone.background_counts - box.background_counts == pytest.approx(2000, abs=10)
    assert box.background == pytest.approx(18, abs=5.4)
    assert alone.background_area - box.background_area == pytest.approx(np.pi * (3 * 1.22) ** 2, rel=0.1)


def test_regions_are_cut_out_too(tmp_path):
    path = observe(tmp_path / "1_evt2.fits")
    ra, dec = place(1.0, 1.0)
    regions = tmp_path / "more.reg"
    up = dec + 15 / 3600
    regions.write_text(f'fk5\ncircle({ra},{up},5")\n', encoding="utf-8")
    cut, whole = one(path, regions=[regions]), one(path)
    assert whole.background_area - cut.background_area == pytest.approx(25 * np.pi, rel=0.05)
    regions.write_text("physical\ncircle(4000,4000,10)\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"more\.reg:2.*lies elsewhere in each observation"):
        one(path, regions=[regions])


def test_no_background_left_is_an_error(tmp_path):
    path = observe(tmp_path / "1_evt2.fits")
    with pytest.raises(DataError, match=r"source J0959.*free of sources in observation 1.*background_box.*exclude"):
        one(path, background_box=5.0, exclude=10.0)


def test_a_box_on_the_edge_of_a_chip(tmp_path):
    # The source lies 5 arcsec inside the edge of the chip: three quarters of its box are exposed.
    where = (4.0 - 5 / 60, 0.0)
    path = observe(tmp_path / "1_evt2.fits", [(*place(*where), 100)], density=0.05)
    with pytest.warns(FaintskyWarning, match=r"only a part of its box is exposed.*75 per cent in observation 1"):
        box = one(path, where)
    assert box.facts["exposed"] == pytest.approx(0.75, abs=0.02)
    assert box.background_shape.shape == (40, 40)
    assert np.all(box.background_shape[:, :29] == 1)
    assert box.background_shape[:, 31:].sum() == 0
    # What is expected in the exposed part: 0.75 x 400 x 0.045 = 13.5.
    assert box.background == pytest.approx(13.5, abs=3 * 13.5 / np.sqrt(55))


def test_an_exposure_map_shapes_the_background(tmp_path):
    path = observe(tmp_path / "1_evt2.fits", density=0.05, seed=8)
    grid = Grid.tangential(CENTRE, (480, 480), 1.0 * ARCSEC)
    rows = np.indices(grid.shape)[0]
    even = write_exposure(tmp_path / "even.fits", np.full(grid.shape, 3.0), grid)
    ramp = write_exposure(tmp_path / "ramp.fits", 1.0 + rows, grid)
    none = write_exposure(tmp_path / "none.fits", np.zeros(grid.shape), grid)
    plain, flat, sloped = one(path), one(path, exposure=[even]), one(path, exposure=[ramp])
    assert flat.background_shape is None
    assert flat.background == pytest.approx(plain.background)
    # 1 arcmin north of the middle: row 300 of 480; the box spans rows 290 to 310.
    assert sloped.background_shape[-1, 0] / sloped.background_shape[0, 0] == pytest.approx(310 / 290, abs=0.01)
    assert sloped.background == pytest.approx(plain.background, rel=0.02)
    with pytest.raises(DataError, match="nowhere above 0"):
        one(path, exposure=[none])


def test_a_photon_where_the_map_has_no_exposure_keeps_some_weight(tmp_path):
    where = (1.0, 1.0)
    path = observe(tmp_path / "1_evt2.fits", density=0.05)
    grid = Grid.tangential(CENTRE, (480, 480), 1.0 * ARCSEC)
    half = np.where(np.indices(grid.shape)[1] < 302, 1.0, 0.0)
    with pytest.warns(FaintskyWarning, match="only a part of its box"):
        box = one(path, where, exposure=[write_exposure(tmp_path / "half.fits", half, grid)])
    at = box.background_shape[np.floor((box.y + 10) * 2).astype(int), np.floor((box.x + 10) * 2).astype(int)]
    assert at.min() == pytest.approx(0.05)
    assert at.max() == 1


def test_boxes_of_single_sources(tmp_path):
    path = observe(tmp_path / "1_evt2.fits", density=0.05)
    rows = [(1.0, 1.0), (-1.0, 1.0)]
    catalogue = table(tmp_path / "c.ecsv", rows, name=["a", "b"])
    sample = load(events=[path], catalogue=catalogue, boxes={"a": ["8 arcsec"], "b": [-5, 10, -4, 6]})
    assert str(sample.sources[0].box) == "x -4 to 4, y -4 to 4 arcsec"
    assert str(sample.sources[1].box) == "x -5 to 10, y -4 to 6 arcsec"
    for boxes, message in (
        ({"aa": [8]}, "no source 'aa'.*Did you mean 'a'"),
        ({"a": [8, 8]}, "four ends"),
        ({"a": [1, 8, -4, 4]}, "does not hold the source"),
    ):
        with pytest.raises(DataError, match=message):
            load(events=[path], catalogue=catalogue, boxes=boxes)


def test_a_second_source_of_the_catalogue_in_the_box_is_told(tmp_path):
    path = observe(tmp_path / "1_evt2.fits")
    catalogue = table(tmp_path / "c.ecsv", [(1.0, 1.0), (1.1, 1.0)], name=["a", "b"], counts=[100, 1])
    with pytest.warns(FaintskyWarning, match=r"box of source a holds further sources of the catalogue \(b at 6\.0 arcsec\)"):
        load(SourceCuts(min_counts=5), events=[path], catalogue=catalogue)


def test_two_event_files_of_one_observation_are_refused_unless_named(tmp_path):
    paths = [observe(tmp_path / "1_evt2.fits"), observe(tmp_path / "2_evt2.fits", header={"OBS_ID": "1"}, seed=2)]
    with pytest.raises(DataError, match=r"1_evt2\.fits and 2_evt2\.fits are both of observation 1.*merge"):
        load(events=paths, ra=150.0, dec=60.0)
    sample = load(events=paths, names=["1a", "1b"], ra=150.0, dec=60.0)
    assert [o.name for o in sample.sources[0].observations] == ["1a", "1b"]


def test_the_three_stages_of_the_cuts(tmp_path):
    rows = [(1.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (-1.0, -1.0), (3.9, 3.9), (2.0, 2.0)]
    bright = [(*place(*row), 60) for row in (rows[0], rows[4])]
    paths = [observe(tmp_path / f"{i}_evt2.fits", bright if i == 1 else (), density=0.001, seed=i) for i in (1, 2)]
    catalogue = table(
        tmp_path / "c.ecsv",
        rows,
        name=["kept", "no-z", "star", "faint", "edge", "empty"],
        redshift=[3.0, -9999.0, 3.0, 3.0, 3.0, 3.0],
        counts=[60.0, 60.0, 60.0, 38.0, 60.0, -99.0],
        **{"class": ["", "", "STAR", "", "", ""]},
    )
    cuts = SourceCuts(redshift=(2.5, 3.5), min_counts=50, max_off_axis=5 * 60 * ARCSEC, max_observations=1)
    sample = load(cuts, events=paths, catalogue=catalogue)
    reasons = dict(zip(sample.selection["name"], sample.selection["reason"], strict=True))
    assert reasons["kept"] == ""
    assert [s.name for s in sample.sources] == ["kept"]
    assert (reasons["no-z"], reasons["star"], reasons["faint"]) == ("no redshift", "STAR", "38 counts")
    assert reasons["edge"] == "off-axis 5.5 arcmin in observation 1"
    assert reasons["empty"].endswith("counts within its longest observation")
    assert sample.sources[0].facts["catalogue_counts"] == 60
    with pytest.raises(DataError, match=r"none of the 6 candidates is left.*class 1, redshift 5"):
        load(SourceCuts(redshift=(5, 6)), events=paths, catalogue=catalogue)
    with pytest.raises(DataError, match=r"none of the 6 candidates.*off-axis angle 3"):
        load(SourceCuts(redshift=(2.5, 3.5), min_counts=50, max_off_axis=ARCSEC), events=paths, catalogue=catalogue)


def test_each_event_file_is_read_once_and_none_where_no_source_is_asked_for(tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(
        observation_photons,
        "read_events",
        lambda path, ctx, own=observation_photons.read_events: read.append(path) or own(path, ctx),
    )
    paths = [observe(tmp_path / f"{i}_evt2.fits", density=0.06, seed=i) for i in (1, 2)]
    catalogue = table(tmp_path / "c.ecsv", [(i / 4, 1.0) for i in range(-8, 9)], redshift=[3.0] * 17)
    assert len(load(events=paths, catalogue=catalogue, box=10.0).sources) == 17
    assert read == paths
    with pytest.raises(DataError, match="none of the 17"):
        load(SourceCuts(redshift=(5, 6)), events=paths, catalogue=catalogue)
    assert read == paths


def test_catalogues_that_cannot_be_used(tmp_path):
    path = observe(tmp_path / "1_evt2.fits")
    rows = [(1.0, 1.0), (-1.0, 1.0)]
    double = table(tmp_path / "double.ecsv", rows, name=["a", "a"])
    with pytest.raises(DataError, match=r"double\.ecsv has 2 sources called 'a'"):
        load(events=[path], catalogue=double)
    wrong = table(tmp_path / "z.ecsv", rows, redshifts=[1.0, 2.0])
    with pytest.raises(DataError, match=r"no column 'redshift'.*Did you mean 'redshifts'"):
        load(SourceCuts(redshift=(1, 2)), events=[path], catalogue=wrong)
    nowhere = table(tmp_path / "n.ecsv", rows)
    data = Table.read(tmp_path / "n.ecsv")
    data["ra"][1] = np.nan
    data.write(tmp_path / "n.ecsv", overwrite=True)
    with pytest.raises(DataError, match=r"1 of 2 sources of n\.ecsv have no position \(the first is row 2\)"):
        load(events=[path], catalogue=nowhere)


def test_names_are_texts_and_made_of_the_position_where_there_are_none(tmp_path):
    path = observe(tmp_path / "1_evt2.fits")
    numbered = table(tmp_path / "c.ecsv", [(1.0, 1.0)], name=[42])
    assert load(events=[path], catalogue=numbered).sources[0].name == "42"
    assert load(events=[path], ra=150.0, dec=60.0).sources[0].name == "J100000.00+600000.0"
    named = load(SourceCuts(redshift=(2.5, 3.5)), events=[path], ra=150.0, dec=60.0, name="mine", redshift=3.0).sources[0]
    assert (named.name, named.redshift) == ("mine", 3.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"events": []}, "no event file"),
        ({}, "no source is given"),
        ({"ra": 1.0}, "both ra and dec"),
        ({"ra": 1.0, "dec": 1.0, "names": ["a", "b"]}, "1 event files but 2 names"),
        ({"ra": 1.0, "dec": 1.0, "exposure": ["a", "b"]}, "1 event files but 2 exposure maps"),
    ],
)
def test_options_that_do_not_fit(options, message):
    with pytest.raises(DataError, match=message):
        make("photon_samples", "events", **{"events": ["evt2.fits"]} | options)


def test_a_catalogue_and_a_position_exclude_each_other(tmp_path):
    catalogue = make("catalogues", "table", path=tmp_path / "c.ecsv")
    with pytest.raises(DataError, match="leave one of them out"):
        make("photon_samples", "events", events=["a"], catalogue=catalogue, ra=1.0, dec=1.0)
    with pytest.raises(DataError, match="a catalogue has columns for them"):
        make("photon_samples", "events", events=["a"], catalogue=catalogue, name="x")


@frozen(kw_only=True)
class _Study:
    photons: PhotonSampleSource = slot(help="the sources")


def _written(table, base):
    return structure({"photons": table}, _Study, base).photons


def test_the_form_of_a_study_file(tmp_path):
    observe(tmp_path / "1_evt2.fits")
    table(tmp_path / "c.ecsv", [(1.0, 1.0)], XID=["a"], z_best=[3.0])
    said = {
        "use": "events",
        "events": ["1_evt2.fits"],
        "box": "16 arcsec",
        "boxes": {"a": ["8 arcsec"]},
        "catalogue": {"use": "table", "path": "c.ecsv", "columns": {"name": "XID", "redshift": "z_best"}},
    }
    sample = _written(said, tmp_path).load(SourceCuts(redshift=(2.5, 3.5)), Context())
    assert sample.sources[0].box.x_high == 4
    assert sample.sources[0].name == "a"
    single = {"use": "events", "events": "1_evt2.fits", "ra": "150 deg", "dec": "60 deg"}
    assert _written(single, tmp_path).load(OPEN, Context()).sources[0].ra == pytest.approx(150)


def test_the_same_sample_has_the_same_digest(tmp_path):
    path = observe(tmp_path / "1_evt2.fits")
    first, again, other = (load(events=[path], ra=150.0, dec=60.0, box=side) for side in (20.0, 20.0, 10.0))
    assert first.digest == again.digest != other.digest


def test_a_sample_is_stored_and_read_back(tmp_path):
    path = observe(tmp_path / "1_evt2.fits", density=0.05)
    sample = load(events=[path], ra=150.0, dec=60.0)
    storage.save(sample, tmp_path / "sample.h5")
    found = storage.load(tmp_path / "sample.h5")
    assert found.digest == sample.digest
    assert dict(found.sources[0].observations[0].facts) == dict(sample.sources[0].observations[0].facts)


def test_the_blocks_of_the_guide_are_valid(tmp_path):
    # Its options against the component and the cuts, with files of the names that it uses.
    page = Path(__file__).resolve().parents[2] / "docs" / "howto" / "dual-agn-photons.md"
    blocks = re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    whole, single, boxes, images = (tomllib.loads(block) for block in blocks)
    for name in ("acisf09456_evt2.fits", "acisf09459_evt2.fits", "aegis_xd.fits"):
        (tmp_path / name).touch()
    made = _written(whole["photons"] | boxes["photons"], tmp_path)
    assert made.catalogue.columns["redshift"] == "zbest"
    assert set(made.boxes) == {"aegis_482", "aegis_511"}
    cuts = structure(whole["selection"], SourceCuts, tmp_path)
    assert (cuts.redshift, cuts.min_counts, cuts.max_observations) == ((2.5, 3.5), 50, 10)
    assert cuts.max_off_axis == pytest.approx(300 * ARCSEC)
    assert _written(single["photons"], tmp_path).dec == pytest.approx(52.586265)
    assert make("psfs", images["psfs"].pop("use"), **images["psfs"]).energies == (1.25, 5.0)
