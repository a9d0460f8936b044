"""``faintsky status``."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from faintsky.cli.run_directory import RunDirectory

if TYPE_CHECKING:
    from faintsky.core.run import Run

__all__ = ["status"]


@click.command()
@click.argument("run", type=RunDirectory())
def status(run: Run) -> None:
    """How far the run directory RUN is: tasks by state, what runs, time left, results of each cell."""
    tasks = run.tasks
    states = Counter(_state(task) for task in tasks.values())
    click.echo(f"{run.name} ({run.kind}): " + ", ".join(f"{n} {state}" for state, n in sorted(states.items())))
    for task_id, task in tasks.items():
        state = _state(task)
        if state == "running":
            click.echo(f"  running  {task['title']}  {_progress(run.folder, task_id)}  {time.time() - task['started']:.0f} s")
        elif state in ("failed", "stopped"):
            why = task.get("error", "its process is gone; the same command does it again")
            click.echo(f"  {state:8s} {task['title']}: {why}")
    _tell_left(tasks)
    _matrix(run)


def _state(task: Mapping[str, Any]) -> str:
    """A task whose process on this machine is gone has stopped."""
    state = str(task.get("state", "waiting"))
    if state == "running" and task.get("host") == os.uname().nodename:
        try:
            os.kill(int(task["pid"]), 0)
        except ProcessLookupError:
            return "stopped"
        except PermissionError:
            return state
    return state


def _progress(folder: Path, task_id: str) -> str:
    try:
        said = json.loads((folder / "tasks" / task_id / "progress.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return ""
    part = f"{said['done']:g}/{said['total']:g}" if said["total"] else f"{said['done']:g}"
    return f"{part} {said['message']}".strip()


def _tell_left(tasks: Mapping[str, Mapping[str, Any]]) -> None:
    """Work left, by the finished tasks of the same steps; what was never measured is counted, not guessed."""
    seconds: dict[str, list[float]] = {}
    for task in tasks.values():
        if task.get("state") == "done":
            seconds.setdefault(task["step"], []).append(task["seconds"])
    open_ = [t["step"] for t in tasks.values() if t.get("state", "waiting") not in ("done", "failed")]
    if not open_:
        return
    left = sum(sum(seconds[s]) / len(seconds[s]) for s in open_ if s in seconds)
    unknown = sum(step not in seconds for step in open_)
    more = f"; {unknown} tasks of steps that were not measured yet come on top" if unknown else ""
    click.echo(f"time left for one worker: {left / 60:.1f} minutes, by the finished tasks of the same steps{more}")


def _matrix(run: Run) -> None:
    """Cells x results."""
    from rich.table import Table

    from faintsky.cli.console import console

    names = list(dict.fromkeys(name for cell in run.cells for name in (*cell.results, *cell.failed)))
    table = Table("cell", *names)
    for cell in run.cells:
        marks = ("done" if n in cell.results else "failed" if n in cell.failed else "-" for n in names)
        table.add_row(cell.name, *marks)
    console().print(table)
