"""``faintsky demo``."""

from __future__ import annotations

import sys
import webbrowser
from importlib.resources import as_file, files
from pathlib import Path

import click

from faintsky.cli.progress import listener
from faintsky.cli.run import stopped_by_terminate, tell

__all__ = ["demo"]


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("faintsky-demo"), show_default=True)
@click.option("--open/--no-open", "open_report", default=None, help="Show the report in a browser [default: on a terminal].")
@click.option("--workers", type=click.IntRange(min=0), default=0, help="Tasks at a time [default: the CPUs].")
def demo(out: Path, open_report: bool | None, workers: int) -> None:
    """Simulate an infrared and an X-ray map that share a sky, and measure how strongly, with six combinations of methods."""
    from faintsky.core.run import run

    with as_file(files("faintsky.studies") / "demo.toml") as study, stopped_by_terminate(), listener() as listen:
        finished = run(study, out=out, listen=listen, workers=workers)
    tell(finished)
    if finished.failures:
        raise click.exceptions.Exit(1)
    if open_report if open_report is not None else sys.stdout.isatty():
        webbrowser.open((finished.folder / "report.html").as_uri())
