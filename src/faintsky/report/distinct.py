"""Cells that share a result, once: with the labels of those axes only that it depends on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from faintsky.core.study import CellResult

__all__ = ["distinct"]


def distinct(cells: Sequence[CellResult], name: str) -> Iterator[tuple[Mapping[str, str], Any]]:
    """Each result of a name once, in the order of the cells, with the labels that tell it from the others.

    An axis tells results apart where two cells that differ in nothing else have different ones, or one of them has none. A table
    of counterparts, say, then does not pretend to belong to one of several samplers.
    """
    having = [cell for cell in cells if name in cell.results]
    axes = [axis for axis in (having[0].labels if having else ()) if _matters(cells, name, axis)]
    seen: set[str] = set()
    for cell in having:
        if (task := cell.identity(name)) not in seen:
            seen.add(task)
            yield {axis: cell.labels[axis] for axis in axes}, cell.results[name]


def _matters(cells: Sequence[CellResult], name: str, axis: str) -> bool:
    groups: dict[tuple[tuple[str, str], ...], set[str]] = defaultdict(set)
    for cell in cells:
        others = tuple((key, label) for key, label in cell.labels.items() if key != axis)
        groups[others].add(cell.identity(name) if name in cell.results else "")
    return any(len(tasks) > 1 for tasks in groups.values())
