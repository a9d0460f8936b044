"""Cuts on sources and observations: what they keep, and the reason they give."""

import numpy as np
import pytest

from faintsky.core.errors import DataError
from faintsky.core.source_cuts import Candidate, Rejection, SourceCuts, nothing_left, selection_table, took

ARCMIN = np.deg2rad(1 / 60)
#: The cuts of Sandoval et al. (2024), section 2.
PUBLISHED = SourceCuts(redshift=(2.5, 3.5), min_counts=50, max_off_axis=5 * ARCMIN, max_observations=10)


def reasons(verdicts):
    return ["" if v is None else v.reason for v in verdicts]


def test_rows_say_why():
    found = PUBLISHED.rows(
        redshift=[3.0, 1.2, np.nan, 3.0, 3.0, 3.0],
        counts=[50, 80, 80, 38, 80, np.nan],
        classes=["BLAGN", "", "", "", " Star ", ""],
    )
    assert reasons(found) == ["", "redshift 1.2 outside 2.5-3.5", "no redshift", "38 counts", "Star", ""]


@pytest.mark.parametrize(("z", "kept"), [(2.5, False), (2.500001, True), (3.499999, True), (3.5, False)])
def test_both_ends_of_the_redshifts_are_outside(z, kept):
    # Sandoval et al. (2024), section 2: 2.5 < z < 3.5.
    assert (PUBLISHED.rows(redshift=[z], counts=[50])[0] is None) is kept


def test_without_a_cut_a_redshift_need_not_be_known():
    assert SourceCuts().rows(redshift=[np.nan, -1], counts=[5, 5]) == (None, None)


def test_the_class_is_named_before_the_redshift_and_the_counts():
    assert PUBLISHED.rows(redshift=[0.0], counts=[3], classes=["star"])[0] == Rejection("class", "star")
    assert PUBLISHED.rows(redshift=[0.0], counts=[3])[0].cut == "redshift"


def test_one_observation_far_off_axis_takes_the_source():
    chosen, why = PUBLISHED.observations(["1", "9459", "3"], np.array([1, 6.3, 5.5]) * ARCMIN, [10e3, 20e3, 30e3])
    assert why == Rejection("off-axis angle", "off-axis 6.3 arcmin in observation 9459")
    assert chosen.size == 0


def test_or_only_that_observation():
    cuts = SourceCuts(max_off_axis=5 * ARCMIN, off_axis_rule="drop")
    chosen, why = cuts.observations(["1", "9459", "3"], np.array([1, 6.3, 5.0]) * ARCMIN, [10e3, 20e3, 30e3])
    assert why is None
    assert chosen.tolist() == [2, 0]
    chosen, why = cuts.observations(["a", "b"], np.array([7, 6]) * ARCMIN, [1, 1])
    assert chosen.size == 0
    assert why.reason == "off-axis at least 6.0 arcmin in observation b"


def test_the_longest_observations_are_used_and_equal_ones_by_name():
    cuts = SourceCuts(max_observations=3)
    chosen, why = cuts.observations(["d", "c", "b", "a"], np.zeros(4), [5, 9, 5, 5])
    assert why is None
    assert chosen.tolist() == [1, 3, 2]


def test_no_observation():
    chosen, why = PUBLISHED.observations([], [], [])
    assert chosen.size == 0
    assert why.reason == "in no observation"


@pytest.mark.parametrize(
    ("number", "used", "available", "said"),
    [
        (42, 10, 14, "42 counts within its 10 longest observations"),
        (42, 1, 3, "42 counts within its longest observation"),
        (0, 3, 3, "0 counts in its 3 observations"),
        (7, 1, 1, "7 counts in its observation"),
    ],
)
def test_the_counts_are_tested_again_in_what_is_used(number, used, available, said):
    assert PUBLISHED.photons(number, used, available).reason == said
    assert PUBLISHED.photons(50, used, available) is None


def test_the_selection_has_the_documented_columns_and_units():
    table = selection_table(
        [
            Candidate(name="a", ra=1, dec=2, redshift=3, counts=60, observations=2, exposure=5e4, off_axis=2 * ARCMIN),
            Candidate(name="b", ra=1, dec=2, rejection=Rejection("class", "star")),
        ]
    )
    columns = "name ra dec redshift counts observations exposure off_axis kept reason"  # of core/photon_sample.py
    assert list(table.columns) == columns.split()
    assert table["exposure"][0] == pytest.approx(50)
    assert table.units["exposure"] == "ks"
    assert table["off_axis"][0] == pytest.approx(2)
    assert table.units["off_axis"] == "arcmin"
    assert table["kept"].tolist() == [1, 0]
    assert table["reason"].tolist() == ["", "star"]
    assert np.isnan(table["redshift"][1])


def test_nothing_left_counts_what_each_cut_took():
    gone = [
        *[Candidate(name=f"s{i}", ra=0, dec=0, rejection=Rejection("redshift", "no redshift")) for i in range(3)],
        Candidate(name="x", ra=0, dec=0, rejection=Rejection("class", "star")),
        Candidate(name="faint", ra=0, dec=0, rejection=Rejection("counts", "38 counts")),
    ]
    assert took(gone) == {"class": 1, "redshift": 3, "counts": 1}
    said = str(nothing_left(gone))
    assert "none of the 5 candidates" in said
    assert "class 1, redshift 3, counts 1" in said
    assert "faint: 38 counts" in said
    assert "empty" in str(nothing_left([]))


def test_reversed_redshifts_are_an_error():
    with pytest.raises(DataError, match=r"between 3\.5 and 2\.5"):
        SourceCuts(redshift=(3.5, 2.5))
