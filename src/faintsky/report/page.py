"""One self-contained HTML page from a run directory."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from attrs import frozen

from faintsky.core.hooks import call_hook
from faintsky.core.run import Run
from faintsky.core.storage import write_text
from faintsky.report.figures import study_pictures
from faintsky.report.headline import statement
from faintsky.report.section import Picture, Section, Table
from faintsky.report.sections import agreement, cost, diagnostics, origin, sentences, trouble
from faintsky.report.tables import rows_of, run_table

__all__ = ["write_report"]


def write_report(run: Run) -> Path:
    """Write ``report.html``, and ``figures/`` and ``tables/`` that it names; of a run that is not done what there is.

    Parameters
    ----------
    run : Run

    Returns
    -------
    Path
        The page, with images and style inside, readable offline and by mail.
    """
    from jinja2 import Environment, PackageLoader, select_autoescape

    if not run.done:  # a run that is done wrote its tables before its hooks were called
        run.write_tables()
    environment = Environment(
        loader=PackageLoader("faintsky.report"),
        autoescape=select_autoescape(["html", "j2"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("page.html.j2").render(
        run=run, statement=statement(run), places=_places(_sections(run)), provenance=run.provenance
    )
    target = run.folder / "report.html"
    write_text(target, page)
    return target


@frozen
class _Place:
    """A section with an address that no other has."""

    anchor: str
    section: Section


def _places(sections: Iterable[Section]) -> list[_Place]:
    found: list[_Place] = []
    taken: set[str] = set()
    for section in sections:
        anchor, n = section.anchor, 2
        while anchor in taken:
            anchor, n = f"{section.anchor}-{n}", n + 1
        taken.add(anchor)
        found.append(_Place(anchor, section))
    return found


def _sections(run: Run) -> list[Section]:
    pictures, missing = study_pictures(run)
    found = [trouble(run, missing), agreement(run), *_of_study(run, pictures), diagnostics(run), cost(run)]
    found.append(Section(title="Warnings", html=sentences(run.warnings)) if run.warnings else None)
    return [section for section in [*found, *_added(run), *origin(run)] if section is not None]


def _of_study(run: Run, pictures: Iterable[Picture]) -> list[Section]:
    """Every figure with the rows of the table behind it, then the tables that no figure shows."""
    found: list[Section] = []
    shown = {"headline"}
    for picture in pictures:
        tables: tuple[Table, ...] = ()
        if picture.table:
            tables = (run_table(run, rows_of(run.tables[picture.table], picture.title)),)
            shown.add(picture.table)
        found.append(Section(title=picture.title, pictures=(picture,), tables=tables))
    rest = [(name, table) for name, table in run.tables.items() if name not in shown]
    return found + [Section(title=f"Table {name}", tables=(run_table(run, table),)) for name, table in rest]


def _added(run: Run) -> list[Section]:
    """The sections of plugins; what one does wrong is said in its place, and costs nothing else."""
    groups, said = call_hook("report_sections", run=run)
    troubles = [said] if said else []
    found: list[Section] = []
    for group in groups:
        items: list[Any] = list(group) if isinstance(group, Iterable) else [group]
        found += [item for item in items if isinstance(item, Section)]
        troubles += [
            f"hook report_sections gave a {type(item).__name__}, not a Section" for item in items if not isinstance(item, Section)
        ]
    return found + ([Section(title="Hooks", html=sentences(troubles))] if troubles else [])
