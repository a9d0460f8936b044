"""Event lists: bands partition, good times by brute force, binning keeps every photon."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faintsky.core.band import Band
from faintsky.core.errors import DataError
from faintsky.core.event_list import EventList
from faintsky.testing.masks import sky_grid

SEEDS = st.integers(0, 2**32 - 1)


def some(seed, n=200):
    rng = np.random.default_rng(seed)
    gti = {c: np.sort(rng.uniform(0, 100, (1, 6))).reshape(3, 2) for c in (0, 3)}
    return EventList(
        x=rng.uniform(4050, 4140, n),
        y=rng.uniform(4050, 4140, n),
        energy=rng.uniform(0.3, 8, n),
        ccd=rng.choice([0, 3, 5], n),
        time=rng.uniform(0, 100, n),
        gti=gti,
        wcs_header=_sky_header(),
    )


def _sky_header():
    wcs = sky_grid().wcs.deepcopy()
    wcs.wcs.crpix = [4096.5, 4096.5]
    return wcs.to_header_string()


@given(SEEDS)
@settings(max_examples=40)
def test_a_photon_is_good_exactly_within_an_interval_of_its_own_chip(seed):
    events = some(seed)
    brute = [any(a <= t <= b for a, b in events.gti.get(int(c), ())) for t, c in zip(events.time, events.ccd, strict=True)]
    np.testing.assert_array_equal(events.is_good(), brute)


@given(SEEDS, st.lists(st.floats(0.5, 7.5), min_size=1, max_size=4, unique=True))
@settings(max_examples=40)
def test_bands_partition_the_photons(seed, cuts):
    events = some(seed)
    edges = [0.0, *sorted(cuts), 100.0]
    total = 0
    for low, high in pairwise(edges):
        try:
            total += len(events.in_band(Band(low, high)))
        except DataError:
            inside = (events.energy >= low) & (events.energy < high)
            assert not inside.any()
    assert total == len(events)


@given(SEEDS, st.sampled_from([0.4, 1.0, 2.7]))
@settings(max_examples=20)
def test_binning_keeps_every_photon_of_the_grid(seed, pixel):
    events = some(seed)
    grid = sky_grid((int(120 / pixel), int(110 / pixel)), pixel)
    _, _, inside = events.pixels(grid)
    assert events.counts(grid).sum() == inside.sum()
    # Sky pixels of 1 arcsec: 46.5 from the centre at most, the grid reaches 55; so all lie inside.
    assert inside.all()


def test_columns_of_different_length_are_refused():
    with pytest.raises(DataError, match="the column energy holds 2 events, x 3"):
        EventList(x=[1, 2, 3], y=[1, 2, 3], energy=[1, 2], ccd=[0, 0, 0])
    with pytest.raises(DataError, match=r"live fraction \(DTCOR\) must lie in \(0, 1\], got 1.2"):
        EventList(x=[1], y=[1], energy=[1], ccd=[0], live_fraction=1.2)
