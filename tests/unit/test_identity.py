"""The hash of a task: content counts, paths and ways of execution do not."""

import shutil

import numpy as np
import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.identity import identity
from faintsky.core.prior import Normal, Uniform
from faintsky.core.registry import import_object
from faintsky.core.step import Pending, Step, step
from faintsky.core.task import Task


def key(value):
    return json_digest(identity(value))


@step()
def nothing(*, ctx: Context, **inputs) -> None:
    """Do nothing."""


def test_files_count_by_content_not_by_place(tmp_path):
    a, b = tmp_path / "a.dat", tmp_path / "b" / "c.dat"
    b.parent.mkdir()
    a.write_bytes(b"1")
    shutil.copy(a, b)
    assert key(a) == key(b)
    b.write_bytes(b"2")
    assert key(a) != key(b)
    with pytest.raises(DataError, match="there is no file"):
        key(tmp_path / "gone")


def test_a_changed_file_of_the_same_name_is_seen(tmp_path):
    """Even within one process, where digests are cached; only size and time of change are looked at again."""
    a = tmp_path / "a.dat"
    a.write_bytes(b"1")
    before = key(a)
    a.write_bytes(b"22")
    assert key(a) != before


def test_arrays_count_by_value_type_and_shape_not_by_memory():
    x = np.arange(12.0).reshape(3, 4)
    assert key(x) == key(np.asfortranarray(x)) == key(x.astype(">f8")) == key(x[:, ::-1][:, ::-1])
    assert len({key(x), key(x.T), key(x.astype("f4")), key(x + 1e-13), key(x.ravel())}) == 5
    assert array_digest(np.zeros(0)) != array_digest(np.zeros((0, 2)))


def test_components_count_by_name_science_version_and_options():
    assert key(Uniform(low=0, high=1)) == key(Uniform(low=0.0, high=1.0))
    assert len({key(Uniform(low=0, high=1)), key(Uniform(low=0, high=2)), key(Normal(mean=0, sigma=1))}) == 3
    assert key(Pending("abc")) == key(Pending("abc")) != key(Pending("abd"))


def test_the_science_version_counts():
    def make(version):
        @component(science_version=version)
        @frozen(kw_only=True)
        class Thing:
            """A thing."""

            size: float = option(1.0)

        Thing.__qualname__ = "Thing"
        return Thing()

    assert key(make(1)) == key(make(1)) != key(make(2))


def test_the_code_of_a_local_class_counts_its_place_does_not(tmp_path):
    source = (
        "from attrs import frozen\nfrom faintsky.core.component import component\nfrom faintsky.core.step import step\n"
        "@component()\n@frozen(kw_only=True)\nclass Mine:\n    '''Mine.'''\n"
        "@step()\ndef act(*, ctx):\n    return 1\n"
    )
    keys, tasks = [], []
    for folder, more in (("a", ""), ("b", ""), ("c", "# another code\n")):
        (tmp_path / folder).mkdir()
        file = tmp_path / folder / "mine.py"
        file.write_text(source + more)
        keys.append(key(import_object(f"{file}:Mine")()))
        tasks.append(Task.of(import_object(f"{file}:act"), 1, {}).task_id)
    assert keys[0] == keys[1] != keys[2]
    assert tasks[0] == tasks[1] != tasks[2]


def test_mappings_count_without_their_order():
    assert key({"a": 1, "b": 2}) == key({"b": 2, "a": 1}) != key({"a": 2, "b": 1})
    assert key((1, 2)) == key([1, 2]) != key([2, 1])


def test_what_can_be_no_input_is_refused():
    with pytest.raises(DataError, match="a function can be no input"):
        key({"f": len.__call__ if False else (lambda: 1)})


def test_a_task_is_its_step_version_seed_and_inputs():
    one = Task.of(nothing, 1, {"x": 1})
    others = [
        Task.of(nothing, 2, {"x": 1}),
        Task.of(nothing, 1, {"x": 2}),
        Task.of(nothing, 1, {"y": 1}),
        Task.of(Step(nothing.function, 2, nothing.title), 1, {"x": 1}),
    ]
    assert Task.of(Step(nothing.function, 1, "another title"), 1, {"x": 1}).task_id == one.task_id
    assert len({one.task_id, *(t.task_id for t in others)}) == 5
    assert Task.of(nothing, 1, {"x": (Pending("a"), {"k": Pending("b")}, Pending("a"))}).needs == ("a", "b")


@given(st.integers(0, 2**63), st.text(max_size=20), st.text(max_size=5))
def test_random_streams_depend_on_seed_task_and_key_alone(seed, task, name):
    first, again = (Context(seed, task).rng(name).integers(2**60, size=3) for _ in range(2))
    assert (first == again).all()
    others = [Context(seed + 1, task), Context(seed, task + "x")]
    assert all((c.rng(name).integers(2**60, size=3) != first).any() for c in others)
    assert (Context(seed, task).rng(name + "x").integers(2**60, size=3) != first).any()
    shared = [Context(seed, t).shared_rng(name).integers(2**60, size=3) for t in (task, task + "x")]
    assert (shared[0] == shared[1]).all()
