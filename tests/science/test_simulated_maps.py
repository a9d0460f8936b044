"""Simulated maps against their own truth, by the plain transform (unbiased for what is white or unmasked)."""

import numpy as np
import pytest

from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.units import ARCSEC, DEG2_PER_SR
from faintsky.models.maps.simulated import Simulated
from faintsky.models.masks.random_discs import RandomDiscs

SIZE = {"pixel": "1.2 arcsec", "size": (256, 256)}


def spectrum(a, b, low=0.0, high=np.inf):
    """Mean cross-power of the modes with low <= q < high [rad^-1] over the mean squared weight; q = 0 left out."""
    ny, nx = a.geometry.shape
    q = np.hypot(
        2 * np.pi * np.fft.fftfreq(ny, a.geometry.scale[0])[:, None],
        2 * np.pi * np.fft.rfftfreq(nx, a.geometry.scale[1]),
    )
    chosen = (q >= max(low, 1.0)) & (q < high)
    weight = np.where(np.arange(q.shape[1]) % (nx // 2) == 0, 1.0, 2.0) * np.ones_like(q)
    norm = a.geometry.pixel_area / (ny * nx * a.w2)
    return float(np.average((a.fourier * np.conj(b.fourier)).real[chosen], weights=weight[chosen]) * norm)


@pytest.mark.parametrize("fraction", [0.0, 0.35])
@pytest.mark.parametrize("what", ["white", "sources", "photons"])
def test_white_levels(what, fraction):
    # White noise of power W; N sources of flux f: N f^2 / A; photons: mean / exposure. 1 % with and without a 35 % mask.
    options = {
        "white": {"white": 2.0e-9},
        "sources": {"sources": 4e6, "flux": 3e-12},
        "photons": {"mean": 5.0, "exposure": 1e12},
    }[what]
    source = Simulated(**SIZE, **options)
    expected = {"white": 2.0e-9, "sources": 4e6 * DEG2_PER_SR * 9e-24, "photons": 5e-12}[what]
    assert float(source.true_power(np.array([1e4]))[0]) == pytest.approx(expected, rel=1e-9)
    found, level = [], []
    for seed in range(8):
        data = source.load(None, Context(seed=seed))
        if fraction:
            out = RandomDiscs(radius="7 arcsec", fraction=fraction).masked({"a": data}, Context(seed=seed))
            data = data.masked(~out)
        found.append(spectrum(data, data))
        level.append(data.shot_noise())
    assert np.mean(found) == pytest.approx(expected, rel=0.01)
    assert np.mean(level) == pytest.approx(expected, rel=0.01)


def test_clustered_power_without_a_mask():
    # P = C (q / q0)^-1.5 by construction; 24 realisations, bins with hundreds of modes; 4 % for edge leakage and scatter.
    source = Simulated(**SIZE, clustering=1e-9, theta0="60 arcsec", slope=1.5)
    maps = [source.load(None, Context(seed=s)) for s in range(24)]
    for theta in (60, 25, 10):
        low, high = 2 * np.pi / (theta * 1.15 * ARCSEC), 2 * np.pi / (theta / 1.15 * ARCSEC)
        q = np.linspace(low, high, 200)
        expected = np.average(source.true_power(q), weights=q)
        found = np.mean([spectrum(m, m, low, high) for m in maps])
        assert found == pytest.approx(expected, rel=0.04 if theta < 50 else 0.08)


def test_maps_of_one_sky_correlate_as_the_truth_says():
    # sqrt(P_a P_b) r_a r_b = 0.8 x sqrt(4) 1e-9 (q / q0)^-1.5; photons and instruments are independent.
    common = {**SIZE, "theta0": "60 arcsec", "slope": 1.5, "sky": "deep"}
    ir = Simulated(**common, clustering=1e-9, white=1e-10)
    xray = Simulated(**common, clustering=4e-9, coherence=0.8, mean=30.0, exposure=1e12)
    elsewhere = Simulated(**{**common, "sky": "other"}, clustering=4e-9)
    low, high = 2 * np.pi / (60 * ARCSEC), 2 * np.pi / (15 * ARCSEC)
    q = np.linspace(low, high, 200)
    truth = np.average(ir.true_cross(xray, q), weights=q)
    assert truth == pytest.approx(0.8 * 2 * np.average(1e-9 * (q * 60 * ARCSEC / (2 * np.pi)) ** -1.5, weights=q), rel=1e-9)
    assert not ir.true_cross(elsewhere, q).any()
    cross, null = [], []
    for seed in range(12):
        a, b, c = (s.load(None, Context(seed=seed, task=t)) for s, t in ((ir, "ir"), (xray, "x"), (elsewhere, "y")))
        cross.append(spectrum(a, b, low, high))
        null.append(spectrum(a, c, low, high))
    assert np.mean(cross) == pytest.approx(truth, rel=0.05)
    assert abs(np.mean(null)) < 4 * np.std(null, ddof=1) / np.sqrt(12)
    assert abs(np.mean(null)) < 0.15 * truth


def test_a_seed_is_a_map_and_another_seed_another():
    source = Simulated(**SIZE, clustering=1e-9, white=1e-10, splits=2)
    a, b, c = (source.load(None, Context(seed=s)) for s in (1, 1, 2))
    assert a.digest == b.digest
    assert not np.array_equal(a.values, c.values)


def test_photon_halves_have_the_shot_noise_and_no_sky():
    source = Simulated(**SIZE, clustering=1e-7, theta0="60 arcsec", mean=40.0, exposure=1e12, splits=2)
    ratio = []
    for seed in range(6):
        data = source.load(None, Context(seed=seed))
        ratio.append(spectrum(data.half_difference(), data.half_difference()) / data.shot_noise())
    assert np.mean(ratio) == pytest.approx(1, abs=0.01)


def test_what_cannot_be_simulated_is_refused_or_told():
    with pytest.raises(DataError, match="needs a grid: give pixel and size"):
        Simulated(white=1.0).load(None, Context())
    with pytest.raises(DataError, match="photons need a positive level"):
        Simulated(**SIZE, exposure=1e10).load(None, Context())
    with pytest.raises(DataError, match="needs both pixel and size"):
        Simulated(pixel="1 arcsec").grid()
    with pytest.warns(FaintskyWarning, match="are negative and hold no photons"):
        Simulated(**SIZE, clustering=1e-5, mean=1.0, exposure=1e10).load(None, Context())


def test_halves_of_a_map_of_sources_know_their_own_noise():
    # The sources stand in both halves and drop out of (A - B)/2: its level is that of the photons and the instrument alone.
    source = Simulated(**SIZE, sources=4e6, flux=3e-9, exposure=1e12, white=2e-12, splits=2)
    ratio = []
    for seed in range(8):
        data = source.load(None, Context(seed=seed))
        half = data.half_difference()
        assert half.shot_noise() == pytest.approx(source.photon_power + source.white, rel=0.01)
        assert data.shot_noise() == pytest.approx(source.source_power + source.photon_power + source.white, rel=0.02)
        ratio.append(spectrum(half, half) / half.shot_noise())
    assert np.mean(ratio) == pytest.approx(1, abs=0.01)
