"""The sections that every report has, whatever its study."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from faintsky.core.errors import DataError
from faintsky.core.run import Run
from faintsky.core.sampler import Posterior
from faintsky.core.study import CellResult
from faintsky.report.figures import picture
from faintsky.report.numbers import number, unit_text, with_error
from faintsky.report.posteriors import draw_agreement
from faintsky.report.section import Picture, Section, Table

__all__ = ["agreement", "cost", "diagnostics", "origin", "sentences", "trouble"]


def sentences(items: Iterable[str]) -> str:
    """A list of texts from anywhere as safe HTML."""
    return "<ul>" + "".join(f"<li>{html.escape(item)}</li>" for item in items) + "</ul>"


def agreement(run: Run) -> Section:
    """The headline of every cell: forest plot and table; a cell that failed keeps its row, with the cause."""
    found = run.comparison
    pictures: tuple[Picture, ...] = ()
    said = ""
    if len(run.cells) > 1 and all(axis.kind == "method" for axis in run.axes):
        said = "<p>All cells share their data: their differences come from the methods, not from the noise of the data.</p>"
    known = [(name, h) for name, _, _, h in found.headlines if h is not None]
    if known:
        alt = "The headline of every cell with its error. " + "; ".join(
            f"{name}: {with_error(h.value, h.low, h.high)}" for name, h in known
        )
        try:
            draw = partial(draw_agreement, comparison=found)
            pictures = (picture(run, "agreement", "Agreement of the methods", alt, "headline", draw),)
        except Exception as error:  # a label that matplotlib cannot set must not cost the report
            said += sentences([f"Figure not drawn: {type(error).__name__}: {error}"])
    rows: list[tuple[str, ...]] = []
    muted: list[bool] = []
    evidences = [_evidence(cell) for cell in run.cells]
    distances = found.to_table()["sigma_from_reference"]
    for (name, _, recipe, h), cell, distance, evidence in zip(found.headlines, run.cells, distances, evidences, strict=True):
        value = _no_value(cell) if h is None else with_error(h.value, h.low, h.high)
        rows.append((name + (" (recipe)" if recipe else ""), value, number(float(distance), 2), evidence))
        muted.append(recipe or h is None)
    unit = unit_text(known[0][1].unit) if known else ""
    heads: tuple[str, ...] = ("cell", f"value [{unit}]" if unit else "value", "from reference [combined σ]", "ln Z")
    if any(evidences):
        said += "<p>Evidences (ln Z) are comparable between cells with the same estimator and the same priors only.</p>"
    else:
        heads, rows = heads[:3], [row[:3] for row in rows]
    files = tuple(f for f in ("tables/headline.ecsv", "tables/headline.tex") if (run.folder / f).exists())
    table = Table(name="headline", heads=heads, rows=tuple(rows), muted=tuple(muted), files=files)
    return Section(title="Agreement of the methods", html=said, pictures=pictures, tables=(table,))


def _no_value(cell: CellResult) -> str:
    causes = list(dict.fromkeys(cell.failed.values()))
    return f"failed: {'; '.join(causes)}" if causes else "not done yet"


def _evidence(cell: CellResult) -> str:
    """ln Z of a cell with one posterior; those of a cell with several stand in the diagnostics."""
    found = [posterior for _, posterior in cell.of_type(Posterior)]
    return _log_z(found[0]) if len(found) == 1 and found[0].log_z is not None else ""


def _log_z(posterior: Posterior) -> str:
    if posterior.log_z is None:
        return "-"
    error = posterior.log_z_error or 0.0
    return with_error(posterior.log_z, error, error)


def trouble(run: Run, missing: Iterable[str]) -> Section | None:
    """Failed results, each cause once with the cells it cost; what is waited for; figures that could not be drawn."""
    causes: dict[str, list[str]] = {}
    for where, cause in run.failures.items():
        causes.setdefault(cause, []).append(where)
    rows = tuple((cause, "; ".join(where)) for cause, where in causes.items())
    tables = (Table(name="failed", heads=("cause", "what it cost"), rows=rows),) if rows else ()
    said = list(missing)
    if not run.done:
        states = Counter(str(task.get("state", "waiting")) for task in run.tasks.values())
        said.insert(0, "Tasks: " + ", ".join(f"{count} {state}" for state, count in states.items()) + ".")
    if not tables and not said:
        return None
    return Section(title="Failed or missing", html=sentences(said) if said else "", tables=tables)


def _posteriors(run: Run) -> list[tuple[str, str, Posterior]]:
    return [(cell.name, name, posterior) for cell in run.cells for name, posterior in cell.of_type(Posterior)]


def diagnostics(run: Run) -> Section | None:
    """Whether each posterior can be believed; None where there is none."""
    found = _posteriors(run)
    if not found:
        return None
    columns: dict[str, list[str]] = {
        "cell": [cell for cell, _, _ in found],
        "fit": [name.removeprefix("fit ") for _, name, _ in found],
        "status": [p.status.replace("_", " ") for *_, p in found],
        "ESS": [f"{p.ess:.0f}" for *_, p in found],
        "tau": [number(p.diagnostics.get("tau", np.nan)) for *_, p in found],
        "R-hat": [number(p.diagnostics.get("rhat", np.nan), 4) for *_, p in found],
        "ln Z": [_log_z(p) for *_, p in found],
        "scatter of ln Z": [number(p.diagnostics.get("log_z_scatter", np.nan), 2) for *_, p in found],
        "calls": [str(p.calls) for *_, p in found],
        "CPU [s]": [number(p.cpu_seconds) for *_, p in found],
        "engine": [p.version for *_, p in found],
    }
    shown = {head: column for head, column in columns.items() if any(item != "-" for item in column)}
    muted = tuple(p.status != "converged" for *_, p in found)
    table = Table(name="diagnostics", heads=tuple(shown), rows=tuple(zip(*shown.values(), strict=True)), muted=muted)
    said = "ESS: effective number of independent samples; tau: autocorrelation time in steps; ln Z: natural logarithm of the"
    said += " evidence with the error that the engine gives, and its scatter over repeats where there are some."
    notes: dict[str, list[str]] = {}
    for cell, _, p in found:
        for note in p.notes:
            notes.setdefault(note, []).append(cell)
    listed = sentences(f"{note} ({', '.join(dict.fromkeys(cells))})" for note, cells in notes.items()) if notes else ""
    return Section(title="Diagnostics", html=f"<p>{said}</p>{listed}", tables=(table,))


def cost(run: Run) -> Section:
    """Calls, CPU and wall seconds, and memory: the sum in words, every task in a table."""
    rows = []
    for task in run.tasks.values():
        times = (number(task.get("cpu_seconds", np.nan)), number(task.get("seconds", np.nan)))
        rows.append((task["title"], str(task.get("state", "waiting")), *times, number(task.get("peak_memory_mb", np.nan))))
    total = sum(task.get("cpu_seconds", 0.0) for task in run.tasks.values())
    peak = max((task.get("peak_memory_mb", 0.0) for task in run.tasks.values()), default=0.0)
    calls = sum(p.calls for *_, p in _posteriors(run))
    heads = ("task", "state", "CPU [s]", "wall [s]", "peak memory of the worker [MB]")
    text = f"<p>{len(rows)} tasks, {number(total)} CPU seconds, at most {number(peak)} MB in one worker"
    text += f", {calls} calls of likelihoods.</p>" if calls else ".</p>"
    return Section(title="Cost", html=text, tables=(Table(name="cost", heads=heads, rows=tuple(rows)),), folded=True)


def origin(run: Run) -> list[Section]:
    """Provenance and bibliography."""
    said = run.provenance
    rows = [
        (name, part["class"], str(part["science_version"]), "yes" if part["recipe"] else "", ", ".join(part["references"]))
        for name, part in said["components"].items()
    ]
    heads = ("component", "class", "science version", "recipe", "references")
    components = Table(name="components", heads=heads, rows=tuple(rows))
    inputs = Table(name="inputs", heads=("input", "sha256"), rows=tuple((k, v) for k, v in said["inputs"].items()))
    packages = ", ".join(f"{k} {v}" for k, v in said["packages"].items())
    threads = ", ".join(f"{k}={v}" for k, v in said.get("threads", {}).items())
    machine = f"{said['platform']}, {said['cpus']} CPUs" + (f", {threads}" if threads else "")
    facts = (("faintsky", said["faintsky"]), ("Python", said["python"]), ("machine", machine), ("first made", said["created"]))
    listed = "".join(f"<dt>{key}</dt><dd>{html.escape(str(value))}</dd>" for key, value in facts)
    text = (
        f"<dl>{listed}<dt>command</dt><dd><code>{html.escape(' '.join(map(str, said['command'])))}</code></dd></dl>"
        f"<details><summary>The study file, expanded</summary><pre>"
        f"{html.escape((run.folder / 'study.toml').read_text(encoding='utf-8'))}</pre></details>"
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
    return (
        "<p>faintsky, what every result rests on, and the methods of this run; the same as <code>faintsky cite</code> says.</p>"
        f"<details><summary>BibTeX, {text.count(chr(10) + '@') + text.startswith('@')} entries</summary>"
        f"<pre>{html.escape(text)}</pre></details>"
    )
