"""Tables of a run as the page shows them: numbers with their errors in one column, sensible digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from faintsky.core.run import Run
from faintsky.report.numbers import number, unit_text, with_error
from faintsky.report.section import Table

__all__ = ["rows_of", "run_table"]

#: Longer tables end with the number of rows that stand in the file only.
_LONGEST = 300

Column = tuple[str, Callable[[Any], str]]


def run_table(run: Run, table: Any) -> Table:
    """An astropy table of the run as texts; the whole stands in the files.

    A column with errors (``x_low`` and ``x_high``, or ``x_error``) is shown as one.
    """
    columns = list(_columns(table))
    rows = [tuple(show(row) for _, show in columns) for row in table[:_LONGEST]]
    if len(table) > _LONGEST:
        rows.append((f"... {len(table) - _LONGEST} more rows in the file", *([""] * (len(columns) - 1))))
    name = str(table.meta["table"])
    files = [f"tables/{name}.{suffix}" for suffix in ("ecsv", "tex")]
    present = tuple(file for file in files if (run.folder / file).exists())
    return Table(name=name, heads=tuple(head for head, _ in columns), rows=tuple(rows), files=present)


def rows_of(table: Any, title: str) -> Any:
    """The rows of a table with a column ``spectrum`` that a figure of this title shows: of the longest name it ends with.

    The whole table where there is no such column or name.
    """
    if "spectrum" not in table.colnames:
        return table
    named = [str(s) for s in dict.fromkeys(table["spectrum"]) if f" {title}".endswith(f" {s}")]
    return table[np.asarray(table["spectrum"]) == max(named, key=len)] if named else table


def _columns(table: Any) -> list[Column]:
    found: list[Column] = []
    taken: set[str] = set()
    for name in table.colnames:
        if name in taken:
            continue
        low, high = _errors(name, table)
        taken |= {low, high}
        head = name.replace("_", " ") + _unit(table[name])
        found.append((head, _with_errors(name, low, high) if low else _plain_cell(name)))
    return found


def _errors(name: str, table: Any) -> tuple[str, str]:
    """The columns that hold the lower and upper error of a column; empty where it has none."""
    low, high, both = f"{name}_low", f"{name}_high", f"{name}_error"
    if both in table.colnames:
        return both, both
    if low not in table.colnames or high not in table.colnames:
        return "", ""
    value, below, above = (np.asarray(getattr(table[c], "value", table[c]), dtype=float) for c in (name, low, high))
    with np.errstate(invalid="ignore"):
        edges = bool(np.all((below <= value) & (value <= above)))  # of a bin that holds the value
    return ("", "") if edges else (low, high)


def _with_errors(name: str, low: str, high: str) -> Callable[[Any], str]:
    def show(row: Any) -> str:
        value, below, above = (float(getattr(row[c], "value", row[c])) for c in (name, low, high))
        return with_error(value, below, above)

    return show


def _plain_cell(name: str) -> Callable[[Any], str]:
    return lambda row: _text(row[name])


def _unit(column: Any) -> str:
    unit = getattr(column, "unit", None)
    return f" [{unit_text(str(unit))}]" if unit else ""


def _text(value: Any) -> str:
    value = getattr(value, "value", value)
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return number(float(value), 4)
    return str(value)
