"""Progress on a terminal as bars, elsewhere as plain lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import click

from faintsky.core.scheduler import Event, event_line

__all__ = ["Listener", "listener"]


class Listener(Protocol):
    """Receives every event of a run."""

    def __call__(self, event: Event) -> None:
        """Show it."""


@contextmanager
def listener(quiet: bool = False, as_json: bool = False) -> Iterator[Listener]:
    """The listener that fits the place where the command runs."""
    if as_json:
        yield lambda event: click.echo(event_line(event), err=True)
    elif quiet:
        yield lambda event: None
    elif sys.stderr.isatty():
        with _bars() as bars:
            yield bars
    else:
        yield _Lines()


class _Lines:
    """One line when a task starts to count (done, failed, kept), and one for each warning."""

    def __init__(self) -> None:
        self.planned: set[str] = set()
        self.finished = 0
        self.kept: set[str] = set()

    def __call__(self, event: Event) -> None:
        if event.kind == "planned":
            self.planned.add(event.task_id)
        elif event.kind == "kept" and event.task_id not in self.planned:
            if event.task_id not in self.kept:
                click.echo(f"kept    {event.title}", err=True)
            self.kept.add(event.task_id)
        elif event.kind == "warned":
            click.echo(f"warning {event.title}: {event.message}", err=True)
        elif event.kind in ("done", "failed"):
            self.finished += 1
            more = f": {event.message.splitlines()[0]}" if event.message else ""
            click.echo(f"{event.kind:7s} {event.title} ({self.finished}/{len(self.planned)}){more}", err=True)


@contextmanager
def _bars() -> Iterator[Listener]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(bar_width=30), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        whole = progress.add_task("all tasks", total=0)
        shown: dict[str, TaskID] = {}
        planned: set[str] = set()
        finished: set[str] = set()

        def show(event: Event) -> None:
            if event.kind == "planned" and event.task_id not in planned:
                planned.add(event.task_id)
                progress.update(whole, total=len(planned), description=f"all tasks {len(finished)}/{len(planned)}")
            elif event.kind == "started":
                shown[event.task_id] = progress.add_task(event.title, total=None)
            elif event.kind == "advanced" and event.task_id in shown:
                progress.update(
                    shown[event.task_id],
                    total=event.total or None,
                    completed=event.done,
                    description=f"{event.title}: {event.message}" if event.message else event.title,
                )
            elif event.kind == "warned":
                console.print(f"warning {event.title}: {event.message}", style="yellow", markup=False)
            elif event.kind in ("done", "failed"):
                finished.add(event.task_id)
                said = f"all tasks {len(finished)}/{len(planned)}"
                progress.update(whole, completed=len(finished), description=said)
                if event.task_id in shown:
                    progress.remove_task(shown.pop(event.task_id))
                if event.kind == "failed":
                    console.print(f"failed {event.title}: {event.message}", style="red", markup=False)

        yield show
