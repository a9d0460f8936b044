"""``faintsky compare``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from faintsky.cli.run_directory import RunDirectory

if TYPE_CHECKING:
    from faintsky.core.run import Run

__all__ = ["compare"]


@click.command()
@click.argument("first", type=RunDirectory())
@click.argument("second", type=RunDirectory())
def compare(first: Run, second: Run) -> None:
    """What differs between two runs in configuration, inputs and versions, and which numbers moved by how many sigma."""
    from faintsky.report.moved import configuration_changes, moved_numbers

    changes = configuration_changes(first, second)
    click.echo("What differs:" if changes else "Configuration, inputs and versions are the same.")
    for line in changes:
        click.echo(f"  {line}")
    moved = moved_numbers(first, second)
    click.echo("Numbers:" if moved else "The two runs have no number in common.")
    for line in moved:
        click.echo(f"  {line}")
