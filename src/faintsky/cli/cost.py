"""What a study will cost: counted where it can be, measured where a run has done the same steps, never invented."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from faintsky.core.errors import DataError
from faintsky.core.provenance import input_paths
from faintsky.core.run import Run, plan_tasks
from faintsky.core.study_file import StudyPlan

__all__ = ["cost_lines"]


def cost_lines(plan: StudyPlan, like: Run | None) -> Iterator[str]:
    """Lines for people: tasks by step, files read, memory of the maps, CPU hours of the steps that were measured.

    Parameters
    ----------
    plan : StudyPlan
    like : Run, optional
        Whose finished tasks tell what a step costs; by default the run that this study would go on with.
    """
    files = sorted({path for cell in plan.cells for path in input_paths(cell.study)})
    yield f"files: {len(files)}, {sum(p.stat().st_size for p in files) / 1e6:.1f} MB read"
    yield from _memory(plan)
    try:
        scheduler = plan_tasks(plan, Path("unused"), dry=True)
    except DataError:
        yield "tasks: their number depends on results of the run, so neither it nor the CPU hours are known before"
        return
    steps = Counter(task.step.rpartition(":")[2] for task in scheduler.tasks.values())
    yield f"tasks: {len(scheduler.tasks)} ({', '.join(f'{n} {step}' for step, n in steps.items())})"
    yield from _measured(steps, _known_run(plan, like))


def _known_run(plan: StudyPlan, like: Run | None) -> Run | None:
    folder = Path("runs") / plan.name
    return like or (Run(folder) if (folder / "cells.h5").exists() else None)


def _memory(plan: StudyPlan) -> Iterator[str]:
    """The largest task holds every map with its weight, variance, splits and transform, in float64."""
    study: Any = plan.cells[0].study
    choice: Any = getattr(study, "grid", None)
    maps = getattr(study, "maps", {})
    if not maps:
        return
    grid = choice.explicit() if hasattr(choice, "explicit") else None
    named = maps.get(str(getattr(choice, "like", "")).removeprefix("maps."))
    for source in [named] if named is not None else maps.values():
        grid = grid if grid is not None else source.grid()
    if grid is None:
        yield "memory: not known before the grid is"
        return
    arrays = sum(6 + 2 * getattr(source, "splits", 1) for source in maps.values())
    pixels = f"{grid.shape[0]}x{grid.shape[1]} pixels, {arrays} arrays"
    yield f"memory: some {8 * grid.size * arrays / 1e9:.2g} GB a worker ({pixels}), {plan.options.count} workers"


def _measured(steps: Counter[str], known: Run | None) -> Iterator[str]:
    done = [] if known is None else [t for t in known.tasks.values() if t.get("state") == "done"]
    if known is None or not done:
        yield "CPU hours: no finished task of these steps is known; run one cell, or name a run with --like"
        return
    seconds: dict[str, list[float]] = defaultdict(list)
    for task in done:
        seconds[task["step"].rpartition(":")[2]].append(task["cpu_seconds"])
    total = 0.0
    for step, number in steps.items():
        if step in seconds:
            mean = sum(seconds[step]) / len(seconds[step])
            total += number * mean
            yield f"  {step}: {number} x {mean:.2f} CPU s (mean of {len(seconds[step])})"
        else:
            yield f"  {step}: {number} x not measured yet"
    peak = max(task["peak_memory_mb"] for task in done)
    yield f"CPU hours: {total / 3600:.3g} for the measured steps; largest worker {peak / 1e3:.2g} GB (both by {known.folder})"
