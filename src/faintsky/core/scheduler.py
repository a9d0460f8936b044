"""The scheduler: asks an executor for the tasks that are ready, tells what happens, and can be interrupted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

from faintsky.core.errors import PluginError
from faintsky.core.executor import RunOptions
from faintsky.core.registry import registry
from faintsky.core.step import Pending, Step
from faintsky.core.storage import write_text
from faintsky.core.task import Task, load_result, read_status, run_task

__all__ = ["Event", "Scheduler", "event_line"]


@frozen(kw_only=True)
class Event:
    """Something that happened to a task.

    Kinds: ``planned``, ``started``, ``advanced``, ``warned`` (once for each of its warnings), ``done``, ``failed``, ``kept``.
    """

    kind: str
    task_id: str
    title: str
    time: float = 0.0
    done: float = 0.0
    total: float = 0.0
    message: str = ""


class Scheduler:
    """Holds the tasks of a run and sees them done; the graph is known before anything runs.

    Parameters
    ----------
    folder : Path
        The run directory.
    options : RunOptions
    listen : callable
        Receives every `Event`.
    dry : bool
        Only collect the tasks (for ``check --cost``); asking for a value is then an error.
    """

    def __init__(
        self, folder: Path, options: RunOptions, listen: Callable[[Event], None], seed: int = 1, dry: bool = False
    ) -> None:
        self.folder, self.options, self.listen, self.seed, self.dry = folder, options, listen, seed, dry
        self.tasks: dict[str, Task] = {}
        self.wanted: list[str] = []

    def do(self, step: Step[Any], /, **inputs: Any) -> Pending[Any]:
        """Ask for a step (`faintsky.core.step.Workflow`)."""
        task = Task.of(step, self.seed, inputs)
        self.tasks.setdefault(task.task_id, task)
        return Pending(task.task_id)

    def value(self, pending: Pending[Any]) -> Any:
        """Run what is needed now, and return the result."""
        self.complete([pending.task_id])
        return load_result(str(self.folder), pending.task_id)

    def state(self, task_id: str) -> str:
        """``done``, ``failed``, ``running`` or ``waiting``."""
        return str(read_status(self.folder, task_id)["state"])

    def complete(self, wanted: Iterable[str]) -> None:
        """See that the wanted tasks, and all they need, are done or have failed.

        A task whose input failed is not tried; its cell shows the cause. Ctrl-C stops what runs and raises
        KeyboardInterrupt; the same command goes on from there.
        """
        open_ = self._open(wanted)
        if self.dry:
            return
        for task_id in open_:
            task = self.tasks[task_id]
            task.write(self.folder)
            self._tell("planned", task_id)
        if not open_:
            return
        in_process = isinstance(self.options.executor, registry.load(registry.find("executors", "serial")))
        workers = min(self.options.count, len(open_))
        waiting, failed = list(open_), set[str]()
        while waiting:
            left = len(waiting)
            with self.options.executor.open(workers) as pool:
                self._loop(pool, waiting, failed, 1 if in_process else workers)
            if len(waiting) == left:
                raise PluginError(f"{type(self.options.executor).__name__} takes no task; see faintsky doctor")

    def _open(self, wanted: Iterable[str]) -> list[str]:
        """What is not done yet, inputs first."""
        order: list[str] = []

        def visit(task_id: str) -> None:
            if task_id in order:
                return
            for need in self.tasks[task_id].needs:
                visit(need)
            order.append(task_id)

        for task_id in wanted:
            visit(task_id)
        kept = [task_id for task_id in order if self.state(task_id) == "done"]
        for task_id in kept:
            self._tell("kept", task_id)
        return [task_id for task_id in order if task_id not in kept]

    def _loop(self, pool: Any, waiting: list[str], failed: set[str], workers: int) -> None:
        """Do what waits; where a worker dies, its pool is spent, and what still waits is left for the next one."""
        running, spent = dict[Future[str], str](), False
        shown: dict[str, Any] = {}
        while running or (waiting and not spent):
            for task_id in [] if spent else list(waiting):
                needs = self.tasks[task_id].needs
                if any(need in failed for need in needs):
                    waiting.remove(task_id)
                    failed.add(task_id)
                    self._tell("failed", task_id, message="an input failed")
                elif len(running) < workers and not any(n in waiting or n in running.values() for n in needs):
                    try:
                        future = pool.submit(run_task, str(self.folder), task_id)
                    except Exception:
                        spent = True
                        break
                    waiting.remove(task_id)
                    self._tell("started", task_id)
                    running[future] = task_id
                    if workers == 1:
                        break
            finished, _ = wait(running, timeout=0.3, return_when=FIRST_COMPLETED)
            for future in finished:
                task_id = running.pop(future)
                status = self._outcome(future, task_id)
                spent |= future.exception() is not None
                failed |= {task_id} if status["state"] == "failed" else set()
                for warning in status.get("warnings", ()):
                    self._tell("warned", task_id, message=warning)
                self._tell(status["state"], task_id, message=str(status.get("error", "")))
            self._advance(running.values(), shown)

    def _outcome(self, future: Future[str], task_id: str) -> dict[str, Any]:
        """The status of a task that ended; that of a worker that died is written here."""
        try:
            future.result()
        except Exception as error:
            said = {"state": "failed", "error": f"the worker died: {type(error).__name__}: {error}", "warnings": []}
            write_text(self.folder / "tasks" / task_id / "status.json", json.dumps(said))
            return said
        return read_status(self.folder, task_id)

    def _advance(self, running: Iterable[str], shown: dict[str, Any]) -> None:
        for task_id in running:
            try:
                said = json.loads((self.folder / "tasks" / task_id / "progress.json").read_text())
            except (FileNotFoundError, json.JSONDecodeError):
                continue
            if shown.get(task_id) != said:
                shown[task_id] = said
                self._tell("advanced", task_id, **said)

    def _tell(self, kind: str, task_id: str, **more: Any) -> None:
        self.listen(Event(kind=kind, task_id=task_id, title=self.tasks[task_id].title, time=time.time(), **more))


def event_line(event: Event) -> str:
    """One line of ``log.jsonl``."""
    return json.dumps({k: v for k, v in attrs.asdict(event).items() if v not in ("", 0.0)})
