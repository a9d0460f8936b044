"""``faintsky export``: results for other codes: power spectra as SACC, posteriors of counts spectra as XSPEC chains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

__all__ = ["export"]


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--to", "target", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
@click.option("--cell", default=None, help="Label of the cell, such as 'decoupled / emcee'; default: the reference cell.")
@click.option("--force", is_flag=True, help="Write over a file that exists.")
def export(run: Path, target: Path, cell: str | None, force: bool) -> None:
    """Write a cell for other codes.

    Power spectra go with their windows and covariance to a SACC file, the posterior of an X-ray spectrum to a chain that XSPEC
    loads.
    """
    from faintsky.core.errors import DataError
    from faintsky.core.run import open_run

    if target.exists() and not force:
        raise click.UsageError(f"{target} exists; --force writes over it")
    opened = open_run(run)
    chosen = opened.cell(cell)
    if "spectra" in chosen.results:
        said = _sacc(opened, chosen, target)
    elif opened.kind == "spectrum" and "fit" in chosen.results:
        said = _chain(chosen, target)
    else:
        there = ", ".join(chosen.results) or "none yet"
        raise DataError(f"the cell {chosen.name!r} has neither power spectra nor a fit of counts; its results: {there}")
    click.echo(f"{target}: {said}")


def _sacc(opened: Any, chosen: Any, target: Path) -> str:
    from faintsky.estimators.bandpowers.joint_covariance import joint_covariance
    from faintsky.plugins.sacc_file import write_sacc

    measured = chosen.results["spectra"]
    spectra = dict(measured.auto) | dict(measured.cross)
    write_sacc(spectra, target, covariance=joint_covariance(spectra), meta={"study": opened.name, "cell": chosen.name})
    return f"{len(spectra)} spectra of {chosen.name}, with windows and covariance"


def _chain(chosen: Any, target: Path) -> str:
    from faintsky.plugins.ogip.xspec_chain import write_chain

    number = write_chain(chosen.study.models, chosen.results["fit"], target)
    return f"a chain of {number} samples of {chosen.name}"
