"""``faintsky run-task``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from faintsky.cli.run_directory import RunDirectory

if TYPE_CHECKING:
    from faintsky.core.run import Run

__all__ = ["run_task"]


@click.command("run-task")
@click.argument("run", type=RunDirectory())
@click.argument("task_id")
def run_task(run: Run, task_id: str) -> None:
    """Do the task TASK_ID of the run directory RUN; exit code 1 where it fails."""
    from faintsky.core.errors import StudyError, nearest
    from faintsky.core.task import read_status
    from faintsky.core.task import run_task as do_task

    if not (run.folder / "tasks" / task_id / "task.json").exists():
        known = sorted(p.parent.name for p in (run.folder / "tasks").glob("*/task.json"))
        raise StudyError(f"{run.folder} has no task {task_id!r}. {nearest(task_id, known)}".rstrip())
    state = do_task(str(run.folder), task_id)
    click.echo(state)
    if state != "done":
        click.echo(read_status(run.folder, task_id).get("error", ""), err=True)
        raise click.exceptions.Exit(1)
