"""Bad input through the command line: one sentence that says what, where and how to put it right; nothing is lost.

What is wrong in the study file ends `check` and `run` before anything runs, with exit code 2, or 3 where a plugin is missing.
What only the data can tell
fails the task that reads them: exit code 1, the cell named with its cause.
"""

import numpy as np
import pytest
from astropy.io import fits

from faintsky.core.run import open_run
from faintsky.testing.event_files import write_events
from faintsky.testing.masks import sky_grid

GRID = sky_grid((64, 64))
MAP = '[maps.a]\nuse = "fits"\npath = "a.fits"\nunit = "nW / (m2 sr)"\n'


def image(path, grid=GRID, **spoil):
    values = np.random.default_rng(1).normal(size=grid.shape)
    for y, x in spoil.get("nan", ()):
        values[y, x] = np.nan
    fits.writeto(path, values, fits.Header.fromstring(grid.header))


def events(path, **more):
    x, y = np.random.default_rng(1).uniform(4064, 4128, (2, 500))
    write_events(path, x=x, y=y, energy_ev=np.full(500, 1500.0), time=np.arange(500.0), **more)


@pytest.fixture
def data(tmp_path):
    image(tmp_path / "a.fits")
    image(tmp_path / "hole.fits", nan=[(5, 6)])
    image(tmp_path / "elsewhere.fits", sky_grid((48, 64)))
    fits.writeto(tmp_path / "all.fits", np.zeros(GRID.shape), fits.Header.fromstring(GRID.header))
    events(tmp_path / "evt.fits")
    events(tmp_path / "blind.fits", wcs=False)
    with fits.open(tmp_path / "evt.fits") as hdus:
        table = hdus[1]
        kept = [c for c in table.columns if c.name.lower() not in ("x", "y")]
        fits.HDUList([hdus[0], fits.BinTableHDU.from_columns(kept, name="EVENTS"), *hdus[2:]]).writeto(tmp_path / "noxy.fits")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "code", "parts"),
    [
        (MAP + 'power_spectra = "fft"\n', 2, ["s.toml:6 ", "unknown option 'power_spectra'"]),
        ('power_spectra = "decoupeld"\n' + MAP, 3, ["s.toml:2 ", "power_spectra", "Did you mean 'decoupled'?"]),
        ('[[power_spectra]]\nuse = "decoupled"\ntapr = 3\n' + MAP, 2, ["s.toml:4 ", "tapr", "Did you mean 'taper'?"]),
        ('[[power_spectra]]\nuse = "decoupled"\ntaper = "3 keV"\n' + MAP, 2, ["s.toml:4 ", "'keV'", "'rad'"]),
        ('[maps.x]\nuse = "events"\npath = "evt.fits"\nband = "2-0.5 keV"\n', 2, ["s.toml:5 ", "maps.x.band", "2", "0.5"]),
        ('[maps.x]\nuse = "events"\npath = "evt.fits"\nband = "0.5-2 arcsec"\n', 2, ["maps.x.band", "arcsec"]),
        ('[maps.a]\nuse = "fits"\npath = "b.fits"\n', 2, ["s.toml:4 ", "maps.a.path", "there is no file", "b.fits"]),
        (
            '[bins]\nper_decade = 0\n\n[maps.a]\nuse = "fit"\n\n[samplers]\nuse = "emcee"\nsteps = "many"\n',
            2,
            ["bins.per_decade", "Did you mean 'fits'?", "samplers"],
        ),
    ],
)
def test_a_wrong_study_file_runs_nothing(command, data, text, code, parts):
    file = data / "s.toml"
    file.write_text('study = "coherence"\n' + text)
    checked, ran = command("study", "check", file), command("run", file, "--out", data / "r")
    assert checked.code == ran.code == code
    for part in parts:
        assert part in checked.err, checked.err
        assert part in ran.err
    assert not (data / "r").exists()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('[maps.x]\nuse = "events"\npath = "evt.fits"\nband = "3-7 keV"\n', ["load x", "evt.fits", "none of the 500 events"]),
        ('[maps.x]\nuse = "events"\npath = "noxy.fits"\nband = "1-2 keV"\n', ["load x", "no sky column", "energy"]),
        ('[maps.x]\nuse = "events"\npath = "blind.fits"\nband = "1-2 keV"\n', ["load x", "WCS"]),
        (MAP.replace("a.fits", "hole.fits") + 'nan = "error"\n', ["load a", "1 pixels are not finite", "(5, 6)"]),
        (MAP + MAP.replace("maps.a", "maps.b").replace("a.fits", "elsewhere.fits"), ["load b", "48x64", "64x64"]),
        (MAP.replace("a.fits", "all.fits"), ["spectra of decoupled", "is constant where the masks keep it"]),
        (MAP + '[masks.all]\nuse = "image"\npath = "all.fits"\n', ["mask", "leave no pixel", "all 100.0 %"]),
        (
            MAP + '[bins]\ntheta = ["1.2 arcsec", "2 deg"]\nempty = "error"\n',
            ["spectra of decoupled", "no Fourier mode", "fundamental mode"],
        ),
    ],
)
def test_wrong_data_fail_their_task_with_the_reason(command, data, text, parts):
    file = data / "s.toml"
    file.write_text('study = "coherence"\n' + text)
    done = command("run", file, "--out", data / "r", "--executor", "serial")
    assert done.code == 1
    assert "Traceback" not in done.out + done.err
    for part in parts:
        assert part in done.err, done.err
    assert parts[-1] in (data / "r" / "report.html").read_text()
    assert parts[-1] in command("status", data / "r").out


def test_pixels_that_are_turned_and_oblong_are_measured(command, data):
    # Handled, not refused: white noise of unit variance has the power of the solid angle of these pixels.
    header = fits.Header.fromstring(GRID.header)
    header["CDELT1"] *= 1.5
    header.update({"PC1_1": 0.8, "PC1_2": -0.6 / 1.5, "PC2_1": 0.6 * 1.5, "PC2_2": 0.8})
    fits.writeto(data / "turned.fits", np.random.default_rng(1).normal(size=GRID.shape), header)
    file = data / "s.toml"
    file.write_text('study = "coherence"\n' + MAP.replace("a.fits", "turned.fits"))
    done = command("run", file, "--out", data / "r", "--executor", "serial")
    assert done.code == 0, done.err
    table = open_run(data / "r").table("spectra")
    area = 1.5 * GRID.pixel_area
    mean = np.average(table["power"] / area, weights=table["modes"])
    assert abs(mean - 1) < 4 / np.sqrt(table["modes"].sum() / 2)
