"""Lattice pair counts against the count of every pair of pixels."""

import numpy as np
import pytest

from faintsky.core.errors import DataError, PluginError
from faintsky.core.grid import Grid
from faintsky.core.map import Map
from faintsky.core.units import ARCSEC
from faintsky.estimators.power_spectra.two_point import TwoPoint
from faintsky.plugins.power_spectra.treecorr import TreeCorr

PIXEL = 1.2
#: In arcsec; several of them are lags of the lattice: 3, 5, 10 and 25 pixels.
EDGES = np.array([0.5, 1.5, 3, 5, 7.1, 10, 16, 25, 40, 70]) * PIXEL


@pytest.fixture(scope="module")
def maps():
    rng = np.random.default_rng(5)
    keep = rng.random((2, 64, 64)) > 0.35
    return [Map.from_array(rng.normal(2.0, 1.0, (64, 64)), f"{PIXEL} arcsec", weight=k.astype(np.float32)) for k in keep]


def brute(a, b, auto):
    """Exact integers of pairs, and the mean product of the fluctuations, in half-open rings of squared lag in pixels."""
    limits = np.rint((EDGES / PIXEL) ** 2 * 1e6) / 1e6
    first, second = (np.argwhere(m.weight > 0) for m in (a, b))
    x, y = ((m.values - m.mean)[tuple(p.T)] for m, p in ((a, first), (b, second)))
    pairs, sums = np.zeros(len(EDGES) - 1, dtype=np.int64), np.zeros(len(EDGES) - 1)
    for i, point in enumerate(first):
        others = slice(i + 1, None) if auto else slice(None)
        d2 = np.sum((second[others] - point) ** 2, axis=1)
        ring = np.searchsorted(limits, d2, side="right") - 1
        inside = (ring >= 0) & (ring < len(pairs))
        pairs += np.bincount(ring[inside], minlength=len(pairs))
        sums += np.bincount(ring[inside], (x[i] * y[others])[inside], minlength=len(pairs))
    return pairs, sums / pairs


@pytest.mark.parametrize("auto", [True, False], ids=["auto", "cross"])
def test_pairs_are_exact(maps, auto):
    a, b = (maps[0], maps[0]) if auto else maps
    found = TwoPoint().correlation(a, b, EDGES)
    pairs, xi = brute(a, b, auto)
    np.testing.assert_array_equal(found.npairs, pairs)
    np.testing.assert_allclose(found.xi, xi, atol=1e-12)
    assert np.all((found.theta >= found.edges[:-1]) & (found.theta < found.edges[1:]))
    np.testing.assert_allclose(found.edges, EDGES * ARCSEC)


@pytest.mark.parametrize("auto", [True, False], ids=["auto", "cross"])
def test_treecorr_counts_the_same_pairs(maps, auto):
    pytest.importorskip("treecorr")
    a, b = (maps[0], maps[0]) if auto else maps
    theirs = TreeCorr(bin_slop=0).correlation(a, b, "1.1 arcsec", "61 arcsec", 9)
    ours = TwoPoint().correlation(a, b, theirs.edges / ARCSEC)
    np.testing.assert_array_equal(ours.npairs, theirs.npairs)
    # TreeCorr holds its cells in single precision.
    np.testing.assert_allclose(ours.xi, theirs.xi, atol=2e-8)


def test_a_ring_without_a_lag_is_nan(maps):
    found = TwoPoint().correlation(maps[0], maps[0], np.array([1.05, 1.1, 1.3]) * PIXEL)
    assert found.npairs.tolist() == [0, 0]
    assert np.isnan(found.xi).all()
    table = TwoPoint().correlation(maps[0], maps[0], EDGES).to_table()
    assert table["theta"].unit.to_string() == "arcsec"


def test_white_noise_has_its_variance_at_lag_zero_alone(maps):
    found = TwoPoint().correlation(*maps, np.append(0, EDGES))
    # Two independent maps: xi of unit variances scatters as 1 / sqrt(pairs).
    used = found.npairs > 0
    assert np.all(np.abs(found.xi[used]) * np.sqrt(found.npairs[used]) < 5)


@pytest.mark.parametrize("edges", [[1.0], [2.0, 1.0], [-1.0, 2.0], [[1.0, 2.0]]])
def test_edges_must_increase(maps, edges):
    with pytest.raises(DataError, match="at least two, increasing"):
        TwoPoint().correlation(*maps, edges)


def test_treecorr_refuses_reversed_lags(maps):
    with pytest.raises(DataError, match="theta_min < theta_max"):
        TreeCorr().correlation(*maps, "10 arcsec", "2 arcsec", 5)


def test_different_grids_are_refused(maps):
    other = Map.from_array(np.ones((64, 64)), grid=Grid((64, 64), "1.3 arcsec"))
    with pytest.raises(DataError, match=r"1.2 x 1.2 arcsec but those of .* 1.3 x 1.3 arcsec"):
        TwoPoint().correlation(maps[0], other, EDGES)


def test_a_missing_extra_says_how_to_install_it(maps, monkeypatch):
    import sys

    from faintsky.core.bins import Bins
    from faintsky.core.context import Context
    from faintsky.plugins.power_spectra.namaster import Namaster

    bins = Bins(np.array([2, 4, 8]) * maps[0].geometry.fundamental)
    for cls, package, extra in ((TreeCorr, "treecorr", "treecorr"), (Namaster, "pymaster", "namaster")):
        # None in sys.modules makes the import fail as that of an absent package does.
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(PluginError, match=rf"{package}.*is not installed.*faintsky\[{extra}\]"):
            cls().estimate(maps[0], maps[0], bins, Context())
