"""Published power of the infrared background: read, drawn, compared; with real tables where they are at hand."""

from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from faintsky.core.bins import Bins
from faintsky.core.errors import DataError
from faintsky.core.power_spectrum import PowerSpectrum, Window
from faintsky.studies.coherence.published import Published, PublishedChoice, integrated_ratio

DATA = Path(__file__).parents[3] / "shared" / "data" / "cib_power"


def spectrum(level, bins):
    power = level(bins.q)
    return PowerSpectrum(
        edges=bins.edges, q=bins.q, modes=np.full(len(bins), 50), power=power,
        pseudo=power,
        covariance=np.diag((0.1 * power) ** 2),
        window=Window(q=bins.q, matrix=np.eye(len(bins))), unit="nW2 / (m4 sr)", f_sky=1.0,
    )  # fmt: skip


def test_the_ratio_of_integrated_powers():
    bins = Bins.log("20 arcsec", "3000 arcsec", per_decade=12)
    q = np.geomspace(300, 1e5, 200)
    published = Published(q=q, power=3e-9 * (q / 1000) ** -1.5)
    ratio, error, (low, high) = integrated_ratio(spectrum(lambda q: 0.1 * 3e-9 * (q / 1000) ** -1.5, bins), published)
    assert ratio == pytest.approx(0.1, rel=1e-3)
    assert 0 < error < 0.02
    assert 100 <= low < high <= 2000
    none = integrated_ratio(spectrum(np.ones_like, bins), Published(q=q * 1e4, power=q))
    assert np.isnan(none[0])


def test_a_table_is_read_with_its_quantity(tmp_path):
    Table({"ell": [2000.0, 1000.0], "power": [4.0, 1.0], "wave_um": [4.5, 4.5]}).write(tmp_path / "p.ecsv")
    found = PublishedChoice(path=tmp_path / "p.ecsv", spectrum="ir", where={"wave_um": 4.5}).read()
    assert found.q.tolist() == [1000, 2000]
    np.testing.assert_allclose(found.power, 2 * np.pi * np.array([1.0, 4.0]) / found.q**2)
    rms = PublishedChoice(path=tmp_path / "p.ecsv", spectrum="ir", exponent=2.0).read()
    np.testing.assert_allclose(rms.power, 2 * np.pi * np.array([1.0, 16.0]) / rms.q**2)
    with pytest.raises(DataError, match="has no row with"):
        PublishedChoice(path=tmp_path / "p.ecsv", spectrum="ir", where={"wave_um": 3.6}).read()
    with pytest.raises(DataError, match=r"has no column 'powers'. Did you mean 'power'"):
        PublishedChoice(path=tmp_path / "p.ecsv", spectrum="ir", power="powers").read()


@pytest.mark.skipif(not DATA.is_dir(), reason="the folder of published infrared background power is not here")
def test_published_tables():
    for name, wave in (("kashlinsky2012", 4.5), ("cooray2012", 3.6), ("mitchellwynne2015", 1.6), ("zemcov2014", 1.6)):
        table = Table.read(DATA / f"{name}.ecsv")
        nearest = float(table["wave_um"][np.argmin(np.abs(table["wave_um"] - wave))])
        found = PublishedChoice(path=DATA / f"{name}.ecsv", spectrum="ir", where={"wave_um": nearest}).read()
        assert np.all(np.diff(found.q) >= 0)
        assert np.all(np.isfinite(found.power))
        assert len(found.q) >= 7
    bins = Bins.log("50 arcsec", "2000 arcsec", per_decade=8)
    # The stored values of Kashlinsky et al. are squares of q^2 P / 2 pi: their roots lie where those of Cooray et al. do (within
    # a factor 2 at 100-700 arcsec); as they are, they lie 200 times lower.
    other = PublishedChoice(path=DATA / "cooray2012.ecsv", spectrum="ir", where={"wave_um": 4.5}).read()
    q = np.geomspace(2000, 12_000, 10)
    level = {}
    for exponent in (0.5, 1.0):
        k = PublishedChoice(path=DATA / "kashlinsky2012.ecsv", spectrum="x", where={"wave_um": 4.5}, exponent=exponent).read()
        level[exponent] = np.median(np.interp(q, k.q, k.power) / np.interp(q, other.q, other.power))
    assert 0.4 < level[0.5] < 2.5
    assert level[1.0] < 0.02
    found = PublishedChoice(path=DATA / "kashlinsky2012.ecsv", spectrum="ir", where={"wave_um": 4.5}, exponent=0.5).read()
    tenth = spectrum(lambda q: 0.1 * np.exp(np.interp(np.log(q), np.log(found.q), np.log(found.power))), bins)
    assert integrated_ratio(tenth, found)[0] == pytest.approx(0.1, rel=1e-6)
