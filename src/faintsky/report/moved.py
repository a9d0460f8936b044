"""Two runs side by side: what differs in how they were made, and which numbers moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from faintsky.core.run import Run
from faintsky.core.run_directory import flat
from faintsky.report.numbers import number, with_error

__all__ = ["configuration_changes", "moved_numbers"]


def configuration_changes(a: Run, b: Run) -> list[str]:
    """One line for every option, input, component and package that differs."""
    lines = _differences(flat(a.configuration), flat(b.configuration))
    one, two = a.provenance, b.provenance
    lines += _differences(one["inputs"], two["inputs"], "input ")
    before, after = ({n: c["science_version"] for n, c in p["components"].items()} for p in (one, two))
    lines += _differences(before, after, "science version of ")
    return lines + _differences(one["packages"], two["packages"], "package ")


def _differences(a: dict[str, Any], b: dict[str, Any], what: str = "") -> list[str]:
    keys = [key for key in {**a, **b} if a.get(key) != b.get(key)]
    return [f"{what}{key}: {a.get(key, 'absent')} -> {b.get(key, 'absent')}" for key in keys]


def moved_numbers(a: Run, b: Run) -> list[str]:
    """The headline of every common cell, and every number of the common tables that has an error and moved."""
    return [*_headlines(a, b), *_tables(a, b)]


def _headlines(a: Run, b: Run) -> Iterator[str]:
    others = {name: h for name, _, _, h in b.comparison.headlines}
    for name, _, _, mine in a.comparison.headlines:
        its = others.get(name)
        if mine is None or its is None:
            continue
        error = np.hypot(0.5 * (mine.low + mine.high), 0.5 * (its.low + its.high))
        sigma = (its.value - mine.value) / error if error > 0 else np.nan
        values = [with_error(h.value, h.low, h.high) for h in (mine, its)]
        yield f"{name}: {mine.quantity} {values[0]} -> {values[1]} ({number(float(sigma), 2)} sigma)"


def _tables(a: Run, b: Run) -> Iterator[str]:
    for name in a.tables:
        if name != "headline" and name in b.tables:
            yield from _moved_columns(name, a.tables[name], b.tables[name])


def _moved_columns(name: str, one: Any, two: Any) -> Iterator[str]:
    """Every number with an error, in the rows that both tables have: same labels, same bins."""
    if not any(_error_of(column, one) for column in one.colnames):
        return
    keys = [_row_keys(table) for table in (one, two)]
    rows = [(i, keys[1][key]) for key, i in keys[0].items() if key in keys[1]]
    if not rows:
        yield f"table {name}: no row in common"
        return
    first, second = (np.array(side) for side in zip(*rows, strict=True))
    for column in one.colnames:
        error = _error_of(column, one)
        if not error or column not in two.colnames or error not in two.colnames:
            continue
        step = _plain(two[column])[second] - _plain(one[column])[first]
        with np.errstate(invalid="ignore", divide="ignore"):
            sigma = np.abs(step) / np.hypot(_plain(one[error])[first], _plain(two[error])[second])
        if np.isfinite(sigma).any() and np.nanmax(sigma) > 0:
            row = int(np.nanargmax(sigma))
            where = ", ".join(str(item) for item in list(keys[0])[int(first[row])][:-1])
            above = int(np.sum(sigma > 1))
            yield (
                f"table {name}, {column}: {above} of {len(rows)} common rows moved by more than 1 sigma, "
                f"at most by {np.nanmax(sigma):.2g} ({where})"
            )


def _error_of(column: str, table: Any) -> str:
    """The column that holds the error of `column`, or an empty text."""
    if column == "power" and "error" in table.colnames:
        return "error"
    if f"{column}_high" in table.colnames and not _is_bin(column, table):
        return f"{column}_high"
    return f"{column}_error" if f"{column}_error" in table.colnames else ""


def _is_bin(column: str, table: Any) -> bool:
    """Whether ``_low`` and ``_high`` of a column are the edges of bins that hold it, not its errors."""
    if f"{column}_low" not in table.colnames or f"{column}_high" not in table.colnames:
        return False
    value, low, high = (_plain(table[column + end]) for end in ("", "_low", "_high"))
    return bool(np.all((low <= value) & (value <= high)))


def _row_keys(table: Any) -> dict[tuple[str | int, ...], int]:
    """What a row is about (its texts and the edges of its bin), with a count where that is not unique, to its index."""
    texts = [c for c in table.colnames if getattr(table[c], "dtype", None) is not None and table[c].dtype.kind in "US"]
    edges = [f"{c}{end}" for c in table.colnames if _is_bin(c, table) for end in ("_low", "_high")]
    found: dict[tuple[str | int, ...], int] = {}
    seen: Counter[tuple[str, ...]] = Counter()
    for i in range(len(table)):
        about = [str(table[c][i]) for c in texts if c not in ("unit", "status")]
        about += [f"{_plain(table[c])[i]:.9g}" for c in edges]
        count = seen[tuple(about)]
        seen[tuple(about)] += 1
        found[(*about, count)] = i
    return found


def _plain(column: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.asarray(getattr(column, "value", column), dtype=float)
