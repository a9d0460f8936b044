"""A run: a directory that knows what it is, fills itself, and can be read while it does."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from attrs import frozen

from faintsky.core.axes import Axis
from faintsky.core.comparison import Comparison, compare_cells
from faintsky.core.errors import DataError, InterruptedRun, nearest
from faintsky.core.executor import RunOptions
from faintsky.core.hooks import call_hook, hooks
from faintsky.core.registry import object_path, registry
from faintsky.core.run_directory import prepare
from faintsky.core.run_log import RunLog
from faintsky.core.sampler import Posterior
from faintsky.core.scheduler import Event, Scheduler
from faintsky.core.storage import load, save, write_atomically
from faintsky.core.study import CellResult, Study
from faintsky.core.study_file import Cell, StudyPlan, load_study
from faintsky.core.task import load_result, read_status, result_type

__all__ = ["Run", "open_run", "plan_tasks", "run"]


@frozen(kw_only=True, eq=False)
class _StoredCell:
    labels: Mapping[str, str]
    seed: int
    study: Any
    recipe: bool
    tasks: Mapping[str, str]


@frozen(kw_only=True, eq=False)
class _StoredRun:
    name: str
    kind: str
    axes: tuple[Axis, ...]
    cells: tuple[_StoredCell, ...]


class _LazyResults(Mapping[str, Any]):
    """Results of a cell that are done, read when they are looked at."""

    def __init__(self, folder: Path, tasks: Mapping[str, str]) -> None:
        self.folder = folder
        self.tasks = {name: t for name, t in tasks.items() if read_status(folder, t)["state"] == "done"}

    def __getitem__(self, name: str) -> Any:
        return load_result(str(self.folder), self.tasks[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.tasks)

    def __len__(self) -> int:
        return len(self.tasks)

    def is_a(self, name: str, cls: type) -> bool:
        """Whether a result is of this class, told without reading it: maps are large."""
        return bool(result_type(str(self.folder), self.tasks[name]) == object_path(cls))


class Run:
    """A run directory, readable without the input data and while the run goes on.

    Parameters
    ----------
    folder : path
        A directory that `run` wrote.

    Raises
    ------
    DataError
        Where the directory is not a run.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder).resolve()
        if not (self.folder / "cells.h5").exists():
            raise DataError(f"{folder} is not a run directory (it has no cells.h5)")
        stored = load(self.folder / "cells.h5")
        self._stored = stored if isinstance(stored, _StoredRun) else _StoredRun(**stored)

    @property
    def name(self) -> str:
        """The study's name."""
        return self._stored.name

    @property
    def kind(self) -> str:
        """The study's component name."""
        return self._stored.kind

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The comparison axes."""
        return self._stored.axes

    @property
    def study(self) -> Study:
        """The typed study of the reference cell."""
        return self._stored.cells[0].study  # type: ignore[no-any-return]

    @property
    def provenance(self) -> dict[str, Any]:
        """Versions, inputs, machine, command."""
        found: dict[str, Any] = json.loads((self.folder / "provenance.json").read_text())
        return found

    @property
    def configuration(self) -> dict[str, Any]:
        """The expanded study file."""
        return tomllib.loads((self.folder / "study.toml").read_text())

    @cached_property
    def tasks(self) -> dict[str, dict[str, Any]]:
        """Every task the cells name, and what those need: id to title, step, needs and status."""
        found: dict[str, dict[str, Any]] = {}
        waiting = [t for cell in self._stored.cells for t in cell.tasks.values()]
        while waiting:
            task_id = waiting.pop(0)
            if task_id in found:
                continue
            path = self.folder / "tasks" / task_id / "task.json"
            said = json.loads(path.read_text()) if path.exists() else {"title": "not planned yet", "needs": []}
            found[task_id] = {"title": said["title"], "step": said.get("step", ""), "needs": said["needs"]}
            found[task_id] |= read_status(self.folder, task_id) | {"title": said["title"]}
            waiting += said["needs"]
        return found

    def refresh(self) -> Run:
        """The same run as it is now."""
        return Run(self.folder)

    @cached_property
    def cells(self) -> tuple[CellResult, ...]:
        """All cells with what is done of them; the first is the reference."""
        return tuple(self._cell(stored) for stored in self._stored.cells)

    def _cell(self, stored: _StoredCell) -> CellResult:
        failed = {name: self._cause(t) for name, t in stored.tasks.items() if self._cause(t)}
        return CellResult(
            labels=stored.labels,
            study=stored.study,
            results=_LazyResults(self.folder, stored.tasks),
            failed=failed,
            recipe=stored.recipe,
        )

    def _cause(self, task_id: str) -> str:
        """Why a task failed: its own error, or that of the first input that failed."""
        said = self.tasks.get(task_id, {})
        if said.get("state") == "failed":
            return f"{said['title']}: {said['error']}"
        if said.get("state") == "done":
            return ""
        return next((cause for need in said.get("needs", ()) if (cause := self._cause(need))), "")

    def cell(self, name: str | Mapping[str, str] | None = None) -> CellResult:
        """A cell by its labels (``"decoupled / emcee"`` or a mapping); the reference cell by default.

        Raises
        ------
        DataError
            Where there is none; the message holds the nearest.
        """
        if name is None:
            return self.cells[0]
        wanted = " / ".join(name.values()) if isinstance(name, Mapping) else name
        for cell in self.cells:
            if wanted == cell.name or (isinstance(name, Mapping) and dict(cell.labels) == dict(name)):
                return cell
        names = [cell.name for cell in self.cells]
        raise DataError(f"there is no cell {wanted!r}. {nearest(wanted, names)} Cells: {', '.join(names)}")

    @cached_property
    def tables(self) -> dict[str, Any]:
        """All tables from what is done, by name."""
        found = dict(self.study.tables(self.cells))
        found["headline"] = self.comparison.to_table()
        for name, table in found.items():
            table.meta |= {"table": name, "run": self.name, "study": self.kind}
        return found

    def table(self, name: str) -> Any:
        """A table as an astropy QTable.

        Raises
        ------
        DataError
            Where there is none of that name.
        """
        if name not in self.tables:
            raise DataError(f"no table {name!r}. {nearest(name, self.tables)} Tables: {', '.join(self.tables)}")
        return self.tables[name]

    def posterior(self, cell: str | Mapping[str, str] | None = None, name: str = "") -> Posterior:
        """The posterior of a cell (the only one, or that called `name`).

        Raises
        ------
        DataError
            Where the cell holds none, or several and no name is given.
        """
        chosen = self.cell(cell)
        found = {key: r for key, r in chosen.results.items() if isinstance(r, Posterior)}
        if name in found:
            return found[name]
        if len(found) == 1 and not name:
            return next(iter(found.values()))
        raise DataError(f"cell {chosen.name!r} holds the posteriors {', '.join(found) or 'none'}; not {name!r}")

    def figure(self, name: str, ax: Any = None) -> Any:
        """Draw a figure of the study.

        Parameters
        ----------
        name : str
        ax : matplotlib Axes or Figure, optional
            A new Figure by default.

        Returns
        -------
        matplotlib Figure
        """
        figures = self.study.figures()
        if name not in figures:
            raise DataError(f"no figure {name!r}. {nearest(name, figures)} Figures: {', '.join(figures)}")
        from matplotlib.figure import Figure

        target = Figure(figsize=(7.2, 4.6), layout="constrained") if ax is None else ax
        figures[name].draw(self.cells, target)
        return target if isinstance(target, Figure) else target.figure

    @cached_property
    def comparison(self) -> Comparison:
        """The headline of every cell, and the method systematic."""
        return compare_cells(self.axes, self.cells, [self.study.headline(cell) for cell in self.cells])

    @property
    def failures(self) -> dict[str, str]:
        """Cell and result to the cause, for all that failed."""
        return {f"{c.name}: {name}": cause for c in self.cells for name, cause in c.failed.items()}

    @property
    def done(self) -> bool:
        """Whether every task is done or failed."""
        return all(len(c.results) + len(c.failed) == len(s.tasks) for c, s in zip(self.cells, self._stored.cells, strict=True))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the tasks warned of, each once."""
        return tuple(dict.fromkeys(f"{t['title']}: {w}" for t in self.tasks.values() for w in t.get("warnings", ())))

    def write_tables(self) -> None:
        """Write every table as ECSV and LaTeX."""
        place = self.folder / "tables"
        for name, table in self.tables.items():
            for suffix, style in (("ecsv", "ascii.ecsv"), ("tex", "ascii.latex")):
                write_atomically(place / f"{name}.{suffix}", partial(_write_table, table, style))

    def __repr__(self) -> str:
        return f"<Run {self.name!r} ({self.kind}) of {len(self.cells)} cells at {self.folder}>"


def open_run(path: Path | str) -> Run:
    """Open a run directory."""
    return Run(path)


def _quiet(event: Event) -> None:
    pass


def _plan(study: Any, overrides: Sequence[str]) -> StudyPlan:
    if isinstance(study, StudyPlan):
        return study
    if isinstance(study, Path | str | Mapping):
        return load_study(study, overrides)
    cls = type(study)
    name = registry.short_name(cls)
    return StudyPlan(
        name=name,
        kind=name,
        axes=(),
        cells=(Cell(labels={}, seed=1, study=study),),
        document={},
        options=RunOptions(),
        source="a study object",
    )


def plan_tasks(plan: StudyPlan, folder: Path, listen: Callable[[Event], None] = _quiet, dry: bool = False) -> Scheduler:
    """The scheduler of a plan with the tasks of all its cells, and `cells.h5` written (unless `dry`)."""
    scheduler = Scheduler(folder, plan.options, listen, dry=dry)
    stored: list[_StoredCell] = []
    for cell in plan.cells:
        scheduler.seed = cell.seed
        named = cell.study.analyse(scheduler)
        tasks = {name: pending.task_id for name, pending in named.items()}
        stored.append(_StoredCell(labels=cell.labels, seed=cell.seed, study=cell.study, recipe=cell.recipe, tasks=tasks))
    if not dry:
        save(_StoredRun(name=plan.name, kind=plan.kind, axes=plan.axes, cells=tuple(stored)), folder / "cells.h5")
    scheduler.wanted = [t for cell in stored for t in cell.tasks.values()]
    return scheduler


def run(
    study: Any,
    *,
    out: Path | str | None = None,
    overrides: Sequence[str] = (),
    components: Sequence[type] = (),
    executor: str = "",
    workers: int = 0,
    listen: Callable[[Event], None] = _quiet,
    force_new: bool = False,
) -> Run:
    """Run a study, or go on with it: what is done already is not done again.

    Parameters
    ----------
    study : path, TOML text, mapping, or Study
    out : path, optional
        The run directory; default ``runs/NAME``.
    overrides : sequence of str
        ``dotted.key=value``.
    components : sequence of type
        Component classes that stand beside the installed ones for this run; marked local in its results.
    executor, workers
        Replace those of the study's ``[run]`` table.
    listen : callable
        Receives every `Event` of the progress.
    force_new : bool
        Where `out` holds another study: fork into a new directory that starts with the tasks done so far.

    Returns
    -------
    Run
        Also where cells failed: look at `Run.failures`.

    Raises
    ------
    StudyError
        The study is wrong (all defects at once), or `out` holds another one (the fields that differ).
    InterruptedRun
        After Ctrl-C; nothing done is lost.
    """
    with registry.also(components):
        more = [f'run.executor="{executor}"'] * bool(executor) + [f"run.workers={workers}"] * bool(workers)
        plan = _plan(study, [*overrides, *more])
        folder = Path(out) if out is not None else Path("runs") / plan.name
        folder = prepare(plan, folder.resolve(), force_new)
        log = RunLog(folder / "log.jsonl", listen)
        log.write({"kind": "called", "command": sys.argv})
        for trouble in hooks()[1]:
            log.write({"kind": "hook", "message": trouble})
        try:
            scheduler = plan_tasks(plan, folder, log)
            scheduler.complete(scheduler.wanted)
        except KeyboardInterrupt:
            raise InterruptedRun(f"interrupted; the same command goes on from here ({folder})") from None
        finished = Run(folder)
        finished.write_tables()
        _, trouble = call_hook("after_run", run=finished)
        if trouble:
            log.write({"kind": "hook", "message": trouble})
        return finished


def _write_table(table: Any, style: str, path: Path) -> None:
    table.write(path, format=style, overwrite=True)
