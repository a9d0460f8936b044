"""The method systematic: which cells count, and which axis makes it."""

import numpy as np

from faintsky.core.axes import Axis
from faintsky.core.comparison import compare_cells
from faintsky.core.study import CellResult, Headline


def cells(values, recipes=()):
    found, headlines = [], []
    for labels, value in values.items():
        seed, estimator, sampler = labels
        found.append(
            CellResult(
                labels={"seed": seed, "estimators": estimator, "samplers": sampler},
                study=None,
                recipe=estimator in recipes,
            )
        )
        headlines.append(None if value is None else Headline(quantity="A", value=value, low=1.0, high=1.0))
    return found, headlines


AXES = (
    Axis(path=("seed",), kind="repeat", labels=("1", "2"), recipes=(False, False)),
    Axis(path=("estimators",), kind="method", labels=("good", "old"), recipes=(False, True)),
    Axis(path=("samplers",), kind="method", labels=("x", "y"), recipes=(False, False)),
)
VALUES = {
    ("1", "good", "x"): 10.0,
    ("1", "good", "y"): 10.4,
    ("1", "old", "x"): 5.0,
    ("1", "old", "y"): 5.2,
    ("2", "good", "x"): 30.0,
    ("2", "good", "y"): 31.0,
}


def test_recipes_and_repeats_are_no_method_systematic():
    found = compare_cells(AXES, *cells(VALUES, recipes=("old",)))
    assert np.isclose(found.systematic, 0.2)
    assert np.isclose(found.by_axis["samplers"], 0.2)
    assert found.by_axis["estimators"] == 0.0
    assert found.reference.value == 10.0


def test_each_axis_varies_alone():
    found = compare_cells(AXES, *cells(VALUES))
    assert np.isclose(found.by_axis["estimators"], 2.5)
    assert np.isclose(found.systematic, 0.5 * (10.4 - 5.0))


def test_a_failed_cell_is_a_row_without_a_number():
    table = compare_cells(AXES, *cells(VALUES | {("1", "good", "y"): None})).to_table()
    assert np.isnan(table["value"][1])
    assert np.isclose(table["sigma_from_reference"][2], -5 / np.sqrt(2))
