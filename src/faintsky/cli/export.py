"""``faintsky export``: the spectra of a run as a SACC file."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["export"]


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--to", "target", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The SACC file to write.")
@click.option("--cell", default=None, help="Label of the cell, such as 'decoupled / emcee'; default: the reference cell.")
@click.option("--force", is_flag=True, help="Write over a file that exists.")
def export(run: Path, target: Path, cell: str | None, force: bool) -> None:
    """Write the spectra of a cell, their windows and their covariance to a SACC file."""
    from faintsky.core.errors import DataError
    from faintsky.core.run import open_run
    from faintsky.estimators.bandpowers.joint_covariance import joint_covariance
    from faintsky.plugins.sacc_file import write_sacc

    if target.exists() and not force:
        raise click.UsageError(f"{target} exists; --force writes over it")
    opened = open_run(run)
    chosen = opened.cell(cell)
    if "spectra" not in chosen.results:
        raise DataError(f"the cell {chosen.name!r} has no spectra; its results: {', '.join(chosen.results) or 'none yet'}")
    measured = chosen.results["spectra"]
    spectra = dict(measured.auto) | dict(measured.cross)
    write_sacc(spectra, target, covariance=joint_covariance(spectra), meta={"study": opened.name, "cell": chosen.name})
    click.echo(f"{target}: {len(spectra)} spectra of {chosen.name}, with windows and covariance")
