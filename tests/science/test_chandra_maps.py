"""Real Chandra data: noise of A - B halves against the analytic level of the photons; files that lack something.

M82 is ObsID 10027 (945.3 s of good time), ZwCl 2341.1+0000 five ObsIDs with exposure maps. The data lie beside the
repository and are not part of it. The estimator here is the plain transform over the mean squared weight, which is unbiased
for white noise whatever the mask, so that these tests do not depend on an estimator of faintsky.
"""

import numpy as np
import pytest

from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.map import Map
from faintsky.core.units import ARCSEC
from faintsky.plugins.maps import events as events_module
from faintsky.plugins.maps.event_file import read_events
from faintsky.plugins.maps.events import Events
from faintsky.plugins.maps.fits import FitsImage
from faintsky.plugins.masks.regions import Regions

BANDS = ("0.5-2 keV", "2-7 keV", "0.5-7 keV")
OBSIDS = (17490, 5786, 17170, 18702, 18703)


def power(data: Map, theta_min: float, theta_max: float) -> float:
    """Mean power of the modes between two scales [arcsec], |FT|^2 Omega / (N <w^2>)."""
    ny, nx = data.geometry.shape
    qy = 2 * np.pi * np.fft.fftfreq(ny, data.geometry.scale[0])
    qx = 2 * np.pi * np.fft.rfftfreq(nx, data.geometry.scale[1])
    q = np.hypot(qy[:, None], qx)
    chosen = (q > 2 * np.pi / (theta_max * ARCSEC)) & (q <= 2 * np.pi / (theta_min * ARCSEC))
    twice = np.full(q.shape, 2.0)
    twice[:, 0] = 1
    if nx % 2 == 0:
        twice[:, -1] = 1
    density = np.abs(data.fourier) ** 2 * data.geometry.pixel_area / (ny * nx * data.w2)
    return float(np.average(density[chosen], weights=twice[chosen]))


@pytest.fixture(scope="module")
def m82(real_data):
    return real_data / "chandra_events" / "M82_10027_evt2_subset.fits"


@pytest.fixture(scope="module")
def without_the_brightest(m82, tmp_path_factory):
    """A disc of 10 arcsec around the brightest source, in the physical frame of the events."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FaintskyWarning)
        found = Events(path=m82, band="0.5-7 keV").load(None, Context())
    iy, ix = np.unravel_index(np.argmax(found.counts), found.counts.shape)
    from astropy.io import fits
    from astropy.wcs import WCS

    sky = WCS(fits.Header.fromstring(found.meta["physical_header"]))
    x, y = sky.wcs_world2pix(*found.geometry.wcs.wcs_pix2world(float(ix), float(iy), 0), 1)
    path = tmp_path_factory.mktemp("m82") / "brightest.reg"
    path.write_text(f"physical\ncircle({x:.3f},{y:.3f},{10 / 0.492:.3f})\n", encoding="utf-8")
    rule = Regions(path=path)
    out = rule.masked({"m82": found}, Context())
    assert found.counts[out].sum() > found.counts.sum() / 3  # one source holds more than a third of the photons
    return rule


def test_m82_live_time_comes_from_the_good_time_with_a_warning(m82):
    # 945.3 s of good time x DTCOR 0.90695 = 857.4 s, where the header says 18279.3 s (real_data.md, section 2).
    with pytest.warns(FaintskyWarning, match=r"EXPOSURE = 18279\.3 s.*945\.3 s, live 857\.4 s.*a factor 21\.3"):
        events = read_events(m82, Context())
    assert events.exposure == pytest.approx(857.37, abs=0.05)
    assert len(events) == 4612


def test_m82_energies_from_pi_agree_with_the_column(m82, real_data):
    # PI = floor(E / 14.6 eV) + 1 holds for 95.7 % of the events (real_data.md); those lie within half a channel.
    with pytest.warns(FaintskyWarning, match="no column energy: taken from PI"):
        by_channel = read_events(m82.with_name("M82_10027_evt2_subset_noenergy.fits"), Context())
    with pytest.warns(FaintskyWarning):
        by_column = read_events(m82, Context())
    assert np.mean(np.abs(by_channel.energy - by_column.energy) <= 0.00731) > 0.95


@pytest.mark.filterwarnings("ignore::faintsky.core.errors.FaintskyWarning")
@pytest.mark.parametrize("band", BANDS)
def test_m82_one_parity_split_has_the_shot_noise_within_a_tenth(m82, without_the_brightest, band):
    # Issue A: within 10 % over 4-10 arcsec; found 1.040, 1.074, 1.058. A weak test: what is left of M82 is clumped into few
    # sources, so single halves scatter by 8 % (soft), 17 % (hard), 9 % (all), measured over random halves. Discs of 3 to 15
    # arcsec pass, one of 20 arcsec gives 1.104 (soft); 6 arcsec on 1.5 arcsec pixels 0.881 (hard). The mean, below, is sharp.
    data = Events(path=m82, band=band, splits=2).load(None, Context())
    kept = data.masked(~without_the_brightest.masked({"m82": data}, Context()))
    assert power(kept.half_difference(), 4, 10) / kept.shot_noise() == pytest.approx(1, abs=0.1)


@pytest.mark.filterwarnings("ignore::faintsky.core.errors.FaintskyWarning")
@pytest.mark.parametrize(("band", "halves"), [(BANDS[0], 100), (BANDS[1], 200), (BANDS[2], 100)])
def test_m82_random_halves_have_the_shot_noise_in_the_mean(m82, without_the_brightest, band, halves, monkeypatch):
    # Issue A: mean over >= 100 seeded random halves within 3 % of 1; here the error of the mean is 0.8 to 1.2 %.
    events = read_events(m82, Context())
    monkeypatch.setattr(events_module, "read_events", lambda path, ctx: events)
    source = Events(path=m82, band=band, splits=2, split_by="random", pixel="1.476 arcsec")
    grid = source.grid()
    keep = ~without_the_brightest.masked({"m82": source.load(grid, Context())}, Context())
    ratios = []
    for seed in range(halves):
        kept = source.load(grid, Context(seed=seed)).masked(keep)
        ratios.append(power(kept.half_difference(), 4, 10) / kept.shot_noise())
    assert np.mean(ratios) == pytest.approx(1, abs=0.03)
    assert np.std(ratios) > 0.01  # the halves do differ


@pytest.fixture(scope="module")
def zwcl(real_data):
    import warnings

    folder = real_data / "chandra_field_maps"
    name = "srcfree_bin4_500-2000_{}_band1_thresh.{}.gz"
    source = FitsImage(
        path=[folder / name.format(i, "img") for i in OBSIDS],
        exposure=[folder / name.format(i, "expmap_nosrcedg") for i in OBSIDS],
        groups=(0, 1, 1, 1, 1),
        min_exposure=0.3,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FaintskyWarning)
        return source.load(None, Context())


def test_zwcl_halves_have_the_shot_noise_at_small_scales(zwcl):
    # Issue A: within 2 % at 5.7 arcsec; predicted 1.951e-6 and measured 1.956e-6 by another code (real_data.md, 3 i-a).
    half = zwcl.half_difference()
    assert zwcl.unit == "ph / (cm2 s sr)"
    assert half.shot_noise() == pytest.approx(1.951e-6, rel=0.01)
    assert power(half, 5.0, 6.5) / half.shot_noise() == pytest.approx(1, abs=0.02)


def test_zwcl_halves_of_observations_hold_sky_on_large_scales(zwcl):
    # The trap that the warning tells: 1.5 to 3.7 times the shot noise above 60 arcsec (real_data.md, 3 i-a).
    half = zwcl.half_difference()
    assert power(half, 150, 420) / half.shot_noise() > 1.3


def test_zwcl_sum_less_difference_is_the_cross_power(zwcl):
    # Algebra: P((A + B)/2) - P((A - B)/2) = Re A B*.
    a, b = zwcl.split(0), zwcl.split(1)
    cross = np.sum((a.fourier * np.conj(b.fourier)).real)
    total, difference = (np.sum(np.abs(m.fourier) ** 2) for m in (zwcl.half_sum(), zwcl.half_difference()))
    assert (total - difference) / cross == pytest.approx(1, rel=1e-10)


def test_an_expmap_header_is_never_asked_for_times(real_data):
    # These exposure maps say EXPOSURE = 4.0 and LIVETIME = 396,945; the unit cm**2 s stands in BUNIT.
    from faintsky.plugins.maps.exposure import read_exposure

    path = real_data / "chandra_field_maps" / "srcfree_bin4_500-2000_17490_band1_thresh.expmap_nosrcedg.gz"
    exposure, _ = read_exposure(path, None)
    assert exposure.unit == "cm2 s"
    area = exposure.values.max() / 99236.45  # live time of ObsID 17490 [s]
    assert 100 < area < 800  # effective area of ACIS-I at 0.5-2 keV [cm2]


def test_a_structure_without_rows_is_refused(real_data):
    with pytest.raises(DataError, match=r"jubik_structure_only_evt.fits holds 0 events.*columns: time, ccd_id"):
        read_events(real_data / "io_samples" / "jubik_structure_only_evt.fits", Context())
