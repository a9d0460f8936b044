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
    with pytest.raises(DataError, match="has no row with"):
        PublishedChoice(path=tmp_path / "p.ecsv", spectrum="ir", where={"wave_um": 3.6}).read()
    with pytest.raises(DataError, match=r"has no column 'powers'. Did you mean 'power'"):
        PublishedChoice(path=tmp_path / "p.ecsv", spectrum="ir", power="powers").read()


@pytest.mark.skipif(not DATA.is_dir(), reason="the folder of published infrared background power is not here")
def test_published_tables():
    # Kashlinsky et al. 2012 at 4.5 micron: 0.1 to 0.01 of (nW m-2 sr-1)^2 at 100 to 1000 arcsec, falling to small fluctuations.
    for name, wave in (("kashlinsky2012", 4.5), ("cooray2012", 3.6), ("mitchellwynne2015", 1.6), ("zemcov2014", 1.6)):
        table = Table.read(DATA / f"{name}.ecsv")
        nearest = float(table["wave_um"][np.argmin(np.abs(table["wave_um"] - wave))])
        found = PublishedChoice(path=DATA / f"{name}.ecsv", spectrum="ir", where={"wave_um": nearest}).read()
        assert np.all(np.diff(found.q) >= 0)
        assert np.all(np.isfinite(found.power))
        assert len(found.q) >= 7
    bins = Bins.log("50 arcsec", "2000 arcsec", per_decade=8)
    found = PublishedChoice(path=DATA / "kashlinsky2012.ecsv", spectrum="ir", where={"wave_um": 4.5}).read()
    tenth = spectrum(lambda q: 0.1 * np.exp(np.interp(np.log(q), np.log(found.q), np.log(found.power))), bins)
    assert integrated_ratio(tenth, found)[0] == pytest.approx(0.1, rel=1e-6)
