"""``faintsky report``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from faintsky.cli.run_directory import RunDirectory

if TYPE_CHECKING:
    from faintsky.core.run import Run

__all__ = ["report"]


@click.command()
@click.argument("run", type=RunDirectory())
def report(run: Run) -> None:
    """Write tables, figures and report.html of the run directory RUN again, without its input data."""
    from faintsky.report.page import write_report

    run.write_tables()
    click.echo(write_report(run))
