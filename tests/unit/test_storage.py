"""What a run stores comes back equal; what cannot be stored is refused; a kill leaves the old file or the new one."""

import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from attrs import field, frozen
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from faintsky.core.errors import DataError
from faintsky.core.prior import Tabulated, Uniform
from faintsky.core.step import Pending
from faintsky.core.storage import decode, encode, load, save, write_atomically


@frozen(kw_only=True, eq=False)
class Box:
    """Anything."""

    value: object = field()
    twin: object = None


def back(value, tmp_path):
    save(Box(value=value, twin=[value]), tmp_path / "x.h5")
    found = load(tmp_path / "x.h5")
    assert isinstance(found, Box)
    return found.value, found.twin[0]


@pytest.mark.parametrize(
    "value",
    [None, True, 3, -0.0, 0.1 + 0.2, 1e-300, "text ± μ", Path("/a/b"), (1, (2, "x")), {"a": {"b.c/d": 1}}, (), {}],
)
def test_plain_values(value, tmp_path):
    for found in back(value, tmp_path):
        assert found == value
        assert type(found) is type(value)


def test_numbers_that_json_does_not_know(tmp_path):
    assert back(np.inf, tmp_path)[0] == np.inf
    assert np.isnan(back(np.nan, tmp_path)[0])
    assert back(np.float32(0.1), tmp_path)[0] == float(np.float32(0.1))


@given(
    hnp.arrays(st.sampled_from([np.float64, np.float32, np.int64, np.bool_, np.uint8]), hnp.array_shapes(min_dims=0, min_side=0))
)
def test_arrays_keep_type_shape_and_bits(tmp_path_factory, array):
    for found in back(array, tmp_path_factory.mktemp("a")):
        assert found.dtype == array.dtype
        assert found.shape == array.shape
        assert found.tobytes() == array.tobytes()


def test_components_with_arrays(tmp_path):
    prior = Tabulated(x=(0.0, 1.0, 2.0), pdf=(0.0, 1.0, 0.0))
    assert back(prior, tmp_path)[0] == prior
    assert back({"p": Uniform(low=0, high=1), "a": np.arange(3)}, tmp_path)[0]["p"] == Uniform(low=0, high=1)


def test_columns_of_texts_come_back(tmp_path):
    save(Box(value={"name": np.array(["blind", "", "ä x"]), "none": np.array([], dtype=str)}), tmp_path / "x.h5")
    back = load(tmp_path / "x.h5").value
    assert back["name"].tolist() == ["blind", "", "ä x"]
    assert back["none"].size == 0


def test_long_trees_fit(tmp_path):
    """An HDF5 attribute would hold 64 kB at most."""
    many = {f"key {i}": "x" * 100 for i in range(2000)}
    assert back(many, tmp_path)[0] == many


def test_pending_results_are_put_in_place():
    tree = encode({"a": Pending("abc")}, {})
    assert decode(tree, {}, lambda task_id: task_id.upper()) == {"a": "ABC"}


def test_what_cannot_be_stored_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"a function cannot be stored \(at /value/f\)"):
        save(Box(value={"f": lambda: 1}), tmp_path / "x.h5")
    assert not list(tmp_path.iterdir())
    with h5py.File(tmp_path / "y.h5", "w"):
        pass
    with pytest.raises(DataError, match="is not a result of faintsky"):
        load(tmp_path / "y.h5")


def test_other_programs_can_read_the_numbers(tmp_path):
    save(Box(value=np.arange(5.0)), tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5") as file:
        assert list(file["data/value"]) == [0, 1, 2, 3, 4]


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    target = tmp_path / "deep" / "x.txt"
    write_atomically(target, lambda p: p.write_text("old") and None)

    def half(path):
        path.write_text("ne")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_atomically(target, half)
    assert target.read_text() == "old"
    assert os.listdir(target.parent) == ["x.txt"]


def test_equal_values_are_equal_files(tmp_path):
    for name in ("a", "b"):
        save(Box(value={"x": np.arange(7.0)}), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
