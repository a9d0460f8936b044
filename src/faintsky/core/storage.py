"""One storage for everything: a tree of attrs objects, arrays and plain values as one HDF5 file.

The structure is JSON in the dataset ``tree``; every array is a dataset below ``data`` whose path is its place in the
tree, so that other programs read the numbers without faintsky. Nothing is pickled.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.registry import import_object, object_path
from faintsky.core.step import Pending

__all__ = ["decode", "encode", "load", "save", "stored_types", "write_atomically", "write_text"]

Arrays = dict[str, NDArray[Any]]

#: Elements of an array that is worth packing.
_LARGE = 1 << 18


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary neighbour, then put it in place; a kill leaves the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        with open(temporary, "rb") as handle:
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""

    def write(target: Path) -> None:
        target.write_text(text, encoding="utf-8")

    write_atomically(path, write)


def encode(value: Any, arrays: Arrays, place: str = "") -> Any:
    """A JSON tree of `value`; its arrays are put into `arrays` under their places.

    Raises
    ------
    DataError
        Where a value has no place in a result file.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype.kind in "US":
        return {"@texts": value.astype(str).tolist()}
    if isinstance(value, np.ndarray):
        arrays[place or "array"] = value
        return {"@array": place or "array"}
    if isinstance(value, Pending):
        return {"@task": value.task_id}
    if isinstance(value, Path):
        return {"@path": str(value)}
    if isinstance(value, tuple | list):
        return [encode(item, arrays, f"{place}/{i}") for i, item in enumerate(value)]
    if isinstance(value, Mapping):
        return {"@map": [[key, encode(item, arrays, f"{place}/{key}")] for key, item in value.items()]}
    if attrs.has(type(value)):
        fields = {
            a.alias: encode(getattr(value, a.name), arrays, f"{place}/{a.alias}") for a in attrs.fields(type(value)) if a.init
        }
        return {"@type": object_path(type(value)), "fields": fields}
    raise DataError(f"a {type(value).__name__} cannot be stored (at {place or 'the root'}); results are attrs classes")


def decode(tree: Any, arrays: Mapping[str, NDArray[Any]], task: Callable[[str], Any] | None = None) -> Any:
    """The inverse of `encode`; lists come back as tuples, ``@task`` references through `task`."""
    if isinstance(tree, list):
        return tuple(decode(item, arrays, task) for item in tree)
    if not isinstance(tree, dict):
        return tree
    if "@array" in tree:
        return arrays[tree["@array"]]
    if "@texts" in tree:
        return np.array(tree["@texts"], dtype=str)
    if "@path" in tree:
        return Path(tree["@path"])
    if "@map" in tree:
        return {key: decode(item, arrays, task) for key, item in tree["@map"]}
    if "@task" in tree and task is not None:
        return task(tree["@task"])
    cls = import_object(tree["@type"])
    return cls(**{key: decode(item, arrays, task) for key, item in tree["fields"].items()})


def save(value: Any, path: Path) -> None:
    """Write `value` to an HDF5 file, atomically."""
    import h5py

    arrays: Arrays = {}
    text = json.dumps(encode(value, arrays))

    def write(target: Path) -> None:
        with h5py.File(target, "w") as file:
            # An attribute holds 64 kB at most; a tree of many cells may be longer.
            file.create_dataset("tree", data=np.frombuffer(text.encode(), dtype=np.uint8))
            for place, array in arrays.items():
                file.create_dataset(f"data/{place.strip('/')}", data=array, **_packing(array))

    write_atomically(path, write)


def load(path: Path) -> Any:
    """Read what `save` wrote.

    Raises
    ------
    DataError
        Where the file is not one of faintsky.
    """
    import h5py

    with h5py.File(path, "r") as file:
        if "tree" not in file:
            raise DataError(f"{path} is not a result of faintsky")
        tree = json.loads(bytes(file["tree"][()]))
        arrays = _Datasets(file)
        return decode(tree, arrays)


class _Datasets(Mapping[str, NDArray[Any]]):
    def __init__(self, file: Any) -> None:
        self._file = file

    def __getitem__(self, place: str) -> NDArray[Any]:
        return np.asarray(self._file[f"data/{place.strip('/')}"][()])

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


def stored_types(path: Path) -> tuple[str, ...]:
    """The types of a stored object and of its fields, without reading any array."""
    import h5py

    with h5py.File(path, "r") as file:
        tree = json.loads(file["tree"][()].tobytes())
    fields = tree.get("fields", {}).values() if isinstance(tree, dict) else ()
    return tuple(t["@type"] for t in (tree, *fields) if isinstance(t, dict) and "@type" in t)


def _packing(array: NDArray[Any]) -> dict[str, Any]:
    """Large arrays are packed: a map painted from a catalogue is mostly zeros."""
    large = array.size > _LARGE and array.dtype.kind in "iufb"
    return {"compression": "gzip", "compression_opts": 1, "shuffle": True} if large else {}
