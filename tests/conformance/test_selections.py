"""The built-in selections pass the suite of their kind, and do what their papers say."""

from typing import ClassVar

import attrs
import numpy as np
import pytest

from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.core.errors import FaintskyWarning
from faintsky.core.registry import make
from faintsky.testing.selections import SelectionConformance, matched_field


class TestBlind(SelectionConformance):
    component = "blind"


class TestBlindHard(SelectionConformance):
    component = "blind"
    options: ClassVar = {"band": "hard"}


class TestExtracted(SelectionConformance):
    component = "extracted"
    options: ClassVar = {"threshold": 1e-4}


def test_a_blind_sample_is_what_is_detected_in_its_band_and_secure():
    found = make("selections", "blind", band="hard").select(matched_field(), Context())
    assert found.galaxy.tolist() == [i for i in range(20) if i % 2 == 0 and i % 5 != 0]
    assert found.meta == {"sources": 20, "blind": 8, "extracted": 0, "insecure": 2}


def test_the_threshold_is_the_one_at_which_the_false_fraction_is_as_wanted():
    # Eqs 5 and 6 of Barlow-Hall & Aird, counted here: N_gal x threshold / N(P < threshold) of the galaxies above z_min.
    field = matched_field()
    found = make("selections", "extracted", z_min=4.0, false_fraction=0.05).select(field, Context())
    curve = found.false_fraction["z >= 4"]
    at = np.searchsorted(found.false_fraction["threshold"], found.threshold)
    assert curve[at - 1] <= 0.05 <= curve[at]
    assert found.threshold > field.sources.threshold


def test_of_galaxies_that_share_an_aperture_one_is_taken():
    # Galaxies 1 pixel beside the positions of two faint sources of their own (12 counts), far from the blind ones.
    field = matched_field()
    grid = field.images["full"].grid
    x, y = np.array([52.0, 53.0, 97.0, 98.0]), np.full(4, 52.0)
    counts = field.images["full"].counts.copy()
    counts[52, [52, 97]] += 12
    images = {**field.images, "full": attrs.evolve(field.images["full"], counts=counts)}
    ra, dec = grid.wcs.wcs_pix2world(x, y, 0)
    old = field.galaxies.columns
    columns = {"ra": ra, "dec": dec, "z_best": np.full(4, 5.0)}
    galaxies = Catalogue(columns={name: np.concatenate([old[name][:20], columns[name]]) for name in columns})
    crowded = attrs.evolve(field, images=images, galaxies=galaxies)
    one = make("selections", "extracted", threshold=1e-4).select(crowded, Context())
    assert one.meta["extracted"] == 2
    assert one.meta["passing"] == 4
    with pytest.warns(FaintskyWarning, match="2 pairs of the 4 detected galaxies"):
        everything = make("selections", "extracted", threshold=1e-4, sharing="all").select(crowded, Context())
    assert everything.meta["extracted"] == 4


def test_without_a_galaxy_of_high_redshift_the_blind_threshold_serves():
    with pytest.warns(FaintskyWarning, match="no threshold keeps the false fraction of 0 galaxies"):
        found = make("selections", "extracted", z_min=9.0).select(matched_field(), Context())
    assert found.threshold == 4e-6
