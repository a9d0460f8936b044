"""Photons of sources in the real event file of M82 (ObsID 10027), and the cost of a deep field."""

import time

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

from faintsky.core.context import Context
from faintsky.core.errors import FaintskyWarning
from faintsky.core.registry import make
from faintsky.core.source_cuts import SourceCuts
from faintsky.testing.event_files import write_events

#: The brightest source of the file.
BRIGHTEST = SkyCoord("09h55m50.06s +69d40m46.4s", frame="icrs")
pytestmark = pytest.mark.filterwarnings("ignore:.*the good time counts:faintsky.core.errors.FaintskyWarning")


@pytest.fixture
def m82(real_data):
    return real_data / "chandra_events" / "M82_10027_evt2_subset.fits"


@pytest.fixture
def photons(m82):
    source = make("photon_samples", "events", events=[m82], ra=BRIGHTEST.ra.deg, dec=BRIGHTEST.dec.deg, name="M82")
    return source.load(SourceCuts(), Context()).sources[0].observations[0]


def test_the_place_in_the_field_of_view(m82, photons):
    # RA_PNT, DEC_PNT and ROLL_PNT of the header, by astropy.
    header = fits.getheader(m82, 1)
    axis = SkyCoord(header["RA_PNT"], header["DEC_PNT"], unit="deg")
    assert photons.place.off_axis == pytest.approx(BRIGHTEST.separation(axis).rad, abs=1e-11)
    assert np.rad2deg(photons.place.off_axis) * 60 == pytest.approx(3.62, abs=0.01)
    away = BRIGHTEST.position_angle(axis).rad + np.pi
    assert np.exp(1j * photons.place.azimuth) == pytest.approx(-np.sin(away) + 1j * np.cos(away), abs=1e-9)
    # The source lies south-west of the axis: its sky pixels are larger in x and smaller in y than the middle, 4096.5.
    assert -np.pi / 2 < photons.place.azimuth < 0
    assert photons.place.roll == pytest.approx(np.deg2rad(header["ROLL_PNT"]))


def test_facts_and_live_time(photons):
    # 945.3 s of good time x DTCOR 0.90695 (real_data.md); the header: PIX_ADJ = EDSER, TIMEDEL = 0.44104 s.
    assert photons.exposure == pytest.approx(857.37, abs=0.05)
    assert (photons.subpixel, photons.frame_time, photons.name) == ("edser", 0.44104, "10027")
    assert photons.facts["chip"] == 7
    # 5.3 photons/s/box in frames of 0.44 s: this source is piled up, which a study has to be told.
    assert photons.per_frame == pytest.approx(len(photons) * 0.44104 / 857.37, rel=1e-4)
    assert photons.per_frame > 1


def test_photons_against_the_wcs_of_astropy(m82, photons):
    # Independent of the reader: the cards of the columns x (3) and y (4), and a second tangent plane about the source.
    header, data = fits.getheader(m82, 1), fits.getdata(m82, 1)
    own = WCS(naxis=2)
    own.wcs.ctype = [header["TCTYP3"], header["TCTYP4"]]
    own.wcs.crval, own.wcs.crpix, own.wcs.cdelt = ([header[f"TC{key}{n}"] for n in (3, 4)] for key in ("RVL", "RPX", "DLT"))
    x, y, energy = (np.array(data[name], dtype=float) for name in ("x", "y", "energy"))
    sky = own.wcs_pix2world(x, y, 1)
    here = WCS(naxis=2)
    here.wcs.ctype, here.wcs.crval = ["RA---TAN", "DEC--TAN"], [BRIGHTEST.ra.deg, BRIGHTEST.dec.deg]
    here.wcs.crpix, here.wcs.cdelt = [1, 1], [-1 / 3600, 1 / 3600]
    west, north = here.wcs_world2pix(*sky, 0)
    mine = (np.abs(west) <= 10) & (np.abs(north) <= 10) & (energy >= 500) & (energy < 8000)
    assert len(photons) == mine.sum()
    order, theirs = np.lexsort((photons.y, photons.x)), np.lexsort((north[mine], west[mine]))
    assert np.abs(photons.x[order] - west[mine][theirs]).max() < 1e-3  # arcsec
    assert np.abs(photons.y[order] - north[mine][theirs]).max() < 1e-3
    assert np.hypot(np.median(photons.x), np.median(photons.y)) < 1  # among the diffuse light and fainter sources of M82


def test_the_area_of_the_background_by_monte_carlo(m82, photons):
    # The chip was read out in a strip of one arcmin: corners of the square lie outside of it, seen by the photons' hull. Thrown
    # positions outside the disc of 3 r90 = 6.94 arcsec and inside a triangulation of the photons; error 2,500 arcsec^2 x 0.0007.
    from scipy.spatial import Delaunay

    data = fits.getdata(m82, 1)
    rng = np.random.default_rng(0)
    west, north = rng.uniform(-25, 25, (2, 200_000))
    header = fits.getheader(m82, 1)
    plane = WCS(naxis=2)
    plane.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    plane.wcs.crval, plane.wcs.crpix, plane.wcs.cdelt = ([header[f"TC{key}{n}"] for n in (3, 4)] for key in ("RVL", "RPX", "DLT"))
    px, py = plane.wcs_world2pix([BRIGHTEST.ra.deg], [BRIGHTEST.dec.deg], 1)
    # One arcmin from the tangent point of the file north is turned by 0.2 deg, which moves no corner by a tenth of an arcsec.
    points = np.column_stack([px[0] + west / 0.492, py[0] + north / 0.492])
    inside = Delaunay(np.column_stack([data["x"], data["y"]]).astype(float)).find_simplex(points) >= 0
    free = inside & (np.hypot(west, north) > 3 * (1 + 10 * 0.3624**2))
    assert not inside.all()
    assert photons.background_area == pytest.approx(2500 * free.mean(), abs=8)
    assert photons.facts["exposed"] == 1


@pytest.mark.slow
def test_a_deep_field_takes_seconds_per_observation(tmp_path):
    # Goal: 4,574 sources, some hundreds of which survive the catalogue cuts, times 100 observations of 1e6 photons within
    # minutes to an hour. Measured here on one core: see the report of the issue.
    rng = np.random.default_rng(0)
    n, number = 1_000_000, 500
    path = write_events(
        tmp_path / "1_evt2.fits",
        x=4096.5 + rng.uniform(-1000, 1000, n),
        y=4096.5 + rng.uniform(-1000, 1000, n),
        energy_ev=rng.uniform(500, 8000, n),
        time=np.full(n, 500.0),
        pixel_arcsec=0.492,
        centre=(150.0, 2.2),
        header={"RA_PNT": 150.0, "DEC_PNT": 2.2, "ROLL_PNT": 0.0, "PIX_ADJ": "EDSER"},
    )
    from astropy.table import Table

    table = Table({"ra": 150 + rng.uniform(-0.13, 0.13, 4574), "dec": 2.2 + rng.uniform(-0.13, 0.13, 4574)})
    table["redshift"] = np.where(np.arange(4574) < number, 3.0, 1.0)
    table.write(tmp_path / "c.ecsv")
    catalogue = make("catalogues", "table", path=tmp_path / "c.ecsv", columns={"redshift": "redshift"})
    source = make("photon_samples", "events", events=[path], catalogue=catalogue, exclude=1.5)
    start = time.process_time()
    with pytest.warns(FaintskyWarning):
        sample = source.load(SourceCuts(redshift=(2.5, 3.5)), Context())
    spent = time.process_time() - start
    assert len(sample.sources) > 0.9 * number
    assert spent < 20
    print(f"{len(sample.sources)} sources in {spent:.2f} CPU s")
