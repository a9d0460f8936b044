"""The reader of event files: columns, energies, good times, live times, and what it refuses."""

import numpy as np
import pytest
from astropy.io import fits

from faintsky.core.band import Band
from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.plugins.maps.event_file import read_events
from faintsky.testing.event_files import write_events

N = 50
RNG = np.random.default_rng(0)
X, Y = RNG.uniform(4000, 4200, (2, N))
ENERGY, TIME = RNG.uniform(500, 7000, N), RNG.uniform(0, 1000, N)


def test_columns_are_found_in_any_case_and_energies_come_in_kev(tmp_path):
    for style in ("chandra", "xmm"):
        events = read_events(
            write_events(tmp_path / f"{style}.fits", x=X, y=Y, energy_ev=ENERGY, time=TIME, style=style), Context()
        )
        np.testing.assert_allclose(events.energy, ENERGY / 1000, rtol=1e-6)
        np.testing.assert_allclose(events.x, X, rtol=1e-6)


def test_live_time_is_the_good_time_of_the_photons_chip(tmp_path):
    # Identity: 300 s + 100 s on chip 3 and 900 s on chip 7, each times DTCOR 0.9; never their sum. Photons 20 : 30.
    ccd = np.where(np.arange(N) < 20, 3, 7)
    gti = {7: [(50.0, 950.0)], 3: [(0.0, 300.0), (600.0, 700.0)]}
    time = np.where(ccd == 3, 150.0, 500.0)
    events = read_events(write_events(tmp_path / "e.fits", x=X, y=Y, energy_ev=ENERGY, time=time, ccd=ccd, gti=gti), Context())
    assert events.live_time(3) == pytest.approx(0.9 * 400)
    assert events.live_time(7) == pytest.approx(0.9 * 900)
    assert events.exposure == pytest.approx(0.9 * (20 * 400 + 30 * 900) / 50)


def test_xmm_good_times_are_told_by_the_number_in_the_name(tmp_path):
    ccd = np.where(np.arange(N) < 20, 1, 4)
    events = read_events(
        write_events(
            tmp_path / "e.fits",
            x=X,
            y=Y,
            energy_ev=ENERGY,
            time=np.full(N, 5.0),
            ccd=ccd,
            gti={4: [(0, 800)], 1: [(0, 500)]},
            style="xmm",
            dtcor=None,
            header={"LIVETIME": 95.0, "ONTIME": 100.0},
        ),
        Context(),
    )
    assert events.good_time(1) == 500
    assert events.live_time(4) == pytest.approx(0.95 * 800)


def test_the_data_subspace_tells_the_chip_of_a_good_time_table(tmp_path):
    path = write_events(
        tmp_path / "e.fits",
        x=X,
        y=Y,
        energy_ev=ENERGY,
        time=np.full(N, 5.0),
        ccd=np.full(N, 3),
        gti={1: [(0, 100)], 2: [(0, 200)]},
        header={
            "DSTYP1": "time",
            "DSREF1": ":GTI1",
            "DSTYP2": "ccd_id",
            "DSVAL2": "0:0",
            "2DSREF1": ":GTI2",
            "2DSVAL2": "3:3",
        },
    )
    assert read_events(path, Context()).good_time(3) == 200


def test_photons_outside_the_good_time_of_their_chip_are_left_out(tmp_path):
    time = np.where(np.arange(N) < 10, 2000.0, 500.0)
    path = write_events(tmp_path / "e.fits", x=X, y=Y, energy_ev=ENERGY, time=time)
    with pytest.warns(FaintskyWarning, match="10 of 50 events lie outside the good time"):
        assert len(read_events(path, Context())) == 40


@pytest.mark.parametrize(("exposure", "warns"), [(905.0, False), (912.0, True)])
def test_the_header_is_contradicted_beyond_one_per_cent(tmp_path, exposure, warns):
    path = write_events(
        tmp_path / "e.fits", x=X, y=Y, energy_ev=ENERGY, time=TIME, header={"EXPOSURE": exposure}
    )  # good time x DTCOR = 900 s
    events = read_events(path, _Quiet())
    assert any("EXPOSURE" in w for w in events.warnings) is warns


class _Quiet(Context):
    def warn(self, message: str) -> None:
        pass


def test_energy_from_pi(tmp_path):
    # PI = floor(E / 14.6 eV) + 1 for ACIS; in eV for XMM.
    pi = np.floor(ENERGY / 14.6) + 1
    acis = read_events(write_events(tmp_path / "a.fits", x=X, y=Y, pi=pi, time=TIME), _Quiet())
    assert np.max(np.abs(acis.energy - ENERGY / 1000)) <= 0.0073 * 1.0001
    xmm = read_events(write_events(tmp_path / "x.fits", x=X, y=Y, pi=ENERGY, time=TIME, style="xmm"), _Quiet())
    assert np.max(np.abs(xmm.energy - ENERGY / 1000)) <= 0.001
    path = write_events(tmp_path / "h.fits", x=X, y=Y, pi=pi, time=TIME, header={"INSTRUME": "HRC"})
    with pytest.raises(DataError, match=r"the width of a PI channel of CHANDRA HRC is not known"):
        read_events(path, _Quiet())
    path = write_events(tmp_path / "n.fits", x=X, y=Y, time=TIME)
    with pytest.raises(DataError, match=r"neither energy nor pi.*Columns: time, ccd_id, x, y"):
        read_events(path, _Quiet())


def test_an_energy_without_unit_is_refused_outside_chandra(tmp_path):
    path = write_events(tmp_path / "e.fits", x=X, y=Y, energy_ev=ENERGY, time=TIME, style="xmm")
    with fits.open(path, mode="update") as hdus:
        del hdus["EVENTS"].header["TUNIT5"]
    with pytest.raises(DataError, match=r"energy of e.fits has no unit \(TUNIT5\)"):
        read_events(path, _Quiet())


def test_what_is_no_event_file_is_refused_with_what_it_holds(tmp_path):
    with pytest.raises(DataError, match="there is no event file"):
        read_events(tmp_path / "absent.fits", Context())
    fits.writeto(tmp_path / "image.fits", np.ones((3, 3)))
    with pytest.raises(DataError, match="has no table EVENTS, only PRIMARY"):
        read_events(tmp_path / "image.fits", Context())
    columns = [fits.Column(name=n, format="E", array=np.ones(2)) for n in ("time", "detx", "dety", "energy")]
    fits.BinTableHDU.from_columns(columns, name="EVENTS").writeto(tmp_path / "det.fits")
    with pytest.raises(DataError, match=r"no sky column x and y; its columns are time, detx, dety, energy"):
        read_events(tmp_path / "det.fits", Context())
    with pytest.raises(DataError, match="holds 0 events"):
        read_events(write_events(tmp_path / "none.fits", x=[], y=[], energy_ev=[], time=[]), Context())
    path = write_events(tmp_path / "nogti.fits", x=X, y=Y, energy_ev=ENERGY, time=TIME, gti={})
    with pytest.raises(DataError, match=r"no good time intervals \(GTI, STDGTI\), so its live time is not known"):
        read_events(path, Context())


def test_events_without_a_sky_wcs_say_so_when_they_are_placed(tmp_path):
    events = read_events(write_events(tmp_path / "e.fits", x=X, y=Y, energy_ev=ENERGY, time=TIME, wcs=False), _Quiet())
    with pytest.raises(DataError, match="carry no WCS"):
        events.sky()


def test_zero_events_in_the_band(tmp_path):
    events = read_events(write_events(tmp_path / "e.fits", x=X, y=Y, energy_ev=ENERGY, time=TIME), _Quiet())
    with pytest.raises(DataError, match=r"lies in the band 8-10 keV; there are 0\.[5-9]\d*-6\.\d+ keV"):
        events.in_band(Band.parse("8-10 keV"))


def test_the_sky_columns_are_found_by_name_and_are_one_based(tmp_path):
    # Identity: TCRPX is the sky pixel of TCRVL; one sky pixel up is TCDLT north; RA grows to the left.
    x, y = [4096.5, 4096.5, 4094.5], [4096.5, 4100.5, 4096.5]
    events = read_events(write_events(tmp_path / "e.fits", x=x, y=y, energy_ev=[1e3] * 3, time=[1.0] * 3), _Quiet())
    ra, dec = (np.rad2deg(c) for c in events.sky())
    assert ra[0] == pytest.approx(150.0, abs=1e-10)
    assert dec[0] == pytest.approx(2.2, abs=1e-10)
    assert (dec[1] - 2.2) * 3600 == pytest.approx(4 * 0.5, rel=1e-6)
    assert (ra[2] - 150.0) * np.cos(np.deg2rad(2.2)) * 3600 == pytest.approx(2 * 0.5, rel=1e-6)
