"""The identity of a task's inputs: what may change a number enters, what cannot stays out.

Files count by content, folders by names and contents of their files, arrays by bytes, components by canonical name,
science version and options, upstream results by the hash of their task. Paths, versions without change of numbers and
ways of execution do not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from faintsky.core.component import info
from faintsky.core.digest import array_digest, file_digest, folder_digest
from faintsky.core.errors import DataError
from faintsky.core.registry import object_path, registry
from faintsky.core.step import Pending

__all__ = ["identity"]


def identity(value: Any) -> Any:
    """A JSON tree that is equal exactly where the input is the same.

    Raises
    ------
    DataError
        Where a file is missing, or a value can be no input of a task.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return {"array": array_digest(value)}
    if isinstance(value, Path):
        if not value.exists():
            raise DataError(f"there is no file {value}")
        return {"folder": folder_digest(value)} if value.is_dir() else {"file": file_digest(value)}
    if isinstance(value, tuple | list):
        return [identity(item) for item in value]
    if isinstance(value, Mapping):
        return {"map": [[key, identity(item)] for key, item in sorted(value.items())]}
    cls = type(value)
    if not attrs.has(cls):
        raise DataError(f"a {cls.__name__} can be no input of a task; use plain values, arrays and attrs classes")
    if isinstance(value, Pending):
        return {"task": value.task_id}
    if "__component__" in cls.__dict__:
        name = registry.name_of(cls)
        said: dict[str, Any] = {"component": name, "science": info(cls).science_version}
        if ".py:" in name:
            path, _, qualname = name.rpartition(":")
            said |= {"component": qualname, "code": file_digest(Path(path))}
    elif hasattr(value, "digest"):
        return {"data": cls.__qualname__, "digest": value.digest}
    else:
        said = {"type": object_path(cls)}
    said["fields"] = {a.alias: _field(a, getattr(value, a.name)) for a in attrs.fields(cls) if a.init}
    return said


def _field(attribute: attrs.Attribute[Any], value: Any) -> Any:
    """A number is one number, however it is written in Python (a study file makes it a float)."""
    wants_float = attribute.type in (float, "float") and isinstance(value, int) and not isinstance(value, bool)
    return identity(float(value) if wants_float else value)
