"""``faintsky run``."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from faintsky.cli.progress import listener

__all__ = ["run", "stopped_by_terminate", "tell"]


@click.command()
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Run directory [default: runs/NAME].")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key, such as bins.per_decade=12.")
@click.option("--workers", type=click.IntRange(min=0), default=0, help="Tasks at a time [default: the CPUs].")
@click.option("--executor", default="", help="Who does the tasks [default: loky].")
@click.option("--force-new", is_flag=True, help="Where the directory holds another run: fork a new one.")
@click.option("--quiet", is_flag=True, help="No progress.")
@click.option("--log-json", is_flag=True, help="Progress as JSON lines on standard error.")
def run(
    study: Path,
    out: Path | None,
    overrides: tuple[str, ...],
    workers: int,
    executor: str,
    force_new: bool,
    quiet: bool,
    log_json: bool,
) -> None:
    """Run the study file STUDY, or go on with it: what is done is not done again."""
    from faintsky.core.run import run as run_study

    with stopped_by_terminate(), listener(quiet, log_json) as listen:
        finished = run_study(
            study,
            out=out,
            overrides=overrides,
            workers=workers,
            executor=executor,
            listen=listen,
            force_new=force_new,
        )
    tell(finished)
    if finished.failures:
        raise click.exceptions.Exit(1)


@contextmanager
def stopped_by_terminate() -> Iterator[None]:
    """Let a batch system's SIGTERM stop a run as Ctrl-C does: nothing done is lost, exit code 130."""
    try:
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def tell(finished: Any) -> None:
    """Say what came out: the headline with both errors, the failures, and where the report lies."""
    from faintsky.report.numbers import headline_sentence

    click.echo(headline_sentence(finished.comparison))
    causes: dict[str, list[str]] = {}
    for where, cause in finished.failures.items():
        causes.setdefault(cause, []).append(where)
    for cause, where in causes.items():
        place = where[0] if len(where) == 1 else f"{len(where)} results ({where[0]}, ...)"
        click.echo(f"failed: {place}: {cause}", err=True)
    for trouble in _hook_troubles(finished.folder):
        click.echo(trouble, err=True)
    report = finished.folder / "report.html"
    click.echo(f"report: {report}" if report.exists() else f"run directory: {finished.folder}")


def _hook_troubles(folder: Path) -> list[str]:
    """What hooks could not do since the run was last called, from its log."""
    found: list[str] = []
    for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines():
        try:
            said = json.loads(line)
        except json.JSONDecodeError:  # half a line of a run that was killed
            continue
        found = [] if said.get("kind") == "called" else found
        found += [said["message"]] if said.get("kind") == "hook" else []
    return list(dict.fromkeys(found))
