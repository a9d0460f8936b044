"""``faintsky cite``."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["cite"]


@click.command()
@click.argument("what", type=click.Path(path_type=Path))
def cite(what: Path) -> None:
    """BibTeX of what WHAT, a run directory or a study file, uses: faintsky, engines, methods."""
    from faintsky.cli.run_directory import RunDirectory
    from faintsky.core.provenance import components_of
    from faintsky.core.references import bibliography, keys_of
    from faintsky.core.study_file import load_study

    if what.is_dir():
        components = RunDirectory().convert(what, None, None).provenance["components"]
    else:
        components = {k: v for cell in load_study(what).cells for k, v in components_of(cell.study).items()}
    click.echo(bibliography(keys_of(components)))
