"""A task: one step with its inputs, in a folder named after the hash of them. Any worker can do it."""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import time
import traceback
import warnings
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from attrs import field, frozen

from faintsky.core.context import Context, Progress
from faintsky.core.digest import file_digest, json_digest
from faintsky.core.errors import DataError, FaintskyError, FaintskyWarning
from faintsky.core.hooks import call_hook
from faintsky.core.identity import identity
from faintsky.core.registry import import_object
from faintsky.core.step import Pending, Step
from faintsky.core.storage import Arrays, decode, encode, load, save, stored_types, write_text

__all__ = ["Task", "load_result", "read_status", "run_task"]

_FORMAT = 1  # raised when the meaning of a stored task changes


@frozen(kw_only=True, eq=False)
class Task:
    """What a worker needs to know of one task.

    Attributes
    ----------
    task_id : str
        Hash of step, science versions, inputs and seed.
    step : str
        ``module:name``.
    title : str
        What the progress line says.
    seed : int
    inputs : mapping
        Values, components, data objects, and `Pending` results of other tasks.
    needs : tuple of str
        The tasks whose results are among the inputs.
    """

    task_id: str
    step: str
    title: str
    seed: int
    inputs: Mapping[str, Any] = field(repr=False)
    needs: tuple[str, ...]

    @classmethod
    def of(cls, step: Step[Any], seed: int, inputs: Mapping[str, Any]) -> Task:
        """The task of a step with inputs; equal inputs give the equal hash."""
        name = step.name
        path, _, function = name.rpartition(":")
        code = [function, file_digest(Path(path))] if path.endswith(".py") else [name]
        tree = [_FORMAT, code, step.version, seed, identity(dict(inputs))]
        task_id = json_digest(tree)[:24]
        said = str(inputs.get("title", ""))
        title = f"{step.title} {said}".strip()
        return cls(task_id=task_id, step=name, title=title, seed=seed, inputs=inputs, needs=tuple(_needs(inputs)))

    def write(self, folder: Path) -> None:
        """Put the task where a worker finds it; data objects among the inputs go to one HDF5 file beside it."""
        place = folder / "tasks" / self.task_id
        arrays: Arrays = {}
        tree = encode(dict(self.inputs), arrays)
        if arrays:
            save(_Arrays(arrays={k.strip("/").replace("/", "."): a for k, a in arrays.items()}), place / "inputs.h5")
        said = {"step": self.step, "title": self.title, "seed": self.seed, "needs": self.needs, "inputs": tree}
        _write_json(place / "task.json", said)

    @classmethod
    def read(cls, folder: Path, task_id: str) -> Task:
        """The inverse of `write`, with upstream results in the place of `Pending`."""
        place = folder / "tasks" / task_id
        said = json.loads((place / "task.json").read_text())
        found = load(place / "inputs.h5").arrays if (place / "inputs.h5").exists() else {}
        arrays = {key: found[key.strip("/").replace("/", ".")] for key in _array_keys(said["inputs"])}
        inputs = decode(said["inputs"], arrays, lambda other: load_result(str(folder), other))
        return cls(
            task_id=task_id, step=said["step"], title=said["title"], seed=said["seed"], inputs=inputs,
            needs=tuple(said["needs"]),
        )  # fmt: skip


@frozen(kw_only=True, eq=False)
class _Arrays:
    arrays: Mapping[str, Any]


def _array_keys(tree: Any) -> list[str]:
    if isinstance(tree, dict):
        if "@array" in tree:
            return [tree["@array"]]
        return [key for item in tree.values() for key in _array_keys(item)]
    if isinstance(tree, list):
        return [key for item in tree for key in _array_keys(item)]
    return []


def _needs(value: Any) -> list[str]:
    if isinstance(value, Pending):
        return [value.task_id]
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple | list) else ()
    return list(dict.fromkeys(need for item in items for need in _needs(item)))


def _write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, indent=1))


def read_status(folder: Path, task_id: str) -> dict[str, Any]:
    """The status of a task: ``state`` is ``done``, ``failed``, ``running`` or ``waiting``."""
    try:
        found: dict[str, Any] = json.loads((folder / "tasks" / task_id / "status.json").read_text())
    except (FileNotFoundError, NotADirectoryError):
        return {"state": "waiting"}
    return found


@lru_cache(maxsize=6)
def load_result(folder: str, task_id: str) -> Any:
    """The result of a finished task; the last few stay in memory, with what is cached on them (Fourier maps)."""
    path = Path(folder) / "tasks" / task_id / "result.h5"
    if not path.exists():
        raise DataError(f"the task {task_id} has no result yet")
    return load(path).value


@lru_cache(maxsize=4096)
def result_type(folder: str, task_id: str) -> str:
    """The class of the result of a finished task, as ``module:name``, without reading it; empty for plain values."""
    return next(iter(stored_types(Path(folder) / "tasks" / task_id / "result.h5")[1:]), "")


@frozen(kw_only=True, eq=False)
class _Result:
    value: Any


class _ProgressFile:
    """Writes progress where the scheduler and ``faintsky status`` look, at most four times a second."""

    def __init__(self, path: Path) -> None:
        self.path, self.last = path, 0.0

    def __call__(self, event: Progress) -> None:
        now = time.monotonic()
        if now - self.last < 0.25:
            return
        self.last = now
        _write_json(self.path, {"done": event.done, "total": event.total, "message": event.message})


def run_task(folder: str, task_id: str) -> str:
    """Do one task of a run directory, and return its state. A task that is done is not done again.

    What the step raises ends in the status file, not in the caller.
    """
    root = Path(folder)
    place = root / "tasks" / task_id
    if read_status(root, task_id)["state"] == "done":
        return "done"
    started, cpu = time.time(), time.process_time()
    said: dict[str, Any] = {
        "state": "running",
        "started": started,
        "host": socket.gethostname(),
        "pid": os.getpid(),
    }
    _write_json(place / "status.json", said)
    work = place / "work"
    work.mkdir(exist_ok=True)
    task: Task | None = None
    result: Any = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", FaintskyWarning)
        try:
            task = Task.read(root, task_id)
            said["title"] = task.title
            call_hook("before_task", task=task)
            ctx = Context(task.seed, task_id, work, _ProgressFile(place / "progress.json"))
            with _one_thread():
                result = _function(task.step)(**task.inputs, ctx=ctx)
            save(_Result(value=result), place / "result.h5")
            said["state"] = "done"
        except Exception as error:
            said |= {"state": "failed", "error": _sentence(error), "traceback": traceback.format_exc()}
            if task is not None:
                call_hook("on_error", task=task, error=error)
    said["warnings"] = list(dict.fromkeys(str(w.message) for w in caught if issubclass(w.category, FaintskyWarning)))
    said["seconds"] = round(time.time() - started, 3)
    said["cpu_seconds"] = round(time.process_time() - cpu, 3)
    said["peak_memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    _write_json(place / "status.json", said)
    if said["state"] == "done":
        shutil.rmtree(work, ignore_errors=True)
        (place / "progress.json").unlink(missing_ok=True)
        _, trouble = call_hook("after_task", task=task, result=result)
        if trouble:
            _write_json(place / "status.json", said | {"warnings": [*said["warnings"], trouble]})
    return str(said["state"])


def _one_thread() -> Any:
    """One thread of linear algebra: tasks own the parallelism, and the last bits of a product depend on the number."""
    import scipy.linalg  # noqa: F401  brings its own BLAS, which must be there to be limited
    import threadpoolctl

    return threadpoolctl.threadpool_limits(limits=1)


def _function(name: str) -> Any:
    found = import_object(name)
    return found.function if isinstance(found, Step) else found


def _sentence(error: BaseException) -> str:
    return str(error) if isinstance(error, FaintskyError) else f"{type(error).__name__}: {error}"
