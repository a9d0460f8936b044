"""One self-contained HTML page from a run directory."""

from __future__ import annotations

import html
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from faintsky.core.errors import DataError
from faintsky.core.hooks import call_hook
from faintsky.core.run import Run
from faintsky.core.sampler import Posterior
from faintsky.core.storage import write_atomically
from faintsky.report.figures import picture, study_pictures
from faintsky.report.numbers import number, plain, with_error
from faintsky.report.posteriors import draw_agreement
from faintsky.report.section import Picture, Section, Table

__all__ = ["write_report"]

_LONGEST = 40


def write_report(run: Run) -> Path:
    """Write ``report.html`` and ``figures/``; on a run that is not done it says what is missing.

    Returns
    -------
    Path
        The page, with images and style inside, readable offline and by mail.
    """
    from jinja2 import Environment, PackageLoader, select_autoescape

    environment = Environment(loader=PackageLoader("faintsky.report"), autoescape=select_autoescape(["html", "j2"]))
    page = environment.get_template("page.html.j2").render(
        run=run, headline=_headline(run), sections=_sections(run), provenance=run.provenance
    )
    target = run.folder / "report.html"
    write_atomically(target, lambda path: _write(path, page))
    return target


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _headline(run: Run) -> dict[str, Any]:
    """What stands on top of the page."""
    found = run.comparison
    reference = found.reference
    said: dict[str, Any] = {"question": "", "value": "", "lines": []}
    if reference is None:
        said["lines"] = ["The reference cell failed or is not done yet, so there is no headline."]
        return said
    sound = [h for *_, recipe, h in found.headlines if h is not None and not recipe]
    systematic = found.systematic if len(sound) > 1 else None
    said["question"] = plain(reference.question)
    said["quantity"] = plain(reference.quantity)
    said["value"] = with_error(reference.value, reference.low, reference.high, systematic, reference.unit)
    lines = []
    if reference.truth is not None:
        off = (reference.value - reference.truth) / (0.5 * (reference.low + reference.high))
        lines.append(f"The data are simulated: the input is {with_error(reference.truth, 0, 0)}, {off:+.1f} sigma away.")
    lines.append(f"Reference cell: {run.cells[0].name}. The statistical error is that of this cell.")
    if systematic is not None:
        share = 2 * systematic / (reference.low + reference.high) if reference.low + reference.high > 0 else np.nan
        axes = ", ".join(_axis_share(a, v, reference) for a, v in found.by_axis.items())
        lines.append(
            f"The method systematic is half the range over {len(sound)} cells of sound methods, {share:.2f} of the "
            f"statistical error; by axis alone: {axes}."
        )
    for name, _, recipe, h in found.headlines:
        if recipe and h is not None:
            lines.append(f"Recipe, not counted: {name} gives {with_error(h.value, h.low, h.high, unit=h.unit)}.")
    said["lines"] = lines
    return said


def _axis_share(axis: str, value: float, reference: Any) -> str:
    return f"{axis.replace('_', ' ')} {2 * value / (reference.low + reference.high):.2f} sigma"


def _sections(run: Run) -> list[Section]:
    pictures, missing = study_pictures(run)
    sections = [_agreement(run)]
    sections += [Section(title=p.title, pictures=(p,), tables=_named(run, p.table, p.title)) for p in pictures]
    shown = {p.table for p in pictures}
    rest = [t for name, t in run.tables.items() if name not in shown and name != "headline"]
    sections += [Section(title=f"Table: {t.meta['table']}", tables=(_table(run, t),), folded=True) for t in rest]
    sections += [_diagnostics(run), _cost(run)]
    trouble = [f"{where}: {cause}" for where, cause in run.failures.items()]
    if not run.done:
        trouble.append("The run is not done: what is missing will appear when the same command is run again.")
    if trouble or missing:
        sections.insert(1, Section(title="Failed or missing", html=_list([*trouble, *missing])))
    if run.warnings:
        sections.append(Section(title="Warnings", html=_list(run.warnings)))
    added, said = call_hook("report_sections", run=run)
    sections += [section for group in added for section in group]
    if said:
        sections.append(Section(title="Hooks", html=_list([said])))
    return [*sections, *_origin(run)]


def _list(items: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{html.escape(item)}</li>" for item in items) + "</ul>"


def _agreement(run: Run) -> Section:
    found = run.comparison
    pictures: tuple[Picture, ...] = ()
    if any(h is not None for *_, h in found.headlines):
        alt = "; ".join(f"{name}: {with_error(h.value, h.low, h.high)}" for name, _, _, h in found.headlines if h is not None)
        draw = partial(draw_agreement, comparison=found)
        pictures = (picture(run, "agreement", "Agreement of the methods", alt, "headline", draw),)
    rows, muted = [], []
    distances = found.to_table()["sigma_from_reference"]
    for (name, _, recipe, h), distance in zip(found.headlines, distances, strict=True):
        value = "failed or not done" if h is None else with_error(h.value, h.low, h.high)
        rows.append((name + (" (recipe)" if recipe else ""), value, number(float(distance), 2)))
        muted.append(recipe or h is None)
    heads = ("cell", "value", "distance from reference [combined sigma]")
    files = ("tables/headline.ecsv", "tables/headline.tex")
    table = Table(name="headline", heads=heads, rows=tuple(rows), muted=tuple(muted), files=files)
    return Section(title="Agreement of the methods", pictures=pictures, tables=(table,))


def _named(run: Run, name: str, title: str) -> tuple[Table, ...]:
    """The table behind a figure: of one with a column ``spectrum`` the rows that the title names."""
    if name not in run.tables:
        return ()
    table = run.tables[name]
    if "spectrum" in table.colnames:
        mine = np.array([title.endswith(f" {s}") for s in table["spectrum"]])
        table = table[mine] if mine.any() else table
    return (_table(run, table),)


def _table(run: Run, table: Any) -> Table:
    """An astropy table as texts, at most `_LONGEST` rows; the whole stands in the files."""
    heads = tuple(c + (f" [{table[c].unit}]" if getattr(table[c], "unit", None) else "") for c in table.colnames)
    rows = []
    for row in table[:_LONGEST]:
        rows.append(tuple(_cell(row[c]) for c in table.colnames))
    if len(table) > _LONGEST:
        rows.append((f"... {len(table) - _LONGEST} more rows in the file", *([""] * (len(heads) - 1))))
    name = str(table.meta["table"])
    return Table(name=name, heads=heads, rows=tuple(rows), files=(f"tables/{name}.ecsv", f"tables/{name}.tex"))


def _cell(value: Any) -> str:
    plain_value = getattr(value, "value", value)
    if isinstance(plain_value, str | bool | np.bool_):
        return str(plain_value)
    if isinstance(plain_value, int | np.integer):
        return str(plain_value)
    return number(float(plain_value), 4)


def _posteriors(run: Run) -> list[tuple[str, str, Posterior]]:
    return [
        (cell.name, name, result) for cell in run.cells for name, result in cell.results.items() if isinstance(result, Posterior)
    ]


def _diagnostics(run: Run) -> Section:
    rows = []
    for cell, name, p in _posteriors(run):
        d = p.diagnostics
        evidence = "-" if p.log_z is None or p.log_z_error is None else f"{p.log_z:.2f} ± {p.log_z_error:.2f}"
        numbers = (number(p.ess), number(d.get("tau", np.nan)), number(d.get("rhat", np.nan), 4), evidence)
        rows.append((cell, name, p.status, *numbers, p.version, "; ".join(p.notes)))
    heads = ("cell", "fit", "status", "ESS", "tau", "R-hat", "ln Z", "engine", "notes")
    table = Table(name="diagnostics", heads=heads, rows=tuple(rows), muted=tuple(r[2] != "converged" for r in rows))
    text = "ESS: effective number of independent samples; tau: autocorrelation time in steps; ln Z in natural logarithms."
    return Section(title="Diagnostics", html=f"<p>{text}</p>", tables=(table,) if rows else ())


def _cost(run: Run) -> Section:
    rows = []
    for task in run.tasks.values():
        times = (number(task.get("cpu_seconds", np.nan)), number(task.get("seconds", np.nan)))
        rows.append((task["title"], task.get("state", "waiting"), *times, number(task.get("peak_memory_mb", np.nan))))
    total = sum(task.get("cpu_seconds", 0.0) for task in run.tasks.values())
    calls = sum(p.calls for *_, p in _posteriors(run))
    heads = ("task", "state", "CPU [s]", "wall [s]", "peak memory of the worker [MB]")
    text = f"<p>{len(rows)} tasks, {number(total)} CPU seconds, {calls} likelihood calls.</p>"
    return Section(title="Cost", html=text, tables=(Table(name="cost", heads=heads, rows=tuple(rows)),), folded=True)


def _origin(run: Run) -> list[Section]:
    """Provenance and bibliography."""
    said = run.provenance
    rows = [
        (name, part["class"], str(part["science_version"]), "recipe" if part["recipe"] else "", ", ".join(part["references"]))
        for name, part in said["components"].items()
    ]
    heads = ("component", "class", "science version", "", "references")
    components = Table(name="components", heads=heads, rows=tuple(rows))
    inputs = Table(name="inputs", heads=("input", "sha256"), rows=tuple((k, v) for k, v in said["inputs"].items()))
    packages = ", ".join(f"{k} {v}" for k, v in said["packages"].items())
    text = (
        f"<p>faintsky {html.escape(said['faintsky'])}, Python {html.escape(said['python'])}, "
        f"{html.escape(said['platform'])}, {said['cpus']} CPUs, {html.escape(said['created'])}.</p>"
        f"<p><code>{html.escape(' '.join(map(str, said['command'])))}</code></p>"
        f"<details><summary>study.toml, expanded</summary><pre>"
        f"{html.escape((run.folder / 'study.toml').read_text())}</pre></details>"
        f"<details><summary>Installed packages</summary><p>{html.escape(packages)}</p></details>"
    )
    tables = (components, inputs) if inputs.rows else (components,)
    return [
        Section(title="Provenance", html=text, tables=tables),
        Section(title="How to cite", html=_bibliography(said["components"])),
    ]


def _bibliography(components: dict[str, Any]) -> str:
    from faintsky.core.references import bibliography, keys_of

    try:
        text = bibliography(keys_of(components))
    except DataError as error:  # a plugin without its references must not cost the report
        text = f"{error}"
    return f"<p>faintsky, its engines and the methods of this run:</p><pre>{html.escape(text)}</pre>"
